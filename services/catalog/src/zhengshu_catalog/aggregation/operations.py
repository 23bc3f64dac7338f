"""What happens to datasets: a revision prepares the table, a push makes a version."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from asyncpg.exceptions import CardinalityViolationError, UniqueViolationError
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy.ext.asyncio import AsyncSession
from zhengshu_chassis import failpoints, ids
from zhengshu_chassis.outbox import Outbox
from zhengshu_contracts.catalog import BatchOut, DatasetRestarted, DatasetUpdated, Item, Receipt
from zhengshu_contracts.policy import DatasetVersion, version_key
from zhengshu_contracts.vocabulary import BatchMode, EntryState
from zhengshu_verify import receipt

from zhengshu_catalog.aggregation import domain, joining, reports, schema, staging, uploads
from zhengshu_catalog.aggregation.domain import Structure
from zhengshu_catalog.aggregation.errors import (
    DatasetClosed,
    KeyMissing,
    NotProvider,
    PusherLocked,
    RevisionCannotMigrate,
    RevisionMoved,
    RowsRefused,
)
from zhengshu_catalog.aggregation.merging import Merged, merge
from zhengshu_catalog.aggregation.problems import Report
from zhengshu_catalog.aggregation.reports import Means
from zhengshu_catalog.aggregation.repository import Datasets
from zhengshu_catalog.aggregation.spool import Spool
from zhengshu_catalog.aggregation.staging import Reader
from zhengshu_catalog.aggregation.tables import BatchRow, DatasetRow
from zhengshu_catalog.entries.repository import Entries
from zhengshu_catalog.organizations.repository import Clients

SETTINGS = "SET LOCAL timezone = 'Asia/Shanghai'; SET LOCAL datestyle = 'ISO, YMD'"
"""How a pushed time without an offset is read."""


@dataclass(frozen=True, slots=True)
class Push:
    """One request to take a batch; `system` is who pushes, a data officer's upload included."""

    dataset: str
    system: str
    mode: BatchMode
    lenient: bool
    dry_run: bool
    keyed: bool
    """Whether the request carries an Idempotency-Key, so that an equal body is meant anew."""
    at: datetime

    @classmethod
    def of(cls, told: dict[str, Any]) -> "Push":
        """Read what was kept as JSON."""
        return cls(
            **told | {"mode": BatchMode(told["mode"]), "at": datetime.fromisoformat(told["at"])}
        )


@dataclass(frozen=True, slots=True)
class Body:
    """A body being read: its texts, who tokenises them, what was found wrong, and its SHA-256 at the end."""

    reader: Reader
    report: Report
    texts: AsyncIterator[str]
    received: Any


@dataclass(frozen=True, slots=True)
class Telling:
    """Tells of a batch's bad rows, before what is known of them is rolled back."""

    connection: Any
    batch: str
    reader: Reader
    store: Spool | None

    async def refuse(self, push: Push, refused: int) -> None:
        """Refuse the batch if it is to be taken whole and is not."""
        if refused and not push.lenient:
            found = await reports.found(self.connection, self.batch, self.store)
            rows = (self.reader.count, refused)
            raise RowsRefused(self.batch, rows, found.problems, found.total)

    async def added(self, outcome: BatchOut) -> BatchOut:
        """Return an answer with its report."""
        store = None if outcome.dry_run else self.store
        found = await reports.found(self.connection, self.batch, store)
        told = {"problems": list(found.problems), "problem_count": found.total}
        return outcome.model_copy(update=told)


async def prepare_dataset(
    session: AsyncSession, dataset: str, items: list[Item], revision: int
) -> None:
    """Make or widen the dataset's tables for a revision that is being published, or say why not."""
    datasets = Datasets(session)
    structure = Structure(dataset, revision, tuple(items))
    await _check_patterns(session, structure)
    row = await datasets.find(dataset, lock=True)
    content = [item.model_dump(mode="json") for item in items]
    if row is None:
        await schema.create(session, structure)
        row = DatasetRow(id=dataset, revision=revision, items=content, epoch=1, version=0, rows=0)
        row.acknowledged = 0
        datasets.add(row)
    else:
        before = row.epoch
        await _migrate(session, row, structure)
        row.revision, row.items = revision, content
        if row.epoch > before:
            _announce_restart(session, row)
    await session.flush()
    _tell_version(session, row)


async def restart(session: AsyncSession, dataset: str, *, least: int) -> None:
    """Begin a new epoch of a dataset, so that nobody goes on from a version that meant other rows."""
    row = await Datasets(session).get(dataset, lock=True)
    await uploads.begin_epoch(session, row, least=least)
    _announce_restart(session, row)
    _tell_version(session, row)


def _announce_restart(session: AsyncSession, row: DatasetRow) -> None:
    audience = row.structure.audience
    told = {"dataset": row.id, "epoch": row.epoch, "version": row.version, "rows": row.rows}
    Outbox(session, "catalog").add(
        DatasetRestarted.model_validate({"audience": audience, **told}), aggregate=row.id
    )


async def _check_patterns(session: AsyncSession, structure: Structure) -> None:
    if faults := await schema.pattern_faults(session, structure.items):
        raise RevisionCannotMigrate(
            f"信息项 {'、'.join(faults)} 的格式(正则表达式)无法用于校验", next="请改写该格式"
        )


async def _migrate(session: AsyncSession, row: DatasetRow, new: Structure) -> None:
    old = row.structure
    if (old.types, old.key) == (new.types, new.key) and old.items == new.items:
        return
    if row.version == 0:
        await schema.create(session, new)
        return
    change = domain.migration(old, new)
    lacking = [
        f"信息项 {item.name} 不能改为必填:已有 {missing} 行没有它的值"
        for item in change.tightened
        if (missing := await schema.nulls(session, old, item))
    ]
    if reasons := [*change.reasons, *lacking]:
        raise RevisionCannotMigrate(
            ";".join(reasons), next="请恢复原信息项,或另编一个目录条目并停用本条目"
        )
    await schema.widen(session, new, change.added, change.relaxed)
    if change.added:
        await uploads.begin_epoch(session, row)


async def open_push(session: AsyncSession, push: Push, organization: str | None) -> Structure:
    """Check by this database alone that the pusher may, and return the columns it must have.

    The gateway may have decided on what it last heard: a push is taken while the bus is away.
    """
    client = await Clients(session).get(push.system)
    if client is None or client.locked:
        raise PusherLocked("推送的业务系统或数据专员不存在或已停用", next="请联系政务数据主管部门")
    row = await Datasets(session).get(push.dataset)
    entry = await Entries(session).find(push.dataset)
    if entry is None or client.organization not in {entry.provider} & {organization}:
        raise NotProvider("只有提供单位的业务系统和数据专员可以推送数据")
    if entry.revision == 0 or entry.state is EntryState.RETIRED:
        raise DatasetClosed("条目已停用", next="请联系本单位数据专员")
    if row.joined:
        raise DatasetClosed("主题数据库没有自己的数据", next="请向成员数据集推送")
    structure = row.structure
    if not structure.key and push.mode in {BatchMode.UPSERT, BatchMode.DELETE}:
        raise KeyMissing(
            f"没有主键项的数据集不能{push.mode.label}", next="请使用 append 或 replace"
        )
    return structure


async def take(
    session: AsyncSession,
    push: Push,
    structure: Structure,
    body: Body,
    means: Means,
    *,
    batch: str | None = None,
) -> BatchOut:
    """Stage, check and merge a batch in the session's transaction; return what to answer.

    `batch` is the id it bears already, if it was announced before it is taken.
    """
    batch = batch or ids.new("b")
    connection = await _raw(session)
    await connection.execute(SETTINGS)
    await staging.stage(connection, structure.items, body.reader, body.texts)
    checked = _checked_items(structure, push.mode)
    refused = await staging.check(connection, checked, body.report)
    telling = Telling(connection, batch, body.reader, means.reports)
    await telling.refuse(push, refused)
    failpoints.hit("push.staged")
    row = await Datasets(session).get(push.dataset, lock=True)
    if row.revision != structure.revision:
        raise RevisionMoved("推送期间发布了新版", next="请核对信息项后重新推送")
    if repeated := await _repeated(session, push, body.received.digest):
        return repeated
    merged, more = await _merge(session, push, structure, telling, (row.version + 1, refused))
    outcome = _outcome(batch, push, body, refused + more, merged)
    if outcome.refused:
        outcome = await telling.added(outcome)
    return await _record(session, push, row, outcome, body.received.digest, means.key)


async def _raw(session: AsyncSession) -> Any:
    """Return asyncpg's own connection; the session MUST have begun its transaction by a statement."""
    connection = await (await session.connection()).get_raw_connection()
    return connection.driver_connection


def _checked_items(structure: Structure, mode: BatchMode) -> tuple[Item, ...]:
    if mode is BatchMode.DELETE:
        return tuple(item for item in structure.items if item.key)
    return structure.items


async def _repeated(session: AsyncSession, push: Push, digest: bytes) -> BatchOut | None:
    """Return the latest batch's answer if this is that batch again, sent without a key."""
    if push.keyed or push.dry_run:
        return None
    latest = await Datasets(session).latest(push.dataset)
    if latest is None:
        return None
    same = (latest.system, latest.mode, latest.digest) == (push.system, push.mode.value, digest)
    return BatchOut.model_validate(latest.answer) if same else None


async def _merge(
    session: AsyncSession,
    push: Push,
    structure: Structure,
    telling: "Telling",
    so_far: tuple[int, int],
) -> tuple[Merged, int]:
    """Merge; look for repeated keys only when the merge shows that there are some. Return how many too."""
    version, refused = so_far
    key = tuple(item for item in structure.items if item.key)
    try:
        async with session.begin_nested():
            # Asked for in here: only a use of the session sets the savepoint.
            connection = await _raw(session)
            return await merge(connection, structure, push.mode, version), 0
    except (CardinalityViolationError, UniqueViolationError):
        more = await staging.duplicates(connection, key)
        if push.mode is BatchMode.APPEND:
            more += await staging.existing(connection, structure.table, key)
        await telling.refuse(push, refused + more)
        return await merge(connection, structure, push.mode, version), more


def _outcome(batch: str, push: Push, body: Body, refused: int, merged: Merged) -> BatchOut:
    touched = merged.deleted if push.mode is BatchMode.DELETE else merged.inserted + merged.updated
    return BatchOut(
        id=batch,
        dataset=push.dataset,
        mode=push.mode,
        received=body.reader.count,
        inserted=merged.inserted,
        updated=merged.updated,
        deleted=merged.deleted,
        unchanged=max(body.reader.count - refused - touched, 0),
        refused=refused,
        version=None,
        digest=body.received.digest.hex(),
        encoding=body.received.encoding,
        dry_run=push.dry_run,
    )


async def _record(
    session: AsyncSession,
    push: Push,
    row: DatasetRow,
    outcome: BatchOut,
    digest: bytes,
    key: Ed25519PrivateKey,
) -> BatchOut:
    """Number what changed, announce it, and keep the answer; a trial keeps nothing."""
    outcome = outcome.model_copy(update={"by": push.system})
    if push.dry_run:
        return outcome
    changed = outcome.inserted or outcome.updated or outcome.deleted
    if changed:
        row.version += 1
        row.rows += outcome.inserted - outcome.deleted
    version = str(row.at) if changed else None
    outcome = outcome.model_copy(update={"version": version})
    outcome = outcome.model_copy(update={"receipt": _sign(outcome, push, key)})
    batch = BatchRow(id=outcome.id, dataset=row.id, system=push.system, mode=push.mode.value)
    batch.epoch, batch.version = (row.epoch, row.version) if changed else (None, None)
    batch.digest, batch.answer = digest, outcome.model_dump(mode="json")
    Datasets(session).add(batch)
    if changed:
        _announce(session, row, outcome)
        await joining.advance(session, row)
        await uploads.offer(session, row)
    await session.flush()
    return outcome


def _sign(outcome: BatchOut, push: Push, key: Ed25519PrivateKey) -> str:
    shared = {
        name: getattr(outcome, name) for name in Receipt.model_fields if hasattr(outcome, name)
    }
    content = Receipt(batch=outcome.id, system=push.system, at=push.at, **shared)
    return receipt.sign(content.model_dump(mode="json"), key)


def _announce(session: AsyncSession, row: DatasetRow, outcome: BatchOut) -> None:
    event = DatasetUpdated(
        audience=row.structure.audience,
        dataset=row.id,
        epoch=row.epoch,
        version=row.version,
        batch=outcome.id,
        mode=outcome.mode,
        inserted=outcome.inserted,
        updated=outcome.updated,
        deleted=outcome.deleted,
        rows=row.rows,
        digest=outcome.digest,
    )
    Outbox(session, "catalog").add(event, aggregate=row.id)
    _tell_version(session, row)


def _tell_version(session: AsyncSession, row: DatasetRow) -> None:
    value = DatasetVersion(id=row.id, epoch=row.epoch, version=row.version)
    Outbox(session, "catalog").put(version_key(row.id), value, aggregate=row.id)
