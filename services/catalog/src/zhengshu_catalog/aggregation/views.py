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

from zhengshu_catalog.aggregation.domain import Structure
from zhengshu_catalog.aggregation.errors import ViewMissing

ROW_ID = "_id"


@dataclass(frozen=True)
class Sight:
    """One view of one dataset."""

    structure: Structure
    view: View
    row_key: bytes
    """Secret of the hash that names this dataset's rows."""

    def __post_init__(self) -> None:
        missing = [name for name in self.view.columns if name not in self.structure.types]
        if missing or not self.view.columns:
            raise ViewMissing("本次授权的列已不在数据集中", next="请重新获取授权范围")
        if self.view.masks:
            # Until the select list can apply them, a view with masks shows nothing at all.
            raise ViewMissing("授权含脱敏规则,尚不能读取", next="请只选择不脱敏的信息项")

    @cached_property
    def types(self) -> dict[str, str]:
        """The visible columns, in the view's order."""
        return {name: self.structure.types[name] for name in self.view.columns}

    @cached_property
    def keyed(self) -> bool:
        """Whether the view has the whole key; otherwise rows are named by a hash."""
        return bool(self.structure.key) and set(self.structure.key) <= set(self.view.columns)

    @cached_property
    def conditions(self) -> Query:
        """The view's own filter; it may test columns that are not shown."""
        return parse(self.view.filter)

    @cached_property
    def digest(self) -> str:
        """Tells views apart: cursors and entity tags of one are none of another's."""
        text = repr((self.view.columns, self.view.filter, self.keyed, self.structure.revision))
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def table(self, row: str = "t.") -> Table:
        """Return what the caller may name."""
        return Table(self.types, row)

    def admits(self, sql: Sql, row: str = "t.") -> str:
        """Return the condition that the view holds a row."""
        return Table(self.structure.types, row).where(self.conditions.where, sql)

    def where(self, query: Query, sql: Sql, row: str = "t.") -> str:
        """Return the condition of the view and of the caller's own filter."""
        return f"{self.admits(sql, row)} AND {self.table(row).where(query.where, sql)}"

    def shown(self, names: tuple[str, ...], sql: Sql, row: str = "t.") -> str:
        """Return the select list of columns, led by the hash where the view lacks the key."""
        columns = [f"{row}{identifier(name)}" for name in names]
        if not self.keyed:
            columns.insert(0, f"{self.name_of(f'{row}_id', sql)} AS {identifier(ROW_ID)}")
        return ", ".join(columns)

    def name_of(self, row_id: str, sql: Sql) -> str:
        """Return the keyed hash of a row's internal id: fixed length, so a prefix MAC is sound."""
        return f"left(encode(sha256({sql.bind(self.row_key)}::bytea || int8send({row_id})), 'hex'), 32)"
