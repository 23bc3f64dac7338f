"""Pushes taken later: the body is kept aside and answered for with 202; a worker takes it in order.

A kill loses nothing: what was not committed is taken again from the start, and what was is not taken twice,
since the batch and the push's end are one transaction.
"""

import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
from sqlalchemy import select, update
from zhengshu_chassis import failpoints, problems
from zhengshu_chassis.errors import DomainError, Unavailable
from zhengshu_chassis.resources import Resources
from zhengshu_chassis.telemetry import log
from zhengshu_contracts.catalog import BatchState

from zhengshu_catalog.aggregation import operations, receiving, reports
from zhengshu_catalog.aggregation.errors import SpoolMissing
from zhengshu_catalog.aggregation.operations import Push
from zhengshu_catalog.aggregation.reader import NAME, Reader
from zhengshu_catalog.aggregation.receiving import Form
from zhengshu_catalog.aggregation.spool import Spool
from zhengshu_catalog.aggregation.tables import PushRow

ATTEMPTS = 5
"""Failures of our own after which a push is given up."""
KEPT = timedelta(days=180)
"""How long a refused push and its report are kept."""
TOGETHER = 500


@dataclass(frozen=True, slots=True)
class Kept:
    """What a push needs to be taken later."""

    push: Push
    organization: str | None
    form: Form

    def told(self) -> dict[str, Any]:
        """Return it as JSON."""
        told: dict[str, Any] = orjson.loads(orjson.dumps(self))
        return told

    @classmethod
    def of(cls, told: dict[str, Any]) -> "Kept":
        """Read it again."""
        return cls(Push.of(told["push"]), told["organization"], Form(**told["form"]))


async def take_waiting(resources: Resources) -> None:
    """Take what waits, one after another, and forget the bodies of what is done."""
    reader: Reader = resources.extra[NAME]
    if reader.spool is None:
        return
    while (push := await _next(resources, reader.spool)) is not None:
        await _take(resources, reader, push)


async def _next(resources: Resources, spool: Spool) -> PushRow | None:
    """Return the oldest push that waits; forget bodies of others on the way."""
    async with resources.database.sessions.begin() as session:
        rows = await session.scalars(select(PushRow).where(PushRow.spooled).order_by(PushRow.id))
        for row in rows:
            if row.state == BatchState.WAITING.value:
                session.expunge(row)
                return row
            await spool.remove(row.id)
            row.spooled = False
    return None


async def _take(resources: Resources, reader: Reader, row: PushRow) -> None:
    try:
        await _take_one(resources, reader, row)
    except DomainError as refusal:
        if isinstance(refusal, Unavailable):
            raise
        await _end(resources, row.id, refusal)
    except Exception as error:
        log.error("push.failed", push=row.id, attempt=row.attempts + 1, exc_info=error)
        if row.attempts + 1 >= ATTEMPTS:
            await _end(resources, row.id, problems.Internal("多次未能处理,请凭批次标识报障"))
            return
        async with resources.database.sessions.begin() as session:
            await session.execute(
                update(PushRow).where(PushRow.id == row.id).values(attempts=row.attempts + 1)
            )
        raise


async def _take_one(resources: Resources, reader: Reader, row: PushRow) -> None:
    kept = Kept.of(row.push)
    stream = _watched(resources, row.id, _body(reader, row.id))
    async with resources.database.sessions.begin() as session:
        structure = await operations.open_push(session, kept.push, kept.organization)
        body = receiving.body(stream, kept.form, structure.items, kept.push.mode)
        await operations.take(session, kept.push, structure, body, reader.means, batch=row.id)
        done = update(PushRow).where(PushRow.id == row.id)
        await session.execute(done.values(state=BatchState.DONE.value, read=row.size))
        failpoints.hit("later.committing")
    failpoints.hit("later.committed")


async def _body(reader: Reader, push: str) -> AsyncIterator[bytes]:
    assert reader.spool is not None
    try:
        async for piece in reader.spool.read(push):
            yield piece
    except FileNotFoundError as error:
        raise SpoolMissing(push, next="请重新推送") from error


async def _watched(
    resources: Resources, push: str, pieces: AsyncIterator[bytes]
) -> AsyncIterator[bytes]:
    """Pass a body on, telling once a second how far it is."""
    read, told = 0, time.monotonic()
    async for piece in pieces:
        read += len(piece)
        if time.monotonic() - told > 1:
            told = time.monotonic()
            async with resources.database.sessions.begin() as session:
                await session.execute(update(PushRow).where(PushRow.id == push).values(read=read))
        yield piece


def told(refusal: DomainError, batch: str) -> dict[str, Any]:
    """Return a refusal as it is kept."""
    made: dict[str, Any] = orjson.loads(
        bytes(problems.render(refusal, f"/v1/batches/{batch}").body)
    )
    return made


async def forget_refused(resources: Resources, at: datetime | None = None) -> None:
    """Forget refused pushes, and what their reports quote, once nobody will mend them any more."""
    reader: Reader = resources.extra[NAME]
    until = (at or datetime.now(UTC)) - KEPT
    old = select(PushRow).where(PushRow.state == BatchState.REFUSED.value, PushRow.at < until)
    async with resources.database.sessions.begin() as session:
        for row in await session.scalars(old.where(PushRow.spooled.is_(False)).limit(TOGETHER)):
            if reader.means.reports:
                await reports.forget(reader.means.reports, row.id)
            await session.delete(row)


async def _end(resources: Resources, push: str, refusal: DomainError) -> None:
    async with resources.database.sessions.begin() as session:
        await session.execute(
            update(PushRow)
            .where(PushRow.id == push)
            .values(state=BatchState.REFUSED.value, problem=told(refusal, push))
        )
