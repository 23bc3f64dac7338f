"""What a pushed value must be, as SQL over a staged row of texts: one expression per item.

Each yields the code of what is wrong, or null. A strict pattern comes first: PostgreSQL's own input
takes `now`, `infinity`, `NaN`, `0x1F` and `01/02/2026`, and rounds. The cheapest test that can prove a
value right stands first, since nearly all are.
"""

from zhengshu_chassis.rows.compile import Sql, identifier
from zhengshu_contracts.catalog import Item
from zhengshu_contracts.vocabulary import SQL_TYPES, ItemType

LONGEST = 1_000_000
"""Characters in one value, whatever its item allows."""

MESSAGES = {
    "required": "不能为空",
    "too-long": "超出长度(至多 {length} 个字符)",
    "too-large": "数值超出位数(整数部分至多 {whole} 位)",
    "too-precise": "小数位过多(至多 {precision} 位)",
    "not-an-integer": "不是整数",
    "out-of-range": "超出整数范围",
    "not-a-number": "不是数字",
    "scientific": "是科学计数法,可能已被电子表格改写,请以文本格式重新导出",
    "not-a-date": "不是日期(YYYY-MM-DD)",
    "no-such-date": "没有这一天",
    "not-a-time": "不是日期时间(YYYY-MM-DD HH:MM:SS,可带时区)",
    "no-such-time": "没有这个时刻",
    "not-logical": "不是逻辑值(true、false、1、0、是、否)",
    "not-in-codes": "不在代码表内",
    "pattern": "格式不符",
    "duplicate-key": "与本批次第 {first} 行的主键相同",
    "key-exists": "该主键已存在(追加方式不更新已有行)",
    "ragged": "应有 {expected} 列,实有 {found} 列",
    "nul": "含有 NUL 字符",
    "not-utf8": "含有不能存储的字符",
    "not-an-object": "不是 JSON 对象",
    "json-invalid": "不是合法的 JSON",
    "duplicate-member": "同一行内信息项 {name} 出现两次",
    "not-finite": "NaN、Infinity 不是 JSON 的值;没有值请写 null",
    "undeclared": "“{name}”不是该目录条目的信息项",
    "formula-error": "单元格 {cell} 是公式错误值",
    "formula-uncomputed": "单元格 {cell} 的公式没有计算结果,请在电子表格程序中重新计算并保存",
    "not-scalar": "应为单个值,不能是对象或数组",
}

OF_VALUES = (
    "required", "too-long", "too-large", "too-precise", "not-an-integer", "out-of-range", "not-a-number",
    "scientific", "not-a-date", "no-such-date", "not-a-time", "no-such-time", "not-logical", "not-in-codes",
    "pattern",
)  # fmt: skip
"""Codes that `problem` yields."""

_TRUE = "('true', '1', '是')"
_LOGICAL = "('true', 'false', '1', '0', '是', '否')"
_SPREADSHEET = r"'^[0-9](\.[0-9]+)?[Ee]\+[0-9]+$'"
_DATE = "'^[0-9]{4}-[0-9]{2}-[0-9]{2}$'"
_LOOSE = "'^([0-9]{4})[-./年]([0-9]{1,2})[-./月]([0-9]{1,2})日?$'"
_TIME = (
    r"'^[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?"
    r"(Z|[+-][0-9]{2}(:?[0-9]{2})?)?$'"
)


def wrong(items: tuple[Item, ...], sql: Sql) -> str:
    """Return an expression that is null exactly when every item of a staged row is right."""
    return f"coalesce({', '.join(problem(item, sql) for item in items)})"


def problem(item: Item, sql: Sql) -> str:
    """Return the expression of an item's problem code."""
    value = _read(item)
    needed = "'required'" if item.key or not item.nullable else "NULL"
    tests = [_TYPES[item.type](item, value), _codes(item, value, sql), _pattern(item, value, sql)]
    of_value = ", ".join(test for test in tests if test)
    return f"CASE WHEN {value} IS NULL THEN {needed} ELSE coalesce({of_value}) END"


def cast(item: Item) -> str:
    """Return the expression of a right value in its column's type."""
    value = _read(item)
    if item.type is ItemType.LOGICAL:
        return f"{value} IN {_TRUE}"
    return value if SQL_TYPES[item.type] == "text" else f"{value}::{SQL_TYPES[item.type]}"


def message(code: str, item: Item | None = None, **more: object) -> str:
    """Return what is told of a problem."""
    values: dict[str, object] = dict(more)
    if item is not None:
        values |= {
            "length": item.length or LONGEST,
            "precision": item.precision or 0,
            "whole": (item.length or 0) - (item.precision or 0),
        }
    return MESSAGES[code].format(**values)


def staged(item: Item) -> str:
    """Return the staged text of an item."""
    return f"s.{identifier(item.name)}"


def _read(item: Item) -> str:
    """Return a staged value as it is meant: a day, where the item says so, in any of people's ways."""
    value = staged(item)
    if not item.loose_dates or item.type is not ItemType.DATE:
        return value
    packed = rf"regexp_replace({value}, '^([0-9]{{4}})([0-9]{{2}})([0-9]{{2}})$', '\1-\2-\3')"
    parted = rf"regexp_replace({packed}, {_LOOSE}, '\1-0\2-0\3')"
    return rf"regexp_replace({parted}, '-0([0-9]{{2}})', '-\1', 'g')"


def _text(item: Item, value: str) -> str:
    return (
        f"CASE WHEN {value} LIKE '%+__' AND {value} ~ {_SPREADSHEET} THEN 'scientific'"
        f" WHEN length({value}) > {min(item.length or LONGEST, LONGEST)} THEN 'too-long' END"
    )


def _integer(item: Item, value: str) -> str:
    # What PostgreSQL would write itself is an integer; the rest takes the slow test (`007`, `0x1F`).
    long = f"length(ltrim({value}, '-')) > {min(item.length or 19, 19)}"
    return (
        f"CASE WHEN pg_input_is_valid({value}, 'bigint') THEN CASE WHEN {value}::bigint::text"
        f" <> {value} AND {value} !~ '^-?[0-9]+$' THEN 'not-an-integer'"
        f" WHEN {long} THEN 'too-large' END"
        f" WHEN {value} ~ '^-?[0-9]+$' THEN 'out-of-range'"
        f" WHEN {value} ~ {_SPREADSHEET} THEN 'scientific' ELSE 'not-an-integer' END"
    )


def _number(item: Item, value: str) -> str:
    tests = [
        f"WHEN length({value}) > 200 THEN 'not-a-number'",
        f"WHEN {value} ~ {_SPREADSHEET} THEN 'scientific'",
    ]
    right = []
    if item.precision is not None:
        right.append(
            f"WHEN scale(trim_scale({value}::numeric)) > {item.precision} THEN 'too-precise'"
        )
    if item.length is not None:
        whole = max(item.length - (item.precision or 0), 0)
        right.append(f"WHEN abs({value}::numeric) >= 1e{whole}::numeric THEN 'too-large'")
    inner = f"CASE {' '.join(right)} END" if right else "NULL"
    plain = rf"{value} ~ '^-?[0-9]+(\.[0-9]+)?$' AND length({value}) <= 200"
    return f"CASE WHEN {plain} THEN {inner} {' '.join(tests)} ELSE 'not-a-number' END"


def _double(_: Item, value: str) -> str:
    number = r"'^-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?$'"
    return (
        f"CASE WHEN {value} ~ {number} THEN CASE WHEN NOT pg_input_is_valid({value},"
        " 'double precision') THEN 'too-large' END ELSE 'not-a-number' END"
    )


def _date(_: Item, value: str) -> str:
    return (
        f"CASE WHEN length({value}) = 10 AND pg_input_is_valid({value}, 'date') THEN"
        f" CASE WHEN {value}::date::text <> {value} THEN 'not-a-date' END"
        f" WHEN {value} ~ {_DATE} THEN 'no-such-date' ELSE 'not-a-date' END"
    )


def _time(_: Item, value: str) -> str:
    return (
        f"CASE WHEN {value} !~ {_TIME} THEN 'not-a-time'"
        f" WHEN NOT pg_input_is_valid({value}, 'timestamptz') THEN 'no-such-time' END"
    )


def _logical(_: Item, value: str) -> str:
    return f"CASE WHEN {value} NOT IN {_LOGICAL} THEN 'not-logical' END"


def _codes(item: Item, value: str, sql: Sql) -> str | None:
    if item.codes is None:
        return None
    return f"CASE WHEN {value} <> ALL({sql.bind(list(item.codes))}::text[]) THEN 'not-in-codes' END"


def _pattern(item: Item, value: str, sql: Sql) -> str | None:
    if item.pattern is None:
        return None
    return f"CASE WHEN {value} !~ {sql.bind(f'^(?:{item.pattern})$')}::text THEN 'pattern' END"


_TYPES = {
    ItemType.CHARACTER: _text,
    ItemType.MEMO: _text,
    ItemType.GENERAL: _text,
    ItemType.NUMERIC: _number,
    ItemType.CURRENCY: _number,
    ItemType.INTEGER: _integer,
    ItemType.DOUBLE: _double,
    ItemType.FLOAT: _double,
    ItemType.DATE: _date,
    ItemType.DATETIME: _time,
    ItemType.LOGICAL: _logical,
}
