"""The state machine of corrections, as data (Decree 809 Art. 26). Pure."""

from zhengshu_contracts.basis import Basis
from zhengshu_contracts.clocks import Term
from zhengshu_contracts.vocabulary import CorrectionState

from zhengshu_sharing.matters.machine import Machine, Party, move

S, FILER, PROVIDER = CorrectionState, Party.FILER, Party.COUNTERPART

MACHINE = Machine(
    kind="correction",
    prefix="j",
    paper="校",
    states=S,
    start=S.FILED,
    waits=(Term.VERIFICATION, PROVIDER),
    moves={
        "correct": move((S.FILED,), S.CORRECTED, (PROVIDER,), "核实并更正"),
        "confirm": move((S.FILED,), S.CONFIRMED, (PROVIDER,), "核实无误"),
        "withdraw": move((S.FILED,), S.WITHDRAWN, (FILER,), "撤回"),
    },
    basis=Basis.DECREE_26,
)
