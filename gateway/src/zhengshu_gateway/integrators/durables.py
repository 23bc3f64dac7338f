"""The durable consumers of integrators on EVENTS: one per system, a further one per 256 filters.

Knows filters and positions, not why. A consumer without a filter would hear everything on the stream,
so one that may hear nothing filters on a subject that nobody publishes.
"""

import asyncio
import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from zhengshu_chassis.bus import Bus
from zhengshu_chassis.telemetry import log

STREAM = "EVENTS"
LARGEST = 256
"""Most filters of one consumer."""
MOST = 8
"""Most consumers of one system; its permissions name them all when it connects."""
NOBODY = frozenset({"zhengshu.dataset.nobody.>"})
FOR_EVER = "2200-01-01T00:00:00Z"
PATIENCE = 2.0
PAGE = 256
NOT_FOUND = 10014
SYSTEM = re.compile(r"sys-[0-9a-z]+")
NAME = re.compile(rf"({SYSTEM.pattern})(?:-([2-9]))?")
SECOND = 1_000_000_000

SETTINGS: dict[str, Any] = {
    "deliver_policy": "all",
    "ack_policy": "explicit",
    "ack_wait": 30 * SECOND,
    "max_ack_pending": 1000,
    "max_waiting": 32,
    "max_batch": 500,
    "max_expires": 5 * SECOND,
}
"""No age, no limit of deliveries: a subscriber may be away for as long as the stream keeps events."""

Filters = frozenset[str]


class NotDone(Exception):
    """JetStream refused what was asked of it."""


@dataclass(frozen=True, slots=True)
class Durable:
    """A consumer as JetStream has it."""

    filters: Filters
    pending: int
    """Events delivered and not yet acknowledged."""
    paused: bool


class Durables:
    """Reads and writes them."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus

    async def all(self) -> dict[str, dict[int, Durable]]:
        """Return every integrator's consumers, by system and number."""
        found: dict[str, dict[int, Durable]] = defaultdict(dict)
        offset, total = 0, 1
        while offset < total:
            page = await self._ask(f"LIST.{STREAM}", {"offset": offset})
            for told in page["consumers"] or ():
                if place := NAME.fullmatch(told["name"]):
                    found[place[1]][int(place[2] or 1)] = _durable(told)
            offset, total = offset + PAGE, page["total"]
        return found

    async def of(self, system: str) -> dict[int, Durable]:
        """Return one system's consumers by number."""
        told = await asyncio.gather(*(self._look(system, number) for number in range(1, MOST + 1)))
        return {number: each for number, each in enumerate(told, 1) if each is not None}

    async def bring(
        self, system: str, found: Mapping[int, Durable], wanted: Filters, *, again: bool = False
    ) -> None:
        """Make a system's consumers hear exactly this; `again` offers what was not acknowledged at once."""
        for number, filters in place(system, found, wanted).items():
            name, current = durable_name(system, number), found.get(number)
            told = current
            if told is None or told.filters != filters:
                told = await self._write(name, filters)
                log.info("integrators.filtered", consumer=name, filters=len(filters))
            narrowed = current is not None and bool(current.filters - filters)
            # An unacknowledged event is redelivered whatever the filters say now, unless the consumer
            # begins again from its acknowledged floor.
            if told.pending and (again or narrowed):
                await self._ask(f"RESET.{STREAM}.{name}", {})
            if told.paused:
                await self._ask(f"PAUSE.{STREAM}.{name}", {})

    async def pause(self, system: str, found: Mapping[int, Durable]) -> None:
        """Let nothing more out, keeping the position."""
        running = [number for number, each in found.items() if not each.paused]
        for number in running:
            name = durable_name(system, number)
            await self._ask(f"PAUSE.{STREAM}.{name}", {"pause_until": FOR_EVER})

    async def _look(self, system: str, number: int) -> Durable | None:
        told = await self._call(f"INFO.{STREAM}.{durable_name(system, number)}", {})
        if told.get("error", {}).get("err_code") == NOT_FOUND:
            return None
        return _durable(_checked(told))

    async def _write(self, name: str, filters: Filters) -> Durable:
        config = SETTINGS | {"durable_name": name, "filter_subjects": sorted(filters)}
        body = {"stream_name": STREAM, "config": config}
        return _durable(await self._ask(f"CREATE.{STREAM}.{name}", body))

    async def _ask(self, operation: str, body: dict[str, Any]) -> dict[str, Any]:
        return _checked(await self._call(operation, body))

    async def _call(self, operation: str, body: dict[str, Any]) -> dict[str, Any]:
        """Ask JetStream in its own words: nats-py has none for `max_expires`."""
        payload = orjson.dumps(body) if body else b""
        subject = f"$JS.API.CONSUMER.{operation}"
        reply = await self._bus.client.request(subject, payload, timeout=PATIENCE)
        answer: dict[str, Any] = orjson.loads(reply.data)
        return answer


def durable_name(system: str, number: int) -> str:
    """Return the name of a system's consumer: the system's own, then `-2` and so on."""
    return system if number == 1 else f"{system}-{number}"


def place(system: str, found: Mapping[int, Durable], wanted: Filters) -> dict[int, Filters]:
    """Spread filters over consumers; one that has a place keeps it, so that its events keep their order."""
    placed = {number: each.filters & wanted for number, each in found.items()}
    placed.setdefault(1, frozenset())
    missing = sorted(wanted - frozenset().union(*placed.values()))
    for number in range(1, MOST + 1):
        room = LARGEST - len(placed.get(number, ()))
        taken, missing = missing[:room], missing[room:]
        if taken:
            placed[number] = placed.get(number, frozenset()).union(taken)
    if missing:
        log.error("integrators.too-many", system=system, unheard=len(missing))
    return {number: filters or NOBODY for number, filters in sorted(placed.items())}


def _durable(told: dict[str, Any]) -> Durable:
    config = told["config"]
    filters = config.get("filter_subjects") or [config["filter_subject"]]
    return Durable(frozenset(filters), told["num_ack_pending"], bool(told.get("paused")))


def _checked(answer: dict[str, Any]) -> dict[str, Any]:
    if "error" in answer:
        raise NotDone(answer["error"].get("description", ""))
    return answer
