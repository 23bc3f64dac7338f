"""Puts the policy's question together from what is known; explains an answer without performing it."""

from dataclasses import dataclass
from datetime import UTC, datetime

from pydantic import ValidationError
from zhengshu_chassis.rows import BadQuery, parse
from zhengshu_contracts.decisions import DecisionAsk, DecisionOut
from zhengshu_contracts.roles import Action
from zhengshu_contracts.vocabulary import Mode

from zhengshu_gateway.authenticate import Caller
from zhengshu_gateway.case import Case, Decision
from zhengshu_gateway.errors import PolicyStale, RequestMalformed
from zhengshu_gateway.exchange import Exchange
from zhengshu_gateway.feed import Feed
from zhengshu_gateway.policy import decide

LARGEST = 64 * 1024
ACTIONS = {
    Mode.QUERY: Action.DATASET_QUERY,
    Mode.VERIFY: Action.DATASET_VERIFY,
    Mode.EXPORT: Action.DATASET_EXPORT,
    Mode.SUBSCRIBE: Action.DATASET_CHANGES,
}


@dataclass(frozen=True, slots=True)
class Question:
    """What a caller wants of a dataset."""

    caller: Caller
    action: Action
    mode: Mode | None
    dataset: str
    requested: tuple[str, ...] | None = None
    grant: str | None = None


class Decisions:
    """Asks the policy with the facts of the moment."""

    def __init__(self, feed: Feed) -> None:
        self._feed = feed

    def decide(self, question: Question) -> Decision:
        """Decide now."""
        known, caller = self._feed.known, question.caller
        return decide(
            Case(
                principal=caller.principal,
                action=question.action,
                mode=question.mode,
                dataset=known.datasets.get(question.dataset),
                now=datetime.now(UTC),
                grants=known.held(question.dataset, caller.principal.organization),
                listing=known.listings.get(question.dataset),
                requested=question.requested,
                named=question.grant,
                opener=caller.opener,
            )
        )

    def admits(self, question: Question) -> bool:
        """Tell whether the caller is still somebody: known and not locked."""
        if not question.caller.writers:
            return True
        client = self._feed.known.clients.get(question.caller.principal.id)
        return client is not None and not client.locked

    async def explain(self, exchange: Exchange, caller: Caller) -> None:
        """Answer `POST /v1/decisions`: what would be decided for this caller, and why."""
        try:
            ask = DecisionAsk.model_validate_json(await exchange.body(LARGEST))
        except ValidationError as error:
            places = [
                ("/" + "/".join(map(str, e["loc"])), e["type"], "不符合要求")
                for e in error.errors()
            ]
            raise RequestMalformed("请求内容不符合要求,见 errors", pointers=places) from error
        items = tuple(ask.items) if ask.items is not None else None
        question = Question(caller, ACTIONS[ask.mode], ask.mode, ask.dataset, items, ask.grant)
        decision = self.decide(question)
        if not self._feed.fresh(decision.uses | caller.writers):
            raise PolicyStale("授权信息未更新,现在无法说明")
        exchange.decision = decision
        await exchange.json(200, self._told(ask.dataset, decision).model_dump(mode="json"))

    def _told(self, name: str, decision: Decision) -> DecisionOut:
        known = self._feed.known
        dataset, view = known.datasets.get(name), decision.view
        return DecisionOut(
            allowed=decision.allowed,
            rule=decision.rule,
            basis=decision.citation,
            detail=decision.detail,
            next=decision.next or None,
            columns=list(view.columns) if view else [],
            filter=view.filter if view else "",
            grant=decision.grant,
            revision=dataset.revision if dataset else None,
            policy=known.applied,
        )


FOREIGN = frozenset({"cursor", "format", "bom", "since", "until"})
"""Parameters of reads that are not of the row grammar."""


def requested(query: bytes) -> tuple[str, ...] | None:
    """Return every column that a query with `select` names; None when it has none.

    A condition or an order tells as much of a column as reading it, so it is asked for like one. A query
    that cannot be read names nothing here: it is refused, precisely, where it is read.
    """
    if b"select=" not in query:
        return None
    try:
        asked = parse(query.decode("latin-1"), foreign=FOREIGN)
    except BadQuery:
        return None
    return tuple(sorted(asked.columns())) if asked.select else None
