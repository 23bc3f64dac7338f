"""Puts the policy's question together from what is known; explains an answer without performing it."""

import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from pydantic import ValidationError
from zhengshu_chassis.rows import BESIDE, BadQuery, parse
from zhengshu_contracts.decisions import DecisionAsk, DecisionOut
from zhengshu_contracts.roles import Action
from zhengshu_contracts.vocabulary import Mode, PrincipalKind

from zhengshu_gateway.authenticate import Caller, caller_of, not_before
from zhengshu_gateway.case import Case, Decision
from zhengshu_gateway.errors import ClientLocked, PolicyStale, RequestMalformed, SystemNotOwn
from zhengshu_gateway.exchange import Exchange
from zhengshu_gateway.feed import Feed
from zhengshu_gateway.policy import decide
from zhengshu_gateway.quotas import Quotas

LARGEST = 64 * 1024
REMEMBERED = 5_000
NEVER = datetime.max.replace(tzinfo=UTC)
LONG_AGO = datetime.fromtimestamp(0, UTC)
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
    purpose: str | None = None
    query: bytes = b""
    """The query of the request, of which the decision needs to know nothing but a limit."""


class Decisions:
    """Asks the policy with the facts of the moment.

    A decision is a function of its case: while the very same facts stand and no period in them has begun
    or ended, the answer is the same and is not worked out again.
    """

    def __init__(self, feed: Feed, quotas: Quotas, *, registered: bool = False) -> None:
        self._feed = feed
        self._quotas = quotas
        self._registered = registered
        self._made: dict[tuple[object, ...], tuple[Case, datetime, Decision]] = {}

    def decide(self, question: Question) -> Decision:
        """Decide now."""
        known, caller, now = self._feed.known, question.caller, datetime.now(UTC)
        principal, name = caller.principal, question.dataset
        dataset, listing = known.datasets.get(name), known.listings.get(name)
        grants = known.held(name, principal.organization)
        asked = _asked(question)
        made = self._made.get(asked)
        if made is not None:
            case, until, decision = made
            same = case.dataset is dataset and case.grants is grants and case.listing is listing
            if same and case.principal is principal and case.now <= now < until:
                return decision
        case = Case(
            principal=principal,
            action=question.action,
            mode=question.mode,
            dataset=dataset,
            now=now,
            grants=grants,
            listing=listing,
            requested=question.requested,
            named=question.grant,
            purpose=question.purpose,
            opener=caller.opener,
            registered=self._registered,
        )
        return self._remember(asked, case)

    def until(self, question: Question) -> datetime:
        """Return up to when a decision stands while nothing else changes; long ago if it is forgotten."""
        made = self._made.get(_asked(question))
        return made[1] if made is not None else LONG_AGO

    def _remember(self, asked: tuple[object, ...], case: Case) -> Decision:
        decision = decide(case)
        if len(self._made) >= REMEMBERED:
            self._made.clear()
        self._made[asked] = (case, _stands_until(case), decision)
        return decision

    def renewed(self, question: Question) -> Question | None:
        """Return a question as its caller may ask it now; None when it is nobody any more."""
        caller = question.caller
        if not caller.writers:
            return question
        client = self._feed.known.clients.get(caller.principal.id)
        if client is None or client.locked or not_before(client) > caller.not_before:
            return None
        now = caller_of(client)
        return question if now == caller else replace(question, caller=now)

    async def explain(self, exchange: Exchange, caller: Caller) -> None:
        """Answer `POST /v1/decisions`: what would be decided for this caller, and why."""
        try:
            ask = DecisionAsk.model_validate_json(await exchange.body(LARGEST))
        except ValidationError as error:
            places = [
                ("/" + "/".join(map(str, e["loc"])), e["type"], "不符合要求")
                for e in error.errors()
            ]
            raise RequestMalformed("请求内容不符合要求,逐项说明如下", pointers=places) from error
        items = tuple(ask.items) if ask.items is not None else None
        asker = caller if ask.system is None else self._own_system(caller, ask.system)
        question = Question(
            asker, ACTIONS[ask.mode], ask.mode, ask.dataset, items, ask.grant, ask.purpose
        )
        decision = self._quotas.within(self.decide(question))
        if not self._feed.fresh(decision.uses | caller.writers):
            raise PolicyStale("授权信息未更新,现在无法说明")
        exchange.decision = decision
        await exchange.json(200, self._told(ask.dataset, decision).model_dump(mode="json"))

    def _own_system(self, caller: Caller, name: str) -> Caller:
        """Return a system of the asker's own organisation, in whose place the question is asked."""
        client, organization = self._feed.known.clients.get(name), caller.principal.organization
        if (
            client is None
            or client.kind is not PrincipalKind.SYSTEM
            or client.organization != organization
            or not organization
        ):
            raise SystemNotOwn(name)
        if client.locked:
            raise ClientLocked(f"业务系统 {name} 已被停用")
        return caller_of(client)

    def _told(self, name: str, decision: Decision) -> DecisionOut:
        known = self._feed.known
        dataset, view, version = known.datasets.get(name), decision.view, known.versions.get(name)
        return DecisionOut(
            allowed=decision.allowed,
            rule=decision.rule,
            basis=decision.citation,
            detail=decision.detail,
            next=decision.next or None,
            columns=list(view.columns) if view else [],
            filter=view.filter if view else "",
            masks=list(view.masks) if view else [],
            grant=decision.grant,
            revision=dataset.revision if dataset else None,
            version=f"{version.epoch}.{version.version}" if version else None,
            policy=known.applied,
            as_of={writer: at for writer, at in known.as_of().items() if writer in decision.uses},
        )


def _asked(question: Question) -> tuple[object, ...]:
    return (
        question.caller.principal.id,
        question.dataset,
        question.action,
        question.mode,
        question.requested,
        question.grant,
        question.purpose,
    )


def _stands_until(case: Case) -> datetime:
    """Return when the first period in a case begins or ends after its moment."""
    moments = [moment for grant in case.grants for moment in (grant.starts, grant.ends)]
    if case.listing is not None:
        moments += [one.ends for one in case.listing.authorizations]
    return min((moment for moment in moments if moment > case.now), default=NEVER)


def requested(query: bytes) -> tuple[str, ...] | None:
    """Return every column that a query with `select` names; None when it has none.

    A condition or an order tells as much of a column as reading it, so it is asked for like one. A query
    that cannot be read names nothing here: it is refused, precisely, where it is read.
    """
    if b"select=" not in query:
        return None
    try:
        asked = parse(query.decode("latin-1"), foreign=BESIDE)
    except BadQuery:
        return None
    return tuple(sorted(asked.columns())) if asked.select else None


PAGE = 100
"""Rows of a page where a query does not say (as the services have it)."""
LIMIT = re.compile(rb"(?:^|&)limit=([0-9]{1,9})(?=&|$)")


def most_asked(question: Question) -> int | None:
    """Return the most rows that a read asks for; None for everything there is.

    A limit that is written otherwise is not seen here: the service then gives no more than a page.
    """
    limit = LIMIT.search(question.query)
    if question.mode is Mode.VERIFY:
        return 1
    if question.mode is Mode.QUERY:
        return int(limit[1]) if limit else PAGE
    return int(limit[1]) if limit and question.mode is Mode.SUBSCRIBE else None
