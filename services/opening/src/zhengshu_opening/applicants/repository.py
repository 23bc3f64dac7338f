"""All SQL about applicants and their applications. Never commits."""

from collections.abc import Sequence
from dataclasses import asdict

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession
from zhengshu_chassis.db import keyset

from zhengshu_opening.applicants.domain import Applicant, OpenApplication
from zhengshu_opening.applicants.errors import ApplicantNotFound, OpenApplicationNotFound
from zhengshu_opening.applicants.tables import ApplicantRow, OpenApplicationRow


class Applicants:
    """Registered applicants."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def get(self, applicant: str) -> Applicant:
        """Read an applicant or raise ApplicantNotFound."""
        row = await self._session.get(ApplicantRow, applicant)
        if row is None:
            raise ApplicantNotFound
        return row.to_domain()

    async def add(self, applicant: Applicant, *, contact: str, secret_digest: bytes) -> None:
        """Add an applicant with the digest of its secret."""
        self._session.add(
            ApplicantRow(**asdict(applicant), contact=contact, secret_digest=secret_digest)
        )
        await self._session.flush()

    async def secret_digest(self, applicant: str) -> bytes | None:
        """Return the digest of an applicant's secret."""
        found: bytes | None = await self._session.scalar(
            select(ApplicantRow.secret_digest).where(ApplicantRow.id == applicant)
        )
        return found


class OpenApplications:
    """Authorised-open applications."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def get(self, application: str) -> OpenApplication:
        """Read an application or raise OpenApplicationNotFound."""
        row = await self._session.get(OpenApplicationRow, application, populate_existing=True)
        if row is None:
            raise OpenApplicationNotFound(application)
        return row.to_domain()

    async def lock(self, application: str) -> OpenApplication:
        """Read an application and hold its row until the transaction ends."""
        row = await self._session.get(
            OpenApplicationRow, application, with_for_update=True, populate_existing=True
        )
        if row is None:
            raise OpenApplicationNotFound(application)
        return row.to_domain()

    async def add(self, application: OpenApplication) -> None:
        """Add an application; a second one under way for the dataset violates a constraint."""
        self._session.add(OpenApplicationRow(**asdict(application)))
        await self._session.flush()

    async def save(self, application: OpenApplication) -> None:
        """Write what acceptance or decision changed."""
        await self._session.execute(
            update(OpenApplicationRow)
            .where(OpenApplicationRow.id == application.id)
            .values(
                state=application.state,
                reason=application.reason,
                authorization=application.authorization,
            )
        )

    async def page(
        self, *, applicant: str | None, after: Sequence[str] | None, limit: int
    ) -> tuple[list[OpenApplication], bool]:
        """Return a page of an applicant's applications (None: everybody's), newest first."""
        query = select(OpenApplicationRow)
        if applicant is not None:
            query = query.where(OpenApplicationRow.applicant == applicant)
        by = [OpenApplicationRow.id]
        rows, more = await keyset(
            self._session, query, by=by, after=after, limit=limit, descending=True
        )
        return [row.to_domain() for row in rows], more
