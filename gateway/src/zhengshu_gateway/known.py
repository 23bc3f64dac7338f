"""What the feed has told so far: facts by dataset and client, and how old each writer's facts are.

Knows neither NATS nor a rule. Ages are measured on this machine's monotonic clock; a writer's clock can
only make its facts look older, never younger.
"""

import time
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeAlias

from pydantic import TypeAdapter, ValidationError
from zhengshu_chassis.telemetry import log
from zhengshu_contracts.policy import Writer
from zhengshu_contracts.vocabulary import GrantState

from zhengshu_gateway.facts import (
    BEAT,
    CLIENT,
    DATASET,
    GRANTS,
    LISTING,
    SETTLED,
    USAGE,
    VERSION,
    Client,
    Dataset,
    Grant,
    Grants,
    Listing,
    Settled,
    Usage,
    Version,
)

ByHolder: TypeAlias = dict[str, tuple[Grant, ...]]
REMEMBERED = 10_000
PAUSED = frozenset({GrantState.SUSPENDED, GrantState.RECTIFIED})
NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Pulse:
    """A writer's last heartbeat: its own time, and since when on our clock, at the latest."""

    as_of: datetime
    since: float


class Known:
    """One generation of facts. `apply` MUST be called in stream order, with nothing left out."""

    def __init__(self) -> None:
        self.datasets: dict[str, Dataset] = {}
        self.clients: dict[str, Client] = {}
        self.grants: dict[str, ByHolder] = {}
        self.listings: dict[str, Listing] = {}
        self.versions: dict[str, Version] = {}
        self.usage: dict[str, Usage] = {}
        self.settled: dict[str, Settled] = {}
        self.resumed: set[str] = set()
        """Grants in force again of which `settled` still tells."""
        self.doubted: set[str] = set()
        """Grants of which `settled` may tell an ending before the last: in force since, perhaps."""
        self.paused: set[str] = set()
        """Those of `ended` that may be in force again one day."""
        self.applied = 0
        """Stream sequence of the last message that was applied."""
        self.changes = 0
        """Grows with each change that a decision may depend on."""
        self.ended: OrderedDict[str, int] = OrderedDict()
        """Grants that ceased to be active since `base`, and the sequence of the message that said so."""
        self.base = 0
        """Sequence at which the replay was complete: what had ended by then is not in `ended`."""
        self.rights = 0
        """Grows with each change of who may do what: with `changes`, but for new versions."""
        self._last: dict[tuple[str, str], int] = {}
        """Where, in the replay, a dataset's grants and a grant's settlement were told of last."""
        self._pulses: dict[str, Pulse] = {}
        self._floor: dict[str, datetime] = {}
        self._stores: dict[tuple[str, str], tuple[TypeAdapter[Any], dict[str, Any]]] = {
            ("catalog", "dataset"): (DATASET, self.datasets),
            ("catalog", "version"): (VERSION, self.versions),
            ("catalog", "client"): (CLIENT, self.clients),
            ("opening", "client"): (CLIENT, self.clients),
            ("opening", "dataset"): (LISTING, self.listings),
            ("sharing", "dataset"): (GRANTS, self.grants),
            ("gateway", "usage"): (USAGE, self.usage),
            ("gateway", "settled"): (SETTLED, self.settled),
        }

    def apply(self, key: str, value: bytes | None, sequence: int) -> None:
        """Take one message of the bucket; None is a deletion."""
        self.applied = sequence
        writer, _, rest = key.partition(".")
        kind, _, name = rest.partition(".")
        if rest == "heartbeat":
            self._beat(writer, value)
        elif (writer, kind) in self._stores and (kind != "client" or owner(name) == writer):
            self.changes += writer != "gateway"
            self.rights += writer != "gateway" and kind != "version"
            adapter, store = self._stores[writer, kind]
            fact = _read(adapter, key, name, value)
            if not self.base and (store is self.grants or store is self.settled):
                self._last[kind, name] = sequence
            if store is self.settled:
                self.doubted.discard(name)
            if store is self.grants:
                fact = None if fact is None else by_holder(fact)
                self._note_ended(self.grants.get(name, {}), fact or {}, sequence)
            if fact is None:
                store.pop(name, None)
            else:
                store[name] = fact

    def caught_up(self) -> None:
        """Mark the end of the replay: a writer is fresh only by a heartbeat later than those in it."""
        self._floor = {writer: pulse.as_of for writer, pulse in self._pulses.items()}
        self.base = self.applied
        self.ended.clear()
        if self.settled:
            self.resumed = {one for held in self.grants.values() for one in active(held)}
            self.resumed.intersection_update(self.settled)
            self.doubted = self._doubtful()
        self._last.clear()

    def _doubtful(self) -> set[str]:
        """Return the grants whose noted ending may not be the last: not final, nor noted since."""
        since = {
            grant: self._last["dataset", dataset]
            for dataset, held in self.grants.items()
            for grant in paused(held)
        }
        noted = {name: self._last["settled", name] for name in self.settled}
        passing = {name for name, settled in self.settled.items() if not settled.final}
        return {name for name in passing if name not in since or noted[name] < since[name]}

    def fresh(self, writers: Iterable[Writer], limit: float) -> bool:
        """Tell whether every one of these writers' facts is at most `limit` seconds old."""
        oldest = time.monotonic() - limit
        for writer in writers:
            pulse = self._pulses.get(writer)
            if pulse is None or pulse.since < oldest:
                return False
            if pulse.as_of <= self._floor.get(writer, NEVER):
                return False
        return True

    def held(self, dataset: str, organization: str | None) -> tuple[Grant, ...]:
        """Return an organisation's grants on a dataset."""
        return self.grants.get(dataset, {}).get(organization or "", ())

    def as_of(self) -> dict[str, datetime]:
        """Return the time up to which each writer's facts are certainly complete."""
        return {writer: pulse.as_of for writer, pulse in self._pulses.items()}

    def _note_ended(self, before: ByHolder, after: ByHolder, sequence: int) -> None:
        was, now = active(before), active(after)
        for ended in was - now:
            self.ended[ended] = sequence
        self.paused = (self.paused - now) | (paused(after) & (was - now))
        for begun in now - was:
            self.ended.pop(begun, None)
            if begun in self.settled:
                self.resumed.add(begun)
        while len(self.ended) > REMEMBERED:
            self.paused.discard(self.ended.popitem(last=False)[0])

    def _beat(self, writer: str, value: bytes | None) -> None:
        beat = _read(BEAT, f"{writer}.heartbeat", None, value)
        if beat is None:
            self._pulses.pop(writer, None)
            return
        behind = max(0.0, (datetime.now(UTC) - beat.as_of).total_seconds())
        self._pulses[writer] = Pulse(beat.as_of, time.monotonic() - behind)


def owner(client: str) -> Writer:
    """Return the service that registered a client, by the prefix of its id."""
    return "opening" if client.startswith("app-") else "catalog"


def active(arranged: ByHolder) -> set[str]:
    """Return the ids of the grants that are in force, their periods aside."""
    held = (grant for grants in arranged.values() for grant in grants)
    return {grant.id for grant in held if grant.state is GrantState.ACTIVE}


def paused(arranged: ByHolder) -> set[str]:
    """Return the ids of the grants that are not in force and may be again."""
    held = (grant for grants in arranged.values() for grant in grants)
    return {grant.id for grant in held if grant.state in PAUSED}


def by_holder(fact: Grants) -> ByHolder:
    """Arrange a dataset's grants by who holds them."""
    arranged: ByHolder = {}
    for grant in fact.grants:
        arranged[grant.holder] = (*arranged.get(grant.holder, ()), grant)
    return arranged


def _read(adapter: TypeAdapter[Any], key: str, name: str | None, value: bytes | None) -> Any:
    """Return the fact a value holds; None for a deletion and for what nobody can vouch for."""
    if value is None:
        return None
    try:
        fact = adapter.validate_json(value)
    except ValidationError as error:
        log.error("feed.unreadable", key=key, problems=error.error_count())
        return None
    if name is not None and fact.id != name:
        log.error("feed.misplaced", key=key)
        return None
    return fact
