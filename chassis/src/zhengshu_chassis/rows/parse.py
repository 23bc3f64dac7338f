"""URL text → `Query`. Every bound is checked before the work that it bounds."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import parse_qsl

from zhengshu_chassis.rows.errors import shown, too_large, unreadable
from zhengshu_chassis.rows.query import Condition, Group, Node, Operator, Order, Query, leaves

BESIDE = frozenset({"cursor", "format", "bom", "since", "until"})
"""Parameters of reads that stand beside the grammar's own in an address."""
RESERVED = BESIDE | {
    "select", "order", "limit", "offset", "and", "or", "not", "columns", "on_conflict",
}  # fmt: skip
"""Words of the grammar and beside it: a column of that name could never be filtered by."""

IS_VALUES = frozenset({"null", "not_null", "true", "false", "unknown"})

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,62}")
_LOGIC = re.compile(r"(?:not\.)?(?:and|or)")
_INNER_LOGIC = re.compile(r"((?:not\.)?(?:and|or))(?=\()")
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
_WORD_END = re.compile(r"[.,()\"]")
_VALUE_END = re.compile(r"[,()\"]")
_DIRECTIONS = {"asc": False, "desc": True}
_NULLS = {"nullsfirst": True, "nullslast": False}


@dataclass(frozen=True, slots=True)
class Limits:
    """How large a query may be."""

    text: int = 32_768
    conditions: int = 100
    depth: int = 5
    value: int = 2_000
    values: int = 1_000
    columns: int = 500
    orders: int = 10
    offset: int = 10_000_000


LIMITS = Limits()


def parse(text: str, *, foreign: Iterable[str] = (), limits: Limits = LIMITS) -> Query:
    """Read a query string; parameters in `foreign` belong to somebody else."""
    if len(text) > limits.text:
        raise too_large(f"查询串过长(至多 {limits.text} 个字符)")
    try:
        # Each filter is one parameter, and a few are not filters.
        pairs = parse_qsl(
            text, keep_blank_values=True, errors="strict", max_num_fields=limits.conditions + 20
        )
    except UnicodeDecodeError as error:
        raise unreadable("查询串不是 UTF-8 编码") from error
    except ValueError as error:
        raise too_large(f"条件过多(至多 {limits.conditions} 个)") from error
    return parse_pairs(pairs, foreign=foreign, limits=limits)


def parse_pairs(
    pairs: Iterable[tuple[str, str]], *, foreign: Iterable[str] = (), limits: Limits = LIMITS
) -> Query:
    """Read decoded parameters."""
    others = frozenset(foreign)
    if not others <= BESIDE:
        raise ValueError("a parameter beside the grammar is not kept free of columns")
    single: dict[str, str] = {}
    where: list[Node] = []
    for name, value in pairs:
        if name in others:
            continue
        if name in {"select", "order", "limit", "offset"}:
            if name in single:
                raise unreadable(f"参数 {name} 只能出现一次")
            single[name] = value
        else:
            where.append(_filter(name, value, limits))
            _bound(where, limits)
    return Query(
        select=_select(single.get("select", "*"), limits),
        where=tuple(where),
        order=_order(single["order"], limits) if single.get("order") else (),
        limit=_count("limit", single.get("limit"), None),
        offset=_count("offset", single.get("offset"), limits.offset),
    )


def _bound(where: list[Node], limits: Limits) -> None:
    if sum(1 for _ in leaves(tuple(where))) > limits.conditions:
        raise too_large(f"条件过多(至多 {limits.conditions} 个)")


def _count(name: str, text: str | None, most: int | None) -> int | None:
    if text is None:
        return None
    if not re.fullmatch(r"[0-9]{1,9}", text):
        raise unreadable(f"{name} 应为不超过 9 位的非负整数")
    if most is not None and int(text) > most:
        raise too_large(f"{name} 至多 {most},请改用 Link 头给出的下一页地址")
    return int(text)


def _select(text: str, limits: Limits) -> tuple[str, ...]:
    names = [name.strip() for name in text.split(",", limits.columns)]
    if len(names) > limits.columns:
        raise too_large(f"select 至多 {limits.columns} 列")
    if names in (["*"], [""]):
        return ()
    return tuple(dict.fromkeys(_column(name, "select") for name in names))


def _column(name: str, place: str) -> str:
    if _NAME.fullmatch(name):
        return name
    hints = {
        "(": "不支持嵌入关联表与聚合函数",
        "::": "不支持类型转换",
        "->": "不支持 JSON 路径",
        ":": "不支持给列改名",
        "*": "“*”只能单独使用",
    }
    hint = next((told for mark, told in hints.items() if mark in name), None)
    raise unreadable(f"{place} 中的“{shown(name)}”不是列名", hint=hint)


def _order(text: str, limits: Limits) -> tuple[Order, ...]:
    parts = text.split(",", limits.orders)
    if len(parts) > limits.orders:
        raise too_large(f"order 至多 {limits.orders} 列")
    return tuple(_order_part(part.strip()) for part in parts)


def _order_part(part: str) -> Order:
    name, *words = part.split(".")
    descending = _DIRECTIONS[words.pop(0)] if words and words[0] in _DIRECTIONS else False
    nulls = _NULLS[words.pop(0)] if words and words[0] in _NULLS else None
    if words:
        raise unreadable(f"order 中的“{shown(part)}”无法识别", hint="写法:列名.desc.nullslast")
    return Order(_column(name, "order"), descending, nulls)


def _filter(name: str, value: str, limits: Limits) -> Node:
    if _LOGIC.fullmatch(name):
        return _Reader(value, limits).whole_group(name)
    column = _column(name, "条件")
    negated, rest = _not(value)
    word, dot, operand = rest.partition(".")
    if not dot:
        raise _no_operator(rest)
    operator = _operator(word)
    if operator is Operator.IN:
        reader = _Reader(operand, limits)
        values = reader.list()
        reader.end()
    else:
        values = (operand,)
    return _condition(column, operator, values, negated, limits)


def _condition(
    column: str, operator: Operator, values: tuple[str, ...], negated: bool, limits: Limits
) -> Condition:
    if any(len(value) > limits.value for value in values):
        raise too_large(f"条件值过长(至多 {limits.value} 个字符)")
    if operator is Operator.IS:
        values = (values[0].lower(),)
        if values[0] not in IS_VALUES:
            raise unreadable("is 之后应为 null、not_null、true、false 或 unknown")
    return Condition(column, operator, values, negated)


def _not(text: str) -> tuple[bool, str]:
    return (True, text[4:]) if text.startswith("not.") else (False, text)


def _operator(word: str) -> Operator:
    try:
        return Operator(word)
    except ValueError:
        raise _no_operator(word) from None


def _no_operator(word: str) -> Exception:
    known = "、".join(Operator)
    return unreadable(f"不支持的运算符“{shown(word)}”", hint=f"可用:{known},前面可加 not.")


class _Reader:
    """Reads what stands inside parentheses, once, from left to right."""

    def __init__(self, text: str, limits: Limits) -> None:
        self._text = text
        self._at = 0
        self._limits = limits
        self._read = 0

    def whole_group(self, word: str) -> Group:
        """Read `(…)` up to the end of the text."""
        group = self._group(word, depth=1)
        self.end()
        return group

    def end(self) -> None:
        """Refuse anything that follows."""
        if self._at != len(self._text):
            raise self._wrong("多余的内容")

    def list(self) -> tuple[str, ...]:
        """Read `(a,b,"c,d")`."""
        self._take("(")
        values: list[str] = []
        while not self._next(")"):
            if values:
                self._take(",")
            elif self._ahead() == ")":
                continue
            values.append(self._value())
            if len(values) > self._limits.values:
                raise too_large(f"in 至多 {self._limits.values} 个值")
        return tuple(values)

    def _group(self, word: str, depth: int) -> Group:
        if depth > self._limits.depth:
            raise too_large(f"and/or 至多嵌套 {self._limits.depth} 层")
        negated, kind = _not(word)
        self._take("(")
        members = [self._member(depth)]
        while not self._next(")"):
            self._take(",")
            members.append(self._member(depth))
        return Group(kind == "or", tuple(members), negated)

    def _member(self, depth: int) -> Node:
        self._read += 1
        if self._read > self._limits.conditions:
            raise too_large(f"条件过多(至多 {self._limits.conditions} 个)")
        self._skip()
        if logic := _INNER_LOGIC.match(self._text, self._at):
            self._at = logic.end()
            return self._group(logic[1], depth + 1)
        column = self._word()
        self._take(".")
        negated = bool(self._follow("not."))
        operator = _operator(self._word())
        self._take(".")
        values = self.list() if operator is Operator.IN else (self._value(),)
        return _condition(_column(column, "条件"), operator, values, negated, self._limits)

    def _word(self) -> str:
        return self._until(_WORD_END)

    def _value(self) -> str:
        if self._ahead() == '"':
            return self._quoted()
        return self._until(_VALUE_END)

    def _until(self, end: re.Pattern[str]) -> str:
        found = end.search(self._text, self._at)
        start, self._at = self._at, found.start() if found else len(self._text)
        return self._text[start : self._at]

    def _quoted(self) -> str:
        found = _QUOTED.match(self._text, self._at)
        if found is None:
            raise self._wrong("引号未闭合")
        self._at = found.end()
        return re.sub(r"\\(.)", r"\1", found[1], flags=re.DOTALL)

    def _skip(self) -> None:
        while self._ahead() == " ":
            self._at += 1

    def _ahead(self) -> str:
        return self._text[self._at : self._at + 1]

    def _follow(self, text: str) -> bool:
        found = self._text.startswith(text, self._at)
        self._at += len(text) if found else 0
        return found

    def _next(self, character: str) -> bool:
        return self._follow(character)

    def _take(self, character: str) -> None:
        if not self._follow(character):
            raise self._wrong(f"此处应为“{character}”")

    def _wrong(self, what: str) -> Exception:
        return unreadable(f"条件无法识别:{what}", details=f"第 {self._at + 1} 个字符附近")
