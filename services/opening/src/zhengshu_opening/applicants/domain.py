"""Applicants and authorised-open applications. Knows no HTTP, SQL or NATS."""

from dataclasses import dataclass, replace
from datetime import date, datetime

from stdnum.cn import uscc
from zhengshu_contracts.vocabulary import (
    ApplicantKind,
    ApplicationState,
    ListingState,
    OpeningClass,
    Outcome,
)

from zhengshu_opening.applicants.errors import (
    CodeInvalid,
    NotListedYet,
    OpenToAll,
    PeriodNotAllowed,
)
from zhengshu_opening.listings.domain import Listing
from zhengshu_opening.listings.errors import ListingNotFound

LONGEST_YEARS = 3
WAITING = frozenset({ApplicationState.ENDORSED, ApplicationState.FORWARDED})
"""States in which the Commission's decision is still awaited."""


@dataclass(frozen=True, slots=True)
class Applicant:
    """Somebody outside government. Its contact stays in the database."""

    id: str
    code: str
    name: str
    kind: ApplicantKind


@dataclass(frozen=True, slots=True)
class OpenApplication:
    """An application for one authorised-open dataset."""

    id: str
    applicant: str
    dataset: str
    title: str
    purpose: str
    scenario: str
    safeguards: str
    until: date
    state: ApplicationState
    submitted_at: datetime
    reason: str | None = None
    authorization: str | None = None


def check_code(code: str) -> str:
    """Return a genuine unified social credit code, or raise CodeInvalid."""
    if not uscc.is_valid(code):
        raise CodeInvalid(pointers=[("/code", "check_digit", "校验码不正确")])
    return str(uscc.compact(code))


def check_listing(listing: Listing | None) -> Listing:
    """Return a listing one can apply for: authorised-open and listed."""
    if listing is None or not listing.live:
        raise ListingNotFound
    if listing.opening is OpeningClass.GENERAL:
        raise OpenToAll(next=f"直接下载:GET /v1/open/datasets/{listing.dataset}/files/csv")
    if listing.state is not ListingState.LISTED:
        raise NotListedYet(listing.state.label, next="请稍后再申请")
    return listing


def check_period(until: date, *, today: date) -> None:
    """Raise unless the period ends after today and within the longest time."""
    if not today < until <= date(today.year + LONGEST_YEARS, today.month, min(today.day, 28)):
        raise PeriodNotAllowed(f"使用时限应晚于今日且不超过 {LONGEST_YEARS} 年")


def decide(
    application: OpenApplication, *, outcome: Outcome, reason: str, live: bool, authorization: str
) -> OpenApplication | None:
    """Apply the Commission's decision; None when it is late. Nothing is granted of what is gone."""
    if application.state not in WAITING:
        return None
    if outcome is Outcome.AGREE and live:
        return replace(
            application,
            state=ApplicationState.GRANTED,
            reason=reason or None,
            authorization=authorization,
        )
    why = "该数据集已下架" if outcome is Outcome.AGREE else reason
    return replace(application, state=ApplicationState.REFUSED, reason=why)
