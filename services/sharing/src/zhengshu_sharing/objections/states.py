"""The state machine of objections, as data (Decree 809 Art. 15, 16). Pure.

The provider answers first; the competent department decides, with or without its answer. A class that has to
change is changed in the catalogue, by a new revision.
"""

from zhengshu_contracts.basis import Basis
from zhengshu_contracts.clocks import Term
from zhengshu_contracts.vocabulary import ObjectionState

from zhengshu_sharing.matters.machine import Machine, Party, move

S, FILER, PROVIDER, COMPETENT = ObjectionState, Party.FILER, Party.COUNTERPART, Party.COMPETENT
OPEN = (S.FILED, S.ACCEPTED, S.MAINTAINED)
DECIDING = (Term.OBJECTION, COMPETENT)

MACHINE = Machine(
    kind="objection",
    prefix="b",
    paper="异",
    states=S,
    start=S.FILED,
    waits=(Term.OBJECTION, PROVIDER),
    moves={
        "accept": move((S.FILED,), S.ACCEPTED, (PROVIDER,), "同意调整共享属性", DECIDING),
        "maintain": move((S.FILED,), S.MAINTAINED, (PROVIDER,), "维持原共享属性", DECIDING),
        "uphold": move(OPEN, S.UPHELD, (COMPETENT,), "异议成立,责成调整"),
        "dismiss": move(OPEN, S.DISMISSED, (COMPETENT,), "异议不成立"),
        "withdraw": move(OPEN, S.WITHDRAWN, (FILER,), "撤回"),
    },
    basis=Basis.DECREE_15,
)
