"""Staged rows into a dataset's own table: append, upsert, replace, delete, each one statement.

Every update and deletion leaves what the row was in the history, as a value of the table's own row type.
Works under the dataset's lock.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from zhengshu_chassis.rows.compile import identifier
from zhengshu_contracts.vocabulary import BatchMode

from zhengshu_catalog.aggregation import checks
from zhengshu_catalog.aggregation.domain import Structure
from zhengshu_catalog.aggregation.staging import STAGED


@dataclass(frozen=True, slots=True)
class Merged:
    """What became of the staged rows."""

    inserted: int = 0
    updated: int = 0
    deleted: int = 0

    @property
    def changed(self) -> bool:
        """Whether there is anything to number."""
        return bool(self.inserted or self.updated or self.deleted)


async def merge(connection: Any, structure: Structure, mode: BatchMode, version: int) -> Merged:
    """Apply the staged rows as this version."""
    row = await connection.fetchrow(_STATEMENTS[mode, bool(structure.key)](structure), version)
    return Merged(*(int(value) for value in row))


def _append(structure: Structure) -> str:
    # No ON CONFLICT: it costs a third more, and a key that is there already is found only when there is one.
    return (
        f"WITH done AS ({_insert(structure)} RETURNING 1)"  # noqa: S608 - names are items'
        " SELECT count(*), 0, 0 FROM done"
    )


def _upsert(structure: Structure) -> str:
    return (
        f"WITH {_upserted(structure)}, kept AS ({_keep(structure, 'done', 'u')})"  # noqa: S608
        " SELECT count(*) FILTER (WHERE id IS NULL), count(id), 0 FROM done"
    )


def _replace_by_key(structure: Structure) -> str:
    gone = (
        f"gone AS (DELETE FROM {structure.table} t WHERE NOT EXISTS"  # noqa: S608
        f" (SELECT 1 FROM {STAGED} s WHERE {_same_key(structure)}) RETURNING {_OLD})"
    )
    return (
        f"WITH {_upserted(structure)}, {gone}, kept AS ({_keep(structure, 'done', 'u')}),"  # noqa: S608
        f" lost AS ({_keep(structure, 'gone', 'd')})"
        " SELECT count(*) FILTER (WHERE id IS NULL), count(id), (SELECT count(*) FROM gone) FROM done"
    )


def _replace_whole(structure: Structure) -> str:
    """Without a key, equal rows are paired off; the rest of either side goes or comes."""
    row = f"ROW({', '.join(checks.cast(item) for item in structure.items)})::text"
    present = f"ROW({', '.join(f't.{identifier(i.name)}' for i in structure.items)})::text"
    return (
        f"WITH here AS (SELECT t._id, {present} AS r, row_number() OVER"  # noqa: S608
        f" (PARTITION BY {present} ORDER BY t._id) AS n FROM {structure.table} t),"
        f" there AS (SELECT s._row, {row} AS r, row_number() OVER"
        f" (PARTITION BY {row} ORDER BY s._row) AS n FROM {STAGED} s),"
        f" gone AS (DELETE FROM {structure.table} t USING here h WHERE h._id = t._id AND NOT EXISTS"
        f" (SELECT 1 FROM there w WHERE w.r = h.r AND w.n = h.n) RETURNING {_OLD}),"
        f" lost AS ({_keep(structure, 'gone', 'd')}),"
        f" done AS ({_insert(structure)} WHERE s._row IN (SELECT w._row FROM there w WHERE NOT EXISTS"
        " (SELECT 1 FROM here h WHERE h.r = w.r AND h.n = w.n)) RETURNING 1)"
        " SELECT (SELECT count(*) FROM done), 0, (SELECT count(*) FROM gone)"
    )


def _delete(structure: Structure) -> str:
    return (
        f"WITH gone AS (DELETE FROM {structure.table} t USING {STAGED} s"  # noqa: S608
        f" WHERE {_same_key(structure)} RETURNING {_OLD}), lost AS ({_keep(structure, 'gone', 'd')})"
        " SELECT 0, 0, count(*) FROM gone"
    )


_OLD = "WITH (OLD AS _old) _old._id AS id, _old._born AS born, _old AS before"
"""No item's name begins with an underscore: the row itself is meant, not an item called `old`."""

_STATEMENTS: dict[tuple[BatchMode, bool], Callable[[Structure], str]] = {
    (BatchMode.APPEND, True): _append,
    (BatchMode.APPEND, False): _append,
    (BatchMode.UPSERT, True): _upsert,
    (BatchMode.REPLACE, True): _replace_by_key,
    (BatchMode.REPLACE, False): _replace_whole,
    (BatchMode.DELETE, True): _delete,
}


def _insert(structure: Structure) -> str:
    values = ", ".join(checks.cast(item) for item in structure.items)
    return (
        f"INSERT INTO {structure.table} AS t (_born, _changed, {_list(structure.types)})"  # noqa: S608
        f" SELECT $1::integer, $1::integer, {values} FROM {STAGED} s"
    )


def _upserted(structure: Structure) -> str:
    if not structure.rest:
        action = "DO NOTHING"
    else:
        assigned = ", ".join(f"{identifier(n)} = excluded.{identifier(n)}" for n in structure.rest)
        action = (
            f"DO UPDATE SET {assigned}, _changed = excluded._changed"
            f" WHERE ROW({_each('t', structure.rest)})"
            f" IS DISTINCT FROM ROW({_each('excluded', structure.rest)})"
        )
    return f"done AS ({_insert(structure)} ON CONFLICT ({_list(structure.key)}) {action} RETURNING {_OLD})"


def _keep(structure: Structure, source: str, operation: str) -> str:
    return (
        f"INSERT INTO {structure.history} (version, op, id, born, before)"  # noqa: S608
        f" SELECT $1::integer, '{operation}', id, born, before FROM {source} WHERE id IS NOT NULL"
    )


def _same_key(structure: Structure) -> str:
    key = [item for item in structure.items if item.key]
    return " AND ".join(f"t.{identifier(item.name)} = {checks.cast(item)}" for item in key)


def _each(row: str, names: tuple[str, ...]) -> str:
    return ", ".join(f"{row}.{identifier(name)}" for name in names)


def _list(names: Iterable[str]) -> str:
    return ", ".join(map(identifier, names))
