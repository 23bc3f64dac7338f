"""Routes of objections: HTTP in, HTTP out."""

from zhengshu_chassis.auth import allowed
from zhengshu_chassis.problems import problems
from zhengshu_chassis.requests import By, CursorInvalid, Now, Paged
from zhengshu_chassis.transaction import Router
from zhengshu_contracts.roles import Action
from zhengshu_contracts.sharing import ObjectionIn, ObjectionList, ObjectionOut

from zhengshu_sharing.access import scope
from zhengshu_sharing.datasets.errors import DatasetNotFound, ItemsUnknown, OwnDataset
from zhengshu_sharing.objections import operations
from zhengshu_sharing.objections.errors import ObjectionNotFound
from zhengshu_sharing.unit import InUnit

router = Router(prefix="/v1/objections", tags=["共享属性异议"])


@router.post(
    "",
    status_code=201,
    response_model=ObjectionOut,
    responses=problems(DatasetNotFound, ItemsUnknown, OwnDataset),
    dependencies=[allowed(Action.OBJECTION_FILE)],
)
async def file_objection(body: ObjectionIn, by: By, unit: InUnit, now: Now) -> ObjectionOut:
    """提出共享属性异议"""
    return await operations.file(unit, body, by=by, now=now)


@router.get(
    "",
    response_model=ObjectionList,
    responses=problems(CursorInvalid),
    dependencies=[allowed(Action.OBJECTION_READ)],
)
async def list_objections(by: By, unit: InUnit, place: Paged) -> ObjectionList:
    """查询共享属性异议(本单位提出或针对本单位数据的;主管部门可见全部)"""
    found, more = await unit.objections.page(
        organization=scope(by), after=place.after, limit=place.limit
    )
    following = place.following([one.id for one in found], more=more)
    return ObjectionList(objections=found, next=following)


@router.get(
    "/{objection_id}",
    response_model=ObjectionOut,
    responses=problems(ObjectionNotFound),
    dependencies=[allowed(Action.OBJECTION_READ)],
)
async def read_objection(objection_id: str, by: By, unit: InUnit) -> ObjectionOut:
    """查看共享属性异议"""
    return await unit.objections.get(objection_id, organization=scope(by))
