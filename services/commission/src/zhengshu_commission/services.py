"""Municipal data services: rows in the same URL grammar, with the county's view applied here."""

from typing import Any

from fastapi import Depends, Request, Response
from sqlalchemy.ext.asyncio import AsyncSession
from zhengshu_chassis.problems import problems
from zhengshu_chassis.rows import BadQuery, Sql, Table, parse
from zhengshu_chassis.transaction import Router
from zhengshu_contracts.catalog import MunicipalEntry

from zhengshu_commission.door import InStore, faulty, signed
from zhengshu_commission.errors import Outage, ServiceUnknown, SignatureRefused

router = Router(
    prefix="/exchange/v1/services",
    tags=["数据服务"],
    dependencies=[Depends(signed), Depends(faulty)],
    responses=problems(SignatureRefused, Outage),
)
MOST = 1000


HEAD: dict[str, Any] = {
    "Zhengshu-Rows": {"description": "本次返回的行数", "schema": {"type": "integer"}}
}


@router.get(
    "/{municipal_code}/rows",
    summary="读取市级数据",
    response_model=list[dict[str, Any]],
    responses=problems(BadQuery, ServiceUnknown) | {200: {"headers": HEAD}},
)
async def rows(municipal_code: str, request: Request, store: InStore) -> Response:
    """按列、条件、排序与条数返回 JSON 数组,至多 1000 行;节点核对列名与行数,多给一列一行都不予转交。"""
    entry = await store.service(municipal_code)
    if entry is None:
        raise ServiceUnknown(f"没有数据服务 {municipal_code}")
    statement, arguments = compile_query(entry, request.url.query)
    count, body = await run(store.session, statement, arguments)
    return Response(body, headers={"Zhengshu-Rows": str(count)}, media_type="application/json")


def compile_query(entry: MunicipalEntry, text: str) -> tuple[str, list[Any]]:
    """Return the SQL of a query over one service's rows, and its arguments."""
    query, sql = parse(text), Sql()
    table = Table({item.name: "text" for item in entry.items}, "t.")
    code = sql.bind(entry.municipal_code)
    record = ", ".join(f'"{item.name}" text' for item in entry.items)
    columns = ", ".join(table.column(name) for name in table.selected(query.select))
    order = f" ORDER BY {table.order(query.order)}" if query.order else " ORDER BY s.id"
    inner = (
        f"SELECT {columns} FROM service_rows s, jsonb_to_record(s.row) AS t({record}) "  # noqa: S608 - names come from the entry
        f"WHERE s.municipal_code = {code} AND {table.where(query.where, sql)}{order} "
        f"LIMIT {MOST if query.limit is None else min(query.limit, MOST)} OFFSET {query.offset or 0}"
    )
    outer = f"SELECT count(*) AS n, coalesce(json_agg(r)::text, '[]') AS body FROM ({inner}) r"  # noqa: S608 - as above
    return outer, sql.arguments


async def run(session: AsyncSession, statement: str, arguments: list[Any]) -> tuple[int, str]:
    """Run the statement as PostgreSQL's own text, without making Python objects of it."""
    raw = await (await session.connection()).get_raw_connection()
    driver = raw.driver_connection
    if driver is None:
        return 0, "[]"
    found = await driver.fetchrow(statement, *arguments)
    return int(found["n"]), str(found["body"])
