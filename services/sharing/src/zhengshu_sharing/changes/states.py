"""The state machine of basis changes, as data (Decree 809 Art. 17). Pure."""

from zhengshu_contracts.basis import Basis
from zhengshu_contracts.sharing import BasisChangeState

from zhengshu_sharing.matters.machine import Machine, Party, move

S, FILER, COMPETENT, CATALOGUE = (
    BasisChangeState,
    Party.FILER,
    Party.COMPETENT,
    Party.CATALOGUE,
)
UPDATE = "update"

MACHINE = Machine(
    kind="basis_change",
    prefix="c",
    paper="变",
    states=S,
    start=S.REPORTED,
    # The provider's clock is the entry's: it stands still while a revision is reviewed.
    waits=None,
    moves={
        UPDATE: move((S.REPORTED,), S.UPDATED, (CATALOGUE,), "目录已更新或停用"),
        "dismiss": move((S.REPORTED,), S.UNFOUNDED, (COMPETENT,), "认定无须更新目录"),
        "withdraw": move((S.REPORTED,), S.WITHDRAWN, (FILER,), "撤回"),
    },
    basis=Basis.DECREE_17,
)
