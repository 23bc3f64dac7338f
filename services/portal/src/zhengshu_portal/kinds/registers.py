"""Registers as pages: accounts, business systems, entrusted vendors."""

from typing import Any

from pydantic import BaseModel, Field
from zhengshu_contracts.catalog import (
    CredentialReissued,
    LegacyCountIn,
    LegacyStageIn,
    LegacySystemIn,
    LegacySystemOut,
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
    ThemeConsentIn,
    ThemeIn,
    ThemeOut,
    VendorIn,
    VendorOut,
)
from zhengshu_contracts.credentials import ClientOut
from zhengshu_contracts.officers import DepartureIn, DeputyIn, DeputyOut
from zhengshu_contracts.roles import Action, may_assign
from zhengshu_contracts.vocabulary import PrincipalKind, Role

from zhengshu_portal.kinds.shape import Act, Kind, Narrowed, Thing, always, both, may, own
from zhengshu_portal.office import Officer


def at_home(_one: Thing, by: Officer) -> Narrowed:
    """Offer the officer's own organisation; the competent department's administrator any."""
    if by.oversees:
        return {"organization": by.organizations()}
    return {"organization": [(by.me.organization, by.me.organization_name)]}


class Account(ClientOut):
    """An account with who stands in for it."""

    deputies: list[DeputyOut] = Field(default=[], description="代理(B 角)")


ENDINGS = {"expired": "到期", "withdrawn": "提前结束", "departed": "离岗"}
"""Why a deputyship ended."""


class Deputyship(BaseModel):
    """Which deputyship is meant."""

    deputyship: str = Field(description="代理")


def is_officer(one: Thing, _by: Officer) -> bool:
    """Test whether a client is a person."""
    return bool(one["kind"] == PrincipalKind.OFFICER)


def stays(one: Thing, _by: Officer) -> bool:
    """Test whether a client has not left for good."""
    return not one.get("departed_at")


def serving(one: Thing, by: Officer) -> bool:
    """Test whether a client is a person who has not left."""
    return is_officer(one, by) and stays(one, by)


def assignable_roles(one: Thing, by: Officer) -> Narrowed:
    """Offer the roles that this administrator may give."""
    given = [role for role in Role if may_assign(by.me.roles, [role])]
    return at_home(one, by) | {"roles": [(role.value, role.label) for role in given]}


def colleagues(one: Thing, by: Officer) -> Narrowed:
    """Offer the other officers of the same organisation."""
    found = by.pages("/v1/clients", "clients", most=2000)
    others = [
        (each["id"], each["name"])
        for each in found
        if serving(each, by)
        and each["organization"] == one["organization"]
        and each["id"] != one["id"]
    ]
    return {"deputy": others, "successor": others}


def deputies(one: Thing, by: Officer) -> dict[str, Any]:
    """Return who stands or stood in for an officer, by name."""
    if not is_officer(one, by):
        return {}
    names = {each["id"]: each["name"] for each in by.pages("/v1/clients", "clients", most=2000)}
    found = by.node.get(f"/v1/officers/{one['id']}/deputies")["deputies"]
    told = [
        each
        | {
            "deputy": names.get(each["deputy"], each["deputy"]),
            "starts": each.pop("from"),
            "ended": ENDINGS.get(each.get("ended")),
        }
        for each in found
    ]
    return {"deputies": told}


def deputyships(one: Thing, _by: Officer) -> Narrowed:
    """Offer an officer's deputyships that have not ended."""
    return {
        "deputyship": [
            (each["id"], f"{each['deputy']} {each['starts']} 至 {each['until']}")
            for each in one["deputies"]
            if not each["ended"]
        ]
    }


def deputised(one: Thing, _by: Officer) -> bool:
    """Test whether somebody stands in for an officer, or is going to."""
    return any(not each["ended"] for each in one.get("deputies", []))


def somebody_else(one: Thing, by: Officer) -> bool:
    """Test whether an account is another's: nobody locks themselves out."""
    return bool(one["id"] != by.me.id)


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
            both(somebody_else, lambda one, _by: not one["locked"]),
        ),
        Act(
            "unlock",
            "恢复",
            "/v1/clients/{id}/unlock",
            Action.CLIENT_LOCK,
            when=both(stays, lambda one, _by: bool(one["locked"])),
        ),
        Act(
            "credential",
            "换发密钥",
            "/v1/clients/{id}/credential",
            Action.CLIENT_REISSUE,
            ReissueIn,
            stays,
            answer=CredentialReissued,
        ),
        Act(
            "deputies",
            "指定代理人(B 角)",
            "/v1/officers/{id}/deputies",
            Action.OFFICER_DEPUTE,
            DeputyIn,
            serving,
            choices=colleagues,
        ),
        Act(
            "deputies-end",
            "提前结束代理",
            "/v1/officers/{id}/deputies/{deputyship}/withdrawal",
            Action.OFFICER_DEPUTE,
            Deputyship,
            deputised,
            choices=deputyships,
            placed=True,
        ),
        Act(
            "departure",
            "离岗并移交未办事项",
            "/v1/officers/{id}/departure",
            Action.OFFICER_DEPART,
            DepartureIn,
            both(serving, somebody_else),
            choices=colleagues,
        ),
    ),
    news=(
        Act(
            "officer",
            "登记工作人员",
            "/v1/officers",
            Action.OFFICER_REGISTER,
            OfficerIn,
            choices=assignable_roles,
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
    more=deputies,
    shown=Account,
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
            printed="/my/prints/statements/{number}",
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


def to_consent(one: Thing, by: Officer) -> bool:
    """Test whether the officer's organisation is asked to agree to a theme."""
    return by.me.organization in one["waiting"]


def interfaces(one: Thing, _by: Officer) -> Narrowed:
    """Offer an old system's interfaces."""
    return {"interface": [(each["code"], each["title"]) for each in one.get("interfaces", [])]}


STATEMENTS = Kind(
    name="statements",
    title="汇聚情况证明",
    path="/v1/statements",
    member="statements",
    model=StatementOut,
    read=Action.STATEMENT_READ,
    columns=("number", "system_name", "organization_name", "issued_at", "complete"),
    key="number",
    links=(("打印", "/my/prints/statements/{number}", always),),
)
THEMES = Kind(
    name="themes",
    title="主题数据库",
    path="/v1/themes",
    member="themes",
    model=ThemeOut,
    read=Action.ENTRY_READ,
    columns=("title", "lead_name", "sharing", "registration", "state_label"),
    acts=(
        Act(
            "consent",
            "同意列入",
            "/v1/themes/{id}/consents",
            Action.THEME_CONSENT,
            ThemeConsentIn,
            to_consent,
        ),
        Act(
            "edit",
            "修改",
            "/v1/themes/{id}",
            Action.ENTRY_COMPILE,
            ThemeIn,
            own("lead"),
            method="PUT",
            known="/v1/themes/{id}",
        ),
    ),
    news=(Act("new", "编制主题数据库", "/v1/themes", Action.ENTRY_COMPILE, ThemeIn),),
    waits=both(may(Action.THEME_CONSENT), to_consent),
    asked=({"waiting": "true"},),
    links=(("提交、审核与版次", "/my/catalogue/{id}", always),),
)
LEGACY = Kind(
    name="legacy-systems",
    title="原有交换系统",
    path="/v1/legacy-systems",
    member="systems",
    model=LegacySystemOut,
    read=Action.LEGACY_READ,
    columns=("name", "organization", "ready", "registered_at", "state_label"),
    acts=(
        Act(
            "counts",
            "核对双轨运行的行数",
            "/v1/legacy-systems/{id}/counts",
            Action.LEGACY_MANAGE,
            LegacyCountIn,
            own("organization"),
            choices=interfaces,
        ),
        Act(
            "stage",
            "进入下一阶段",
            "/v1/legacy-systems/{id}/stage",
            Action.LEGACY_ADVANCE,
            LegacyStageIn,
        ),
        Act(
            "edit",
            "修改登记",
            "/v1/legacy-systems/{id}",
            Action.LEGACY_MANAGE,
            LegacySystemIn,
            own("organization"),
            method="PUT",
            known="/v1/legacy-systems/{id}",
        ),
    ),
    news=(
        Act("new", "登记原有交换系统", "/v1/legacy-systems", Action.LEGACY_MANAGE, LegacySystemIn),
    ),
)
