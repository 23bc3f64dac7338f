"""All SQL of grants. Whoever changes a grant holds its dataset, so that the gateway's record is whole."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import func, insert, or_, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession
from zhengshu_chassis.db import keyset
from zhengshu_contracts.limits import ItemMask, Quota
from zhengshu_contracts.vocabulary import GrantState, Mode

from zhengshu_sharing.grants.domain import Grant, Stop
from zhengshu_sharing.grants.errors import GrantNotFound
from zhengshu_sharing.grants.states import LIVE
from zhengshu_sharing.grants.tables import DisposalRow, GrantRow, StopRow

_LIVE = [state.value for state in LIVE]


class Grants:
    """Who may read what, and until when."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def hold(self, dataset: str) -> None:
        """Let nobody else change a grant on this dataset until the transaction ends."""
        name = f"grants\n{dataset}"
        await self._session.execute(
            select(func.pg_advisory_xact_lock(func.hashtextextended(name, 0)))
        )

    async def add(self, grant: Grant) -> None:
        """Store a new grant."""
        await self._session.execute(insert(GrantRow).values(id=grant.id, **_values(grant)))

    async def save(self, grant: Grant) -> None:
        """Store a changed grant."""
        changed = update(GrantRow).where(GrantRow.id == grant.id)
        await self._session.execute(changed.values(**_values(grant)))

    async def get(self, grant: str) -> Grant:
        """Read one grant, fresh from the database."""
        query = select(GrantRow).where(GrantRow.id == grant)
        row = await self._session.scalar(query.execution_options(populate_existing=True))
        if row is None:
            raise GrantNotFound(grant)
        return _grant(row)

    async def live(self, dataset: str) -> list[Grant]:
        """Return every grant on a dataset that is not over."""
        query = (
            select(GrantRow)
            .where(GrantRow.dataset == dataset, GrantRow.state.in_(_LIVE))
            .order_by(GrantRow.id)
            .execution_options(populate_existing=True)
        )
        return [_grant(row) for row in await self._session.scalars(query)]

    async def ended(self, now: datetime, *, after: str = "", limit: int) -> list[str]:
        """Return grants whose period is over but which are not expired yet, in order of their ids."""
        query = select(GrantRow.id).where(GrantRow.state.in_(_LIVE), GrantRow.ends <= now)
        query = query.where(GrantRow.id > after).order_by(GrantRow.id).limit(limit)
        return list(await self._session.scalars(query))

    async def standing(
        self,
        *states: GrantState,
        holder: str | None = None,
        suspended_by: str | None = None,
        limit: int,
    ) -> list[Grant]:
        """Return the oldest grants in one of the states, of one holder or suspended by one organisation."""
        query = select(GrantRow).where(GrantRow.state.in_([state.value for state in states]))
        if holder is not None:
            query = query.where(GrantRow.holder == holder)
        if suspended_by is not None:
            query = query.where(GrantRow.suspended_by == suspended_by)
        rows = await self._session.scalars(query.order_by(GrantRow.id).limit(limit))
        return [_grant(row) for row in rows]

    async def holders(self, dataset: str) -> tuple[str, ...]:
        """Return who holds a live grant on a dataset."""
        query = select(GrantRow.holder).distinct()
        query = query.where(GrantRow.dataset == dataset, GrantRow.state.in_(_LIVE))
        return tuple(await self._session.scalars(query.order_by(GrantRow.holder)))

    async def announce(self, stop: Stop) -> None:
        """Store a provider's announcement, the latest in place of an earlier one."""
        values = {
            "grant": stop.grant,
            "number": stop.number,
            "reason": stop.reason,
            "consultation": stop.consultation.model_dump(mode="json"),
            "ends": stop.ends,
            "announced_by": stop.announced_by,
            "announced_at": stop.announced_at,
        }
        statement = upsert(StopRow).values(values)
        await self._session.execute(
            statement.on_conflict_do_update(index_elements=["grant"], set_=values)
        )

    async def stops(self, grants: Iterable[str]) -> dict[str, StopRow]:
        """Return the stops announced of these grants."""
        query = select(StopRow).where(StopRow.grant.in_(list(grants)))
        rows = await self._session.scalars(query.execution_options(populate_existing=True))
        return {row.grant: row for row in rows}

    async def open_disposal(self, grant: str, *, at: datetime) -> None:
        """Store that the data of a grant have to be disposed of."""
        await self._session.execute(insert(DisposalRow).values(grant=grant, opened_at=at))

    async def record_disposal(self, grant: str, **values: Any) -> None:
        """Store what became of the data."""
        changed = update(DisposalRow).where(DisposalRow.grant == grant)
        await self._session.execute(changed.values(**values))

    async def disposals(self, grants: Iterable[str]) -> dict[str, DisposalRow]:
        """Return the disposals of these grants."""
        query = select(DisposalRow).where(DisposalRow.grant.in_(list(grants)))
        rows = await self._session.scalars(query.execution_options(populate_existing=True))
        return {row.grant: row for row in rows}

    async def page(
        self, *, organization: str | None, dataset: str | None, after: str | None, limit: int
    ) -> tuple[list[Grant], bool]:
        """Return the newest first: those an organisation holds or provides for, or all."""
        query = select(GrantRow)
        if organization is not None:
            query = query.where(
                or_(GrantRow.holder == organization, GrantRow.provider == organization)
            )
        if dataset is not None:
            query = query.where(GrantRow.dataset == dataset)
        rows, more = await keyset(
            self._session,
            query,
            by=[GrantRow.id],
            after=[after] if after else None,
            limit=limit,
            descending=True,
        )
        return [_grant(row) for row in rows], more


def _values(grant: Grant) -> dict[str, Any]:
    return {
        "part": grant.part,
        "application": grant.application,
        "dataset": grant.dataset,
        "title": grant.title,
        "holder": grant.holder,
        "provider": grant.provider,
        "items": list(grant.items),
        "modes": [mode.value for mode in grant.modes],
        "filter": grant.filter,
        "purpose": grant.purpose,
        "starts": grant.starts,
        "ends": grant.ends,
        "state": grant.state.value,
        "reason": grant.reason,
        "suspended_by": grant.suspended_by,
        "masks": [one.model_dump(mode="json") for one in grant.masks],
        "quota": grant.quota and grant.quota.model_dump(mode="json"),
        "rectification": grant.rectification,
        "renews": grant.renews,
    }


def _grant(row: GrantRow) -> Grant:
    return Grant(
        id=row.id,
        part=row.part,
        application=row.application,
        dataset=row.dataset,
        title=row.title,
        holder=row.holder,
        provider=row.provider,
        items=tuple(row.items),
        modes=tuple(Mode(mode) for mode in row.modes),
        filter=row.filter,
        purpose=row.purpose,
        starts=row.starts,
        ends=row.ends,
        state=GrantState(row.state),
        reason=row.reason,
        suspended_by=row.suspended_by,
        masks=tuple(ItemMask.model_validate(one) for one in row.masks),
        quota=Quota.model_validate(row.quota) if row.quota else None,
        rectification=row.rectification,
        renews=row.renews,
    )
