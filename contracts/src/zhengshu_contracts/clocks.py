"""Statutory periods in working days, as data (Decree 809, in force since 2025-08-01).

Days are working days of the State Council's calendar, counted from the day after receipt. A period the law
fixes can be shortened by a setting (Art. 23), never lengthened; one it leaves open is a setting.

Not here: the acceptance and publicity of the registration of public data for authorised operation
(闽数据〔2025〕15号). Whoever is authorised to operate data applies for it at the province's registry;
nothing of it passes through the node, so nothing here could begin or end such a period.
"""

from dataclasses import dataclass
from datetime import date

from zhengshu_contracts.basis import Basis
from zhengshu_contracts.vocabulary import Labelled

IN_FORCE = date(2025, 8, 1)
"""Since when Decree 809 is."""


class Term(Labelled):
    """A period that somebody must keep."""

    CATALOGUE_UPDATE = "catalogue_update", "目录更新"
    CATALOGUE_REVIEW = "catalogue_review", "目录审核发布"
    ENDORSEMENT = "endorsement", "主管部门初审转报"
    REPLY_UNCONDITIONAL = "reply_unconditional", "无条件共享答复"
    REPLY_CONDITIONAL = "reply_conditional", "有条件共享答复"
    PROVISION = "provision", "提供数据"
    RECTIFICATION = "rectification", "整改"
    DISPOSAL = "disposal", "数据处置"
    VERIFICATION = "verification", "校核处理"
    NEGOTIATION = "negotiation", "争议协商"
    COORDINATION = "coordination", "争议协调"
    ADJUDICATION = "adjudication", "争议裁定"
    OBJECTION = "objection", "共享属性异议答复"
    DEMAND = "demand", "供需对接答复"
    ANNUAL_REPORT = "annual_report", "年度报告报送"


@dataclass(frozen=True, slots=True)
class Period:
    """How long a term lasts, by how much it can be extended once, and where that is written."""

    days: int
    extension: int = 0
    """Most working days that may be added, with the competent department's consent."""
    basis: Basis | None = None
    """None: no text fixes it, so the days are a local setting's default."""


PERIODS: dict[Term, Period] = {
    Term.CATALOGUE_UPDATE: Period(10, 5, Basis.DECREE_17),
    Term.CATALOGUE_REVIEW: Period(2, 0, Basis.DECREE_17),
    Term.ENDORSEMENT: Period(2),
    Term.REPLY_UNCONDITIONAL: Period(1, 10, Basis.DECREE_21),
    Term.REPLY_CONDITIONAL: Period(10, 10, Basis.DECREE_21),
    Term.PROVISION: Period(20, 0, Basis.DECREE_22),
    Term.RECTIFICATION: Period(10),
    Term.DISPOSAL: Period(10),
    Term.VERIFICATION: Period(10, 0, Basis.DECREE_26),
    Term.NEGOTIATION: Period(10),
    Term.COORDINATION: Period(15),
    Term.ADJUDICATION: Period(20),
    Term.OBJECTION: Period(10),
    Term.DEMAND: Period(10),
    # The end of February ends it; no year has so many working days before that.
    Term.ANNUAL_REPORT: Period(50, 0, Basis.SHARING_2016),
}


def days_of(term: Term, local: dict[Term, int]) -> int:
    """Return the days of a term here; a local value longer than the law's is not heard."""
    period = PERIODS[term]
    days = local.get(term, period.days)
    return min(days, period.days) if period.basis else days
