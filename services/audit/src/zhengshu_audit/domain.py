"""What a leaf says, and which accesses are still open. Knows no HTTP, SQL or NATS."""

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from zhengshu_contracts.access import AccessDecided, AccessEnded
from zhengshu_contracts.audit import CheckpointCountersigned
from zhengshu_verify import merkle

ACCESS_PREFIX = "zhengshu.access."
# Announcements about checkpoints are leaves too, but alone no reason for another checkpoint: each
# would bring forth the next, and an idle ledger would never come to rest.
ABOUT_CHECKPOINTS = CheckpointCountersigned.subject.rsplit(".", 2)[0] + "."


class Kind(StrEnum):
    """What a leaf records."""

    EVENT = "event"
    ACCESS = "access"


class Unreadable(ValueError):
    """A message that can never become a leaf."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One leaf's content; `payload` is the exact text that is hashed and says all the rest."""

    id: str
    kind: Kind
    subject: str
    at: datetime
    payload: str
    data: dict[str, Any]

    @property
    def hash(self) -> bytes:
        """The leaf hash."""
        return merkle.leaf_hash(self.payload.encode())


@dataclass(frozen=True, slots=True)
class Sighting:
    """One end of an access, as a leaf tells of it."""

    record: str
    at: datetime
    ended: bool


def enter(data: bytes, *, at: datetime) -> list[Entry]:
    """Turn a message, one event or an array of them, into leaves' content, or raise Unreadable."""
    try:
        message = json.loads(data)
        events = message if isinstance(message, list) else [message]
        return [_entered(event, at) for event in events]
    except (ValueError, KeyError, TypeError) as error:
        raise Unreadable(type(error).__name__) from error


def read(payload: str) -> Entry:
    """Read a leaf's content back from its text, or raise Unreadable."""
    try:
        return _entry(json.loads(payload), payload)
    except (ValueError, KeyError, TypeError) as error:
        raise Unreadable(type(error).__name__) from error


def canonical(content: Any) -> str:
    """One text for one content: sorted members, no spaces, no numbers that JSON lacks."""
    return json.dumps(
        content, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False
    )


def _entered(event: dict[str, Any], at: datetime) -> Entry:
    content = {"at": at.isoformat(), "event": event}
    payload = canonical(content)
    payload.encode()  # half a surrogate pair has no bytes, hence no hash
    return _entry(content, payload)


def _entry(content: dict[str, Any], payload: str) -> Entry:
    event = content["event"]
    identity, subject, data = event["id"], event["type"], event["data"]
    if not (isinstance(identity, str) and isinstance(subject, str) and isinstance(data, dict)):
        raise Unreadable("an event has an id, a type and data")
    kind = Kind.ACCESS if subject.startswith(ACCESS_PREFIX) else Kind.EVENT
    return Entry(identity, kind, subject, datetime.fromisoformat(content["at"]), payload, data)


def sighting(entry: Entry) -> Sighting | None:
    """Tell which access a leaf opens or ends. A refused access has nothing to end."""
    ended, record = entry.subject == AccessEnded.subject, entry.data.get("record")
    opened = entry.subject == AccessDecided.subject and entry.data.get("allowed") is True
    if not (ended or opened) or not isinstance(record, str):
        return None
    return Sighting(record, entry.at, ended)


def half_seen(entries: Iterable[Entry]) -> list[Sighting]:
    """The sightings of accesses of which these leaves show only one end."""
    sightings = [seen for entry in entries if (seen := sighting(entry))]
    ends = Counter((seen.record, seen.ended) for seen in sightings)
    return [seen for seen in sightings if not ends[seen.record, not seen.ended]]
