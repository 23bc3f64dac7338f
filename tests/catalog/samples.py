"""Made-up organisations, contents and principals that catalog's tests share."""

from datetime import UTC, date, datetime
from typing import Any

from zhengshu_contracts.catalog import EntryIn, Item
from zhengshu_contracts.identity import Principal
from zhengshu_contracts.policy import Citation, Condition
from zhengshu_contracts.vocabulary import (
    ItemType,
    LawLevel,
    OpeningClass,
    OrganizationKind,
    PrincipalKind,
    Role,
    SharingClass,
)

COMPETENT = "113501230036150002"
CIVIL = "11350123003615100P"
EDUCATION = "11350123003615101T"
CATEGORY = "307350123001"
AT = datetime(2026, 3, 2, 8, tzinfo=UTC)
CITATION = Citation(level=LawLevel.LAW, title="统计法", article="第九条", reason="识别个体")
CONDITION = Condition(scope="救助部门", purpose="数据核验")
ASSESSED = {"on": date(2026, 3, 1), "by": "示例", "conclusion": "可以共享"}


def officer(
    organization: str = CIVIL,
    *roles: Role,
    client: str = "off-civil",
    kind: OrganizationKind = OrganizationKind.DEPARTMENT,
) -> Principal:
    return Principal(
        id=client,
        kind=PrincipalKind.OFFICER,
        organization=organization,
        organization_kind=kind,
        roles=frozenset(roles or {Role.DATA_OFFICER}),
    )


def reviewer(client: str = "off-reviewer", *roles: Role) -> Principal:
    return officer(
        COMPETENT,
        *(roles or (Role.COMPETENT_OFFICER,)),
        client=client,
        kind=OrganizationKind.COMPETENT,
    )


def system(organization: str = CIVIL, client: str = "sys-civil") -> Principal:
    return Principal(
        id=client,
        kind=PrincipalKind.SYSTEM,
        organization=organization,
        organization_kind=OrganizationKind.DEPARTMENT,
    )


def item(name: str = "code", **more: Any) -> Item:
    plain = {
        "name": name,
        "title": name,
        "type": ItemType.CHARACTER,
        "sharing": SharingClass.UNCONDITIONAL,
        "opening": OpeningClass.CLOSED,
    }
    return Item(**plain | more)


def content(**more: Any) -> EntryIn:
    plain = {
        "category": CATEGORY,
        "title": "乡镇级行政区划",
        "abstract": "乡级行政区划代码与名称",
        "format": "database",
        "update_cycle": "monthly",
        "items": [item("code", key=True, nullable=False), item("name")],
        "modes": ["verify", "query", "export", "subscribe"],
        "state_secret": False,
        "work_secret": False,
        "secrecy_assessment": ASSESSED,
        "privacy_assessment": ASSESSED,
        "head_consent": {"by": "示例负责人", "on": date(2026, 3, 1)},
    }
    return EntryIn(**plain | more)
