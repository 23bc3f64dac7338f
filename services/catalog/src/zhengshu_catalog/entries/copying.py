"""The read-only copy of the municipal catalogue. The caller owns the transaction.

Each change is judged by itself: one that cannot be taken is told of and passed over, and the copy goes on.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from pydantic import ValidationError
from sqlalchemy.exc import DBAPIError
from zhengshu_chassis.telemetry import THINGS_PASSED_OVER, log
from zhengshu_contracts.catalog import MunicipalEntry

from zhengshu_catalog.entries import domain
from zhengshu_catalog.entries.domain import Entry
from zhengshu_catalog.entries.operations import Unit, announce
from zhengshu_catalog.sources import repository as sources

COPY = "municipal-copy"


async def copy_municipal(unit: Unit, told: Iterable[dict[str, Any]], *, at: datetime) -> int:
    """Take changes of the municipal catalogue in its order; return how far the copy has come."""
    await unit.entries.lock_copy()
    numbered = [one for one in told if _number(one)]
    for change in sorted(numbered, key=_number):
        try:
            async with unit.session.begin_nested():
                await _take(unit, MunicipalEntry.model_validate(change), at)
        except (ValidationError, DBAPIError) as error:
            if not _is_its_own(error):
                raise
            _pass_over(change, error)
    await unit.entries.reach(max(map(_number, numbered), default=0))
    return await unit.entries.last_sequence()


def _is_its_own(error: ValidationError | DBAPIError) -> bool:
    """Tell whether what went wrong is of the values (SQLSTATE classes 22 and 23), not of the moment."""
    if isinstance(error, ValidationError):
        return True
    return str(getattr(error.orig, "sqlstate", "")).startswith(("22", "23"))


def _pass_over(change: dict[str, Any], error: Exception) -> None:
    THINGS_PASSED_OVER.labels(COPY).inc()
    name, sequence = str(change.get("id"))[:60], change["sequence"]
    log.error("municipal.passed-over", entry=name, sequence=sequence, exc_info=error)


def _number(change: dict[str, Any]) -> int:
    """Return a change's place; 0 when it has none, so that nobody could say where to go on."""
    number = change.get("sequence")
    return number if isinstance(number, int) and 0 < number < 2**63 else 0


async def _take(unit: Unit, change: MunicipalEntry, at: datetime) -> None:
    known = await unit.entries.find(change.id, lock=True)
    if entry := domain.copy(known, change, at):
        await _copy(unit, known, entry, change, at)


async def _copy(
    unit: Unit, known: Entry | None, entry: Entry, told: MunicipalEntry, at: datetime
) -> None:
    revision = domain.copied_revision(told, at)
    if known is None:
        await unit.entries.add(entry, revision)
    elif known.revision < entry.revision:
        await unit.entries.save(entry, revision)
    else:
        # The same revision again, with another code or retired: its content stays what it was.
        await unit.entries.save(entry)
        revision = await unit.entries.shown(entry)
    await sources.index(unit.session, entry.id, revision.content.items)
    announce(unit, entry, revision.content)
