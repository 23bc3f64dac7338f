"""Routes of usage records: HTTP in, HTTP out."""

from typing import Annotated

from fastapi import Query
from zhengshu_chassis.auth import allowed
from zhengshu_chassis.problems import problems
from zhengshu_chassis.requests import By, CursorInvalid, Now, Paged
from zhengshu_chassis.transaction import Router
from zhengshu_contracts.base import Name
from zhengshu_contracts.roles import Action
from zhengshu_contracts.sharing import UsageIn, UsageList, UsageOut
from zhengshu_contracts.vocabulary import DatasetId, UsageKind

from zhengshu_sharing.access import scope
from zhengshu_sharing.datasets.errors import DatasetNotFound, OwnDataset
from zhengshu_sharing.grants.errors import GrantNotFound
from zhengshu_sharing.unit import InUnit, Unit
from zhengshu_sharing.usage import operations
from zhengshu_sharing.usage.errors import GrantNotNamed, UsageInFuture
from zhengshu_sharing.usage.tables import UsageRow

router = Router(prefix="/v1/usage", tags=["使用记录"])


@router.post(
    "",
    status_code=201,
    response_model=UsageOut,
    responses=problems(DatasetNotFound, OwnDataset, GrantNotFound, GrantNotNamed, UsageInFuture),
    dependencies=[allowed(Action.USAGE_RECORD)],
)
async def record_usage(body: UsageIn, by: By, unit: InUnit, now: Now) -> UsageOut:
    """登记使用记录(使用场景、使用过程、应用成效、存储情况、销毁情况)"""
    return _out(unit, await operations.record(unit, body, by=by, now=now))


@router.get(
    "",
    response_model=UsageList,
    responses=problems(CursorInvalid),
    dependencies=[allowed(Action.USAGE_READ)],
)
async def list_usage(
    by: By,
    unit: InUnit,
    place: Paged,
    dataset: Annotated[DatasetId | None, Query(description="只看这个数据集")] = None,
    grant: Annotated[Name | None, Query(description="只看这项授权")] = None,
    kind: Annotated[UsageKind | None, Query(description="记录种类")] = None,
) -> UsageList:
    """查阅使用记录(本单位的与使用本单位数据的;主管部门可见全部)"""
    found, more = await unit.usage.page(
        organization=scope(by),
        dataset=dataset,
        grant=grant,
        kind=kind,
        after=place.after,
        limit=place.limit,
    )
    following = place.following([one.id for one in found], more=more)
    return UsageList(usage=[_out(unit, one) for one in found], next=following)


def _out(unit: Unit, row: UsageRow) -> UsageOut:
    return UsageOut(
        id=row.id,
        dataset=row.dataset,
        grant=row.grant,
        kind=UsageKind(row.kind),
        on=row.on,
        text=row.text,
        organization=row.organization,
        recorded_at=row.recorded_at,
        keep_until=operations.keep_until(row.recorded_at, unit.settings.usage_years),
    )
