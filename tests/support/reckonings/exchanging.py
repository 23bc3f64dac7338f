"""The exchange with the Commission: what left arrived once, what it answered was applied once."""

from collections.abc import Iterator

from support.evidence import SERVICES, Evidence
from zhengshu_contracts.commission import CALLBACK_OWNER


def dispatches(evidence: Evidence) -> Iterator[str]:
    """Nothing waits, nothing is parked."""
    for service in SERVICES:
        for row in evidence.table(service, "dispatches"):
            done = row["state"] == "answered" or (
                row["state"] == "accepted" and not row["expects_answer"]
            )
            if not done:
                yield f"{service}: {row['kind']} {row['id']} is {row['state']} ({row['reason']})"


def filings(evidence: Evidence) -> Iterator[str]:
    """What was accepted was filed, and nothing was filed that nobody sent."""
    filed = {row["ref"]: row["kind"] for row in evidence.table("commission", "filings")}
    sent = {row["id"]: row for name in SERVICES for row in evidence.table(name, "dispatches")}
    for ref in filed.keys() - sent.keys():
        yield f"the Commission has a filing {ref} that nobody sent"
    for ref, row in sent.items():
        if row["acceptance"] and filed.get(ref) != row["kind"]:
            yield f"{row['kind']} {ref} was accepted but not filed"


def replies(evidence: Evidence) -> Iterator[str]:
    """Every answer reached its owner, whose inbox lets it have its effect once; no other was applied."""
    sent = {callback["id"] for callback in evidence.table("commission", "callbacks")}
    for service in SERVICES:
        for row in evidence.table(service, "inbox"):
            if row["consumer"] == "callbacks" and row["event_id"] not in sent:
                yield f"{service}: call-back {row['event_id']} was never sent by the Commission"
    for callback in evidence.table("commission", "callbacks"):
        owner = CALLBACK_OWNER[callback["answer"]["kind"]]
        applied = {row["event_id"] for row in evidence.table(owner, "inbox")}
        if callback["id"] not in applied:
            yield f"{callback['answer']['kind']} {callback['id']} never reached {owner}"
