"""What is wrong with a batch's rows: every problem in a temporary table beside the staged rows.

The first are told in the answer; all of them leave as CSV, however many there are, and never pass through
Python. Values of sensitive items are never in it.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from zhengshu_chassis.rows import Sql
from zhengshu_chassis.rows.compile import identifier
from zhengshu_contracts.catalog import Item, RowProblem
from zhengshu_contracts.vocabulary import Sensitivity

from zhengshu_catalog.aggregation import checks
from zhengshu_catalog.aggregation.problems import HEAD, SHOWN, TOLD

TABLE = "pg_temp.faults"
_COLUMNS = ("_row", "n", "item", "code", "message", "value")
_CREATE = (
    "CREATE TEMPORARY TABLE IF NOT EXISTS faults (_row bigint, n integer, item text, code text,"
    " message text, value text) ON COMMIT DROP"
)


async def note(connection: Any, problems: Iterable[RowProblem]) -> None:
    """Keep what was found while reading."""
    await connection.execute(_CREATE)
    await connection.copy_records_to_table(
        "faults",
        schema_name="pg_temp",
        columns=_COLUMNS,
        records=[(p.row, 0, p.item, p.code, p.message, p.value) for p in problems],
    )


async def note_values(connection: Any, staged: str, items: Sequence[Item]) -> None:
    """Keep every wrong value of the staged rows."""
    await connection.execute(_CREATE)
    sql = Sql()
    each = ", ".join(
        f"({n}, '{item.name}', {checks.problem(item, sql)}, {_shown((item,), checks.staged(item))})"
        for n, item in enumerate(items)
    )
    words = [(i.name, code, checks.message(code, i)) for i in items for code in checks.OF_VALUES]
    names, codes, messages = (sql.bind(list(column)) for column in zip(*words, strict=True))
    await connection.execute(
        f"INSERT INTO {TABLE} SELECT s._row, p.n, p.item, p.code, m.message, p.value"  # noqa: S608 - names are items'
        f" FROM {staged} s CROSS JOIN LATERAL (VALUES {each}) p(n, item, code, value)"
        f" JOIN unnest({names}::text[], {codes}::text[], {messages}::text[]) m(item, code, message)"
        " ON m.item = p.item AND m.code = p.code",
        *sql.arguments,
    )


async def note_keys(connection: Any, gone: str, code: str, key: Sequence[Item]) -> int:
    """Remove staged rows for their keys and keep why; `gone` yields them with the first such row."""
    await connection.execute(_CREATE)
    shown = _shown(key, f"concat_ws(',', {', '.join(f'g.{identifier(i.name)}' for i in key)})")
    done = await connection.execute(
        f"WITH {gone} INSERT INTO {TABLE} SELECT g._row, 0, $1, $2,"  # noqa: S608 - names are items'
        f" replace($3, '{{first}}', g._first::text), {shown} FROM gone g",
        ",".join(item.name for item in key),
        code,
        checks.MESSAGES[code],
    )
    return int(done.rpartition(" ")[2])


async def first(connection: Any) -> tuple[list[RowProblem], int]:
    """Return the first problems, by row, and how many there are."""
    await connection.execute(_CREATE)
    found = await connection.fetch(
        f"SELECT _row AS row, item, code, message, value, count(*) OVER () AS total FROM {TABLE}"  # noqa: S608
        f" ORDER BY _row, n LIMIT {TOLD}"
    )
    told = [RowProblem.model_validate({n: r[n] for n in RowProblem.model_fields}) for r in found]
    return told, found[0]["total"] if found else 0


def table(*, values: bool) -> str:
    """Return the query of the whole report as a table, for COPY with a header."""
    shown = ["item", "code", "message", "value" if values else "NULL::text"]
    # What a spreadsheet would take for a formula is marked as text.
    harmless = [rf"CASE WHEN {c} ~ '^[=+@\t\r-]' THEN '''' || {c} ELSE {c} END" for c in shown]
    columns = ", ".join(
        f'{c} AS "{title}"' for c, title in zip(("_row", *harmless), HEAD, strict=True)
    )
    return f"SELECT {columns} FROM {TABLE} ORDER BY _row, n"  # noqa: S608


def _shown(items: Sequence[Item], value: str) -> str:
    """Return the expression of what is shown of a value: nothing of a sensitive one, and never much."""
    if any(item.sensitivity is not Sensitivity.NONE for item in items):
        return "NULL::text"
    return (
        f"CASE WHEN length({value}) > {SHOWN} THEN left({value}, {SHOWN}) || '…' ELSE {value} END"
    )
