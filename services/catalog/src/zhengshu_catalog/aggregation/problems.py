"""The report of a batch: which rows are bad and why, bounded however many there are."""

from dataclasses import dataclass, field

from zhengshu_contracts.catalog import Item, RowProblem
from zhengshu_contracts.vocabulary import Sensitivity

from zhengshu_catalog.aggregation import checks
from zhengshu_catalog.aggregation.errors import BodyInvalid

TOLD = 1000
"""Problems told in an answer."""
BORNE = 10_000
"""Rows of broken structure after which reading on is no use."""
SHOWN = 120
"""Characters shown of a bad value."""


@dataclass(slots=True)
class Report:
    """Problems found while reading, by row; a row that stands here is staged empty."""

    rows: dict[int, list[RowProblem]] = field(default_factory=dict)

    def add(self, row: int, code: str, item: str | None = None, **more: object) -> None:
        """Note that a row cannot be taken."""
        told = RowProblem(row=row, item=item, code=code, message=checks.message(code, None, **more))
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


def value_problem(row: int, item: Item, code: str, value: str | None) -> RowProblem:
    """Tell of a bad value; the value itself only if its item is not sensitive."""
    hidden = item.sensitivity is not Sensitivity.NONE or value is None
    shown = None if hidden else shorten(value or "")
    return RowProblem(
        row=row, item=item.name, code=code, message=checks.message(code, item), value=shown
    )


def shorten(value: str) -> str:
    """Cut a value to what helps."""
    return value if len(value) <= SHOWN else f"{value[:SHOWN]}…"
