"""What happens to grants: load, decide, save, tell the gateway. The caller owns the transaction."""

from datetime import datetime

from zhengshu_chassis import ids
from zhengshu_contracts.beijing import day_of, end_of
from zhengshu_contracts.clocks import Term
from zhengshu_contracts.commission import DispatchKind, RevocationFiling
from zhengshu_contracts.identity import Principal
from zhengshu_contracts.policy import DatasetGrants, dataset_key
from zhengshu_contracts.sharing import (
    DisposalOpened,
    GrantActivated,
    GrantEvent,
    GrantExpired,
    GrantRectified,
    GrantRenewed,
    GrantResumed,
    GrantRevoked,
    GrantSuspended,
    NoticeKind,
)
from zhengshu_contracts.vocabulary import GrantState, SharingClass

from zhengshu_sharing.access import acts, home, regulates, sees
from zhengshu_sharing.applications.domain import Application, Award, Part
from zhengshu_sharing.clocks import operations as clocks
from zhengshu_sharing.grants import domain, provision
from zhengshu_sharing.grants.domain import Grant
from zhengshu_sharing.grants.errors import GrantNotFound
from zhengshu_sharing.grants.states import STOPPED
from zhengshu_sharing.unit import Unit

RECTIFY = Term.RECTIFICATION
BY_CATALOGUE = "catalogue"
"""Who revoked, in the event, when an entry's retirement did."""


async def read(unit: Unit, grant: str, *, by: Principal) -> Grant:
    """Return a grant that its holder, its provider or whoever supervises asks for."""
    found = await unit.grants.get(grant)
    if not regulates(by) and not sees(by, found.holder, found.provider):
        raise GrantNotFound(grant)
    return found


async def activate(
    unit: Unit, application: Application, part: Part, award: Award, *, now: datetime
) -> Grant:
    """Begin a grant; the caller has the Commission's decision. What it renews ends with that."""
    await unit.grants.hold(part.dataset)
    grant = Grant(
        id=ids.new("g"),
        part=part.id,
        application=application.id,
        dataset=part.dataset,
        title=part.title,
        holder=application.organization,
        provider=part.provider,
        items=award.items,
        modes=award.modes,
        filter=award.filter,
        masks=award.masks,
        quota=award.quota,
        purpose=application.terms.purpose,
        starts=now,
        ends=end_of(award.until),
        renews=application.renews,
    )
    if grant.renews is not None:
        grant = domain.inherit(grant, await unit.grants.get(grant.renews))
    await unit.grants.add(grant)
    event = GrantActivated(
        **about(grant), part=grant.part, items=grant.items, modes=grant.modes, ends=grant.ends
    )
    await tell(unit, grant, event)
    if grant.state in STOPPED:
        await tell(unit, grant, GrantSuspended(**about(grant), by=grant.suspended_by or ""))
    if grant.state is GrantState.SUSPENDED:
        await clocks.start(unit, RECTIFY, grant.id, party=grant.holder, now=now)
    await provision.owed(unit, grant, now=now)
    if grant.renews is not None:
        await _renew(unit, grant.renews, grant, now=now)
    return grant


async def suspend(unit: Unit, grant: str, *, by: Principal, reason: str, now: datetime) -> Grant:
    """Suspend a grant."""
    found = await locked(unit, grant, by=by, orders=regulates(by))
    changed = domain.suspend(found, by=by, reason=reason)
    kind = NoticeKind.GRANT_SUSPENDED
    clock = await clocks.start(unit, RECTIFY, grant, party=found.holder, now=now)
    await unit.notices.tell(found.holder, kind, grant, at=now, dataset=found.dataset, due=clock.due)
    return await save(unit, changed, GrantSuspended(**about(changed), by=by.id))


async def rectify(unit: Unit, grant: str, *, by: Principal, report: str, now: datetime) -> Grant:
    """Take the holder's report of what was put right."""
    found = await locked_own(unit, grant, by=by)
    changed = domain.rectify(found, report=report)
    await clocks.stop(unit, grant, now=now, term=RECTIFY)
    return await save(unit, changed, GrantRectified(**about(changed)))


async def resume(unit: Unit, grant: str, *, by: Principal, reason: str, now: datetime) -> Grant:
    """Take a suspended grant up again."""
    found = await locked(unit, grant, by=by, orders=regulates(by))
    changed = domain.resume(found, by=by, reason=reason)
    await clocks.stop(unit, grant, now=now, term=RECTIFY)
    return await save(unit, changed, GrantResumed(**about(changed), by=by.id))


async def revoke(unit: Unit, grant: str, *, by: Principal, reason: str, now: datetime) -> Grant:
    """End a grant and let the Commission know."""
    found = await locked(unit, grant, by=by)
    waited = [one.due for one in await unit.clocks.running(grant, RECTIFY)]
    rectify_by = next((due for due in waited if due and due >= day_of(now)), None)
    changed = domain.revoke(found, by=by, reason=reason, rectify_by=rectify_by)
    return await end(unit, changed, GrantRevoked(**about(changed), by=by.id), now=now)


async def retire(unit: Unit, dataset: str, *, now: datetime) -> None:
    """End every grant on a dataset that was taken off the catalogue, and tell the holders."""
    await unit.grants.hold(dataset)
    for grant in await unit.grants.live(dataset):
        changed = domain.retire(grant)
        await end(unit, changed, GrantRevoked(**about(changed), by=BY_CATALOGUE), now=now)
        kind = NoticeKind.DATASET_RETIRED
        await unit.notices.tell(grant.holder, kind, grant.id, at=now, dataset=dataset)


async def take_back(unit: Unit, grant: str, *, by: str, reason: str, now: datetime) -> bool:
    """End a grant because who decided on it refuses it now; False when it is over already."""
    found = await unit.grants.get(grant)
    await unit.grants.hold(found.dataset)
    changed = domain.take_back(await unit.grants.get(grant), reason=reason)
    if changed is None:
        return False
    await end(unit, changed, GrantRevoked(**about(changed), by=by), now=now)
    return True


async def expire(unit: Unit, grant: str, *, now: datetime) -> bool:
    """End a grant whose period is over; False when another did, or it was prolonged."""
    found = await unit.grants.get(grant)
    await unit.grants.hold(found.dataset)
    stop = (await unit.grants.stops([grant])).get(grant)
    stopped = stop if stop and end_of(stop.ends) <= found.ends else None
    reason = stopped.reason if stopped else None
    changed = domain.expire(await unit.grants.get(grant), now=now, stopped=reason)
    if changed is None:
        return False
    event: GrantEvent = GrantExpired(**about(changed))
    if stopped is not None:
        event = GrantRevoked(**about(changed), by=stopped.announced_by)
    await end(unit, changed, event, now=now)
    return True


async def end(unit: Unit, grant: Grant, event: GrantEvent, *, now: datetime) -> Grant:
    """Store that a grant is over; what its holder keeps has to be disposed of (Art. 27)."""
    _, part = (await unit.applications.parts([grant.part]))[grant.part]
    if grant.state is GrantState.REVOKED and part.sharing is SharingClass.CONDITIONAL:
        # Of the registered use of unconditional items the Commission never heard.
        notice = RevocationFiling(grant=grant.id, part=grant.part, reason=grant.reason or "")
        unit.dispatches.open(DispatchKind.REVOCATION, grant.id, notice, expects_answer=False)
    await save(unit, grant, event)
    await clocks.stop(unit, grant.id, now=now)
    await unit.grants.open_disposal(grant.id, at=now)
    await clocks.start(unit, Term.DISPOSAL, grant.id, party=grant.holder, now=now)
    opened = DisposalOpened(**about(grant), why=grant.state)
    unit.outbox.add(opened, aggregate=dataset_key("sharing", grant.dataset))
    return grant


async def locked(unit: Unit, grant: str, *, by: Principal, orders: bool = False) -> Grant:
    """Hold a grant that its holder, its provider, the competent department or who `orders` changes."""
    found = await unit.grants.get(grant)
    if not orders and not acts(by, found.holder, found.provider):
        raise GrantNotFound(grant)
    await unit.grants.hold(found.dataset)
    return await unit.grants.get(grant)


async def locked_own(unit: Unit, grant: str, *, by: Principal) -> Grant:
    """Hold a grant that its holder changes."""
    found = await locked(unit, grant, by=by)
    if found.holder != home(by):
        raise GrantNotFound(grant)
    return found


async def save(unit: Unit, grant: Grant, event: GrantEvent) -> Grant:
    """Store a changed grant and tell the gateway and everybody."""
    await unit.grants.save(grant)
    await tell(unit, grant, event)
    return grant


async def tell(unit: Unit, grant: Grant, event: GrantEvent) -> None:
    """Give the gateway every live grant of the dataset, in order with the events about them."""
    live = await unit.grants.live(grant.dataset)
    record = DatasetGrants(id=grant.dataset, grants=tuple(one.policy() for one in live))
    key = dataset_key("sharing", grant.dataset)
    unit.outbox.put(key, record, aggregate=key)
    unit.outbox.add(event, aggregate=key)


async def _renew(unit: Unit, renewed: str, by: Grant, *, now: datetime) -> None:
    changed = domain.renew(await unit.grants.get(renewed))
    if changed is not None and changed.dataset == by.dataset:
        await clocks.stop(unit, renewed, now=now)
        await save(unit, changed, GrantRenewed(**about(changed), by=by.id))


def about(grant: Grant) -> dict[str, str]:
    """Return what every event about a grant says."""
    return {
        "grant": grant.id,
        "dataset": grant.dataset,
        "holder": grant.holder,
        "provider": grant.provider,
    }
