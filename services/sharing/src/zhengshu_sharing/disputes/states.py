"""The state machine of disputes, as data (Decree 809 Art. 28). Pure.

They talk; the competent department mediates, across levels or regions the common superior one does; without
agreement the government decides.
"""

from zhengshu_contracts.basis import Basis
from zhengshu_contracts.clocks import Term
from zhengshu_contracts.vocabulary import DisputeState

from zhengshu_sharing.matters.machine import Machine, Party, move

S = DisputeState
FILER, OTHER = Party.FILER, Party.COUNTERPART
COMPETENT, GOVERNMENT = Party.COMPETENT, Party.GOVERNMENT
TALKING = (S.NEGOTIATING, S.COORDINATING, S.REFERRED, S.COORDINATED)

MACHINE = Machine(
    kind="dispute",
    prefix="y",
    paper="争",
    states=S,
    start=S.NEGOTIATING,
    waits=(Term.NEGOTIATION, OTHER),
    moves={
        "settle": move(TALKING, S.SETTLED, (FILER,), "达成一致"),
        "escalate": move(
            (S.NEGOTIATING,),
            S.COORDINATING,
            (FILER, OTHER),
            "协商不成,提请协调",
            (Term.COORDINATION, COMPETENT),
        ),
        "refer": move((S.COORDINATING,), S.REFERRED, (COMPETENT,), "报共同上级主管部门协调"),
        "coordinate": move(
            (S.COORDINATING, S.REFERRED), S.COORDINATED, (COMPETENT,), "提出协调意见"
        ),
        "appeal": move(
            (S.COORDINATED,),
            S.ADJUDICATING,
            (FILER, OTHER),
            "协调不成,提请县政府决定",
            (Term.ADJUDICATION, GOVERNMENT),
            # Who cannot or does not mediate keeps nobody from the third step.
            missed=(S.COORDINATING,),
        ),
        "adjudicate": move((S.ADJUDICATING,), S.ADJUDICATED, (GOVERNMENT,), "县政府决定"),
        "withdraw": move((*TALKING, S.ADJUDICATING), S.WITHDRAWN, (FILER,), "撤回"),
    },
    basis=Basis.DECREE_28,
)
