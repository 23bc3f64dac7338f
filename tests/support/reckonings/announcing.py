"""What is announced: outboxes against the stream and the policy bucket, and who took it."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from fnmatch import fnmatchcase

from support.evidence import SERVICES, Evidence, Row
from support.reckonings.holding import UPDATED
from zhengshu_contracts.catalog import EntryRegistered, UploadAcknowledged
from zhengshu_contracts.opening import ListingRegistered, SnapshotPublished
from zhengshu_contracts.sharing import (
    ApplicationForwarded,
    ApplicationSubmitted,
    GrantActivated,
    GrantRevoked,
    OpinionRequested,
)

ONCE = (
    UPDATED,
    EntryRegistered.subject,
    UploadAcknowledged.subject,
    ListingRegistered.subject,
    SnapshotPublished.subject,
    ApplicationSubmitted.subject,
    ApplicationForwarded.subject,
    OpinionRequested.subject,
    GrantActivated.subject,
    GrantRevoked.subject,
)
"""Facts that happen once: the same one under two ids is a doubled effect."""
LIVE = ("active", "suspended")
SAME = ("holder", "items", "modes", "filter", "purpose", "state")


def outboxes(evidence: Evidence) -> Iterator[str]:
    """Everything that was to be announced has been, and what was lies on the stream."""
    lying = {message.id for message in evidence.events}
    for service in SERVICES:
        for row in evidence.table(service, "outbox"):
            if row["published_at"] is None:
                yield f"{service}: {row['subject']} {row['event_id']} is not published"
            elif not row["subject"].startswith("$KV.") and row["event_id"] not in lying:
                yield f"{service}: {row['subject']} {row['event_id']} is not on the stream"


def stream(evidence: Evidence) -> Iterator[str]:
    """Each event lies on the stream once, and each comes from an outbox."""
    announced = {row["event_id"] for name in SERVICES for row in evidence.table(name, "outbox")}
    for event_id, count in Counter(message.id for message in evidence.events).items():
        if count > 1:
            yield f"event {event_id} lies {count} times on the stream"
        if event_id not in announced:
            yield f"event {event_id} is in no outbox"


def buckets(evidence: Evidence) -> Iterator[str]:
    """Each key of the policy bucket has the last value that was written for it."""
    for service in SERVICES:
        written = sorted(evidence.table(service, "outbox"), key=lambda row: int(row["id"]))
        last = {row["subject"]: row for row in written if row["subject"].startswith("$KV.")}
        for subject, row in last.items():
            held = evidence.policy.get(subject)
            if held is None or (held.data, held.id) != (row["payload"], row["event_id"]):
                yield f"{subject} does not have its last value"
    versions = {value["id"]: value for value in _values(evidence, "catalog.version.")}
    for dataset in evidence.table("catalog", "datasets"):
        told = versions.get(dataset["id"], {})
        if (told.get("epoch"), told.get("version")) != (dataset["epoch"], dataset["version"]):
            yield f"{dataset['id']} is told as {told}"


def grants(evidence: Evidence) -> Iterator[str]:
    """The gateway is told of exactly the grants that live."""
    live: dict[str, dict[str, Row]] = defaultdict(dict)
    for grant in evidence.table("sharing", "grants"):
        if grant["state"] in LIVE:
            live[grant["dataset"]][grant["id"]] = {name: grant[name] for name in SAME}
    told = {
        value["id"]: {each["id"]: {name: each[name] for name in SAME} for each in value["grants"]}
        for value in _values(evidence, "sharing.dataset.")
    }
    for dataset in live.keys() | told.keys():
        here, there = live[dataset], told.get(dataset, {})
        for grant in here.keys() | there.keys():
            if here.get(grant) != there.get(grant):
                yield f"grant {grant} on {dataset} is {here.get(grant)}, told as {there.get(grant)}"


def once(evidence: Evidence) -> Iterator[str]:
    """What happens once is announced once."""
    seen = Counter(
        (message.subject, json.dumps(message.event["data"], sort_keys=True))
        for message in evidence.events
        if any(fnmatchcase(message.subject, subject) for subject in ONCE)
    )
    for (subject, data), count in seen.items():
        if count > 1:
            yield f"{subject} happened {count} times: {data}"


def inboxes(evidence: Evidence) -> Iterator[str]:
    """Each consumer took each event that was meant for it; none was given up."""
    for service in SERVICES:
        for row in evidence.table(service, "dead_letters"):
            yield f"{service}: dead letter {row['subject']} {row['event_id']} ({row['error']})"
        wanted = evidence.filters.get(("EVENTS", service), [])
        taken = {row["event_id"] for row in evidence.table(service, "inbox")}
        for message in evidence.events:
            meant = any(fnmatchcase(message.subject, each.replace(">", "*")) for each in wanted)
            if meant and message.event["id"] not in taken:
                yield f"{service}: {message.subject} {message.event['id']} is not in the inbox"


def _values(evidence: Evidence, prefix: str) -> list[Row]:
    """Return the values of the policy bucket under a prefix."""
    full = f"$KV.policy.{prefix}"
    found = [each for subject, each in evidence.policy.items() if subject.startswith(full)]
    return [json.loads(message.data) for message in found if not message.deleted]
