"""Registers as pages: accounts, business systems, entrusted vendors."""

from zhengshu_contracts.catalog import (
    CredentialReissued,
    LockIn,
    OfficerIn,
    OfficerRegistered,
    PlannedIn,
    ReissueIn,
    StageIn,
    StatementOut,
    SystemIn,
    SystemOut,
    SystemRegistered,
    VendorIn,
    VendorOut,
)
from zhengshu_contracts.credentials import ClientOut
from zhengshu_contracts.roles import Action

from zhengshu_portal.kinds.shape import Act, Kind, Narrowed, Thing, own
from zhengshu_portal.office import Officer


def at_home(_one: Thing, by: Officer) -> Narrowed:
    """Offer the officer's own organisation; the competent department's administrator any."""
    if by.oversees:
        return {"organization": by.organizations()}
    return {"organization": [(by.me.organization, by.me.organization_name)]}


def own_systems(_one: Thing, by: Officer) -> Narrowed:
    """Offer the organisation's systems."""
    found = by.pages("/v1/systems", "systems", most=500)
    mine = [one for one in found if one["organization"] == by.me.organization]
    return {"systems": [(one["id"], one["name"]) for one in mine]}


CLIENTS = Kind(
    name="clients",
    title="人员与系统账号",
    path="/v1/clients",
    member="clients",
    model=ClientOut,
    read=Action.CLIENT_MANAGE,
    columns=("name", "kind", "organization", "roles", "locked"),
    acts=(
        Act(
            "lock",
            "停用",
            "/v1/clients/{id}/lock",
            Action.CLIENT_LOCK,
            LockIn,
            lambda one, _by: not one["locked"],
        ),
        Act(
            "unlock",
            "恢复",
            "/v1/clients/{id}/unlock",
            Action.CLIENT_LOCK,
            when=lambda one, _by: bool(one["locked"]),
        ),
        Act(
            "credential",
            "换发密钥",
            "/v1/clients/{id}/credential",
            Action.CLIENT_REISSUE,
            ReissueIn,
            answer=CredentialReissued,
        ),
    ),
    news=(
        Act(
            "officer",
            "登记工作人员",
            "/v1/officers",
            Action.OFFICER_REGISTER,
            OfficerIn,
            choices=at_home,
            answer=OfficerRegistered,
        ),
        Act(
            "system",
            "登记业务系统",
            "/v1/systems",
            Action.SYSTEM_REGISTER,
            SystemIn,
            choices=at_home,
            answer=SystemRegistered,
        ),
    ),
    single=False,
)
SYSTEMS = Kind(
    name="systems",
    title="业务系统",
    path="/v1/systems",
    member="systems",
    model=SystemOut,
    read=Action.SYSTEM_READ,
    columns=("name", "organization", "stage", "registered_at", "locked"),
    acts=(
        Act(
            "planned",
            "列明应汇聚的数据",
            "/v1/systems/{id}/planned",
            Action.SYSTEM_PLAN,
            PlannedIn,
            own("organization"),
            method="PUT",
            known="/v1/systems/{id}/planned",
        ),
        Act("stage", "进入下一阶段", "/v1/systems/{id}/stage", Action.SYSTEM_ADVANCE, StageIn),
        Act(
            "statements",
            "出具数据汇聚情况证明",
            "/v1/systems/{id}/statements",
            Action.STATEMENT_ISSUE,
            answer=StatementOut,
        ),
    ),
    single=False,
)
VENDORS = Kind(
    name="vendors",
    title="受托单位",
    path="/v1/vendors",
    member="vendors",
    model=VendorOut,
    read=Action.VENDOR_READ,
    columns=("name", "department", "duties", "until", "ended_at"),
    acts=(
        Act(
            "ending",
            "终止委托",
            "/v1/vendors/{id}/ending",
            Action.VENDOR_END,
            when=lambda one, _by: not one.get("ended_at"),
        ),
    ),
    news=(
        Act(
            "new",
            "登记受托单位",
            "/v1/vendors",
            Action.VENDOR_ENTRUST,
            VendorIn,
            choices=own_systems,
        ),
    ),
    single=False,
)
