"""All SQL about accounts, codes and sessions. Never commits."""

from datetime import datetime
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from zhengshu_contracts.signin import Me
from zhengshu_contracts.vocabulary import OrganizationKind, Role

from zhengshu_catalog.organizations.tables import ClientRow, OrganizationRow
from zhengshu_catalog.signin import domain
from zhengshu_catalog.signin.errors import SessionOver
from zhengshu_catalog.signin.tables import AccountRow, CodeRow, SessionRow


class Accounts:
    """Officers' accounts."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def lock(self, name: str) -> AccountRow | None:
        """Return an account that may sign in, held until the transaction ends."""
        query = (
            select(AccountRow)
            .join(ClientRow, ClientRow.id == AccountRow.client)
            .where(AccountRow.name == name, ClientRow.locked.is_(False))
            .with_for_update(of=AccountRow)
        )
        return await self._session.scalar(query)

    async def keep(self, client: str, name: str, password: str) -> None:
        """Make an officer's account, or give it another name and password; its failures are forgotten."""
        values: dict[str, Any] = {
            "name": name,
            "password": password,
            "failures": 0,
            "barred_until": None,
        }
        made = insert(AccountRow).values(client=client, **values)
        await self._session.execute(
            made.on_conflict_do_update(index_elements=["client"], set_=values)
        )

    async def set(self, client: str, **values: Any) -> None:
        """Write columns of an account."""
        await self._session.execute(
            update(AccountRow).where(AccountRow.client == client).values(**values)
        )

    async def me(self, client: str) -> Me:
        """Return who an officer is."""
        query = (
            select(ClientRow, OrganizationRow, AccountRow.name)
            .join(OrganizationRow, OrganizationRow.code == ClientRow.organization)
            .outerjoin(AccountRow, AccountRow.client == ClientRow.id)
            .where(ClientRow.id == client)
        )
        found = (await self._session.execute(query)).one_or_none()
        if found is None:
            raise SessionOver
        row, organization, account = found
        roles = [Role(role) for role in dict.fromkeys((*row.roles, *row.lent))]
        others = select(ClientRow.name).where(ClientRow.id.in_(row.standing_in_for))
        return Me(
            id=row.id,
            name=row.name,
            account=account,
            organization=organization.code,
            organization_name=organization.name,
            organization_kind=OrganizationKind(organization.kind),
            roles=roles,
            role_labels=[role.label for role in roles],
            standing_in_for=list(await self._session.scalars(others.order_by(ClientRow.id))),
        )


class Sessions:
    """Codes that wait, sessions that go on."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add_code(self, code: str, client: str, challenge: str, at: datetime) -> None:
        """Keep a new code; forget those that are over."""
        await self._session.execute(delete(CodeRow).where(CodeRow.ends < at))
        ends = at + domain.CODE_LIFE
        row = CodeRow(digest=domain.digest(code), client=client, challenge=challenge, ends=ends)
        self._session.add(row)
        await self._session.flush()

    async def take_code(self, code: str, at: datetime) -> tuple[str, str] | None:
        """Return a live code's client and challenge, and use the code up."""
        taken = delete(CodeRow).where(CodeRow.digest == domain.digest(code), CodeRow.ends > at)
        found = await self._session.execute(taken.returning(CodeRow.client, CodeRow.challenge))
        row = found.one_or_none()
        return (row[0], row[1]) if row else None

    async def begin(self, session: str, client: str, at: datetime) -> None:
        """Begin a session; forget those that are over."""
        await self._session.execute(
            delete(SessionRow).where(SessionRow.begun < at - domain.LONGEST)
        )
        row = SessionRow(digest=domain.digest(session), client=client, begun=at, seen=at)
        self._session.add(row)
        await self._session.flush()

    async def seen(self, session: str, at: datetime) -> str | None:
        """Return whose live session this is, and that it was seen."""
        query = (
            select(SessionRow)
            .join(ClientRow, ClientRow.id == SessionRow.client)
            .where(SessionRow.digest == domain.digest(session), ClientRow.locked.is_(False))
        )
        row = await self._session.scalar(query)
        if row is None or not domain.live(row.begun, row.seen, at):
            return None
        await self._session.execute(
            update(SessionRow).where(SessionRow.digest == row.digest).values(seen=at)
        )
        return row.client

    async def end(self, session: str) -> str | None:
        """End a session; return whose it was, if there was one."""
        gone = delete(SessionRow).where(SessionRow.digest == domain.digest(session))
        return await self._session.scalar(gone.returning(SessionRow.client))

    async def end_all(self, client: str) -> None:
        """End every session of a client."""
        await self._session.execute(delete(SessionRow).where(SessionRow.client == client))
