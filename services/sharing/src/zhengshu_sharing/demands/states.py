"""The state machine of demands, as data (Decree 809 Art. 20). Pure."""

from zhengshu_contracts.basis import Basis
from zhengshu_contracts.clocks import Term
from zhengshu_contracts.vocabulary import DemandState

from zhengshu_sharing.matters.machine import Machine, Party, move

S, FILER, PROVIDER, COMPETENT = DemandState, Party.FILER, Party.COUNTERPART, Party.COMPETENT
SORTING = (Term.DEMAND, COMPETENT)

MACHINE = Machine(
    kind="demand",
    prefix="x",
    paper="需",
    states=S,
    start=S.FILED,
    waits=SORTING,
    moves={
        "assign": move(
            (S.FILED,), S.ASSIGNED, (COMPETENT,), "交提供单位答复", (Term.DEMAND, PROVIDER)
        ),
        "match": move((S.FILED, S.ASSIGNED), S.MATCHED, (PROVIDER, COMPETENT), "已有数据可申请"),
        "return": move((S.ASSIGNED,), S.FILED, (PROVIDER,), "不掌握该数据,退回研判", SORTING),
        "close": move((S.FILED,), S.UNMET, (COMPETENT,), "暂不能满足"),
        "withdraw": move((S.FILED, S.ASSIGNED), S.WITHDRAWN, (FILER,), "撤回"),
    },
    basis=Basis.DECREE_20,
)
