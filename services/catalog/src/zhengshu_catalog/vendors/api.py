"""HTTP of entrusted vendors."""

from zhengshu_chassis.auth import allowed
from zhengshu_chassis.problems import problems
from zhengshu_chassis.requests import By, Now, Paged
from zhengshu_chassis.transaction import Router
from zhengshu_contracts.catalog import VendorIn, VendorList, VendorOut
from zhengshu_contracts.roles import Action

from zhengshu_catalog.organizations.api import InUnit
from zhengshu_catalog.organizations.errors import CodeInvalid
from zhengshu_catalog.vendors import operations
from zhengshu_catalog.vendors.errors import NotOwnSystems, UntilPassed, VendorNotFound, VendorOver

router = Router(prefix="/v1/vendors", tags=["受托单位"])


@router.post(
    "",
    status_code=201,
    response_model=VendorOut,
    dependencies=[allowed(Action.VENDOR_ENTRUST)],
    responses=problems(CodeInvalid, NotOwnSystems, UntilPassed),
)
async def entrust_vendor(body: VendorIn, unit: InUnit, by: By, now: Now) -> VendorOut:
    """登记受托单位:以本单位的业务系统为范围,到期自动停用"""
    return await operations.entrust(unit, body, by=by, at=now)


@router.get("", response_model=VendorList, dependencies=[allowed(Action.VENDOR_READ)])
async def list_vendors(unit: InUnit, place: Paged, by: By) -> VendorList:
    """列出受托单位;主管部门可见全部,其他单位只见自己的"""
    found, more = await operations.page(unit.session, by, place.after, place.limit)
    following = place.following([one.id for one in found], more=more)
    return VendorList(vendors=found, next=following)


@router.post(
    "/{vendor}/ending",
    response_model=VendorOut,
    dependencies=[allowed(Action.VENDOR_END)],
    responses=problems(VendorNotFound, VendorOver),
)
async def end_vendor(vendor: str, unit: InUnit, by: By, now: Now) -> VendorOut:
    """提前终止委托,其业务系统随即停用"""
    return await operations.end(unit, vendor, by=by, at=now)
