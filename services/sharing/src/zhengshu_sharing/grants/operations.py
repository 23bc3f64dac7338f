"""What happens to grants: load, decide, save, tell the gateway. The caller owns the transaction."""

from datetime import datetime

from zhengshu_chassis import ids
from zhengshu_contracts.commission import DispatchKind, RevocationFiling
from zhengshu_contracts.identity import Principal
from zhengshu_contracts.policy import DatasetGrants, dataset_key
from zhengshu_contracts.sharing import (
    GrantActivated,
    GrantEvent,
    GrantExpired,
    GrantResumed,
    GrantRevoked,
    GrantSuspended,
)

from zhengshu_sharing.access import sees
from zhengshu_sharing.applications.domain import Application, Award, Part
from zhengshu_sharing.grants import domain
from zhengshu_sharing.grants.domain import Grant
from zhengshu_sharing.grants.errors import GrantNotFound
from zhengshu_sharing.unit import Unit
from zhengshu_sharing.workdays import end_of


async def read(unit: Unit, grant: str, *, by: Principal) -> Grant:
    """Return a grant that its holder, its provider or the competent department asks for."""
    found = await unit.grants.get(grant)
    if not sees(by, found.holder, found.provider):
        raise GrantNotFound(grant)
    return found


async def activate(
    unit: Unit, application: Application, part: Part, award: Award, *, now: datetime
) -> Grant:
    """Begin a grant; the caller has the Commission's decision."""
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
        modes=part.modes,
        filter=part.filter,
        purpose=application.terms.purpose,
        starts=now,
        ends=end_of(award.until),
    )
    await unit.grants.add(grant)
    event = GrantActivated(
        **_about(grant), part=grant.part, items=grant.items, modes=grant.modes, ends=grant.ends
    )
    await _tell(unit, grant, event)
    return grant


async def suspend(unit: Unit, grant: str, *, by: Principal, reason: str) -> Grant:
    """Suspend a grant."""
    found = await _locked(unit, grant, by=by)
    changed = domain.suspend(found, by=by, reason=reason)
    return await _save(unit, changed, GrantSuspended(**_about(changed), by=by.id))


async def resume(unit: Unit, grant: str, *, by: Principal, reason: str) -> Grant:
    """Take a suspended grant up again."""
    found = await _locked(unit, grant, by=by)
    changed = domain.resume(found, by=by, reason=reason)
    return await _save(unit, changed, GrantResumed(**_about(changed), by=by.id))


async def revoke(unit: Unit, grant: str, *, by: Principal, reason: str) -> Grant:
    """End a grant and let the Commission know."""
    found = await _locked(unit, grant, by=by)
    changed = domain.revoke(found, reason=reason)
    notice = RevocationFiling(grant=changed.id, part=changed.part, reason=reason)
    unit.dispatches.open(DispatchKind.REVOCATION, changed.id, notice, expects_answer=False)
    return await _save(unit, changed, GrantRevoked(**_about(changed), by=by.id))


async def expire(unit: Unit, grant: str, *, now: datetime) -> bool:
    """End a grant whose period is over; False when another did, or it was prolonged."""
    found = await unit.grants.get(grant)
    await unit.grants.hold(found.dataset)
    changed = domain.expire(await unit.grants.get(grant), now=now)
    if changed is None:
        return False
    await _save(unit, changed, GrantExpired(**_about(changed)))
    return True


async def _locked(unit: Unit, grant: str, *, by: Principal) -> Grant:
    found = await read(unit, grant, by=by)
    await unit.grants.hold(found.dataset)
    return await unit.grants.get(grant)


async def _save(unit: Unit, grant: Grant, event: GrantEvent) -> Grant:
    await unit.grants.save(grant)
    await _tell(unit, grant, event)
    return grant


async def _tell(unit: Unit, grant: Grant, event: GrantEvent) -> None:
    """Give the gateway every live grant of the dataset, in order with the events about them."""
    live = await unit.grants.live(grant.dataset)
    record = DatasetGrants(id=grant.dataset, grants=tuple(one.policy() for one in live))
    key = dataset_key("sharing", grant.dataset)
    unit.outbox.put(key, record, aggregate=key)
    unit.outbox.add(event, aggregate=key)


def _about(grant: Grant) -> dict[str, str]:
    return {
        "grant": grant.id,
        "dataset": grant.dataset,
        "holder": grant.holder,
        "provider": grant.provider,
    }
