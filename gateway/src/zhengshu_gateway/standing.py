"""Answers that stand: the same request of the same caller, while nothing that it rests on has changed.

Everything that `pipeline` would find out anew is held against the moment: who calls, what is known, the
rights among it, the dataset's version, the period, the lease. Whatever differs goes the long way, which says
why. Each access is still counted against the limits and recorded before its first byte; only its words are
ready.
"""

import time
from collections import OrderedDict
from dataclasses import dataclass
from weakref import ReferenceType, ref

from zhengshu_contracts.policy import Writer

from zhengshu_gateway import records
from zhengshu_gateway.accesses import Access, Accesses, said_of, told_of
from zhengshu_gateway.cache import Answer, Page, Version, Versions
from zhengshu_gateway.exchange import Exchange, RawHeaders
from zhengshu_gateway.feed import Feed
from zhengshu_gateway.forward import Ending
from zhengshu_gateway.records import Form
from zhengshu_gateway.routes import Route

REMEMBERED = 5_000
LARGEST = 2048
"""Bytes of headers beyond which a request is not worth remembering."""
TRACE = b"traceparent"
Key = tuple[str, bytes, tuple[tuple[bytes, bytes], ...]]


@dataclass(frozen=True, slots=True)
class Standing:
    """One answer, and what it rests on."""

    route: Route
    access: Access
    until: float
    """When the token ends or a period begins or ends (seconds since 1970)."""
    writers: frozenset[Writer]
    version: Version
    page: ReferenceType[Page]
    headers: RawHeaders
    ending: Ending
    decided: Form
    ended: Form


class Standings:
    """At most so many, the least recently used out first."""

    def __init__(self, accesses: Accesses, feed: Feed, versions: Versions) -> None:
        self._accesses = accesses
        self._feed = feed
        self._versions = versions
        self._kept: OrderedDict[Key, Standing] = OrderedDict()

    def find(self, exchange: Exchange) -> Standing | None:
        """Return the answer that this request would get again."""
        key = _key(exchange)
        standing = self._kept.get(key)
        if standing is None or exchange.method != "GET":
            return None
        if self._stands(standing):
            self._kept.move_to_end(key)
            return standing
        del self._kept[key]
        return None

    def keep(
        self, exchange: Exchange, access: Access, page: Page, answer: Answer, until: float
    ) -> None:
        """Remember an answer from a kept page; what is counted by quota is decided each time."""
        route, version = exchange.route, self._versions.newest(access.question.dataset)
        small = sum([len(name) + len(value) for name, value in exchange.headers]) <= LARGEST
        if route is None or not small or access.decision.quota is not None:
            return
        headers, ending = answer
        self._kept[_key(exchange)] = Standing(
            route,
            access,
            until,
            access.decision.uses | access.question.caller.writers,
            version,
            ref(page),
            headers,
            ending,
            Form(
                records.decided,
                told_of(access.record, access.question, access.decision, access.known),
            ),
            Form(records.ended, said_of(access.record, ending)),
        )
        if len(self._kept) > REMEMBERED:
            self._kept.popitem(last=False)

    def _stands(self, standing: Standing) -> bool:
        known = self._feed.known
        return (
            known is standing.access.known
            and known.rights == standing.access.rights
            and time.time() < standing.until
            and self._versions.newest(standing.access.question.dataset) == standing.version
            and standing.page() is not None
            and self._accesses.possible(standing.writers)
        )


def _key(exchange: Exchange) -> Key:
    """Return all that a caller said but the trace it belongs to."""
    told = tuple([each for each in exchange.headers if each[0] != TRACE])
    return exchange.path, exchange.query, told
