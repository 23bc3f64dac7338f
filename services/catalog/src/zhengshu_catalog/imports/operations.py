"""Previewing and confirming an import. The caller owns the transaction.

A preview keeps what confirming would do; a line whose entry has changed since is refused then, and no
line's fault stops another's.
"""

import asyncio
from collections import Counter
from collections.abc import Coroutine, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession
from zhengshu_chassis import ids
from zhengshu_chassis.errors import DomainError
from zhengshu_contracts.base import Record
from zhengshu_contracts.catalog import (
    Change,
    EntryIn,
    EntryRefused,
    ImportLine,
    ImportOut,
    LineProblem,
)
from zhengshu_contracts.catalog import ImportConfirmed as Confirmed
from zhengshu_contracts.identity import Principal
from zhengshu_contracts.vocabulary import EntryState, ImportOutcome, Origin

from zhengshu_catalog.entries import content as rules
from zhengshu_catalog.entries import operations as entries
from zhengshu_catalog.entries.difference import difference
from zhengshu_catalog.entries.domain import Entry, is_competent
from zhengshu_catalog.entries.errors import SecretRefused
from zhengshu_catalog.imports import reading
from zhengshu_catalog.imports.columns import CODE, ENTRIES, MUNICIPAL_CODE
from zhengshu_catalog.imports.errors import ImportConfirmed, ImportNotFound
from zhengshu_catalog.imports.tables import ImportRow

UNNAMED = "(涉密内容,不记录)"
TAKES_EFFECT = frozenset({ImportOutcome.DRAFT, ImportOutcome.REVISION})
"""What confirming does at once; an entry to be taken over waits for the competent department."""


class Plan(Record):
    """What confirming one line does; `before` is the content it was compared with."""

    line: ImportLine
    content: EntryIn | None = None
    before: EntryIn | None = None


@dataclass(frozen=True, slots=True)
class Target:
    """The entry a line is about, if there is one, with its newest content."""

    entry: Entry | None = None
    content: EntryIn | None = None


class LineRefused(Exception):
    """This line is not imported; `column` is where that is decided."""

    def __init__(self, message: str, column: str | None = None) -> None:
        super().__init__(message)
        self.column = column


async def preview(
    unit: entries.Unit, file: bytes, *, mend_by: date, by: Principal, at: datetime
) -> ImportOut:
    """Read a workbook and keep what confirming it would do."""
    provider = await unit.organizations.get(by.organization or "")
    book = await asyncio.to_thread(reading.read, file)
    plans = [await _plan(unit, given, provider.code) for given in book.entries]
    report = ImportOut(
        token=ids.new("i"),
        provider=provider.code,
        previewed_at=at,
        mend_by=mend_by,
        counts=_counts(plans),
        lines=[plan.line for plan in plans],
        problems=book.problems,
    )
    _keep(unit.session, report, plans, by)
    return report


async def confirm(unit: entries.Unit, token: str, *, by: Principal, at: datetime) -> ImportOut:
    """Do what was previewed, line by line."""
    row = await get(unit.session, token, by, lock=True)
    if row.provider != by.organization:
        raise ImportNotFound(token)
    if row.confirmed_at:
        raise ImportConfirmed(token)
    plans = [Plan.model_validate(plan) for plan in row.plans]
    done = [await _carry_out(unit, plan, by, at) for plan in plans]
    waiting = [plan for plan in done if plan.line.outcome is ImportOutcome.STOCK]
    row.confirmed_at, row.waiting = at, len(waiting)
    report = told(row, done).model_copy(update={"confirmed_at": at, "waiting": len(waiting)})
    row.report = report.model_dump(mode="json")
    row.plans = [plan.model_dump(mode="json") for plan in waiting]
    event = Confirmed(token=token, provider=row.provider, waiting=len(waiting))
    unit.outbox.add(event, aggregate=token)
    return report


def told(row: ImportRow, done: list[Plan]) -> ImportOut:
    """Return an import's report with what became of some of its lines."""
    report = ImportOut.model_validate(row.report)
    newer = {plan.line.number: plan.line for plan in done}
    lines = [newer.get(line.number, line) for line in report.lines]
    counts = dict(Counter(line.outcome for line in lines))
    return report.model_copy(update={"counts": counts, "lines": lines})


async def read(session: AsyncSession, token: str, *, by: Principal) -> ImportOut:
    """Return an import's report to the department that made it, and to the competent one."""
    return ImportOut.model_validate((await get(session, token, by)).report)


async def _plan(unit: entries.Unit, given: reading.Entry, provider: str) -> Plan:
    if given.state_secret or given.work_secret:
        rule = "state-secret" if given.state_secret else "work-secret"
        unit.outbox.add(EntryRefused(provider=provider, rule=rule), aggregate=provider)
        return Plan(line=_refused(given, UNNAMED, _problem(given, "国家秘密、工作秘密不得登记")))
    if given.content is None or given.problems:
        return Plan(line=_refused(given, given.title, *given.problems))
    try:
        target = await _target(unit, given, provider)
        plan = _compared(given, given.content, target)
        await entries.check_extensions(unit.session, given.content)
    except LineRefused as refused:
        return Plan(
            line=_refused(given, given.title, _problem(given, str(refused), refused.column))
        )
    except DomainError as refused:
        return Plan(line=_refused(given, given.title, *_problems(given, refused)))
    return plan


async def _target(unit: entries.Unit, given: reading.Entry, provider: str) -> Target:
    """Find the entry by its municipal code, else by its code."""
    found = await _found(unit, given, provider)
    if found is None:
        if given.municipal_code:
            await check_copied(unit, given.municipal_code, provider)
        return Target()
    working = await unit.entries.working(found)
    if found.state is EntryState.RETIRED or (working and working.state is EntryState.SUBMITTED):
        state = working.state if working else found.state
        raise LineRefused(f"目录条目当前状态为“{state.label}”,不能修订")
    newest = working or await unit.entries.shown(found)
    if given.content and newest.content.category != given.content.category:
        raise LineRefused("分类代码不能修改", "信息资源分类代码")
    return Target(found, newest.content)


async def _found(unit: entries.Unit, given: reading.Entry, provider: str) -> Entry | None:
    if given.municipal_code:
        found = await unit.entries.by_municipal_code(given.municipal_code)
        if found and not _is_own(found, provider):
            raise LineRefused("市级目录代码属于其他单位的目录条目", MUNICIPAL_CODE)
        if found:
            return found
    if not given.code:
        return None
    found = await unit.entries.find(given.code.replace("/", "-"))
    if found is None or not _is_own(found, provider):
        raise LineRefused(f"本单位没有代码为 {given.code} 的目录条目", CODE)
    return found


async def check_copied(unit: entries.Unit, code: str, provider: str) -> None:
    """Refuse a code that the municipal catalogue's copy does not have as this provider's."""
    copied = await unit.entries.copied(code)
    if copied is None or copied.provider != provider:
        raise LineRefused(
            "市级目录副本中没有本单位的这个代码;尚未登记的请去掉代码,作为新目录编制", MUNICIPAL_CODE
        )


def _is_own(entry: Entry, provider: str) -> bool:
    return entry.provider == provider and entry.origin is Origin.COUNTY


def _compared(given: reading.Entry, content: EntryIn, target: Target) -> Plan:
    if target.entry is None or target.content is None:
        return _new(given, content)
    rules.check(content)
    changes = difference(target.content, content)
    outcome = ImportOutcome.REVISION if changes else ImportOutcome.UNCHANGED
    line = _line(given, given.title, outcome, entry=target.entry.id, changes=changes)
    return Plan(line=line, content=content, before=target.content)


def _new(given: reading.Entry, content: EntryIn) -> Plan:
    if given.municipal_code is None:
        rules.check(content)
        return Plan(line=_line(given, given.title, ImportOutcome.DRAFT), content=content)
    rules.check_stock(content)
    missing = rules.missing(content)
    line = _line(given, given.title, ImportOutcome.STOCK, missing=missing)
    return Plan(line=line, content=content)


async def _carry_out(unit: entries.Unit, plan: Plan, by: Principal, at: datetime) -> Plan:
    if plan.line.outcome not in TAKES_EFFECT or plan.content is None:
        return plan
    return await try_line(unit, plan, _apply(unit, plan, plan.content, by, at))


async def try_line(unit: entries.Unit, plan: Plan, doing: Coroutine[Any, Any, str]) -> Plan:
    """Do what one line says, which gives an entry; a refusal is its own and stops no other line."""
    try:
        async with unit.session.begin_nested():
            made = await doing
    except LineRefused as refused:
        return failed(plan, str(refused))
    except DomainError as refused:
        return failed(plan, f"{refused.title}:{refused.detail}")
    return plan.model_copy(update={"line": plan.line.model_copy(update={"entry": made})})


async def _apply(
    unit: entries.Unit, plan: Plan, content: EntryIn, by: Principal, at: datetime
) -> str:
    if plan.line.outcome is ImportOutcome.DRAFT:
        made = await entries.compile_entry(unit, content, by=by, at=at)
    else:
        made = await _revise(unit, plan, content, by, at)
    assert isinstance(made, entries.Shown), "secrets are refused when the workbook is read"
    return made.entry.id


async def _revise(
    unit: entries.Unit, plan: Plan, content: EntryIn, by: Principal, at: datetime
) -> entries.Shown | SecretRefused:
    entry = await unit.entries.lock(plan.line.entry or "")
    newest = await unit.entries.working(entry) or await unit.entries.shown(entry)
    if newest.content != plan.before:
        raise LineRefused("预览之后目录条目又有改动,请重新预览")
    return await entries.revise_entry(unit, entry.id, content, by=by, at=at)


def _line(
    given: reading.Entry,
    title: str,
    outcome: ImportOutcome,
    *,
    entry: str | None = None,
    changes: list[Change] | None = None,
    missing: list[str] | None = None,
    problems: list[LineProblem] | None = None,
) -> ImportLine:
    return ImportLine(
        number=given.number,
        line=given.line,
        title=title,
        municipal_code=given.municipal_code,
        outcome=outcome,
        outcome_label=outcome.label,
        entry=entry,
        changes=changes or [],
        missing=missing or [],
        problems=problems or [],
    )


def _refused(given: reading.Entry, title: str, *problems: LineProblem) -> ImportLine:
    return _line(given, title, ImportOutcome.REFUSED, problems=list(problems))


def failed(plan: Plan, message: str) -> Plan:
    """Return a line that is not imported after all."""
    refused = ImportOutcome.REFUSED
    problem = LineProblem(sheet=ENTRIES, line=plan.line.line, message=message)
    changed = {"outcome": refused, "outcome_label": refused.label, "problems": [problem]}
    return plan.model_copy(update={"line": plan.line.model_copy(update=changed)})


def _problems(given: reading.Entry, refused: DomainError) -> Iterator[LineProblem]:
    """Say in which lines of the item sheet a rule is broken."""
    places = [pointer.split("/") for pointer, _, _ in refused.pointers]
    lines = [int(place[2]) for place in places if place[1:2] == ["items"]]
    message = f"{refused.title}。{refused.next or ''}"
    for index in lines:
        item = given.items[index]
        yield LineProblem(sheet=item.sheet, line=item.number, message=message)
    if not lines:
        yield _problem(given, message)


def _problem(given: reading.Entry, message: str, column: str | None = None) -> LineProblem:
    return LineProblem(sheet=ENTRIES, line=given.line, column=column, message=message)


def _counts(plans: list[Plan]) -> dict[ImportOutcome, int]:
    return dict(Counter(plan.line.outcome for plan in plans))


def _keep(session: AsyncSession, report: ImportOut, plans: list[Plan], by: Principal) -> None:
    session.add(
        ImportRow(
            token=report.token,
            provider=report.provider,
            previewed_by=by.id,
            previewed_at=report.previewed_at,
            mend_by=report.mend_by,
            report=report.model_dump(mode="json"),
            plans=[plan.model_dump(mode="json") for plan in plans],
            waiting=0,
        )
    )


async def get(session: AsyncSession, token: str, by: Principal, *, lock: bool = False) -> ImportRow:
    """Return an import, or say that there is none for this caller."""
    row = await session.get(ImportRow, token, with_for_update=lock or None, populate_existing=True)
    if row is None or not may_read(row, by):
        raise ImportNotFound(token)
    return row


def may_read(row: ImportRow, by: Principal) -> bool:
    """Tell whether a caller sees an import: its department, and the competent one once confirmed."""
    judged = is_competent(by) and row.confirmed_at is not None
    return judged or row.provider == by.organization
