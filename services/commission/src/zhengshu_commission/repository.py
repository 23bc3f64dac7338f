"""Every query of the stand-in. Never commits."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import takewhile
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from zhengshu_chassis import ids
from zhengshu_contracts.base import ApiModel
from zhengshu_contracts.catalog import MunicipalEntry
from zhengshu_contracts.commission import Answer, Callback, Unprompted

from zhengshu_commission.errors import FilingUnknown
from zhengshu_commission.switches import Switches
from zhengshu_commission.tables import (
    CallbackRow,
    EntryRow,
    FilingRow,
    HeldRow,
    HoldingRow,
    MunicipalEntryRow,
    SwitchRow,
    WitnessRow,
)

FILING = 7402
"""Advisory lock of whoever files under a reference, with the reference's hash."""
UNPROMPTED = 7401
"""Advisory lock of whoever numbers an unprompted answer."""
FILED = "filed"
CONSULTING = "consulting"
PENDING = "pending"
ANSWERED = "answered"
WITHDRAWN = "withdrawn"
WAITING = "waiting"
"""Stands for every state in which somebody can decide: a provider that is silent does not hold it up."""
_WAITING = (PENDING, CONSULTING)


class Store:
    """Filings, call-backs and holdings, within one transaction."""

    def __init__(self, session: AsyncSession, switches: Switches, *, writes: bool = True) -> None:
        self.session = session
        self.switches = switches
        self._writes = writes
        """Whoever writes holds the rows it reads until the transaction ends."""

    async def claim(self, ref: str) -> FilingRow | None:
        """Find a filing, holding its reference: the same filed twice at once is filed one after the other."""
        lock = func.pg_advisory_xact_lock(FILING, func.hashtext(ref))
        await self.session.execute(select(lock))
        return await self.find(ref)

    async def find(self, ref: str) -> FilingRow | None:
        """Find a filing."""
        return await self.session.get(FilingRow, ref, with_for_update=self._writes)

    async def filing(self, ref: str) -> FilingRow:
        """Return a filing, or raise FilingUnknown."""
        row = await self.find(ref)
        if row is None:
            raise FilingUnknown(f"没有报件 {ref}")
        return row

    async def about(self, kind: str, about: str) -> FilingRow | None:
        """Find the newest filing of a kind about one thing."""
        query = select(FilingRow).where(FilingRow.kind == kind, FilingRow.about == about)
        query = query.order_by(FilingRow.number.desc()).limit(1).with_for_update()
        return (await self.session.scalars(query)).one_or_none()

    async def filings(self, state: str | None, kind: str | None) -> Sequence[FilingRow]:
        """List the newest filings, at most 200."""
        query = select(FilingRow).order_by(FilingRow.number.desc()).limit(200)
        if state:
            states = _WAITING if state == WAITING else (state,)
            query = query.where(FilingRow.state.in_(states))
        if kind:
            query = query.where(FilingRow.kind == kind)
        return (await self.session.scalars(query)).all()

    async def add(self, kind: str, ref: str, about: str, body: ApiModel) -> FilingRow:
        """Take a filing in under the next number."""
        row = FilingRow(
            ref=ref,
            kind=kind,
            about=about,
            body=body.model_dump(mode="json"),
            state=FILED,
        )
        self.session.add(row)
        await self.session.flush()
        return row

    def answer(
        self, ref: str | None, answer: Answer, *, wait: float = 0, sequence: int | None = None
    ) -> None:
        """Queue a call-back; it leaves after the switched delay and `wait` seconds."""
        due = datetime.now(UTC) + timedelta(seconds=self.switches.delay + wait)
        self.session.add(
            CallbackRow(
                id=ids.new("cb"),
                ref=ref,
                answer=answer.model_dump(mode="json"),
                due_at=due,
                sequence=sequence,
            )
        )

    async def announce(self, answer: Answer, *, wait: float = 0) -> None:
        """Queue a call-back that answers no filing, under the next number: none commits before another."""
        await self.session.execute(select(func.pg_advisory_xact_lock(UNPROMPTED)))
        last = await self.session.scalar(select(func.max(CallbackRow.sequence))) or 0
        self.answer(None, answer, wait=wait, sequence=last + 1)

    async def unprompted(self, after: int) -> list[Unprompted]:
        """Return what was announced after a number, sent or lost alike, up to what is not yet due."""
        query = select(CallbackRow).where(CallbackRow.sequence > after)
        query = query.order_by(CallbackRow.sequence).limit(200)
        now = datetime.now(UTC)
        rows = takewhile(lambda row: row.due_at <= now, await self.session.scalars(query))
        return [Unprompted(sequence=row.sequence or 0, callback=as_callback(row)) for row in rows]

    async def callbacks(self, filing: FilingRow) -> list[Callback]:
        """Return every call-back that is due for a filing, sent or lost alike."""
        query = select(CallbackRow).where(
            CallbackRow.ref == filing.ref, CallbackRow.due_at <= datetime.now(UTC)
        )
        rows = await self.session.scalars(query.order_by(CallbackRow.id))
        return [as_callback(row, filing) for row in rows]

    async def entry_sequence(self, entry: str) -> int:
        """Return an entry's number in the municipal catalogue, giving it one if it has none."""
        statement = insert(EntryRow).values(entry=entry).on_conflict_do_nothing()
        await self.session.execute(statement)
        return (await self.session.get_one(EntryRow, entry)).sequence

    async def entry(self, entry: str) -> EntryRow | None:
        """Find a county's registered entry."""
        return await self.session.get(EntryRow, entry, with_for_update=self._writes)

    async def registered(self) -> Sequence[str]:
        """List the county's registered entries, newest first, at most 200."""
        query = select(EntryRow.entry).order_by(EntryRow.sequence.desc()).limit(200)
        return (await self.session.scalars(query)).all()

    async def holding(self, dataset: str) -> HoldingRow | None:
        """Find how far a dataset is held."""
        return await self.session.get(HoldingRow, dataset, with_for_update=self._writes)

    async def hold(self, dataset: str, epoch: int, to: int) -> None:
        """Note how far a dataset is held now."""
        values = {"dataset": dataset, "epoch": epoch, "to": to}
        statement = insert(HoldingRow).values(values)
        await self.session.execute(
            statement.on_conflict_do_update(
                index_elements=["dataset"], set_={"epoch": epoch, "to": to}
            )
        )

    async def forget_rows(self, dataset: str) -> None:
        """Drop a dataset's rows before a new epoch."""
        await self.session.execute(delete(HeldRow).where(HeldRow.dataset == dataset))

    async def put_rows(self, dataset: str, rows: dict[str, tuple[dict[str, Any], bytes]]) -> None:
        """Insert or overwrite rows by id, each with its line's digest."""
        if not rows:
            return
        values = [
            {"dataset": dataset, "id": id_, "row": row, "digest": digest}
            for id_, (row, digest) in rows.items()
        ]
        statement = insert(HeldRow)
        statement = statement.on_conflict_do_update(
            index_elements=["dataset", "id"],
            set_={"row": statement.excluded.row, "digest": statement.excluded.digest},
        )
        await self.session.execute(statement, values)

    async def drop_rows(self, dataset: str, gone: list[str]) -> None:
        """Delete rows by id."""
        if gone:
            await self.session.execute(
                delete(HeldRow).where(HeldRow.dataset == dataset, HeldRow.id.in_(gone))
            )

    async def count_rows(self, dataset: str) -> int:
        """Count the rows held of a dataset."""
        query = select(func.count()).select_from(HeldRow).where(HeldRow.dataset == dataset)
        return await self.session.scalar(query) or 0

    async def sum_rows(self, dataset: str) -> tuple[int, str]:
        """Count the rows held of a dataset, and sum their digests modulo 2²⁵⁶."""
        query = select(HeldRow.digest).where(HeldRow.dataset == dataset)
        rows = total = 0
        async for digest in await self.session.stream_scalars(query):
            rows += 1
            total += int.from_bytes(digest)
        return rows, f"{total % (1 << 256):064x}"

    async def is_municipal(self, dataset: str) -> bool:
        """Tell whether a dataset is of the municipal catalogue."""
        return await self.session.get(MunicipalEntryRow, dataset) is not None

    async def catalogue(self, after: int) -> list[MunicipalEntry]:
        """Return the municipal entries changed after a sequence number, in order."""
        query = select(MunicipalEntryRow).where(MunicipalEntryRow.sequence > after)
        rows = await self.session.scalars(query.order_by(MunicipalEntryRow.sequence).limit(200))
        return [MunicipalEntry.model_validate(row.entry) for row in rows]

    async def service(self, municipal_code: str) -> MunicipalEntry | None:
        """Find the entry behind a municipal data service."""
        query = select(MunicipalEntryRow.entry).where(
            MunicipalEntryRow.municipal_code == municipal_code
        )
        found = await self.session.scalar(query)
        return MunicipalEntry.model_validate(found) if found else None

    async def witnessed(self) -> WitnessRow | None:
        """Return the newest checkpoint countersigned, held until the transaction ends."""
        return await self.session.get(WitnessRow, 1, with_for_update=True)

    async def witness(self, size: int, note: str) -> None:
        """Note the newest checkpoint countersigned."""
        statement = insert(WitnessRow).values(one=1, size=size, note=note)
        await self.session.execute(
            statement.on_conflict_do_update(
                index_elements=["one"], set_={"size": size, "note": note}
            )
        )


async def read_switches(session: AsyncSession) -> Switches:
    """Return the switches as they stand."""
    row = await session.get(SwitchRow, 1)
    return Switches.model_validate(row.value) if row else Switches()


async def write_switches(session: AsyncSession, switches: Switches) -> None:
    """Set the switches."""
    value = switches.model_dump(mode="json")
    statement = insert(SwitchRow).values(one=1, value=value)
    await session.execute(
        statement.on_conflict_do_update(index_elements=["one"], set_={"value": value})
    )


async def due_callbacks(
    session: AsyncSession, limit: int = 50
) -> list[tuple[CallbackRow, FilingRow | None]]:
    """Return call-backs whose time has come, with what they answer; no other worker sends them."""
    query = select(CallbackRow, FilingRow).outerjoin(FilingRow, FilingRow.ref == CallbackRow.ref)
    due = query.where(CallbackRow.sent_at.is_(None), CallbackRow.due_at <= datetime.now(UTC))
    held = due.order_by(CallbackRow.due_at, CallbackRow.id).limit(limit)
    found = await session.execute(held.with_for_update(skip_locked=True, of=CallbackRow))
    return [(callback, filing) for callback, filing in found]


async def postpone(session: AsyncSession, row: CallbackRow, seconds: float) -> None:
    """Offer a call-back again later."""
    due = datetime.now(UTC) + timedelta(seconds=seconds)
    changed = update(CallbackRow).where(CallbackRow.id == row.id)
    await session.execute(changed.values(attempts=row.attempts + 1, due_at=due))


async def sent(session: AsyncSession, row: CallbackRow) -> None:
    """Mark a call-back as taken."""
    changed = update(CallbackRow).where(CallbackRow.id == row.id)
    await session.execute(changed.values(attempts=row.attempts + 1, sent_at=func.now()))


def as_callback(row: CallbackRow, filing: FilingRow | None = None) -> Callback:
    """Return the wire form of a queued call-back."""
    told = {"id": row.id, "ref": row.ref, "issued_at": row.issued_at, "answer": row.answer}
    return Callback.model_validate(told | ({"number": number(filing)} if filing else {}))


def number(filing: FilingRow) -> str:
    """Return the acceptance number people quote."""
    return f"榕数受〔{filing.received_at or datetime.now(UTC):%Y}〕{filing.number:06d}号"
