"""All SQL of issued forms."""

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncSession

from zhengshu_sharing.forms.errors import FormNotFound
from zhengshu_sharing.forms.tables import FormRow


class Forms:
    """Forms as they were issued."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(self, **values: object) -> None:
        """Store an issued form."""
        await self._session.execute(insert(FormRow).values(values))

    async def get(self, code: str) -> FormRow:
        """Return the form with this code."""
        row = await self._session.get(FormRow, code)
        if row is None:
            raise FormNotFound(code)
        return row
