"""Accesses to rows: each is decided, its record accepted, and watched until its last byte.

The same for whoever asks and whatever carries the rows: requests from outside, brokered reads, uploads.
"""

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from zhengshu_chassis.telemetry import trace_id
from zhengshu_contracts.identity import Identity, View
from zhengshu_contracts.policy import Writer

from zhengshu_gateway.case import Decision
from zhengshu_gateway.decisions import Decisions, Question, most_asked
from zhengshu_gateway.errors import LeaseLost, PolicyRefused, PolicyStale, RecordUnavailable
from zhengshu_gateway.feed import Feed
from zhengshu_gateway.forward import GIVEN, Ending
from zhengshu_gateway.known import Known
from zhengshu_gateway.lease import Lease
from zhengshu_gateway.quotas import Quotas, Share
from zhengshu_gateway.records import Records, Told, new_record
from zhengshu_gateway.upstreams import VOUCHED

RECHECK = 0.5
"""Seconds after which a running answer is decided again even when nothing changed: periods end."""


@dataclass(frozen=True, slots=True, eq=False)
class Access:
    """An access that was let through and recorded."""

    record: str
    question: Question
    decision: Decision
    view: View
    known: Known
    rights: int
    """What was known when it was decided, and at which change."""
    share: Share | None = None

    @property
    def most(self) -> int | None:
        """The most rows that may leave."""
        return self.share.rows if self.share else None

    def identity(self) -> Identity:
        """Return what the service is told."""
        question = self.question
        return Identity.model_construct(
            principal=question.caller.principal,
            action=question.action,
            dataset=question.dataset,
            mode=question.mode,
            view=self.view,
            record=self.record,
            grant=self.decision.grant,
            most=self.most,
            expires=datetime.now(UTC) + VOUCHED,
        )


class Accesses:
    """Opens and closes accesses."""

    def __init__(
        self, decisions: Decisions, feed: Feed, lease: Lease, records: Records, quotas: Quotas
    ) -> None:
        self._decisions = decisions
        self._feed = feed
        self._lease = lease
        self._records = records
        self._quotas = quotas
        self._running: dict[Access, asyncio.Task[Any] | None] = {}
        feed.listeners.append(self.cut_fallen)

    async def open(self, question: Question, *, address: str = "") -> Access:
        """Return the access once its record is accepted, or raise why there is none."""
        known = self._feed.known
        rights = known.rights
        decision = self._quotas.within(self._decisions.decide(question))
        self._check(question, decision)
        if question.caller.anonymous and not decision.allowed:
            self._records.refused(address, decision.rule)
            raise PolicyRefused(decision)
        record, share = new_record(), None
        if decision.quota is not None:
            share = self._quotas.set_aside(decision, most_asked(question))
        try:
            await self._records.decided(told_of(record, question, decision, known))
        except BaseException:  # a caller that hangs up as well
            self._quotas.give_back(share)
            raise
        if decision.view is None:
            raise PolicyRefused(decision, record)
        return Access(record, question, decision, decision.view, known, rights, share)

    def close(self, access: Access, ending: Ending) -> None:
        """Record how it ended."""
        if ending.status >= 500:  # whatever was wrong was not the caller's doing
            self._quotas.give_back(access.share)
        elif access.share is not None:
            self._quotas.settle(access.share, _rows_read(ending))
        self._records.ended(said_of(access.record, ending))

    @contextmanager
    def running(self, access: Access) -> Iterator[None]:
        """Have an answer cut as soon as its decision falls, even while it waits for its service."""
        self._running[access] = asyncio.current_task()
        try:
            yield
        finally:
            del self._running[access]

    def cut_fallen(self) -> None:
        """Interrupt every running answer that is no longer decided; `forward` makes an end of it."""
        for access, task in list(self._running.items()):
            if task is not None and not self._stands(access):
                task.cancel()

    def watch(self, access: Access) -> Callable[[], bool]:
        """Return what tells, before each part is sent, whether the decision still stands."""
        known, rights, due = access.known, access.rights, time.monotonic() + RECHECK

        def going() -> bool:
            nonlocal known, rights, due
            current, now = self._feed.known, time.monotonic()
            if current is known and current.rights == rights and now < due:
                return True
            known, rights, due = current, current.rights, now + RECHECK
            return self._stands(access)

        return going

    def stands(self, access: Access) -> bool:
        """Tell whether an answer may still be sent under it."""
        return self.current(access) or self._stands(access)

    def current(self, access: Access) -> bool:
        """Tell whether the rights known now are those that it was decided on."""
        known = self._feed.known
        return known is access.known and known.rights == access.rights

    def _stands(self, access: Access) -> bool:
        """Whether this very view would be let through now, and could be; a wider one is no reason to cut."""
        question = self._decisions.renewed(access.question)
        if question is None:
            return False
        columns, grant = access.view.columns, access.decision.grant
        question = replace(question, requested=columns, grant=grant)
        decision = self._decisions.decide(question)
        if not self._lease.held or not self._fresh(question, decision) or decision.view is None:
            return False
        now, then = decision.view, access.view
        same = (now.filter, now.masks) == (then.filter, then.masks)
        return same and set(columns) <= set(now.columns)

    def possible(self, writers: frozenset[Writer]) -> bool:
        """Tell whether anything may be let out on these writers' word now."""
        return self._records.available and self._lease.held and self._feed.fresh(writers)

    def _check(self, question: Question, decision: Decision) -> None:
        if not self._records.available:
            raise RecordUnavailable("没有访问记录就不提供数据")
        if not self._lease.held:
            raise LeaseLost("本副本暂时不能确认授权是否已撤销")
        if not self._fresh(question, decision):
            raise PolicyStale("授权信息超过时限未更新")

    def _fresh(self, question: Question, decision: Decision) -> bool:
        return self._feed.fresh(decision.uses) and self._feed.fresh(question.caller.writers)


def _rows_read(ending: Ending) -> int | None:
    """Return how many rows left, at most; None when rows left and nobody knows how many.

    An answer without one counts as one: that nothing matches, or how much does, is told of the rows as well.
    """
    if ending.status not in GIVEN:
        return 0
    return None if ending.bytes and ending.rows is None else max(1, ending.rows or 0)


def told_of(record: str, question: Question, decision: Decision, known: Known) -> Told:
    """Return what is recorded of a decision (`contracts.access.AccessDecided`)."""
    principal, view = question.caller.principal, decision.view
    dataset = known.datasets.get(question.dataset)
    return {
        "record": record,
        "at": datetime.now(UTC),
        "client": principal.id,
        "client_kind": principal.kind,
        "organization": principal.organization,
        "action": question.action,
        "mode": question.mode,
        "dataset": question.dataset,
        "provider": dataset.provider if dataset else None,
        "allowed": decision.allowed,
        "rule": decision.rule,
        "basis": decision.citation,
        "columns": view.columns if view else (),
        "filtered": bool(view and view.filter),
        "grant": decision.grant,
        "purpose": question.purpose or decision.purpose,
        "authorization": decision.authorization,
        "trace": trace_id() or None,
    }


def said_of(record: str, ending: Ending) -> Told:
    """Return what is recorded of an ending (`contracts.access.AccessEnded`)."""
    return {
        "record": record,
        "at": datetime.now(UTC),
        "outcome": ending.outcome,
        "status": ending.status,
        "bytes": ending.bytes,
        "rows": ending.rows,
        "version": ending.version,
    }
