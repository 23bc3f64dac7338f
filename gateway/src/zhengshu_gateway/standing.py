"""Answers that stand: the same request of the same caller, while nothing that it rests on has changed.

A request is known by its bytes (`chassis.repeats`), the trace it belongs to left out. Everything that
`pipeline` would find out anew is held against the moment: who calls, what is known, the rights among it, the
dataset's version, the period, the lease. Whatever differs goes the long way, which says why. Each access is
still counted against the limits and recorded before its first byte; only its words are ready.
"""

import asyncio
import re
import time
from collections import OrderedDict
from dataclasses import dataclass
from weakref import ReferenceType, ref

from zhengshu_chassis.forms import Form, now
from zhengshu_chassis.repeats import Line, head_of, lines
from zhengshu_chassis.tracing import trace_of
from zhengshu_contracts.access import AccessOutcome
from zhengshu_contracts.policy import Writer

from zhengshu_gateway import records
from zhengshu_gateway.accesses import RECHECK, Access, Accesses, said_of, told_of
from zhengshu_gateway.cache import Answer, Page, Version, Versions
from zhengshu_gateway.exchange import Exchange
from zhengshu_gateway.feed import Feed
from zhengshu_gateway.forward import FALLEN, Ending
from zhengshu_gateway.limits import Limits, Place
from zhengshu_gateway.records import Records, new_record
from zhengshu_gateway.report import Report, report_on

REMEMBERED = 5_000
LARGEST = 2048
"""Bytes of a request beyond which it is not worth remembering."""
KIND = "query"
"""The class, for the limits, of all that is remembered."""
TRACE = re.compile(rb"\r\ntraceparent: ([^\r\n]*)")
GONE = Ending(AccessOutcome.CUT, 499, 0)


@dataclass(frozen=True, slots=True)
class Standing:
    """One answer, and what it rests on."""

    access: Access
    who: str
    place: Place
    until: float
    """When the token ends or a period begins or ends (seconds since 1970)."""
    writers: frozenset[Writer]
    version: Version
    page: ReferenceType[Page]
    size: int
    """Bytes of the page that are sent: all or, where the caller has it, none."""
    head: bytes
    decided: Form
    ended: Form
    report: Report


class Standings:
    """At most so many, the least recently used out first."""

    def __init__(
        self, accesses: Accesses, records: Records, feed: Feed, versions: Versions, limits: Limits
    ) -> None:
        self.accesses = accesses
        self.records = records
        self._feed = feed
        self._versions = versions
        self.limits = limits
        self._kept: OrderedDict[bytes, Standing] = OrderedDict()
        # Nothing stands when rights change; and what is kept must not keep superseded facts in memory.
        feed.listeners.append(self._kept.clear)

    def keep(
        self, exchange: Exchange, access: Access, page: Page, answer: Answer, until: float
    ) -> None:
        """Remember an answer from a kept page; what is counted by quota is decided each time."""
        if (
            exchange.head is None
            or access.decision.quota is not None
            or not self.accesses.current(access)
        ):
            return
        key, _ = _apart(exchange.head)
        if len(key) > LARGEST:
            return
        headers, ending = answer
        who = access.question.caller.principal.id
        told = told_of(access.record, access.question, access.decision, access.known)
        self._kept[key] = Standing(
            access=access,
            who=who,
            place=self.limits.running(KIND, who),
            until=until,
            writers=access.decision.uses | access.question.caller.writers,
            version=self._versions.newest(access.question.dataset),
            page=ref(page),
            size=ending.bytes,
            head=head_of(ending.status, headers),
            decided=Form(records.decided, told, ("record", "at", "trace")),
            ended=Form(records.ended, said_of(access.record, ending), ("record", "at")),
            report=report_on(exchange),
        )
        if len(self._kept) > REMEMBERED:
            self._kept.popitem(last=False)

    def again(self, head: bytes, line: Line) -> bool:
        """Take a request whose answer stands; it is sent when its record is accepted."""
        key, trace = _apart(head)
        standing = self._kept.get(key)
        if standing is None:
            return False
        page = standing.page()
        if page is None or not self.stands(standing):
            del self._kept[key]
            return False
        left = 0.0 if standing.place.full else self.limits.count(KIND, standing.who)
        if left < 1:
            return False
        self._kept.move_to_end(key)
        Repeat(self, standing, page, line).begin(left, trace_of(trace))
        return True

    def stands(self, standing: Standing) -> bool:
        """Tell whether everything that an answer rests on is as it was."""
        access = standing.access
        return (
            self.accesses.current(access)
            and time.time() < standing.until
            and self._versions.newest(access.question.dataset) == standing.version
            and self.accesses.possible(standing.writers)
        )


class Repeat:
    """One request that was taken: recorded, then answered."""

    __slots__ = ("_began", "_kept", "_limited", "_line", "_page", "_standing", "_told")

    def __init__(self, kept: Standings, standing: Standing, page: Page, line: Line) -> None:
        self._kept = kept
        self._standing = standing
        self._page = page
        self._line = line
        self._began = time.perf_counter()

    def begin(self, left: float, trace: str) -> None:
        """Have it recorded; `left` is what was left of the caller's rate."""
        self._limited = self._kept.limits.told(KIND, left)
        self._standing.place.enter()
        self._told = {b"record": new_record().encode(), b"trace": trace.encode(), b"at": now()}
        envelope = self._standing.decided.fill(self._told)
        self._kept.records.accept(envelope).add_done_callback(self._recorded)

    def _recorded(self, accepted: "asyncio.Future[None]") -> None:
        """Answer, if it was recorded and still may be; otherwise have it read and decided anew."""
        self._standing.place.leave()
        self._told[b"at"] = now()
        if accepted.exception() is not None:
            self._line.read()
        elif not self._may_leave():
            self._end(FALLEN)
            self._line.read()
        else:
            self._send()

    def _may_leave(self) -> bool:
        """Whether it may be sent still: its period and the lease are looked at when the record took long."""
        soon = time.perf_counter() - self._began < RECHECK
        stands = self._kept.accesses.stands(self._standing.access)
        return stands and (soon or self._kept.stands(self._standing))

    def _send(self) -> None:
        standing = self._standing
        told = lines([*self._limited, (b"zhengshu-record", self._told[b"record"])])
        if self._line.send(standing.head + told, self._page.body[: standing.size]):
            self._kept.records.note(standing.ended.fill(self._told))
        else:
            self._end(GONE)
        standing.report.tell(time.perf_counter() - self._began, self._told)

    def _end(self, ending: Ending) -> None:
        self._kept.records.ended(said_of(self._told[b"record"].decode(), ending))


def _apart(head: bytes) -> tuple[bytes, str | None]:
    """Return a request without the trace it belongs to, and that."""
    found = TRACE.search(head) if b"\r\ntraceparent: " in head else None
    if found is None:
        return head, None
    return head[: found.start()] + head[found.end() :], found[1].decode("latin-1")
