"""Taking a business system through its life, and issuing statements. The caller owns the transaction."""

from datetime import datetime

from sqlalchemy import exists, func, select, text
from zhengshu_chassis.db import keyset
from zhengshu_contracts.beijing import day_of
from zhengshu_contracts.catalog import (
    PlannedData,
    PlannedIn,
    StageIn,
    StatementIssued,
    StatementOut,
    SystemAdvanced,
)
from zhengshu_contracts.identity import Principal
from zhengshu_contracts.vocabulary import OrganizationKind, SystemStage

from zhengshu_catalog.aggregation.tables import BatchRow
from zhengshu_catalog.organizations import credentials
from zhengshu_catalog.organizations import domain as clients
from zhengshu_catalog.organizations.operations import Unit
from zhengshu_catalog.organizations.tables import ClientRow, SystemRow
from zhengshu_catalog.systems import statement as made
from zhengshu_catalog.systems.errors import (
    NotAggregated,
    StageNotAllowed,
    StatementNotFound,
    SystemNotFound,
)
from zhengshu_catalog.systems.tables import StatementRow

STAGES = tuple(SystemStage)
SEES_ALL = frozenset(
    {OrganizationKind.COMPETENT, OrganizationKind.FINANCE, OrganizationKind.GOVERNMENT}
)
"""Who reads every department's statements: they accept, fund and oversee."""


async def read_planned(unit: Unit, system: str, *, by: Principal) -> PlannedIn:
    """Return what a system is to aggregate."""
    row, _ = await _get(unit, system, by)
    return PlannedIn.model_validate({"planned": row.planned})


async def plan(unit: Unit, system: str, given: PlannedIn, *, by: Principal) -> PlannedIn:
    """List what a system is to aggregate; once it is accepted the list stays."""
    row, client = await _get(unit, system, by, lock=True)
    _check_owner(client, by)
    stage = SystemStage(row.stage)
    if STAGES.index(stage) >= STAGES.index(SystemStage.ACCEPTED):
        raise StageNotAllowed(stage, "验收之后应汇聚的数据不再改动;新增数据请直接编目")
    row.planned = [data.model_dump(mode="json") for data in given.planned]
    return given


async def advance(unit: Unit, system: str, given: StageIn, *, by: Principal) -> SystemStage:
    """Take a system to the next stage, or retire it from any; a retired one's client is locked."""
    row, client = await _get(unit, system, by, lock=True)
    await _check_step(unit, row, client, given.stage, by)
    row.stage = given.stage
    if given.stage is SystemStage.RETIRED:
        held = await unit.clients.lock(system)
        await credentials.keep(unit, clients.lock(held, "业务系统已停用", by=by.id), by=by.id)
    event = SystemAdvanced(system=system, organization=client.organization, stage=given.stage)
    unit.outbox.add(event, aggregate=system)
    return given.stage


async def issue(
    unit: Unit, system: str, *, key: bytes, by: Principal, at: datetime
) -> StatementOut:
    """Issue a statement of what a system has aggregated by now."""
    row, client = await _get(unit, system, by)
    organization = await unit.organizations.get(client.organization)
    lines = await made.lines(unit.session, _planned(row), client.organization)
    year, sequence = await _next(unit, at)
    draft = StatementOut(
        number=f"HJ-{year}-{sequence:05d}",
        check_code="",
        system=system,
        system_name=client.name,
        organization=client.organization,
        organization_name=organization.name,
        stage=SystemStage(row.stage),
        issued_at=at,
        lines=lines,
        complete=bool(lines) and all(line.aggregated for line in lines),
    )
    issued = draft.model_copy(update={"check_code": made.check_code(draft, key)})
    _keep(unit, issued, year, sequence, by)
    return issued


async def read(unit: Unit, number: str, *, by: Principal) -> StatementOut:
    """Return a statement as it was issued."""
    row = await unit.session.get(StatementRow, number)
    if row is None or not (by.organization_kind in SEES_ALL or row.organization == by.organization):
        raise StatementNotFound(f"没有编号为 {number} 的证明")
    return StatementOut.model_validate(row.content)


async def page(
    unit: Unit, by: Principal, after: str | None, limit: int, *, system: str | None
) -> tuple[list[StatementOut], bool]:
    """Return statements by number: one's own organisation's, or to who funds and oversees all."""
    query = select(StatementRow)
    if by.organization_kind not in SEES_ALL:
        query = query.where(StatementRow.organization == by.organization)
    if system:
        query = query.where(StatementRow.system == system)
    place = [after] if after else None
    rows, more = await keyset(
        unit.session, query, by=[StatementRow.number], after=place, limit=limit
    )
    return [StatementOut.model_validate(row.content) for row in rows], more


async def _check_step(
    unit: Unit, row: SystemRow, client: ClientRow, wanted: SystemStage, by: Principal
) -> None:
    stage = SystemStage(row.stage)
    if stage is SystemStage.RETIRED:
        raise StageNotAllowed(stage, "已停用的业务系统请重新登记")
    if wanted is SystemStage.RETIRED:
        return
    following = STAGES[STAGES.index(stage) + 1]
    if wanted is not following:
        raise StageNotAllowed(stage, "各阶段依次为:规划、已建成、已接入、已验收、运行")
    if wanted is SystemStage.BUILT and not row.planned:
        raise StageNotAllowed(stage, "请先列明应汇聚的数据")
    if wanted is SystemStage.CONNECTED and not await _has_pushed(unit, row.id):
        raise StageNotAllowed(stage, "该系统尚未上报过数据")
    if wanted is SystemStage.ACCEPTED:
        await _check_accepted(unit, row, client, by)


async def _check_accepted(unit: Unit, row: SystemRow, client: ClientRow, by: Principal) -> None:
    if by.organization_kind is not OrganizationKind.COMPETENT:
        raise StageNotAllowed(SystemStage(row.stage), "验收由主管部门确认")
    lines = await made.lines(unit.session, _planned(row), client.organization)
    lacking = [line.title for line in lines if not line.aggregated]
    if lacking:
        raise NotAggregated(lacking)


async def _has_pushed(unit: Unit, system: str) -> bool:
    return bool(await unit.session.scalar(select(exists().where(BatchRow.system == system))))


async def _get(
    unit: Unit, system: str, by: Principal, *, lock: bool = False
) -> tuple[SystemRow, ClientRow]:
    query = select(SystemRow, ClientRow).join(ClientRow, ClientRow.id == SystemRow.id)
    query = query.where(SystemRow.id == system)
    query = query.with_for_update(of=SystemRow) if lock else query
    fresh = query.execution_options(populate_existing=True)
    found = (await unit.session.execute(fresh)).one_or_none()
    if found is None or not _may_see(found[1], by):
        raise SystemNotFound(f"没有业务系统 {system}")
    return found[0], found[1]


def _may_see(client: ClientRow, by: Principal) -> bool:
    return by.organization_kind in SEES_ALL or client.organization == by.organization


def _check_owner(client: ClientRow, by: Principal) -> None:
    if client.organization != by.organization:
        raise SystemNotFound(f"{client.id} 不是本单位的业务系统")


def _planned(row: SystemRow) -> list[PlannedData]:
    return [PlannedData.model_validate(data) for data in row.planned]


async def _next(unit: Unit, at: datetime) -> tuple[int, int]:
    """Return the next number of the year, which is ours until the transaction ends."""
    year = day_of(at).year
    hold = text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))")
    await unit.session.execute(hold, {"name": f"statements\n{year}"})
    taken = select(func.max(StatementRow.sequence)).where(StatementRow.year == year)
    return year, (await unit.session.scalar(taken) or 0) + 1


def _keep(unit: Unit, issued: StatementOut, year: int, sequence: int, by: Principal) -> None:
    unit.session.add(
        StatementRow(
            number=issued.number,
            year=year,
            sequence=sequence,
            system=issued.system,
            organization=issued.organization,
            issued_by=by.id,
            issued_at=issued.issued_at,
            content=issued.model_dump(mode="json"),
        )
    )
    event = StatementIssued(
        number=issued.number,
        system=issued.system,
        organization=issued.organization,
        complete=issued.complete,
    )
    unit.outbox.add(event, aggregate=issued.system)
