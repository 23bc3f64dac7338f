"""Whether a condition's value is one of its column's type: stricter than the server's own input.

PostgreSQL takes `now`, `infinity`, `NaN` or `0x1F` for values; a query means what it says.
"""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal

from zhengshu_contracts.beijing import BEIJING

from zhengshu_chassis.rows.errors import bad_value

_INTEGER = re.compile(r"[+-]?[0-9]{1,19}")
_NUMBER = re.compile(r"[+-]?[0-9]{1,200}(\.[0-9]{1,200})?([eE][+-]?[0-9]{1,3})?")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_BOOLEANS = {"true": "true", "false": "false", "t": "true", "f": "false", "1": "true", "0": "false"}
_SMALLEST, _LARGEST = -(2**63), 2**63 - 1
_EXTREME = Decimal("1.7e308")


def base(sql_type: str) -> str:
    """Return a type without its modifier: `numeric(18,2)` → `numeric`."""
    return sql_type.partition("(")[0].strip()


def check(column: str, kind: str, value: str) -> str:
    """Return the value as the server shall read it, or refuse it."""
    try:
        return _CHECKS[kind](value)
    except (ValueError, KeyError, ArithmeticError) as error:
        raise bad_value(column, kind) from error


def _text(value: str) -> str:
    if "\0" in value:
        raise ValueError
    value.encode()  # a lone surrogate cannot travel
    return value


def _integer(value: str) -> str:
    if not _INTEGER.fullmatch(value) or not _SMALLEST <= int(value) <= _LARGEST:
        raise ValueError
    return value


def _number(value: str) -> str:
    if not _NUMBER.fullmatch(value):
        raise ValueError
    return value


def _double(value: str) -> str:
    if abs(Decimal(_number(value))) > _EXTREME:
        raise ValueError
    return repr(float(value))


def _date(value: str) -> str:
    if not _DATE.fullmatch(value):
        raise ValueError
    return date.fromisoformat(value).isoformat()


def _time(value: str) -> str:
    # `+` means a space in a query string; in this place it can only have been an offset's sign.
    if value[-6:-5] == " ":
        value = f"{value[:-6]}+{value[-5:]}"
    at = datetime.fromisoformat(value)
    at = at if at.tzinfo else at.replace(tzinfo=BEIJING)
    at.astimezone(UTC)  # beyond the first or the last year there is no such time
    return at.isoformat()


def _boolean(value: str) -> str:
    return _BOOLEANS[value.lower()]


_CHECKS: dict[str, Callable[[str], str]] = {
    "text": _text,
    "bigint": _integer,
    "integer": _integer,
    "numeric": _number,
    "double precision": _double,
    "date": _date,
    "timestamptz": _time,
    "boolean": _boolean,
}
