"""Who may apply for authorised-open data (county Measures ch. 4). Pure."""

from dataclasses import dataclass

from zhengshu_contracts.basis import Basis
from zhengshu_contracts.vocabulary import ApplicantKind

ELIGIBLE = frozenset({ApplicantKind.DOMESTIC_ENTERPRISE, ApplicantKind.RESEARCH_INSTITUTION})


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why an applicant may not apply: the rule's name, its law, what to do instead."""

    rule: str
    basis: Basis
    detail: str
    next: str


def judge(kind: ApplicantKind) -> Refusal | None:
    """Return None for an eligible applicant, else the refusal; an unknown kind is refused."""
    if kind in ELIGIBLE:
        return None
    return Refusal(
        rule="applicant-not-eligible",
        basis=Basis.MEASURES_OPENING,
        detail=f"授权开放数据只能由内资控股法人企业或科研机构申请,贵单位登记为“{kind.label}”",
        next="可使用普遍开放的数据(GET /v1/open/datasets?opening=general);"
        "单位性质登记有误的,请重新登记",
    )
