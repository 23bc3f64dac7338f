"""All SQL of attachments."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime

from sqlalchemy import delete, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from zhengshu_sharing.attachments.errors import AttachmentNotFound
from zhengshu_sharing.attachments.tables import AttachmentRow


class Attachments:
    """Which files there are, and who may read them."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(self, **values: object) -> AttachmentRow:
        """Store what is known of a file."""
        statement = insert(AttachmentRow).values(values).returning(AttachmentRow)
        return (await self._session.scalars(statement)).one()

    async def get(self, attachment: str) -> AttachmentRow:
        """Return one."""
        row = await self._session.get(AttachmentRow, attachment)
        if row is None:
            raise AttachmentNotFound(attachment)
        return row

    async def attach(
        self, ids: Iterable[str], *, organization: str, case: str, keep_until: date
    ) -> None:
        """Let files of an organisation that belong to nothing yet belong to a case."""
        for attachment in dict.fromkeys(ids):
            mine = update(AttachmentRow).where(
                AttachmentRow.id == attachment,
                AttachmentRow.organization == organization,
                AttachmentRow.case.is_(None),
            )
            attached = mine.values(case=case, keep_until=keep_until).returning(AttachmentRow.id)
            if await self._session.scalar(attached) is None:
                raise AttachmentNotFound(attachment)

    async def show(self, case: str, organization: str) -> None:
        """Let one more organisation read the files of a case."""
        unseen = update(AttachmentRow).where(
            AttachmentRow.case == case, ~AttachmentRow.readers.contains([organization])
        )
        readers = func.array_append(AttachmentRow.readers, organization)
        await self._session.execute(unseen.values(readers=readers))

    async def of_cases(self, cases: Iterable[str]) -> dict[str, list[AttachmentRow]]:
        """Return the files of each case, oldest first."""
        query = select(AttachmentRow).where(AttachmentRow.case.in_(list(cases)))
        found: dict[str, list[AttachmentRow]] = defaultdict(list)
        for row in await self._session.scalars(query.order_by(AttachmentRow.id)):
            found[str(row.case)].append(row)
        return found

    async def drop(self, *, today: date, unused_since: datetime) -> None:
        """Forget files whose time is over, and those that were never used for anything."""
        unused = AttachmentRow.case.is_(None) & (AttachmentRow.uploaded_at < unused_since)
        over = or_(AttachmentRow.keep_until < today, unused)
        await self._session.execute(delete(AttachmentRow).where(over))

    async def known(self, ids: Iterable[str]) -> set[str]:
        """Return which of these there are."""
        query = select(AttachmentRow.id).where(AttachmentRow.id.in_(list(ids)))
        return set(await self._session.scalars(query))
