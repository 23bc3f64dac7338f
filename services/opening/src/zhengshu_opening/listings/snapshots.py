"""Snapshots: one pull of a dataset's open columns per new version, scanned, written, then published.

The work is a row in `builds`; this does one piece of it and may be killed anywhere: files lie under a
name that belongs to their content, and nothing is served before the transaction that says so.
"""

import asyncio
import hashlib
from dataclasses import dataclass, field
from datetime import datetime

from obstore.exceptions import BaseError
from obstore.store import ObjectStore
from zhengshu_chassis import failpoints
from zhengshu_chassis.db import Database
from zhengshu_chassis.telemetry import log

from zhengshu_opening.datasets.domain import Dataset, Version
from zhengshu_opening.listings import domain, files, operations, scan
from zhengshu_opening.listings.domain import Listing
from zhengshu_opening.listings.operations import Built
from zhengshu_opening.listings.source import Export, Source, SourceFailed
from zhengshu_opening.unit import Unit

BREATH = 200
"""Rows after which others get their turn on the loop."""


class PersonalInformation(Exception):
    """The scan found something; holds the report, never a value."""


class Outdated(Exception):
    """The listing changed meanwhile; made anew."""


@dataclass
class Workshop:
    """Makes snapshots. Several `round`s may run side by side in the one process that works."""

    database: Database
    store: ObjectStore
    source: Source
    _taken: set[str] = field(default_factory=set)

    async def round(self) -> None:
        """Do whatever is due that nobody here is at already."""
        while (work := await self._next()) is not None:
            dataset, asked_at = work
            self._taken.add(dataset)
            try:
                await self.attend(dataset, asked_at)
            finally:
                self._taken.discard(dataset)

    async def _next(self) -> tuple[str, datetime] | None:
        async with self.database.reads.begin() as session:
            due = await Unit.of(session).builds.due(len(self._taken) + 1)
        # Nothing is awaited between here and the caller's taking it.
        return next((work for work in due if work[0] not in self._taken), None)

    async def attend(self, dataset: str, asked_at: datetime) -> None:
        """Do a dataset's work, or put it off with what went wrong."""
        try:
            await self._attend(dataset, asked_at)
        except (SourceFailed, Outdated, BaseError, OSError) as error:
            reason = str(error) if isinstance(error, SourceFailed) else type(error).__name__
            log.warning("snapshot.failed", dataset=dataset, reason=reason)
            async with self.database.sessions.begin() as session:
                unit = Unit.of(session)
                wait = domain.pause(await unit.builds.attempts(dataset))
                await unit.builds.failed(dataset, asked_at, reason, wait)
                await operations.hold_back(unit, dataset, f"快照未生成,将自动重试:{reason}")

    async def _attend(self, dataset: str, asked_at: datetime) -> None:
        async with self.database.sessions.begin() as session:
            unit = Unit.of(session)
            listing, known = await unit.listings.find(dataset), await unit.datasets.find(dataset)
        if listing is not None and known is not None and _behind(listing, known):
            await self._renew(listing, known)
        async with self.database.sessions.begin() as session:
            unit = Unit.of(session)
            kept = await unit.listings.paths(dataset)
            await unit.builds.done(dataset, asked_at)
        # After the commit: were it lost, the dataset's next snapshot would do it.
        await files.prune(self.store, f"snapshots/{dataset}", kept)

    async def _renew(self, listing: Listing, known: Dataset) -> None:
        try:
            built = await self._build(listing)
        except PersonalInformation as found:
            log.warning("snapshot.held_back", dataset=listing.dataset)
            async with self.database.sessions.begin() as session:
                await operations.hold_back(Unit.of(session), listing.dataset, str(found))
            return
        failpoints.hit("snapshot.built")
        async with self.database.sessions.begin() as session:
            if not await operations.publish(Unit.of(session), built):
                raise Outdated
        log.info("snapshot.published", dataset=listing.dataset, version=str(built.version))
        if known.version is not None and built.version < known.version:
            raise SourceFailed(f"读到的版本 {built.version} 早于 {known.version}")

    async def _build(self, listing: Listing) -> Built:
        async with self.source.export(listing.dataset) as export:
            folder = _folder(listing, export.version)
            async with files.Writers(self.store, folder, listing.items) as writers:
                rows = await _copy(export, listing, writers)
                stored = await writers.finish()
        return Built(listing.dataset, listing.names(), export.version, rows, stored)


async def _copy(export: Export, listing: Listing, writers: files.Writers) -> int:
    """Write every row, scanning on the way; raise before the files are finished if anything is wrong."""
    hits: scan.Hits = scan.Hits()
    scanned, rows = listing.scanned(), 0
    async for row in export.rows:
        if missing := [name for name in listing.names() if name not in row]:
            raise SourceFailed(f"答复缺少信息项 {'、'.join(missing)}")
        scan.count(row, scanned, hits)
        await writers.add(row)
        rows += 1
        if rows % BREATH == 0:
            await asyncio.sleep(0)
    if export.announced is not None and export.announced != rows:
        raise SourceFailed(f"应有 {export.announced} 行,只收到 {rows} 行")
    if hits:
        raise PersonalInformation(scan.report(hits, listing.titles()))
    return rows


def _behind(listing: Listing, known: Dataset) -> bool:
    """Tell whether an open dataset has a version that is not served yet."""
    if not listing.live or known.version is None:
        return False
    return listing.version is None or listing.version < known.version


def _folder(listing: Listing, version: Version) -> str:
    """Name a snapshot's folder by its content, so that making it twice makes the same files."""
    columns = hashlib.sha256("\n".join(listing.names()).encode()).hexdigest()[:12]
    return f"snapshots/{listing.dataset}/{version}-{columns}"
