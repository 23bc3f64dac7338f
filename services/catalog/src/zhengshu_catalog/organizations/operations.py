"""Registering who takes part, and checking their secrets. The caller owns the transaction."""

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from sqlalchemy.ext.asyncio import AsyncSession
from zhengshu_chassis import ids
from zhengshu_chassis.outbox import Outbox
from zhengshu_contracts.catalog import (
    CredentialCheck,
    Credentials,
    OfficerIn,
    OfficerRegistered,
    OfficerWasRegistered,
    OrganizationChange,
    OrganizationIn,
    OrganizationOut,
    OrganizationRegistered,
    SystemIn,
    SystemRegistered,
    SystemWasRegistered,
)
from zhengshu_contracts.identity import Principal
from zhengshu_contracts.policy import ClientPolicy, client_key
from zhengshu_contracts.vocabulary import PrincipalKind

from zhengshu_catalog.organizations import domain
from zhengshu_catalog.organizations.domain import Client
from zhengshu_catalog.organizations.errors import OrganizationNotFound
from zhengshu_catalog.organizations.repository import Clients, Organizations


@dataclass(frozen=True, slots=True)
class Unit:
    """What one operation may touch."""

    session: AsyncSession
    organizations: Organizations
    clients: Clients
    outbox: Outbox

    @classmethod
    def of(cls, session: AsyncSession) -> Self:
        """Return what an operation may touch in this session."""
        return cls(session, Organizations(session), Clients(session), Outbox(session, "catalog"))


async def register_organization(
    unit: Unit, given: OrganizationIn, *, at: datetime
) -> OrganizationOut:
    """Register an organisation and announce it."""
    domain.check_code(given.code)
    registered = await unit.organizations.add(given, at)
    event = OrganizationRegistered(
        code=given.code,
        name=given.name,
        kind=given.kind,
        office=given.office and given.office.name,
    )
    unit.outbox.add(event, aggregate=given.code)
    return registered


async def change_organization(unit: Unit, code: str, given: OrganizationChange) -> OrganizationOut:
    """Change an organisation's name or sharing office, and announce it."""
    changed = await unit.organizations.change(code, given)
    event = OrganizationRegistered(
        code=changed.code,
        name=changed.name,
        kind=changed.kind,
        office=changed.office and changed.office.name,
    )
    unit.outbox.add(event, aggregate=changed.code)
    return changed


async def register_system(unit: Unit, given: SystemIn, *, at: datetime) -> SystemRegistered:
    """Register a business system; its secret is in the answer and nowhere else."""
    credentials = new_credentials("sys")
    await add_system(unit, given, credentials, at=at)
    return SystemRegistered(
        **dict(given), id=credentials.client_id, registered_at=at, credentials=credentials
    )


async def add_system(
    unit: Unit, given: SystemIn, credentials: Credentials, *, opening: bool = False, at: datetime
) -> None:
    """Keep a system with the credentials given, and announce it."""
    organization = await unit.organizations.get(given.organization)
    client = Client(
        id=credentials.client_id,
        kind=PrincipalKind.SYSTEM,
        organization=organization.code,
        organization_kind=organization.kind,
        roles=(),
        locked=False,
        opening=opening,
        digest=domain.digest(credentials.client_secret),
    )
    await unit.clients.add(client, name=given.name, description=given.description, at=at)
    await unit.clients.add_system(client.id)
    event = SystemWasRegistered(system=client.id, organization=organization.code, name=given.name)
    unit.outbox.add(event, aggregate=client.id)
    admit(unit, client)


async def register_officer(
    unit: Unit, given: OfficerIn, *, by: Principal, at: datetime
) -> OfficerRegistered:
    """Register an officer; the secret is in the answer and nowhere else."""
    if not domain.reaches(by, given.organization):
        raise OrganizationNotFound(given.organization)
    domain.check_manages(by, given.roles)
    credentials = new_credentials("off")
    await add_officer(unit, given, credentials, at=at)
    return OfficerRegistered(
        id=credentials.client_id,
        organization=given.organization,
        roles=given.roles,
        credentials=credentials,
    )


async def add_officer(
    unit: Unit, given: OfficerIn, credentials: Credentials, *, at: datetime
) -> None:
    """Keep an officer with the credentials given, and announce the account without the name."""
    organization = await unit.organizations.get(given.organization)
    domain.check_roles(given.roles, organization.kind)
    client = Client(
        id=credentials.client_id,
        kind=PrincipalKind.OFFICER,
        organization=organization.code,
        organization_kind=organization.kind,
        roles=tuple(dict.fromkeys(given.roles)),
        locked=False,
        opening=False,
        digest=domain.digest(credentials.client_secret),
    )
    await unit.clients.add(client, name=given.name, at=at)
    event = OfficerWasRegistered(
        officer=client.id, organization=organization.code, roles=client.roles
    )
    unit.outbox.add(event, aggregate=client.id)
    admit(unit, client)


async def check_credentials(unit: Unit, given: CredentialCheck, *, at: datetime) -> str:
    """Return the client whose secret this is, or raise CredentialsWrong."""
    client = await unit.clients.get(given.client_id)
    domain.check_secret(client, given.client_secret, at=at)
    return given.client_id


def new_credentials(prefix: str) -> Credentials:
    """Return a new client's id and secret."""
    return Credentials(client_id=ids.new(prefix), client_secret=secrets.token_urlsafe(32))


def admit(unit: Unit, client: Client) -> None:
    """Tell the gateway who a client is right now."""
    policy = ClientPolicy(
        id=client.id,
        kind=client.kind,
        organization=client.organization,
        organization_kind=client.organization_kind,
        roles=client.held,
        locked=client.locked,
        opening=client.opening,
        standing_in_for=client.standing_in_for,
        not_before=client.not_before,
    )
    unit.outbox.put(client_key("catalog", client.id), policy, aggregate=client.id)
