"""All SQL of audit. Never commits; never changes or removes a leaf, a checkpoint or a signature."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, NamedTuple

from sqlalchemy import (
    ARRAY,
    JSON,
    ColumnElement,
    Select,
    Text,
    any_,
    cast,
    delete,
    func,
    insert,
    literal,
    literal_column,
    select,
    text,
    tuple_,
)
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession
from zhengshu_chassis.dispatch import DispatchRow
from zhengshu_contracts.access import AccessDecided
from zhengshu_contracts.audit import LedgerRestarted
from zhengshu_contracts.commission import DispatchKind
from zhengshu_contracts.dispatch import DispatchState
from zhengshu_verify.merkle import Node

from zhengshu_audit.domain import ABOUT_CHECKPOINTS, Entry, Sighting
from zhengshu_audit.tables import (
    AccessRow,
    CheckpointRow,
    CountersignatureRow,
    LeafRow,
    NodeRow,
)

_APPENDING, _SIGNING = 1, 2
_LOCK = text("SELECT pg_advisory_xact_lock(hashtext('zhengshu_audit'), :which)")


@dataclass(frozen=True, slots=True)
class Restart:
    """When and why the ledger went on from a backup."""

    at: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class AccessQuery:
    """Which accesses are asked for: `column` says on which side the organisation stands."""

    column: Literal["provider", "organization"]
    organization: str
    dataset: str | None = None
    since: datetime | None = None
    before: int | None = None


def _said(payload: ColumnElement[Any], member: str) -> ColumnElement[str]:
    """Return the expression of a member of a leaf's event, as the indexes have it."""
    path: ColumnElement[str] = literal_column(f"'{{event,data,{member}}}'")
    return payload.op("#>>", return_type=Text())(path)


class Leaves:
    """The leaves, and the complete subtrees over those that were signed."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def lock(self) -> None:
        """Wait until nobody else appends; held until the transaction ends."""
        await self._session.execute(_LOCK, {"which": _APPENDING})

    async def size(self) -> int:
        """How many leaves there are."""
        last = await self._session.scalar(select(func.max(LeafRow.index)))
        return 0 if last is None else last + 1

    async def known(self, ids: Sequence[str]) -> set[str]:
        """Those of the event ids that already have a leaf."""
        # One array, since a statement takes at most 32,767 parameters.
        wanted = func.unnest(literal(list(ids), ARRAY(Text))).column_valued("id")
        return set(await self._session.scalars(select(wanted).where(LeafRow.event_id == wanted)))

    async def add(self, first: int, entries: Sequence[Entry]) -> None:
        """Store leaves from index `first` on."""
        rows = [
            {
                "index": index,
                "kind": entry.kind.value,
                "subject": entry.subject,
                "event_id": entry.id,
                "at": entry.at,
                "payload": entry.payload,
                "leaf_hash": entry.hash,
            }
            for index, entry in enumerate(entries, first)
        ]
        await self._session.execute(insert(LeafRow), rows)

    async def page(self, first: int, limit: int) -> Sequence[LeafRow]:
        """Leaves from index `first` on."""
        rows = select(LeafRow).where(LeafRow.index >= first).order_by(LeafRow.index).limit(limit)
        return (await self._session.scalars(rows)).all()

    async def accesses(self, asked: "AccessQuery", limit: int) -> Sequence[LeafRow]:
        """Leaves of decisions on one side of an organisation's accesses, the newest first."""
        payload = cast(LeafRow.payload, JSON)
        rows = (
            select(LeafRow)
            .where(
                LeafRow.subject == literal_column(f"'{AccessDecided.subject}'"),
                _said(payload, asked.column) == asked.organization,
            )
            .order_by(LeafRow.index.desc())
            .limit(limit)
        )
        if asked.dataset is not None:
            rows = rows.where(_said(payload, "dataset") == asked.dataset)
        if asked.since is not None:
            rows = rows.where(LeafRow.at >= asked.since)
        if asked.before is not None:
            rows = rows.where(LeafRow.index < asked.before)
        return (await self._session.scalars(rows)).all()

    async def restarted(self, since: int) -> Restart | None:
        """Find the newest restart among the leaves from index `since` on."""
        reason = _said(cast(LeafRow.payload, JSON), "reason")
        query = select(LeafRow.at, reason).where(
            LeafRow.index >= since, LeafRow.subject == LedgerRestarted.subject
        )
        found = (await self._session.execute(query.order_by(LeafRow.index.desc()).limit(1))).first()
        return Restart(*found) if found else None

    async def endings(self, records: Sequence[str]) -> dict[str, LeafRow]:
        """The leaves that tell how these accesses ended, by record."""
        wanted = [f"{record}.ended" for record in records]
        rows = await self._session.scalars(select(LeafRow).where(LeafRow.event_id.in_(wanted)))
        return {row.event_id.removesuffix(".ended"): row for row in rows}

    async def hashes_from(self, first: int, limit: int) -> Sequence[bytes]:
        """Leaf hashes from index `first` on."""
        rows = select(LeafRow.leaf_hash).where(LeafRow.index >= first).order_by(LeafRow.index)
        return (await self._session.scalars(rows.limit(limit))).all()

    async def worth_signing(self, first: int) -> bool:
        """Whether a leaf from `first` on tells of more than of checkpoints."""
        wanted = select(LeafRow.index).where(
            LeafRow.index >= first, ~LeafRow.subject.startswith(ABOUT_CHECKPOINTS)
        )
        return await self._session.scalar(wanted.limit(1)) is not None

    async def add_nodes(self, nodes: Iterable[tuple[Node, bytes]]) -> None:
        """Store complete subtrees."""
        rows = [{"level": n.level, "offset": n.offset, "hash": h} for n, h in nodes]
        if rows:
            await self._session.execute(insert(NodeRow), rows)

    async def hashes(self, nodes: Iterable[Node]) -> dict[Node, bytes]:
        """The hashes of complete subtrees, single leaves included."""
        wanted = set(nodes)
        offsets = [node.offset for node in wanted if node.level == 0]
        leaves = select(LeafRow.index, LeafRow.leaf_hash).where(LeafRow.index.in_(offsets))
        above = select(NodeRow.level, NodeRow.offset, NodeRow.hash).where(
            tuple_(NodeRow.level, NodeRow.offset).in_([node for node in wanted if node.level])
        )
        found = {Node(0, index): value for index, value in await self._session.execute(leaves)}
        found |= {Node(lv, off): value for lv, off, value in await self._session.execute(above)}
        return found


class Signed(NamedTuple):
    """A checkpoint with the witness's line, if it is there."""

    checkpoint: CheckpointRow
    countersignature: CountersignatureRow | None


class Checkpoints:
    """Signed checkpoints and the witness's countersignatures."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def lock(self) -> None:
        """Wait until nobody else signs or files; held until the transaction ends."""
        await self._session.execute(_LOCK, {"which": _SIGNING})

    async def newest(self, *, countersigned: bool = False) -> Signed | None:
        """The newest checkpoint, or the newest that the witness has signed."""
        rows = _signed(only=countersigned).order_by(CheckpointRow.size.desc()).limit(1)
        row = (await self._session.execute(rows)).one_or_none()
        return Signed(*row) if row else None

    async def page(self, after: int, limit: int) -> list[Signed]:
        """Checkpoints in ascending size, beyond `after`."""
        rows = _signed(only=False).where(CheckpointRow.size > after).order_by(CheckpointRow.size)
        return [Signed(*row) for row in await self._session.execute(rows.limit(limit))]

    async def get(self, size: int) -> CheckpointRow | None:
        """The checkpoint of exactly this size."""
        return await self._session.get(CheckpointRow, size)

    async def unanswered(self, *, refused_after: datetime) -> bool:
        """Whether the witness owes an answer, or has refused one since then."""
        state, created_at = DispatchRow.state, DispatchRow.created_at
        waiting = state.in_([DispatchState.DUE, DispatchState.ACCEPTED])
        refused = (state == DispatchState.PARKED) & (created_at > refused_after)
        rows = select(DispatchRow.id).where(
            DispatchRow.kind == DispatchKind.CHECKPOINT, waiting | refused
        )
        return await self._session.scalar(rows.limit(1)) is not None

    async def add(self, size: int, root: bytes, note: str, at: datetime) -> None:
        """Store a signed checkpoint."""
        row = {"size": size, "root": root, "note": note, "at": at}
        await self._session.execute(insert(CheckpointRow), row)

    async def countersign(self, size: int, line: str, at: datetime) -> bool:
        """Store the witness's line; False if there is one already."""
        row = {"size": size, "line": line, "at": at}
        statement = upsert(CountersignatureRow).values(row).on_conflict_do_nothing()
        added = await self._session.scalar(statement.returning(CountersignatureRow.size))
        return added is not None


def _signed(*, only: bool) -> Select[CheckpointRow, CountersignatureRow]:
    """Checkpoints with their countersignatures; only those that have one, or all."""
    same = CountersignatureRow.size == CheckpointRow.size
    return select(CheckpointRow, CountersignatureRow).join(
        CountersignatureRow, same, isouter=not only
    )


class Accesses:
    """Accesses of which one end is missing."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def see(self, sightings: Sequence[Sighting]) -> None:
        """Note beginnings and endings, in whatever order they come; forget what is complete."""
        for ended, column in ((False, "decided_at"), (True, "ended_at")):
            seen = {
                sighting.record: sighting.at for sighting in sightings if sighting.ended is ended
            }
            if seen:
                statement = upsert(AccessRow)
                statement = statement.on_conflict_do_update(
                    index_elements=["record"], set_={column: statement.excluded[column]}
                )
                rows = [{"record": record, column: at} for record, at in seen.items()]
                await self._session.execute(statement, rows)
        records = literal([sighting.record for sighting in sightings], ARRAY(Text))
        complete = AccessRow.decided_at.is_not(None) & AccessRow.ended_at.is_not(None)
        await self._session.execute(
            delete(AccessRow).where(AccessRow.record == any_(records), complete)
        )

    async def close(self, before: datetime, limit: int) -> list[str]:
        """Take accesses that were decided before then and never ended; another worker's are left."""
        lapsed = (
            select(AccessRow.record)
            .where(AccessRow.ended_at.is_(None), AccessRow.decided_at < before)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        taken = delete(AccessRow).where(AccessRow.record.in_(lapsed)).returning(AccessRow.record)
        return list(await self._session.scalars(taken))

    async def forget(self, before: datetime) -> None:
        """Drop endings whose beginning was closed or refused long ago."""
        stale = AccessRow.decided_at.is_(None) & (AccessRow.ended_at < before)
        await self._session.execute(delete(AccessRow).where(stale))
