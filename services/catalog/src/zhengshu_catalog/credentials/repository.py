"""All SQL about credentials. Never commits."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from zhengshu_chassis.db import keyset
from zhengshu_contracts.credentials import ClientOut, Subject
from zhengshu_contracts.vocabulary import PrincipalKind, Role

from zhengshu_catalog.credentials.domain import Spent
from zhengshu_catalog.credentials.errors import ClientNotFound
from zhengshu_catalog.credentials.tables import KeyRow, SignerRow, SpentRow, SubjectRow
from zhengshu_catalog.officers.tables import DepartureRow
from zhengshu_catalog.organizations.tables import ClientRow


class Credentials:
    """What clients prove themselves with."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def lock(self, client: str, organization: str | None) -> ClientRow:
        """Return a client's row, held until the transaction ends; of one organisation, or of any."""
        query = select(ClientRow).where(ClientRow.id == client).with_for_update()
        if organization is not None:
            query = query.where(ClientRow.organization == organization)
        row = await self._session.scalar(query)
        if row is None:
            raise ClientNotFound(client)
        return row

    async def page(
        self, organization: str | None, after: str | None, limit: int
    ) -> tuple[list[ClientOut], bool]:
        """Return clients by id, of one organisation or of all, and whether more follow."""
        query = select(ClientRow)
        if organization is not None:
            query = query.where(ClientRow.organization == organization)
        rows, more = await keyset(
            self._session,
            query,
            by=[ClientRow.id],
            after=[after] if after else None,
            limit=limit,
        )
        return [await self._shown(row) for row in rows], more

    async def show(self, client: str) -> ClientOut:
        """Return a client as its administrator sees it."""
        row = await self._session.get_one(ClientRow, client)
        return await self._shown(row)

    async def _shown(self, row: ClientRow) -> ClientOut:
        left = await self._session.get(DepartureRow, row.id)
        return ClientOut(
            id=row.id,
            kind=PrincipalKind(row.kind),
            organization=row.organization,
            name=row.name,
            roles=[Role(role) for role in row.roles],
            locked=row.locked,
            departed_at=left.departed_at if left else None,
            keys=sorted(key["kid"] for key in await self.keys(row.id)),
            signs=bool(await self.generations(row.id)),
            subjects=await self.subjects(row.id),
        )

    async def keys(self, client: str) -> list[dict[str, Any]]:
        """Return a client's public keys."""
        found = await self._session.scalars(select(KeyRow.jwk).where(KeyRow.client == client))
        return list(found)

    async def replace_keys(
        self, client: str, keys: Mapping[str, dict[str, Any]], at: datetime
    ) -> None:
        """Put these keys in the place of the ones before."""
        await self._session.execute(delete(KeyRow).where(KeyRow.client == client))
        self._session.add_all(
            KeyRow(client=client, kid=kid, jwk=jwk, registered_at=at) for kid, jwk in keys.items()
        )
        await self._session.flush()

    async def set_subject(
        self, client: str, issuer: str, subject: str | None, at: datetime
    ) -> None:
        """Register who a client is at an issuer, in the place of what was; None takes it away."""
        gone = delete(SubjectRow).where(SubjectRow.client == client, SubjectRow.issuer == issuer)
        await self._session.execute(gone)
        if subject is not None:
            row = SubjectRow(issuer=issuer, client=client, subject=subject, registered_at=at)
            self._session.add(row)
        await self._session.flush()

    async def subjects(self, client: str) -> list[Subject]:
        """Return who a client is at issuers outside."""
        query = select(SubjectRow).where(SubjectRow.client == client).order_by(SubjectRow.issuer)
        found = await self._session.scalars(query)
        return [Subject(issuer=row.issuer, subject=row.subject) for row in found]

    async def outside(self, issuer: str, subject: str) -> str | None:
        """Return which client that is not locked this is, if any."""
        query = (
            select(SubjectRow.client)
            .join(ClientRow, ClientRow.id == SubjectRow.client)
            .where(
                SubjectRow.issuer == issuer,
                SubjectRow.subject == subject,
                ClientRow.locked.is_(False),
            )
        )
        return await self._session.scalar(query)

    async def next_generation(self, client: str, previous_until: datetime) -> int:
        """Begin the next of a client's signing keys; the one before is good for a while yet."""
        first = insert(SignerRow).values(client=client, generation=1)
        following = first.on_conflict_do_update(
            index_elements=["client"],
            set_={"generation": SignerRow.generation + 1, "previous_until": previous_until},
        )
        return await self._session.scalar(following.returning(SignerRow.generation)) or 1

    async def generations(self, client: str, at: datetime | None = None) -> list[int]:
        """Return which of its keys a client signs headers with: the newest, and one that runs out."""
        query = select(SignerRow).where(SignerRow.client == client)
        row = await self._session.scalar(query)
        if row is None:
            return []
        overlaps = at is not None and row.previous_until is not None and at < row.previous_until
        return [row.generation, row.generation - 1] if overlaps else [row.generation]

    async def spend(self, proof: Spent, at: datetime) -> bool:
        """Use a proof up and forget those too old anyway; tell whether it was unused."""
        await self._session.execute(delete(SpentRow).where(SpentRow.ends < at))
        once = insert(SpentRow).values(id=proof.id, ends=proof.ends).on_conflict_do_nothing()
        return await self._session.scalar(once.returning(SpentRow.id)) is not None
