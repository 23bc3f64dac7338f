"""Who may stand in for whom and succeed whom. Knows no HTTP, SQL or NATS."""

from collections.abc import Iterable
from datetime import date, timedelta

from zhengshu_contracts.vocabulary import PrincipalKind, Role

from zhengshu_catalog.officers.errors import DeputyUnfit
from zhengshu_catalog.organizations.domain import Client, check_roles

LONGEST = timedelta(days=366)
"""Who is away for longer has left."""


def check_dates(starts: date, until: date, today: date) -> None:
    """Refuse dates that are over, the wrong way round or too far apart."""
    if not max(starts, today) <= until <= starts + LONGEST:
        raise DeputyUnfit(
            "结束日期不得早于今天和开始日期,代理至多一年",
            pointers=[("/until", DeputyUnfit.slug, "日期不允许")],
        )


def check_other(officer: Client, other: Client, lent: Iterable[Role] = ()) -> None:
    """Refuse whoever cannot take on an officer's roles beside their own and those lent to them."""
    if other.id == officer.id:
        raise DeputyUnfit("不能由本人代理或接替本人")
    if other.kind is not PrincipalKind.OFFICER or other.organization != officer.organization:
        raise DeputyUnfit("代理人或接替人须为同一单位的工作人员")
    if other.locked:
        raise DeputyUnfit("代理人或接替人的账号已停用")
    check_roles({*officer.roles, *other.held, *lent}, other.organization_kind)
