"""Records of accesses on the stream ACCESS: no record, no row.

Whoever decided waits for the record; records that come while one message is on its way go together in the
next, so that each costs a share of a round trip. Endings wait for nobody; what the stream cannot take now is
offered again, and what is lost with this process is closed as unknown by audit.
"""

import asyncio
import uuid
from collections import Counter, deque
from datetime import UTC, datetime
from ipaddress import ip_address, ip_network
from typing import Any

import orjson
from nats.errors import Error as NatsError
from zhengshu_chassis import ids
from zhengshu_chassis.bus import Bus, BusAway
from zhengshu_chassis.telemetry import log
from zhengshu_contracts.access import (
    GROUP,
    MESSAGE,
    AccessDecided,
    AccessEnded,
    RefusalsCounted,
)
from zhengshu_contracts.base import Event

from zhengshu_gateway.errors import RecordUnavailable

PATIENCE = 2.0
LARGEST = 512 * 1024
BACKLOG = 20_000
"""Endings kept while the stream takes none; beyond, the oldest are left to audit's clock."""
MINUTE = 60.0

Told = dict[str, Any]
"""The members of an event, written as they are: building a model first would cost as much as the rest."""
Waiting = tuple[bytes, "asyncio.Future[None] | None"]


class Records:
    """Gathers envelopes and publishes them in groups, one message at a time."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._queue: deque[Waiting] = deque()
        self._wake = asyncio.Event()
        self._counted: Counter[tuple[str, str]] = Counter()
        self._publishing = False

    @property
    def available(self) -> bool:
        """Whether a record can be sent at all right now."""
        return self._bus.connected

    async def decided(self, told: Told) -> None:
        """Return when the stream has stored a decision, or raise RecordUnavailable."""
        await self.accept(decided(told))

    def accept(self, envelope: bytes) -> "asyncio.Future[None]":
        """Have an envelope stored: done when the stream has it, or with RecordUnavailable."""
        if not self.available:
            raise RecordUnavailable
        accepted: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._add(envelope, accepted)
        return accepted

    def ended(self, told: Told) -> None:
        """Note how a recorded access ended."""
        self.note(ended(told))

    def note(self, envelope: bytes) -> None:
        """Have an envelope stored some time."""
        self._add(envelope, None)

    def refused(self, address: str, rule: str) -> None:
        """Count an anonymous refusal; nobody fills the ledger by knocking."""
        self._counted[address_group(address), rule] += 1

    async def run(self) -> None:
        """Publish what gathers, for ever."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._queue:
                self._publishing = True
                await self._publish(self._group())
                self._publishing = False

    async def run_counter(self) -> None:
        """Put each minute's counts on the stream, for ever."""
        while True:
            await asyncio.sleep(MINUTE)
            self.flush_counts()

    async def drained(self) -> None:
        """Return when nothing waits any more."""
        while True:
            if not self._queue and not self._publishing:
                return
            await asyncio.sleep(0.02)

    def flush_counts(self) -> None:
        """Turn what was counted into records."""
        minute = datetime.now(UTC).replace(second=0, microsecond=0)
        counted, self._counted = self._counted, Counter()
        for (group, rule), count in counted.items():
            told = {"minute": minute, "group": group, "rule": rule, "count": count}
            self._add(_envelope(RefusalsCounted, str(uuid.uuid4()), group, told), None)

    def _add(self, envelope: bytes, accepted: "asyncio.Future[None] | None") -> None:
        self._queue.append((envelope, accepted))
        while len(self._queue) > BACKLOG and self._queue[0][1] is None:
            self._queue.popleft()
        self._wake.set()

    def _group(self) -> list[Waiting]:
        """Take the next message's worth from the queue, leaving out whoever gave up."""
        group: list[Waiting] = []
        size = 0
        while self._queue and len(group) < GROUP and size < LARGEST:
            waiting = self._queue.popleft()
            if waiting[1] is None or not waiting[1].done():
                group.append(waiting)
                size += len(waiting[0])
        return group

    async def _publish(self, group: list[Waiting]) -> None:
        if not group:
            return
        payload = b"[" + b",".join(envelope for envelope, _ in group) + b"]"
        headers = {"Nats-Msg-Id": str(uuid.uuid4())}
        try:
            await self._bus.publish(MESSAGE, payload, headers=headers, patience=PATIENCE)
        except (NatsError, BusAway, TimeoutError, OSError) as error:
            log.error("records.refused", count=len(group), exc_info=error)
            await self._failed(group)
        else:
            for _, accepted in group:
                if accepted is not None and not accepted.done():
                    accepted.set_result(None)

    async def _failed(self, group: list[Waiting]) -> None:
        """Refuse whoever waits; keep the endings for later."""
        for waiting in reversed(group):
            if waiting[1] is None:
                self._queue.appendleft(waiting)
            elif not waiting[1].done():
                waiting[1].set_exception(RecordUnavailable())
        if all(accepted is None for _, accepted in self._queue):
            await asyncio.sleep(0.5)


def decided(told: Told) -> bytes:
    """Write the envelope of a decision."""
    return _envelope(AccessDecided, f"{told['record']}.decided", told["record"], told)


def ended(told: Told) -> bytes:
    """Write the envelope of an ending."""
    return _envelope(AccessEnded, f"{told['record']}.ended", told["record"], told)


def new_record() -> str:
    """Return the id of a new record."""
    return ids.new("r")


def address_group(address: str) -> str:
    """Return the network an address belongs to: enough to see a pattern, not a person."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return "unknown"
    return str(ip_network(f"{address}/{24 if parsed.version == 4 else 48}", strict=False))


def _envelope(kind: type[Event], identity: str, about: str, told: Told) -> bytes:
    """Write one CloudEvents envelope (`contracts.base.Envelope`; a test reads it back)."""
    return orjson.dumps(
        {
            "specversion": "1.0",
            "id": identity,
            "source": "gateway",
            "type": kind.subject,
            "subject": about,
            "time": told["at"] if "at" in told else told["minute"],
            "datacontenttype": "application/json",
            "data": told,
        }
    )
