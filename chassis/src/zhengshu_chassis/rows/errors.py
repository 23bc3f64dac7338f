"""Why a query is refused. Carries PostgREST's own members beside those of a problem document."""

from zhengshu_chassis.errors import DomainError


class BadQuery(DomainError):
    """The query is not of the grammar, too large, or names what this reader does not have."""

    status = 400
    slug = "rows-query-invalid"
    title = "查询条件有误"

    def __init__(
        self, code: str, message: str, *, details: str | None = None, hint: str | None = None
    ) -> None:
        super().__init__(message, next=hint)
        self.code = code
        self.extra = {"code": code, "message": message, "details": details, "hint": hint}


def unreadable(what: str, *, details: str | None = None, hint: str | None = None) -> BadQuery:
    """Say that a part could not be read (PostgREST: PGRST100)."""
    return BadQuery("PGRST100", what, details=details, hint=hint)


def too_large(what: str) -> BadQuery:
    """Say that the query exceeds a bound."""
    return BadQuery("PGRST100", what, hint="请减少条件,或分批查询")


def no_column(name: str) -> BadQuery:
    """Say the same of a column that does not exist and of one this reader may not see."""
    return BadQuery(
        "42703",
        f"列“{shown(name)}”不存在或不在可见范围内",
        hint="请核对列名与可见范围",
    )


def bad_value(column: str, kind: str) -> BadQuery:
    """Say that a value is not of its column's type, without repeating it."""
    return BadQuery("22P02", f"列“{column}”的条件值不是合法的 {kind}")


def no_operator(column: str, operator: str) -> BadQuery:
    """Say that a column's type has no such comparison."""
    return BadQuery("42883", f"列“{column}”的类型不支持 {operator}")


def shown(text: str) -> str:
    """Shorten what a caller sent so that it can stand in a message."""
    clean = "".join(character if character.isprintable() else "?" for character in text)
    return clean if len(clean) <= 60 else f"{clean[:60]}…"
