"""What a failure of the database means to a caller: a named constraint, a moment's trouble, or our fault."""

from collections.abc import Mapping

from asyncpg import InterfaceError, PostgresError
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from zhengshu_chassis.errors import Conflict, DomainError, Invalid, Unavailable
from zhengshu_chassis.logs import log
from zhengshu_chassis.problems import Internal

KINDS: tuple[type[Exception], ...] = (
    DBAPIError,
    PoolTimeout,
    ConnectionError,
    TimeoutError,
    PostgresError,  # of those who speak to asyncpg itself
    InterfaceError,
)
COLLIDED = {"40001", "40P01"}
UNKEEPABLE = {"22021", "22P05"}
"""A NUL character in text or in JSON, which PostgreSQL does not hold: it came from the caller."""
PASSING = ("08", "53", "55P03", "57")
"""SQLSTATE classes of what passes by itself: connection, resources, locks, operator intervention."""


class Busy(Unavailable):
    """The database is away or overloaded, or two transactions stood in each other's way."""

    slug = "busy"
    title = "系统繁忙"


class Collided(Conflict):
    """Two transactions stood in each other's way; nothing was changed."""

    slug = "collided"
    title = "与同时进行的操作冲突"


class TextUnkeepable(Invalid):
    """Some text of the request holds a NUL character."""

    slug = "text-unkeepable"
    title = "文字中含有空字符(NUL),无法保存"


def named(error: Exception, constraints: Mapping[str, type[DomainError]]) -> DomainError:
    """Return the refusal that tells of an error of the database."""
    cause = getattr(getattr(error, "orig", None), "__cause__", None) or error
    constraint = getattr(cause, "constraint_name", None) or ""
    if isinstance(error, IntegrityError) and constraint in constraints:
        return constraints[constraint]()
    sqlstate = str(getattr(cause, "sqlstate", None) or "")
    if sqlstate in UNKEEPABLE:
        return TextUnkeepable("未作任何改动", next="请去掉空字符(%00、\\u0000)后重试")
    log.error("database.failed", exc_info=error, constraint=constraint)
    if sqlstate in COLLIDED:
        return Collided("未作任何改动", next="请重试")
    passing = not isinstance(error, DBAPIError | PostgresError) or _lost(error)
    if passing or sqlstate.startswith(PASSING):
        return Busy("数据库暂不可用,未作任何改动")
    return Internal("请求未能完成,请凭追踪号报障")


def _lost(error: DBAPIError | PostgresError) -> bool:
    return isinstance(error, DBAPIError) and error.connection_invalidated
