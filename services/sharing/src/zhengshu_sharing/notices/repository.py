"""All SQL of notices. Never commits."""

from collections.abc import Iterable
from datetime import date, datetime

from sqlalchemy import select, union_all, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from zhengshu_chassis import ids
from zhengshu_chassis.db import keyset
from zhengshu_contracts.clocks import Term
from zhengshu_contracts.sharing import NoticeKind

from zhengshu_sharing.applications.tables import ApplicationRow, PartRow
from zhengshu_sharing.datasets.tables import DatasetRow
from zhengshu_sharing.grants.tables import GrantRow
from zhengshu_sharing.matters.tables import MatterRow
from zhengshu_sharing.notices.errors import NoticeNotFound
from zhengshu_sharing.notices.tables import NoticeRow
from zhengshu_sharing.opinions.tables import OpinionRow


class Notices:
    """What organisations are told of, with the transaction that it happened in."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def tell(
        self,
        organization: str,
        kind: NoticeKind,
        matter: str,
        *,
        at: datetime,
        dataset: str | None = None,
        term: Term | None = None,
        due: date | None = None,
        once: str | None = None,
    ) -> None:
        """Tell an organisation of something; `once` names what it is told a single time."""
        made = ids.new("n")
        values = {
            "id": made,
            "once": f"{kind} {organization} {once}" if once else made,
            "organization": organization,
            "kind": kind.value,
            "matter": matter,
            "dataset": dataset,
            "term": term and term.value,
            "due": due,
            "at": at,
        }
        await self._session.execute(insert(NoticeRow).values(values).on_conflict_do_nothing())

    async def page(
        self,
        organization: str,
        *,
        unread: bool,
        kind: NoticeKind | None,
        after: str | None,
        limit: int,
    ) -> tuple[list[NoticeRow], bool]:
        """Return an organisation's notices, the newest first."""
        query = select(NoticeRow).where(NoticeRow.organization == organization)
        if unread:
            query = query.where(NoticeRow.read_at.is_(None))
        if kind is not None:
            query = query.where(NoticeRow.kind == kind.value)
        return await keyset(
            self._session,
            query,
            by=[NoticeRow.id],
            after=[after] if after else None,
            limit=limit,
            descending=True,
        )

    async def titles(self, matters: Iterable[str]) -> dict[str, str]:
        """Return what people call the applications, opinions, grants, matters and datasets of notices."""
        about = list(matters)
        case, part = ApplicationRow, PartRow
        asked = select(OpinionRow.id, case.number + " " + part.title).where(
            OpinionRow.part == part.id, OpinionRow.application == case.id
        )
        named = union_all(
            select(case.id, case.number + " " + case.purpose).where(case.id.in_(about)),
            asked.where(OpinionRow.id.in_(about)),
            select(GrantRow.id, GrantRow.title + " " + GrantRow.purpose).where(
                GrantRow.id.in_(about)
            ),
            select(MatterRow.id, MatterRow.number).where(MatterRow.id.in_(about)),
            select(DatasetRow.id, DatasetRow.title).where(
                DatasetRow.id.in_(about), DatasetRow.title.is_not(None)
            ),
        )
        return {row[0]: row[1] for row in await self._session.execute(named)}

    async def read(self, notice: str, organization: str, *, by: str, at: datetime) -> NoticeRow:
        """Mark a notice as read; the first reading stays."""
        mine = (NoticeRow.id == notice, NoticeRow.organization == organization)
        unread = update(NoticeRow).where(*mine, NoticeRow.read_at.is_(None))
        await self._session.execute(unread.values(read_at=at, read_by=by))
        query = select(NoticeRow).where(*mine).execution_options(populate_existing=True)
        row = await self._session.scalar(query)
        if row is None:
            raise NoticeNotFound(f"本单位没有通知 {notice}")
        return row
