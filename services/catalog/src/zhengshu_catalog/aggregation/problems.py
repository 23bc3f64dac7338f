"""The problems of a batch found while it is read: which rows are of broken structure, and why."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from zhengshu_contracts.catalog import Item, RowProblem
from zhengshu_contracts.vocabulary import Sensitivity

from zhengshu_catalog.aggregation import checks
from zhengshu_catalog.aggregation.errors import BodyInvalid

TOLD = 1000
"""Problems told in an answer; the report has them all."""
BORNE = 10_000
"""Rows of broken structure after which reading on is no use."""
SHOWN = 120
"""Characters shown of a bad value."""
HEAD = ("行号", "信息项", "错误代码", "说明", "值")
"""Columns of a report."""


@dataclass(slots=True)
class Report:
    """Problems found while reading, by row; a row that stands here is staged empty."""

    rows: dict[int, list[RowProblem]] = field(default_factory=dict)

    def add(
        self,
        row: int,
        code: str,
        item: Item | None = None,
        value: str | None = None,
        **more: object,
    ) -> None:
        """Note that a row cannot be taken; the value is told only if its item is not sensitive."""
        told = RowProblem(
            row=row,
            item=item.name if item else None,
            code=code,
            message=checks.message(code, None, **more),
            value=shown(value, item),
        )
        self.rows.setdefault(row, []).append(told)
        if len(self.rows) > BORNE:
            raise BodyInvalid(
                f"已有 {BORNE} 行结构有误,停止读取;首个问题:第 {self.first.row} 行 {self.first.message}",
                next="请检查导出程序与分隔方式",
            )

    @property
    def first(self) -> RowProblem:
        """The first problem."""
        return self.rows[min(self.rows)][0]

    def all(self) -> Iterator[RowProblem]:
        """Yield every problem, by row."""
        for row in sorted(self.rows):
            yield from self.rows[row]


def shown(value: str | None, item: Item | None) -> str | None:
    """Return what is told of a bad value: storable, short, and nothing of a sensitive item."""
    if value is None or (item and item.sensitivity is not Sensitivity.NONE):
        return None
    text = value[: SHOWN + 1].replace("\0", "\ufffd").encode("utf-8", "replace").decode()
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"
