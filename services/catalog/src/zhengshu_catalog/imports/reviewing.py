"""The competent department's word on entries to be taken over as they stood. The caller commits."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from zhengshu_chassis.db import keyset
from zhengshu_contracts.catalog import ImportOut, ImportReview, ImportReviewed, ReviewIn
from zhengshu_contracts.identity import Principal
from zhengshu_contracts.vocabulary import Outcome, PrincipalKind

from zhengshu_catalog.entries import operations as entries
from zhengshu_catalog.entries.domain import is_competent
from zhengshu_catalog.entries.errors import OutcomeNotAllowed, SelfReview
from zhengshu_catalog.imports.errors import NothingWaits
from zhengshu_catalog.imports.operations import (
    LineRefused,
    Plan,
    check_copied,
    failed,
    get,
    told,
    try_line,
)
from zhengshu_catalog.imports.tables import ImportRow


async def review(
    unit: entries.Unit, token: str, given: ReviewIn, *, by: Principal, at: datetime
) -> ImportOut:
    """Publish an import's entries to be taken over, or return them; nobody reviews their own."""
    row = await get(unit.session, token, by, lock=True)
    if not row.waiting:
        raise NothingWaits(token)
    if given.outcome is Outcome.REFUSE:
        raise OutcomeNotAllowed
    if by.id == row.previewed_by:
        raise SelfReview
    plans = [Plan.model_validate(plan) for plan in row.plans]
    if given.outcome is Outcome.RETURN:
        done = [failed(plan, f"主管部门退回:{given.opinion}") for plan in plans]
    else:
        done = [await try_line(unit, plan, _take(unit, row, plan, by, at)) for plan in plans]
    made = ImportReview(outcome=given.outcome, opinion=given.opinion, by=by.id, at=at)
    report = told(row, done).model_copy(update={"waiting": 0, "review": made})
    row.report, row.plans, row.waiting = report.model_dump(mode="json"), [], 0
    event = ImportReviewed(
        token=token,
        provider=row.provider,
        outcome=given.outcome,
        entries=tuple(plan.line.entry for plan in done if plan.line.entry),
    )
    unit.outbox.add(event, aggregate=token)
    return report


async def page(
    session: AsyncSession, by: Principal, after: str | None, limit: int, *, waiting: bool
) -> tuple[list[ImportOut], list[str], bool]:
    """Return imports by token, their places, and whether more follow."""
    query = select(ImportRow)
    if is_competent(by):
        query = query.where(ImportRow.confirmed_at.is_not(None))
    else:
        query = query.where(ImportRow.provider == by.organization)
    if waiting:
        query = query.where(ImportRow.waiting > 0)
    place = [after] if after else None
    rows, more = await keyset(session, query, by=[ImportRow.token], after=place, limit=limit)
    reports = [ImportOut.model_validate(row.report) for row in rows]
    return reports, [row.token for row in rows], more


async def _take(unit: entries.Unit, row: ImportRow, plan: Plan, by: Principal, at: datetime) -> str:
    """Publish one line as it stood, if its code is still the provider's and not taken meanwhile."""
    code = plan.line.municipal_code or ""
    assert plan.content is not None, "only lines with content wait"
    await unit.entries.hold(f"municipal code {code}")
    if await unit.entries.by_municipal_code(code):
        raise LineRefused("预览之后已登记同一市级目录代码,请重新预览")
    await check_copied(unit, code, row.provider)
    author = Principal(id=row.previewed_by, kind=PrincipalKind.OFFICER, organization=row.provider)
    made = await entries.take_over(
        unit, plan.content, code, mend_by=row.mend_by, by=author, reviewer=by.id, at=at
    )
    return made.entry.id
