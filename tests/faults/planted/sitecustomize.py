"""Loaded by a node's process when a test puts this folder on its PYTHONPATH: breaks what PLANTED names.

Each fault is one of those that the checks exist for; the product knows nothing of it.
"""

import os
from types import SimpleNamespace
from typing import Any


def relay_forgets() -> None:
    """Mark dataset events as published without publishing them."""
    from zhengshu_chassis.outbox import Relay

    publish = Relay._accepted

    async def accepted(self: Any, subject: str, payload: bytes, headers: dict[str, str]) -> bool:
        return subject.startswith("zhengshu.dataset.") or await publish(
            self, subject, payload, headers
        )

    Relay._accepted = accepted


def consumer_has_no_inbox() -> None:
    """Take every event as new and note none."""
    from zhengshu_chassis import inbox

    async def fresh(_session: Any, _consumer: str, event_ids: list[str]) -> set[str]:
        return set(event_ids)

    inbox.fresh = fresh


def callbacks_have_no_inbox() -> None:
    """Take every call-back as new and note none."""
    from zhengshu_chassis import dispatch

    async def first_time(*_: Any) -> bool:
        return True

    dispatch.inbox = SimpleNamespace(**vars(dispatch.inbox) | {"first_time": first_time})


def gateway_takes_any_signature() -> None:
    """Believe whatever a call-back says of its sender."""
    from zhengshu_gateway import callbacks

    def verify(_key: bytes, headers: Any, **_: Any) -> str:
        return str(headers[callbacks.signature.REQUESTER])

    callbacks.signature = SimpleNamespace(**vars(callbacks.signature) | {"verify": verify})


def audit_skips() -> None:
    """Leave one leaf out of each transaction."""
    from zhengshu_audit import ledger

    append = ledger.append

    async def skipping(leaves: Any, entries: list[Any]) -> list[Any]:
        return await append(leaves, entries[1:])

    ledger.append = skipping


def policy_leaks() -> None:
    """Let the rule for unconditional items let conditional ones through as well."""
    from zhengshu_contracts.basis import Basis
    from zhengshu_contracts.vocabulary import SharingClass
    from zhengshu_gateway import policy

    def careless(case: Any, dataset: Any) -> Any:
        names = [item.name for item in dataset.items if item.sharing is not SharingClass.WITHHELD]
        return policy._answer(case, dataset, "unconditional", Basis.DECREE_14, names)

    rules = (careless if rule is policy.unconditional else rule for rule in policy.RULES)
    policy.RULES = tuple(rules)


def gateway_does_not_record() -> None:
    """Let rows out without a record of the decision."""
    from zhengshu_gateway.records import Records

    async def decided(_self: Any, _event: Any) -> None:
        return

    Records.decided = decided


if name := os.environ.get("PLANTED"):
    globals()[name]()
