"""Small pages of rows, kept for as long as the dataset's newest known version is the one they came with.

Kept bytes stand for no decision: each hit was decided and recorded like any other read. Whatever a page may
depend on is in its key: version, revision, query, the form asked for, the view, and the grant (a masking
hash is the grant's own).
"""

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

from zhengshu_contracts.access import AccessOutcome
from zhengshu_contracts.roles import Action

from zhengshu_gateway.accesses import Access
from zhengshu_gateway.errors import MinVersionInvalid, VersionNotReached
from zhengshu_gateway.exchange import Exchange, RawHeaders
from zhengshu_gateway.feed import Feed
from zhengshu_gateway.forward import Ending

LEARNED = 10.0
"""Seconds that a version learned from an answer counts; by then a feed that is fresh has told it."""
REMEMBERED = 10_000
AWKWARD = frozenset({b"range", b"if-range", b"if-match", b"if-modified-since"})
"""Headers that ask for something other than the page; so does any that is there twice."""
UNKEPT = frozenset({b"cache-control", b"content-encoding", b"set-cookie"})
"""Headers of an answer that is not simply these bytes."""
OVERHEAD = 2048
"""Bytes that a page takes beside its body, about."""
LONGEST = 1024
"""Bytes of a query beyond which its page is not kept: it stands in the key and in the link to the next."""

Version: TypeAlias = tuple[int, int]
"""Epoch and number."""
OLDEST: Version = (0, 0)


class Versions:
    """The newest version of each dataset that this replica knows of."""

    def __init__(self, feed: Feed) -> None:
        self._feed = feed
        self._learned: OrderedDict[str, tuple[Version, float]] = OrderedDict()

    def newest(self, dataset: str) -> Version:
        """Return the newest version known; OLDEST when none is."""
        told = self._feed.known.versions.get(dataset)
        version = (told.epoch, told.version) if told else OLDEST
        learned = self._learned.get(dataset)
        if learned is not None and learned[0] > version and time.monotonic() < learned[1]:
            return learned[0]
        return version

    def learn(self, dataset: str, version: Version) -> None:
        """Take a version from an answer: a push's, or of rows that were ahead of the feed."""
        if version <= self.newest(dataset):
            return
        self._learned[dataset] = (version, time.monotonic() + LEARNED)
        self._learned.move_to_end(dataset)
        if len(self._learned) > REMEMBERED:
            self._learned.popitem(last=False)

    def watch(self, dataset: str) -> "Copy":
        """Return what learns the version of an answer that is about to be sent, and keeps nothing."""
        return Copy(lambda version: self.learn(dataset, version))


@dataclass(frozen=True, slots=True)
class Asked:
    """One read of rows: what its answer depends on but the version, and what the caller has."""

    dataset: str
    rest: tuple[object, ...]
    least: Version
    keeps: bool = True
    """Whether its answer is a page to keep, or may be one that was kept."""


@dataclass(frozen=True, slots=True, weakref_slot=True)
class Page:
    """One answer as it was sent."""

    headers: RawHeaders
    body: bytes
    rows: int | None
    version: str
    tag: bytes


@dataclass(slots=True)
class Copy:
    """Sees an answer on its way out: learns its version, keeps its bytes while they are few."""

    learn: Callable[[Version], None]
    least: Version = OLDEST
    largest: int = 0
    status: int = 0
    headers: RawHeaders = field(default_factory=list)
    body: bytearray = field(default_factory=bytearray)
    size: int = 0
    version: Version | None = None

    def start(self, status: int, headers: RawHeaders) -> None:
        """See the head before it is sent; VersionNotReached when the answer is too old."""
        self.status, self.headers = status, headers
        self.version = version_of(_value(headers, b"zhengshu-version"))
        if self.version is not None and 200 <= status < 400:
            self.learn(self.version)
            if self.version < self.least:
                raise VersionNotReached("当前版本为 {}.{}".format(*self.version))

    def part(self, data: bytes) -> None:
        """See a part of the body."""
        self.size += len(data)
        if self.size <= self.largest:
            self.body += data

    def page(self) -> Page | None:
        """Return the page, if it is one to keep."""
        names = {name for name, _ in self.headers}
        media = _value(self.headers, b"content-type").partition(";")[0]
        plain = self.status == 200 and media == "application/json" and not names & UNKEPT
        if not plain or self.version is None or self.size > self.largest:
            return None
        rows = _value(self.headers, b"zhengshu-rows")
        return Page(
            self.headers,
            bytes(self.body),
            int(rows) if rows.isdigit() else None,
            "{}.{}".format(*self.version),
            _value(self.headers, b"etag").encode(),
        )


class Pages:
    """At most so many bytes, the least recently used out first."""

    def __init__(self, versions: Versions, feed: Feed, *, total: int, each: int) -> None:
        self._versions = versions
        self._feed = feed
        self._total = total
        self._each = each
        self._kept: OrderedDict[tuple[Version, str, tuple[object, ...]], Page] = OrderedDict()
        self.size = 0

    def asked(self, exchange: Exchange, access: Access) -> Asked | None:
        """Return what is asked, or None when it is no read of a page."""
        if access.question.action is not Action.DATASET_QUERY or exchange.method != "GET":
            return None
        named = [each for each in exchange.headers if each[0] in NAMED]
        told = dict(named)
        plain = len(told) == len(named) and told.keys().isdisjoint(AWKWARD)
        dataset, view = access.question.dataset, access.view
        fact = self._feed.known.datasets.get(dataset)
        rest = (
            fact and fact.revision,
            exchange.query,
            told.get(b"accept"),
            told.get(b"prefer"),
            access.decision.grant,
            access.most,
            view.columns,
            view.filter,
            view.masks,
            view.key,
        )
        keeps = plain and len(exchange.query) <= LONGEST
        return Asked(dataset, rest, _least(told), keeps)

    def find(self, asked: Asked) -> Page | None:
        """Return the page, if it is of the newest version known and of the least that is asked for."""
        newest = self._versions.newest(asked.dataset)
        key = (newest, asked.dataset, asked.rest)
        page = self._kept.get(key)
        if page is None or newest < asked.least or not asked.keeps:
            return None
        self._kept.move_to_end(key)
        return page

    def copy(self, asked: Asked) -> Copy:
        """Return what is to watch the answer that the service gives instead."""
        learn = self._versions.learn
        largest = self._each if asked.keeps else 0
        return Copy(lambda version: learn(asked.dataset, version), asked.least, largest)

    def keep(self, asked: Asked, copy: Copy) -> None:
        """Keep an answer that went out whole, if it is a page of the newest version known."""
        page = copy.page() if asked.keeps else None
        if page is None or copy.version is None:
            return
        key = (copy.version, asked.dataset, asked.rest)
        if copy.version != self._versions.newest(asked.dataset) or key in self._kept:
            return
        self._kept[key] = page
        self.size += len(page.body) + OVERHEAD
        while self.size > self._total:
            self.size -= len(self._kept.popitem(last=False)[1].body) + OVERHEAD


NAMED = AWKWARD | {b"accept", b"prefer", b"min-version"}


Answer: TypeAlias = tuple[RawHeaders, Ending]
"""The head of an answer from a kept page, and how it will have ended."""


def whole(page: Page, match: str | None) -> Answer:
    """Return the head and the ending of an answer with a kept page, or with word that the caller has it."""
    complete = AccessOutcome.COMPLETE
    if match and page.tag in {part.strip() for part in match.encode("latin-1").split(b",")}:
        told = [each for each in page.headers if each[0] in {b"etag", b"zhengshu-version"}]
        return told, Ending(complete, 304, 0, None, page.version)
    return page.headers, Ending(complete, 200, len(page.body), page.rows, page.version)


def version_of(text: str) -> Version | None:
    """Read `epoch.n`; None when it is not one."""
    epoch, dot, number = text.partition(".")
    plain = dot and text.isascii() and epoch.isdigit() and number.isdigit() and len(text) <= 20
    return (int(epoch), int(number)) if plain else None


def _least(told: dict[bytes, bytes]) -> Version:
    text = told.get(b"min-version")
    if text is None:
        return OLDEST
    version = version_of(text.decode("latin-1"))
    if version is None:
        raise MinVersionInvalid("Min-Version 应写作 epoch.n,例如 1.12")
    return version


def _value(headers: RawHeaders, name: bytes) -> str:
    return next((value.decode("latin-1") for key, value in headers if key == name), "")
