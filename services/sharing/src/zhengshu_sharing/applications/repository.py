"""All SQL of applications. Never commits. Whoever changes an application holds its row's lock."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession
from zhengshu_chassis.db import keyset
from zhengshu_contracts.beijing import day_of
from zhengshu_contracts.catalog import Consent
from zhengshu_contracts.limits import Quota
from zhengshu_contracts.sharing import Step
from zhengshu_contracts.vocabulary import ApplicationState, Mode, Origin, SharingClass

from zhengshu_sharing.applications.domain import Application, Part, Terms
from zhengshu_sharing.applications.errors import ApplicationNotFound
from zhengshu_sharing.applications.states import Chain
from zhengshu_sharing.applications.tables import ApplicationRow, NumberRow, PartRow, StepRow


class Applications:
    """Cases with their parts and timelines."""

    def __init__(self, session: AsyncSession, prefix: str) -> None:
        self._session = session
        self._prefix = prefix

    async def number(self, kind: str, now: datetime) -> str:
        """Take this year's next number of a kind of paper; waits for whoever takes one: none is skipped."""
        series = f"{self._prefix}{kind}〔{day_of(now).year}〕"
        statement = upsert(NumberRow).values(series=series, last=1)
        taken = statement.on_conflict_do_update(
            index_elements=["series"], set_={"last": NumberRow.last + 1}
        )
        last = (await self._session.execute(taken.returning(NumberRow.last))).scalar_one()
        return f"{series}{last:06d} 号"

    async def add(self, application: Application) -> None:
        """Store a new application with its parts."""
        row = {"id": application.id, "number": application.number, **_values(application)}
        await self._session.execute(insert(ApplicationRow).values(row))
        parts = [
            {"id": part.id, "application": application.id, "position": position, **_part(part)}
            for position, part in enumerate(application.parts, start=1)
        ]
        await self._session.execute(insert(PartRow), parts)

    async def save(self, application: Application) -> None:
        """Store what has changed in an application that is locked."""
        changed = update(ApplicationRow).where(ApplicationRow.id == application.id)
        await self._session.execute(changed.values(_values(application)))
        parts = [{"id": part.id, **_part(part)} for part in application.parts]
        await self._session.execute(update(PartRow), parts)

    async def get(self, application: str) -> Application:
        """Read an application."""
        return await self._one(application, lock=False)

    async def lock(self, application: str) -> Application:
        """Read an application and hold its row until the transaction ends."""
        return await self._one(application, lock=True)

    async def lock_part(self, part: str) -> tuple[Application, Part]:
        """Read a part with its application, and hold the application."""
        query = select(PartRow.application).where(PartRow.id == part)
        found = await self._session.scalar(query)
        if found is None:
            raise ApplicationNotFound(part)
        application = await self.lock(found)
        return application, application.part(part)

    async def parts(self, ids: Iterable[str]) -> dict[str, tuple[Application, Part]]:
        """Read several parts, each with its application."""
        query = select(PartRow.application).where(PartRow.id.in_(list(ids)))
        rows = select(ApplicationRow).where(ApplicationRow.id.in_(query))
        found = await self._whole(list(await self._session.scalars(rows)))
        return {part.id: (one, part) for one in found for part in one.parts}

    async def page(
        self,
        *,
        organization: str | None,
        states: Collection[ApplicationState] = (),
        after: str | None,
        limit: int,
    ) -> tuple[list[Application], bool]:
        """Return the newest applications first, one organisation's or all; those with a part in a state."""
        query = select(ApplicationRow)
        if states:
            named = [state.value for state in states]
            parts = select(PartRow.application).where(PartRow.state.in_(named))
            query = query.where(ApplicationRow.id.in_(parts))
        if organization is not None:
            query = query.where(ApplicationRow.organization == organization)
        rows, more = await keyset(
            self._session,
            query,
            by=[ApplicationRow.id],
            after=[after] if after else None,
            limit=limit,
            descending=True,
        )
        return await self._whole(rows), more

    async def note(self, application: str, step: Step) -> None:
        """Add a line to the timeline."""
        await self._session.execute(
            insert(StepRow).values(application=application, **step.model_dump())
        )

    async def timelines(self, applications: Iterable[str]) -> dict[str, list[Step]]:
        """Return the timeline of each application, oldest step first."""
        query = (
            select(StepRow)
            .where(StepRow.application.in_(list(applications)))
            .order_by(StepRow.application, StepRow.id)
        )
        found: dict[str, list[Step]] = defaultdict(list)
        for row in await self._session.scalars(query):
            fields = {name: getattr(row, name) for name in Step.model_fields}
            found[row.application].append(Step.model_construct(**fields))
        return found

    async def _one(self, application: str, *, lock: bool) -> Application:
        query = select(ApplicationRow).where(ApplicationRow.id == application)
        query = query.execution_options(populate_existing=True)
        row = await self._session.scalar(query.with_for_update() if lock else query)
        if row is None:
            raise ApplicationNotFound(application)
        return (await self._whole([row]))[0]

    async def _whole(self, rows: Sequence[ApplicationRow]) -> list[Application]:
        query = (
            select(PartRow)
            .where(PartRow.application.in_([row.id for row in rows]))
            .order_by(PartRow.application, PartRow.position)
            .execution_options(populate_existing=True)
        )
        parts: dict[str, list[Part]] = defaultdict(list)
        for part in await self._session.scalars(query):
            parts[part.application].append(_to_part(part))
        return [_to_application(row, tuple(parts[row.id])) for row in rows]


def _values(application: Application) -> dict[str, Any]:
    terms = application.terms
    return {
        "organization": application.organization,
        "submitted_by": application.submitted_by,
        "submitted_at": application.submitted_at,
        "renews": application.renews,
        "returned_at": application.returned_at,
        "supplemented_at": application.supplemented_at,
        "basis": terms.basis,
        "scenario": terms.scenario,
        "scope": terms.scope,
        "purpose": terms.purpose,
        "until": terms.until,
        "consent": terms.consent.model_dump(mode="json"),
    }


def _part(part: Part) -> dict[str, Any]:
    return {
        "dataset": part.dataset,
        "title": part.title,
        "provider": part.provider,
        "origin": part.origin.value,
        "sharing": part.sharing.value,
        "items": list(part.items),
        "modes": [mode.value for mode in part.modes],
        "filter": part.filter,
        "quota": part.quota and part.quota.model_dump(mode="json"),
        "state": part.state.value,
        "chain": part.chain.value,
        "reason": part.reason,
        "grant_id": part.grant,
    }


def _to_part(row: PartRow) -> Part:
    return Part(
        id=row.id,
        dataset=row.dataset,
        title=row.title,
        provider=row.provider,
        origin=Origin(row.origin),
        sharing=SharingClass(row.sharing),
        items=tuple(row.items),
        modes=tuple(Mode(mode) for mode in row.modes),
        filter=row.filter,
        quota=Quota.model_validate(row.quota) if row.quota else None,
        state=ApplicationState(row.state),
        chain=Chain(row.chain),
        reason=row.reason,
        grant=row.grant_id,
    )


def _to_application(row: ApplicationRow, parts: tuple[Part, ...]) -> Application:
    consent = Consent.model_validate(row.consent)
    return Application(
        id=row.id,
        number=row.number,
        organization=row.organization,
        submitted_by=row.submitted_by,
        submitted_at=row.submitted_at,
        terms=Terms(row.basis, row.scenario, row.scope, row.purpose, row.until, consent),
        parts=parts,
        renews=row.renews,
        returned_at=row.returned_at,
        supplemented_at=row.supplemented_at,
    )
