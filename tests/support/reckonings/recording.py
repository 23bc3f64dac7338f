"""The ledger: a leaf for each event and access, a tree above them, nobody shown more than recorded."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterator

from support.diary import Diary
from support.evidence import Evidence, Row
from support.reckonings.classes import by_rule, ever
from zhengshu_contracts.access import AccessDecided, AccessEnded
from zhengshu_contracts.audit import AccessClosed

ACCESS = "zhengshu.access."


def leaves(evidence: Evidence) -> Iterator[str]:
    """Every event has one leaf that says what it says; every other leaf is of an access."""
    found = {leaf["event_id"]: leaf for leaf in evidence.table("audit", "leaves")}
    events = {message.event["id"]: message for message in evidence.events}
    for event_id, message in events.items():
        leaf = found.get(event_id)
        if leaf is None:
            yield f"event {event_id} ({message.subject}) has no leaf"
        elif json.loads(leaf["payload"])["event"] != message.event:
            yield f"the leaf of event {event_id} says something else"
    for event_id, leaf in found.items():
        if event_id not in events and not leaf["subject"].startswith(ACCESS):
            yield f"leaf {leaf['index']} is of no event ({leaf['subject']})"


def tree(evidence: Evidence) -> Iterator[str]:
    """Indexes run 0, 1, 2 …; hashes are of payloads; the newest checkpoint has the root of its leaves."""
    found = sorted(evidence.table("audit", "leaves"), key=lambda leaf: int(leaf["index"]))
    if [leaf["index"] for leaf in found] != list(range(len(found))):
        yield "leaf indexes are not contiguous"
    for leaf in found:
        if hashlib.sha256(b"\0" + leaf["payload"].encode()).digest() != leaf["leaf_hash"]:
            yield f"leaf {leaf['index']} has another hash than its payload"
    checkpoints = sorted(evidence.table("audit", "checkpoints"), key=lambda row: int(row["size"]))
    for checkpoint in checkpoints[-1:]:
        hashes = [leaf["leaf_hash"] for leaf in found[: checkpoint["size"]]]
        if _root(hashes) != checkpoint["root"]:
            yield f"checkpoint {checkpoint['size']} has another root than its leaves"


def accesses(evidence: Evidence) -> Iterator[str]:
    """Each access is decided once; each that was allowed ended once, or is known to be open."""
    decided = _accesses(evidence, AccessDecided.subject)
    ended = _accesses(evidence, AccessEnded.subject)
    yield from _repeated(decided, "decided")
    yield from _repeated(ended, "ended")
    closed = {data["record"] for data in (*ended, *_accesses(evidence, AccessClosed.subject))}
    closed |= {row["record"] for row in evidence.table("audit", "open_accesses")}
    for data in decided:
        if data["allowed"] and data["record"] not in closed:
            yield f"access {data['record']} has no ending and is not open"
    for record in {data["record"] for data in ended} - {data["record"] for data in decided}:
        yield f"access {record} ended without a decision"
    if evidence.access_left:
        yield f"{evidence.access_left} messages of ACCESS are not taken"


def views(evidence: Evidence) -> Iterator[str]:
    """No recorded access was let see more than the classes and the grants allow."""
    datasets = {row["id"]: row for row in evidence.table("catalog", "datasets")}
    for data in _accesses(evidence, AccessDecided.subject):
        dataset = datasets.get(data["dataset"])
        if data["allowed"] and dataset is not None:
            extra = set(data["columns"]) - by_rule(evidence, dataset, data)
            if extra:
                yield f"access {data['record']} ({data['rule']}) let {sorted(extra)} through"


def answers(evidence: Evidence, diary: Diary) -> Iterator[str]:
    """Whatever a client was answered is recorded, once, and showed it no more than recorded and lawful."""
    decided = {data["record"]: data for data in _accesses(evidence, AccessDecided.subject)}
    datasets = {row["id"]: row for row in evidence.table("catalog", "datasets")}
    for record, count in Counter(each.record for each in diary.answered).items():
        if count > 1:
            yield f"record {record} stands for {count} answers"
    for each in diary.answered:
        data = decided.get(each.record)
        if data is None:
            yield f"answer {each.record} ({each.status}) is not recorded"
        elif (data["client"], data["dataset"]) != (each.client, each.dataset):
            yield f"answer {each.record} is recorded for another client or dataset"
        elif each.columns - set(data["columns"]):
            yield f"answer {each.record} held {sorted(each.columns)}, recorded {data['columns']}"
        if each.columns - ever(evidence, datasets[each.dataset], each.organization):
            yield f"answer {each.record} let {sorted(each.columns)} through"


def _repeated(told: list[Row], what: str) -> Iterator[str]:
    for record, count in Counter(data["record"] for data in told).items():
        if count > 1:
            yield f"access {record} was {what} {count} times"


def _accesses(evidence: Evidence, subject: str) -> list[Row]:
    """Return what the leaves of a subject say."""
    found = [row for row in evidence.table("audit", "leaves") if row["subject"] == subject]
    return [json.loads(leaf["payload"])["event"]["data"] for leaf in found]


def _root(hashes: list[bytes]) -> bytes:
    """Return the root of a Merkle tree (RFC 9162, 2.1.1)."""
    if len(hashes) < 2:
        return hashes[0] if hashes else hashlib.sha256(b"").digest()
    split = 1 << (len(hashes) - 1).bit_length() - 1
    return hashlib.sha256(b"\1" + _root(hashes[:split]) + _root(hashes[split:])).digest()
