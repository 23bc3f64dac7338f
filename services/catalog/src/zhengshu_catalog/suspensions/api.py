"""HTTP of suspensions."""

from zhengshu_chassis.auth import allowed
from zhengshu_chassis.problems import problems
from zhengshu_chassis.requests import By, Now
from zhengshu_chassis.transaction import Router
from zhengshu_contracts.catalog import ResumptionIn, SuspensionIn, SuspensionList, SuspensionOut
from zhengshu_contracts.roles import Action
from zhengshu_contracts.vocabulary import DatasetId

from zhengshu_catalog.entries.api import InUnit
from zhengshu_catalog.entries.errors import EntryNotFound
from zhengshu_catalog.suspensions import operations, repository
from zhengshu_catalog.suspensions.errors import (
    AlreadySuspended,
    NotForYouToSuspend,
    NotSuspended,
    OrderOfAnother,
)
from zhengshu_catalog.suspensions.tables import SuspensionRow

router = Router(prefix="/v1/entries", tags=["暂停提供"])


@router.post(
    "/{entry}/suspension",
    status_code=201,
    response_model=SuspensionOut,
    dependencies=[allowed(Action.ENTRY_SUSPEND)],
    responses=problems(EntryNotFound, NotForYouToSuspend, AlreadySuspended),
)
async def suspend_entry(
    entry: DatasetId, body: SuspensionIn, unit: InUnit, by: By, now: Now
) -> SuspensionOut:
    """监管部门或主管部门责令暂停提供:除提供单位外一律不得读取、开放和上报,立即生效"""
    return _shown(await operations.suspend(unit, entry, body, by=by, at=now))


@router.post(
    "/{entry}/resumption",
    response_model=SuspensionOut,
    dependencies=[allowed(Action.ENTRY_SUSPEND)],
    responses=problems(EntryNotFound, NotSuspended, OrderOfAnother),
)
async def resume_entry(
    entry: DatasetId, body: ResumptionIn, unit: InUnit, by: By, now: Now
) -> SuspensionOut:
    """作出暂停的单位恢复提供"""
    return _shown(await operations.resume(unit, entry, body, by=by, at=now))


@router.get(
    "/{entry}/suspensions",
    response_model=SuspensionList,
    dependencies=[allowed(Action.ENTRY_READ)],
)
async def list_suspensions(entry: DatasetId, unit: InUnit) -> SuspensionList:
    """列出对该数据作出的暂停与恢复"""
    found = await repository.all_of(unit.session, entry)
    return SuspensionList(suspensions=[_shown(row) for row in found])


def _shown(row: SuspensionRow) -> SuspensionOut:
    return SuspensionOut(**{name: getattr(row, name) for name in SuspensionOut.model_fields})
