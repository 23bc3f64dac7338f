"""HTTP of old exchange systems."""

from zhengshu_chassis.auth import allowed
from zhengshu_chassis.problems import problems
from zhengshu_chassis.requests import By, Now, Paged
from zhengshu_chassis.transaction import Router
from zhengshu_contracts.catalog import (
    LegacyCount,
    LegacyCountIn,
    LegacyStageIn,
    LegacySystemIn,
    LegacySystemList,
    LegacySystemOut,
)
from zhengshu_contracts.roles import Action
from zhengshu_contracts.vocabulary import LegacyState

from zhengshu_catalog.entries.api import InUnit
from zhengshu_catalog.legacy import domain, operations
from zhengshu_catalog.legacy.errors import (
    LegacyInterfaceInvalid,
    LegacyNotReady,
    LegacyPeriodInvalid,
    LegacyStageNotAllowed,
    LegacySystemNotFound,
)
from zhengshu_catalog.legacy.operations import Shown

router = Router(prefix="/v1/legacy-systems", tags=["原有交换系统"])


@router.post(
    "",
    status_code=201,
    response_model=LegacySystemOut,
    dependencies=[allowed(Action.LEGACY_MANAGE)],
    responses=problems(LegacyInterfaceInvalid),
)
async def register_legacy_system(
    body: LegacySystemIn, unit: InUnit, by: By, now: Now
) -> LegacySystemOut:
    """登记本单位原有的跨部门信息共享交换系统及其接口"""
    return _view(await operations.register(unit, body, by=by, at=now))


@router.get("", response_model=LegacySystemList, dependencies=[allowed(Action.LEGACY_READ)])
async def list_legacy_systems(unit: InUnit, place: Paged, by: By) -> LegacySystemList:
    """列出原有交换系统及其进度;主管部门、财政局和县政府可见全部,其他单位只见自己的"""
    found, more = await operations.page(unit, by, place.after, place.limit)
    following = place.following([one.row.id for one in found], more=more)
    return LegacySystemList(systems=[_view(one) for one in found], next=following)


@router.get(
    "/{system}",
    response_model=LegacySystemOut,
    dependencies=[allowed(Action.LEGACY_READ)],
    responses=problems(LegacySystemNotFound),
)
async def read_legacy_system(system: str, unit: InUnit, by: By) -> LegacySystemOut:
    """查看原有交换系统及各接口的进度"""
    return _view(await operations.read(unit, system, by=by))


@router.put(
    "/{system}",
    response_model=LegacySystemOut,
    dependencies=[allowed(Action.LEGACY_MANAGE)],
    responses=problems(LegacySystemNotFound, LegacyInterfaceInvalid, LegacyStageNotAllowed),
)
async def change_legacy_system(
    system: str, body: LegacySystemIn, unit: InUnit, by: By
) -> LegacySystemOut:
    """修改登记,将接口对应到目录条目;接口有改动时从“已登记”重新开始"""
    return _view(await operations.change(unit, system, body, by=by))


@router.post(
    "/{system}/stage",
    response_model=LegacySystemOut,
    dependencies=[allowed(Action.LEGACY_ADVANCE)],
    responses=problems(LegacySystemNotFound, LegacyStageNotAllowed, LegacyNotReady),
)
async def advance_legacy_system(
    system: str, body: LegacyStageIn, unit: InUnit, by: By, now: Now
) -> LegacySystemOut:
    """进入下一阶段:已登记、已对应目录、双轨运行、已切换、已停用

    切换由主管部门确认:每个接口最近一次核对一致,且市级平台的回执覆盖对应数据集的当前版本。
    """
    return _view(await operations.advance(unit, system, body, by=by, at=now))


@router.post(
    "/{system}/counts",
    status_code=201,
    response_model=LegacyCount,
    dependencies=[allowed(Action.LEGACY_MANAGE)],
    responses=problems(LegacySystemNotFound, LegacyStageNotAllowed, LegacyPeriodInvalid),
)
async def count_legacy_rows(
    system: str, body: LegacyCountIn, unit: InUnit, by: By, now: Now
) -> LegacyCount:
    """双轨运行期间核对行数:原系统某接口在一段时间内交换的行数,与本节点同期收下的行数相比"""
    return await operations.count(unit, system, body, by=by, at=now)


def _view(shown: Shown) -> LegacySystemOut:
    row = shown.row
    state = LegacyState(row.state)
    return LegacySystemOut.model_validate(
        {
            "id": row.id,
            "organization": row.organization,
            "name": row.name,
            "description": row.description,
            "interfaces": row.interfaces,
            "state": state,
            "state_label": state.label,
            "registered_at": row.registered_at,
            "dual_since": row.dual_since,
            "progress": shown.progress,
            "ready": sum(map(domain.moved, shown.progress)),
        }
    )
