"""All SQL of opinions. Whoever changes an opinion holds its application's lock."""

from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from zhengshu_chassis.db import keyset
from zhengshu_contracts.catalog import Consent
from zhengshu_contracts.grounds import RefusalGround
from zhengshu_contracts.limits import ItemMask, Quota
from zhengshu_contracts.vocabulary import OpinionState

from zhengshu_sharing.opinions.domain import Opinion
from zhengshu_sharing.opinions.errors import OpinionNotFound
from zhengshu_sharing.opinions.tables import OpinionRow


class Opinions:
    """What providers are asked, and what they say."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(self, opinion: Opinion) -> None:
        """Store a new question."""
        await self._session.execute(insert(OpinionRow).values(id=opinion.id, **_values(opinion)))

    async def save(self, opinion: Opinion) -> None:
        """Store an answer."""
        changed = update(OpinionRow).where(OpinionRow.id == opinion.id)
        await self._session.execute(changed.values(**_values(opinion)))

    async def get(self, opinion: str) -> Opinion:
        """Read one opinion, fresh from the database."""
        query = select(OpinionRow).where(OpinionRow.id == opinion)
        row = await self._session.scalar(query.execution_options(populate_existing=True))
        if row is None:
            raise OpinionNotFound(opinion)
        return _opinion(row)

    async def of_part(self, part: str) -> Opinion | None:
        """Return what the provider was asked about a part last, if it was."""
        query = select(OpinionRow).where(OpinionRow.part == part)
        query = query.order_by(OpinionRow.id.desc()).limit(1)
        row = await self._session.scalar(query.execution_options(populate_existing=True))
        return _opinion(row) if row else None

    async def lapse(self, parts: list[str]) -> list[str]:
        """Ask no longer about parts that are over; return the questions that were open."""
        open_ones = update(OpinionRow).where(
            OpinionRow.part.in_(parts), OpinionRow.state == OpinionState.REQUESTED.value
        )
        lapsed = open_ones.values(state=OpinionState.LAPSED.value).returning(OpinionRow.id)
        return list(await self._session.scalars(lapsed))

    async def page(
        self, *, provider: str | None, state: OpinionState | None, after: str | None, limit: int
    ) -> tuple[list[Opinion], bool]:
        """Return the newest first, one provider's or all."""
        query = select(OpinionRow)
        if provider is not None:
            query = query.where(OpinionRow.provider == provider)
        if state is not None:
            query = query.where(OpinionRow.state == state.value)
        rows, more = await keyset(
            self._session,
            query,
            by=[OpinionRow.id],
            after=[after] if after else None,
            limit=limit,
            descending=True,
        )
        return [_opinion(row) for row in rows], more


def _values(opinion: Opinion) -> dict[str, Any]:
    return {
        "part": opinion.part,
        "application": opinion.application,
        "provider": opinion.provider,
        "state": opinion.state.value,
        "ground": opinion.ground and opinion.ground.value,
        "reason": opinion.reason,
        "consent": opinion.consent and opinion.consent.model_dump(mode="json"),
        "masks": [one.model_dump(mode="json") for one in opinion.masks],
        "quota": opinion.quota and opinion.quota.model_dump(mode="json"),
        "requested_at": opinion.requested_at,
        "answered_at": opinion.answered_at,
        "answered_by": opinion.answered_by,
    }


def _opinion(row: OpinionRow) -> Opinion:
    return Opinion(
        id=row.id,
        part=row.part,
        application=row.application,
        provider=row.provider,
        requested_at=row.requested_at,
        state=OpinionState(row.state),
        ground=RefusalGround(row.ground) if row.ground else None,
        reason=row.reason,
        masks=tuple(ItemMask.model_validate(one) for one in row.masks),
        quota=Quota.model_validate(row.quota) if row.quota else None,
        consent=Consent.model_validate(row.consent) if row.consent else None,
        answered_at=row.answered_at,
        answered_by=row.answered_by,
    )
