"""Applications to be made again: from the last one, or from a grant that is to be renewed."""

from datetime import date, datetime

from zhengshu_contracts.beijing import day_of
from zhengshu_contracts.identity import Principal
from zhengshu_contracts.sharing import ApplicationDraft, PartIn
from zhengshu_contracts.vocabulary import SharingClass

from zhengshu_sharing.access import home
from zhengshu_sharing.applications.arrival import years_after
from zhengshu_sharing.applications.domain import Application
from zhengshu_sharing.applications.errors import ApplicationNotFound
from zhengshu_sharing.grants.domain import Grant
from zhengshu_sharing.grants.errors import GrantNotFound, RenewalNotPossible, RenewalSuspended
from zhengshu_sharing.grants.states import LIVE, STOPPED
from zhengshu_sharing.unit import Unit


async def repetition(
    unit: Unit, application: str, *, by: Principal, now: datetime
) -> ApplicationDraft:
    """Return an application of one's own as it would be made again, without what is withheld."""
    found = await unit.applications.get(application)
    if found.organization != home(by):
        raise ApplicationNotFound(application)
    wishes: dict[str, PartIn] = {}
    # The unconditional part of a dataset comes first: filter and quota are the other's.
    for part in found.parts:
        if part.sharing is SharingClass.WITHHELD:
            continue
        before = wishes.get(part.dataset)
        wishes[part.dataset] = PartIn(
            dataset=part.dataset,
            items=[*(before.items if before else []), *part.items],
            modes=list(part.modes),
            filter=part.filter,
            quota=part.quota,
        )
    return _draft(unit, found, list(wishes.values()), now=now)


async def renewal(unit: Unit, grant: str, *, by: Principal, now: datetime) -> ApplicationDraft:
    """Return the application that would renew a live grant of one's own as it is."""
    found = await unit.grants.get(grant)
    if found.holder != home(by):
        raise GrantNotFound(grant)
    _check_renewable(found)
    wish = PartIn(
        dataset=found.dataset,
        items=list(found.items),
        modes=list(found.modes),
        filter=found.filter,
        quota=found.quota,
    )
    application = await unit.applications.get(found.application)
    return _draft(unit, application, [wish], now=now, renews=grant)


async def check_renewal(
    unit: Unit, renews: str | None, datasets: set[str], *, by: Principal
) -> None:
    """Refuse to renew what is not one's own, is over or suspended, or is of another dataset."""
    if renews is None:
        return
    try:
        grant = await unit.grants.get(renews)
    except GrantNotFound as error:
        raise RenewalNotPossible(renews) from error
    if grant.holder != home(by) or datasets != {grant.dataset}:
        raise RenewalNotPossible(renews)
    _check_renewable(grant)


def _check_renewable(grant: Grant) -> None:
    if grant.state in STOPPED:
        raise RenewalSuspended(grant.id)
    if grant.state not in LIVE:
        raise RenewalNotPossible(grant.id)


def _draft(
    unit: Unit,
    application: Application,
    parts: list[PartIn],
    *,
    now: datetime,
    renews: str | None = None,
) -> ApplicationDraft:
    terms = application.terms
    return ApplicationDraft(
        parts=parts,
        basis=terms.basis,
        scenario=terms.scenario,
        scope=terms.scope,
        purpose=terms.purpose,
        until=_as_long(application, day_of(now), unit.settings.longest_years),
        renews=renews,
    )


def _as_long(application: Application, today: date, longest_years: int) -> date:
    length = application.terms.until - day_of(application.submitted_at)
    return min(today + length, years_after(today, longest_years))
