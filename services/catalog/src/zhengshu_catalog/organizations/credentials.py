"""Locking a client and giving it another secret. Works alike for systems and officers."""

from datetime import datetime, timedelta

from zhengshu_contracts.catalog import (
    ClientLocked,
    ClientState,
    ClientUnlocked,
    CredentialReissued,
    CredentialWasReissued,
    LockIn,
    ReissueIn,
)
from zhengshu_contracts.identity import Principal
from zhengshu_contracts.vocabulary import SystemStage

from zhengshu_catalog.officers.errors import Departed
from zhengshu_catalog.officers.tables import DepartureRow
from zhengshu_catalog.organizations import domain
from zhengshu_catalog.organizations.domain import Client
from zhengshu_catalog.organizations.errors import ClientNotFound, SystemRetired
from zhengshu_catalog.organizations.operations import Unit, admit, new_credentials
from zhengshu_catalog.organizations.tables import SystemRow


async def check_reach(unit: Unit, client: str, by: Principal) -> None:
    """Show a department's administrator its own clients alone, and let it manage none above itself."""
    found = await unit.clients.get(client)
    if found is None or not domain.reaches(by, found.organization):
        raise ClientNotFound(client)
    domain.check_manages(by, found.held)


async def lock(unit: Unit, client: str, given: LockIn, *, by: str) -> ClientState:
    """Lock a client: within a second nobody is let in with its tokens."""
    locked = domain.lock(await unit.clients.lock(client), given.reason, by=by)
    return await keep(unit, locked, by=by)


async def unlock(unit: Unit, client: str, *, by: str) -> ClientState:
    """Let a client call again, unless its system is retired."""
    held = await unit.clients.lock(client)
    await _check_alive(unit, held)
    return await keep(unit, domain.unlock(held), by=by)


async def reissue(
    unit: Unit, client: str, given: ReissueIn, *, by: str, at: datetime
) -> CredentialReissued:
    """Give a client another secret; the old one stays good for the overlap, without one its tokens end."""
    held = await unit.clients.lock(client)
    await _check_alive(unit, held)
    credentials = new_credentials("sys").model_copy(update={"client_id": client})
    overlap = timedelta(hours=given.overlap_hours)
    changed = domain.reissue(held, credentials.client_secret, overlap=overlap, at=at)
    if overlap:
        await unit.clients.save(changed)
    else:
        await end_tokens(unit, changed, at=at)
    event = CredentialWasReissued(client=client, organization=held.organization, by=by)
    unit.outbox.add(event, aggregate=client)
    return CredentialReissued(credentials=credentials, previous_until=at + overlap)


async def end_tokens(unit: Unit, client: Client, *, at: datetime) -> None:
    """Keep a client whose tokens of before end within a second, and tell the gateway."""
    ended = domain.end_tokens(client, at)
    await unit.clients.save(ended)
    admit(unit, ended)


async def keep(unit: Unit, changed: Client, *, by: str) -> ClientState:
    """Keep a client's lock as it is now, announce it and tell the gateway."""
    await unit.clients.save(changed)
    kind = ClientLocked if changed.locked else ClientUnlocked
    event = kind(client=changed.id, organization=changed.organization, by=by)
    unit.outbox.add(event, aggregate=changed.id)
    admit(unit, changed)
    return ClientState(
        id=changed.id,
        organization=changed.organization,
        locked=changed.locked,
        reason=changed.lock_reason,
    )


async def _check_alive(unit: Unit, client: Client) -> None:
    if await unit.session.get(DepartureRow, client.id):
        raise Departed(client.id)
    system = await unit.session.get(SystemRow, client.id, populate_existing=True)
    if system and system.stage == SystemStage.RETIRED:
        raise SystemRetired(client.id)
