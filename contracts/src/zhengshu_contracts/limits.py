"""What a grant holds back beyond columns and rows: masks of single items, and how much a day.

A mask is applied inside PostgreSQL, to the value that leaves; filters and orders of the caller never see
what lies under it. Members are read strictly: a mask that is not understood must not become a weaker one.
"""

from typing import Annotated, Literal, TypeAlias

from pydantic import Field, model_validator

from zhengshu_contracts.base import ApiModel
from zhengshu_contracts.vocabulary import ItemName, ItemType

TEXTS = frozenset({ItemType.CHARACTER, ItemType.MEMO})
DAYS = frozenset({ItemType.DATE, ItemType.DATETIME})
NUMBERS = frozenset(
    {
        ItemType.NUMERIC,
        ItemType.CURRENCY,
        ItemType.DOUBLE,
        ItemType.INTEGER,
        ItemType.FLOAT,
    }
)


class KeepMask(ApiModel):
    """The first and last characters stay, each one between becomes `*`; a shorter value becomes all `*`."""

    kind: Literal["keep"] = "keep"
    first: int = Field(default=0, ge=0, le=50, description="保留前几位")
    last: int = Field(default=0, ge=0, le=50, description="保留后几位")


class TruncateMask(ApiModel):
    """Only the first characters are given."""

    kind: Literal["truncate"] = "truncate"
    length: int = Field(ge=1, le=1000, description="截取前几位")


class HashMask(ApiModel):
    """A keyed hash in the value's place: equal values stay equal, within one grant."""

    kind: Literal["hash"] = "hash"


class PeriodMask(ApiModel):
    """A day generalised to the first of its month or year."""

    kind: Literal["period"] = "period"
    unit: Literal["month", "year"] = Field(description="概化到月或年")


class StepMask(ApiModel):
    """A number generalised to the multiple of a width that lies below it."""

    kind: Literal["step"] = "step"
    width: int = Field(ge=2, le=1_000_000_000, description="概化的区间宽度")


Mask: TypeAlias = Annotated[
    KeepMask | TruncateMask | HashMask | PeriodMask | StepMask, Field(discriminator="kind")
]

MASKS: dict[str, frozenset[ItemType]] = {
    "keep": TEXTS,
    "truncate": TEXTS,
    "hash": TEXTS | NUMBERS | DAYS,
    "period": DAYS,
    "step": NUMBERS,
}
"""Which types of items a kind of mask can be put on."""


class ItemMask(ApiModel):
    """A mask on one item."""

    item: ItemName
    mask: Mask


class Quota(ApiModel):
    """The most that may be read under a grant in one day of Beijing time."""

    calls: int | None = Field(default=None, ge=1, le=10**12, description="每日调用次数上限")
    rows: int | None = Field(default=None, ge=1, le=10**12, description="每日数据行数上限")

    @model_validator(mode="after")
    def _says_something(self) -> "Quota":
        if self.calls is None and self.rows is None:
            raise ValueError("配额应至少规定调用次数或数据行数之一")
        return self
