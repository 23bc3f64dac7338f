"""What one caller sees of a dataset: the token's view, enforced again on the columns that are there.

Pure: makes pieces of SQL, runs none. Whatever a caller names is looked up in the view alone, so that a
column outside it is refused in the same words whether it exists or not.
"""

import hashlib
from dataclasses import dataclass
from functools import cached_property

from zhengshu_chassis.rows import Query, Sql, Table, parse
from zhengshu_chassis.rows.compile import identifier
from zhengshu_contracts.identity import View
from zhengshu_contracts.limits import MASKS, Mask

from zhengshu_catalog.aggregation.domain import Structure
from zhengshu_catalog.aggregation.errors import ViewMissing
from zhengshu_catalog.aggregation.masks import masked, type_of

ROW_ID = "_id"


@dataclass(frozen=True)
class Sight:
    """One view of one dataset."""

    structure: Structure
    view: View
    row_key: bytes
    """Secret of the hash that names this dataset's rows."""
    mask_key: bytes = b""
    """Secret of hashes in the place of values; another in every grant."""

    def __post_init__(self) -> None:
        missing = [name for name in self.view.columns if name not in self.structure.types]
        if missing or not self.view.columns:
            raise ViewMissing("本次授权的列已不在数据集中", next="请重新获取授权范围")
        kinds = {item.name: item.type for item in self.structure.items}
        if any(
            one.item not in self.view.columns or kinds[one.item] not in MASKS[one.mask.kind]
            for one in self.view.masks
        ):
            raise ViewMissing("授权的脱敏规则与信息项的类型不符", next="请联系提供单位")

    @cached_property
    def types(self) -> dict[str, str]:
        """The visible columns, in the view's order."""
        return {name: self.structure.types[name] for name in self.view.columns}

    @cached_property
    def keyed(self) -> bool:
        """Whether the view has the whole key as it is; otherwise rows are named by a hash."""
        plain = set(self.view.columns) - set(self._masks)
        return bool(self.structure.key) and set(self.structure.key) <= plain

    @cached_property
    def conditions(self) -> Query:
        """The view's own filter; it may test columns that are not shown."""
        return parse(self.view.filter)

    @cached_property
    def digest(self) -> str:
        """Tells views apart: cursors and entity tags of one are none of another's."""
        told = (self.view.columns, self.view.filter, self.view.masks, self.mask_key)
        text = repr((*told, self.keyed, self.structure.revision))
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def table(self, row: str = "t.") -> Table:
        """Return what the caller may select."""
        return Table(self.types, row)

    def tested(self, row: str = "t.") -> Table:
        """Return what the caller may filter and order by: nothing that a mask covers."""
        return Table({n: t for n, t in self.types.items() if n not in self._masks}, row)

    def admits(self, sql: Sql, row: str = "t.") -> str:
        """Return the condition that the view holds a row."""
        return Table(self.structure.types, row).where(self.conditions.where, sql)

    def where(self, query: Query, sql: Sql, row: str = "t.") -> str:
        """Return the condition of the view and of the caller's own filter."""
        return f"{self.admits(sql, row)} AND {self.tested(row).where(query.where, sql)}"

    def shown(self, names: tuple[str, ...], sql: Sql, row: str = "t.") -> str:
        """Return the select list of columns, led by the hash where the view lacks the key."""
        columns = self.listed(names, sql, row)
        if self.keyed:
            return columns
        return f"{self.name_of(f'{row}_id', sql)} AS {identifier(ROW_ID)}, {columns}"

    def listed(self, names: tuple[str, ...], sql: Sql, row: str = "t.") -> str:
        """Return the select list of columns alone, each under its own name."""
        return ", ".join(f"{self.value(name, sql, row)} AS {identifier(name)}" for name in names)

    def value(self, name: str, sql: Sql, row: str = "t.") -> str:
        """Return the expression of a column as this view gives it."""
        column = f"{row}{identifier(name)}"
        mask = self._masks.get(name)
        return masked(mask, column, self.types[name], self.mask_key, sql) if mask else column

    @cached_property
    def _masks(self) -> dict[str, Mask]:
        return {one.item: one.mask for one in self.view.masks}

    def shown_types(self, names: tuple[str, ...]) -> dict[str, str]:
        """Return the SQL type of each column of that list."""
        lead = {} if self.keyed else {ROW_ID: "text"}
        kinds = {n: type_of(mask, self.types[n]) for n, mask in self._masks.items()}
        return lead | {name: kinds.get(name, self.types[name]) for name in names}

    def name_of(self, row_id: str, sql: Sql) -> str:
        """Return the keyed hash of a row's internal id: fixed length, so a prefix MAC is sound."""
        return f"left(encode(sha256({sql.bind(self.row_key)}::bytea || int8send({row_id})), 'hex'), 32)"
