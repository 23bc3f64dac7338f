"""`seed`: who must be known before anybody can register anybody. Repeating it changes nothing.

Reads {"organization": …, "officer": …, "system": …} as JSON from the file named, or on its standard
input: the competent department, its first officer, and the system with which opening reads what is open.
"""

import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from pydantic import ConfigDict, Field
from sqlalchemy.ext.asyncio import AsyncSession
from zhengshu_chassis.db import connect
from zhengshu_contracts.base import ApiModel
from zhengshu_contracts.catalog import Credentials, OfficerIn, OrganizationIn, SystemIn
from zhengshu_contracts.vocabulary import OrganizationCode, Role

from zhengshu_catalog.organizations import domain, operations
from zhengshu_catalog.organizations.operations import Unit
from zhengshu_catalog.settings import CatalogSettings

HELP = "登记主管部门、首位工作人员和开放系统(从所给文件或标准输入读 JSON)"


class OfficerSeed(Credentials):
    """The first officer, with the secret to be kept."""

    organization: OrganizationCode | None = None
    name: str = Field(min_length=1, max_length=40)
    roles: list[Role] = Field(min_length=1)


class SystemSeed(Credentials):
    """Opening's own system, with the secret to be kept."""

    organization: OrganizationCode | None = None
    name: str = Field(min_length=2, max_length=80)
    description: str = ""


class Seed(ApiModel):
    """Everything `seed` reads. Officer and system belong to the organisation unless they say otherwise."""

    model_config = ConfigDict(hide_input_in_errors=True)  # a secret mistyped is still a secret

    organization: OrganizationIn
    officer: OfficerSeed
    system: SystemSeed


async def seed(settings: CatalogSettings, arguments: Sequence[str]) -> int:
    """Run the command: read, register what is missing, say so."""
    given = Seed.model_validate_json(_read(*arguments))
    database = connect(settings.database_url, "catalog-seed", pool_size=1)
    try:
        async with database.sessions.begin() as session:
            await plant(session, given, at=datetime.now(UTC))
    finally:
        await database.engine.dispose()
    sys.stdout.write(f"已登记:{given.organization.name}\n")
    return 0


def _read(path: str | None = None) -> bytes:
    return Path(path).read_bytes() if path else sys.stdin.buffer.read()


async def plant(session: AsyncSession, given: Seed, *, at: datetime) -> None:
    """Register what is not registered yet; a known client gets the secret given."""
    unit = Unit.of(session)
    if await unit.organizations.find(given.organization.code) is None:
        await operations.register_organization(unit, given.organization, at=at)
    owner = given.organization.code
    if not await _known(unit, given.officer):
        officer = OfficerIn(
            organization=given.officer.organization or owner,
            name=given.officer.name,
            roles=given.officer.roles,
        )
        await operations.add_officer(unit, officer, _credentials(given.officer), at=at)
    if not await _known(unit, given.system):
        system = SystemIn(
            organization=given.system.organization or owner,
            name=given.system.name,
            description=given.system.description,
        )
        await operations.add_system(unit, system, _credentials(given.system), opening=True, at=at)


async def _known(unit: Unit, given: Credentials) -> bool:
    client = await unit.clients.get(given.client_id)
    if client is None:
        return False
    await unit.clients.replace_digest(client.id, domain.digest(given.client_secret))
    return True


def _credentials(given: Credentials) -> Credentials:
    return Credentials(client_id=given.client_id, client_secret=given.client_secret)
