"""All SQL about organisations and clients. Never commits."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from zhengshu_chassis.db import keyset
from zhengshu_contracts.catalog import (
    OrganizationChange,
    OrganizationIn,
    OrganizationOut,
    SharingOffice,
    SystemOut,
)
from zhengshu_contracts.vocabulary import OrganizationKind, PrincipalKind, Role, SystemStage

from zhengshu_catalog.organizations.domain import Client
from zhengshu_catalog.organizations.errors import (
    ClientNotFound,
    OrganizationExists,
    OrganizationNotFound,
)
from zhengshu_catalog.organizations.tables import ClientRow, OrganizationRow, SystemRow


class Organizations:
    """The registered organisations."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def find(self, code: str) -> OrganizationOut | None:
        """Return an organisation, if it is registered."""
        row = await self._session.get(OrganizationRow, code)
        return _organization(row) if row else None

    async def get(self, code: str) -> OrganizationOut:
        """Return an organisation, or raise OrganizationNotFound."""
        found = await self.find(code)
        if found is None:
            raise OrganizationNotFound(code)
        return found

    async def add(self, given: OrganizationIn, at: datetime) -> OrganizationOut:
        """Register an organisation, or raise OrganizationExists."""
        new = insert(OrganizationRow).values(
            code=given.code,
            name=given.name,
            kind=given.kind,
            office_name=given.office and given.office.name,
            office_head=given.office and given.office.head,
            registered_at=at,
        )
        once = new.on_conflict_do_nothing(index_elements=["code"]).returning(OrganizationRow.code)
        if await self._session.scalar(once) is None:
            raise OrganizationExists(given.code)
        return OrganizationOut(**dict(given), registered_at=at)

    async def page(self, after: str | None, limit: int) -> tuple[list[OrganizationOut], bool]:
        """Return organisations by code, and whether more follow."""
        rows, more = await keyset(
            self._session,
            select(OrganizationRow),
            by=[OrganizationRow.code],
            after=[after] if after else None,
            limit=limit,
        )
        return [_organization(row) for row in rows], more

    async def change(self, code: str, given: OrganizationChange) -> OrganizationOut:
        """Change what may change of an organisation, or raise OrganizationNotFound."""
        values = {
            "name": given.name,
            "office_name": given.office and given.office.name,
            "office_head": given.office and given.office.head,
        }
        changed = update(OrganizationRow).where(OrganizationRow.code == code).values(**values)
        await self._session.execute(changed)
        return await self.get(code)


class Clients:
    """Systems and officers as callers."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def lock(self, client: str) -> Client:
        """Return a client and hold its row until the transaction ends, or raise ClientNotFound."""
        held = select(ClientRow.id).where(ClientRow.id == client).with_for_update()
        await self._session.execute(held)
        found = await self.get(client)
        if found is None:
            raise ClientNotFound(client)
        return found

    async def save(self, client: Client) -> None:
        """Keep a client's secret, lock and the end of its tokens."""
        await self._session.execute(
            update(ClientRow)
            .where(ClientRow.id == client.id)
            .values(
                digest=client.digest,
                previous=client.previous,
                previous_until=client.previous_until,
                locked=client.locked,
                lock_reason=client.lock_reason,
                locked_by=client.locked_by,
                not_before=client.not_before,
            )
        )

    async def save_standing(self, client: Client) -> None:
        """Keep an officer's roles, what it is lent and whom it stands in for."""
        await self._session.execute(
            update(ClientRow)
            .where(ClientRow.id == client.id)
            .values(
                roles=list(client.roles),
                lent=list(client.lent),
                standing_in_for=list(client.standing_in_for),
            )
        )

    async def add_system(self, client: str) -> None:
        """Begin a business system's life."""
        row = SystemRow(id=client, stage=SystemStage.PLANNED, planned=[])
        self._session.add(row)
        await self._session.flush()

    async def get(self, client: str) -> Client | None:
        """Return who a client is right now, if it is known."""
        query = (
            select(ClientRow, OrganizationRow.kind)
            .join(OrganizationRow, OrganizationRow.code == ClientRow.organization)
            .where(ClientRow.id == client)
        )
        fresh = query.execution_options(populate_existing=True)
        found = (await self._session.execute(fresh)).one_or_none()
        return _client(found[0], found[1]) if found else None

    async def add(self, client: Client, *, name: str, description: str = "", at: datetime) -> None:
        """Keep a new client."""
        self._session.add(
            ClientRow(
                id=client.id,
                kind=client.kind,
                organization=client.organization,
                roles=list(client.roles),
                name=name,
                description=description,
                digest=client.digest,
                locked=client.locked,
                opening=client.opening,
                registered_at=at,
            )
        )
        await self._session.flush()

    async def replace_digest(self, client: str, digest: bytes) -> None:
        """Give a client another secret."""
        await self._session.execute(
            update(ClientRow).where(ClientRow.id == client).values(digest=digest)
        )

    async def systems(
        self, organization: str | None, after: str | None, limit: int
    ) -> tuple[list[SystemOut], bool]:
        """Return systems by id, of one organisation or of all, and whether more follow."""
        query = select(ClientRow).where(ClientRow.kind == PrincipalKind.SYSTEM)
        if organization:
            query = query.where(ClientRow.organization == organization)
        rows, more = await keyset(
            self._session,
            query,
            by=[ClientRow.id],
            after=[after] if after else None,
            limit=limit,
        )
        stages = await self._stages([row.id for row in rows])
        return [_system(row, stages[row.id]) for row in rows], more

    async def _stages(self, systems: Sequence[str]) -> dict[str, str]:
        query = select(SystemRow).where(SystemRow.id.in_(systems))
        return {row.id: row.stage for row in await self._session.scalars(query)}


def _organization(row: OrganizationRow) -> OrganizationOut:
    office = (
        SharingOffice(name=row.office_name, head=row.office_head or "") if row.office_name else None
    )
    return OrganizationOut(
        code=row.code,
        name=row.name,
        kind=OrganizationKind(row.kind),
        office=office,
        registered_at=row.registered_at,
    )


def _client(row: ClientRow, kind: str) -> Client:
    return Client(
        id=row.id,
        kind=PrincipalKind(row.kind),
        organization=row.organization,
        organization_kind=OrganizationKind(kind),
        roles=tuple(map(Role, row.roles)),
        locked=row.locked,
        opening=row.opening,
        digest=row.digest,
        previous=row.previous,
        previous_until=row.previous_until,
        lock_reason=row.lock_reason,
        locked_by=row.locked_by,
        not_before=row.not_before,
        lent=tuple(map(Role, row.lent)),
        standing_in_for=tuple(row.standing_in_for),
    )


def _system(row: ClientRow, stage: str) -> SystemOut:
    return SystemOut(
        id=row.id,
        organization=row.organization,
        name=row.name,
        description=row.description,
        registered_at=row.registered_at,
        stage=SystemStage(stage),
        locked=row.locked,
    )
