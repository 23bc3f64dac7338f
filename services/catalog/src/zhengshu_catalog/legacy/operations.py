"""Registering an old exchange system, counting beside it, and cutting it over. The caller commits."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from zhengshu_chassis import ids
from zhengshu_contracts.catalog import (
    LegacyCount,
    LegacyCountIn,
    LegacyCountReconciled,
    LegacyInterface,
    LegacyProgress,
    LegacyStageIn,
    LegacySystemAdvanced,
    LegacySystemIn,
    LegacySystemRegistered,
)
from zhengshu_contracts.identity import Principal
from zhengshu_contracts.vocabulary import LegacyState, Origin

from zhengshu_catalog.entries.domain import is_competent
from zhengshu_catalog.entries.operations import Unit
from zhengshu_catalog.legacy import domain, repository
from zhengshu_catalog.legacy.errors import (
    LegacyInterfaceInvalid,
    LegacyPeriodInvalid,
    LegacyStageNotAllowed,
    LegacySystemNotFound,
)
from zhengshu_catalog.legacy.tables import LegacySystemRow
from zhengshu_catalog.systems.operations import SEES_ALL


@dataclass(frozen=True, slots=True)
class Shown:
    """An old system and how far its interfaces have come."""

    row: LegacySystemRow
    progress: list[LegacyProgress]


async def register(unit: Unit, given: LegacySystemIn, *, by: Principal, at: datetime) -> Shown:
    """Register an old system of the caller's organisation."""
    await _check(unit, given)
    row = LegacySystemRow(
        id=ids.new("l"),
        organization=by.organization or "",
        state=LegacyState.REGISTERED,
        registered_at=at,
        **given.model_dump(mode="json"),
    )
    unit.session.add(row)
    await unit.session.flush()
    return await _registered(unit, row)


async def change(unit: Unit, system: str, given: LegacySystemIn, *, by: Principal) -> Shown:
    """Change an old system before it is cut over; other interfaces begin anew."""
    row = await _own(unit, system, by)
    state = LegacyState(row.state)
    if state in domain.FIXED:
        raise LegacyStageNotAllowed(state, "切换之后不再改动")
    await _check(unit, given)
    told = given.model_dump(mode="json")
    if told["interfaces"] != row.interfaces:
        row.state, row.dual_since = LegacyState.REGISTERED, None
    row.name, row.description, row.interfaces = (
        given.name, given.description, told["interfaces"],
    )  # fmt: skip
    await unit.session.flush()
    return await _registered(unit, row)


async def advance(
    unit: Unit, system: str, given: LegacyStageIn, *, by: Principal, at: datetime
) -> Shown:
    """Take an old system to its next stage."""
    row = await _seen(unit, system, by, lock=True)
    competent = is_competent(by)
    if not competent and row.organization != by.organization:
        raise LegacySystemNotFound(f"{system} 不是本单位的系统")
    progress = await repository.progress(unit.session, row)
    domain.check_step(LegacyState(row.state), given.state, progress, competent=competent)
    row.state = given.state
    if given.state is LegacyState.DUAL_RUNNING:
        row.dual_since = at
    event = LegacySystemAdvanced(system=row.id, organization=row.organization, state=given.state)
    unit.outbox.add(event, aggregate=row.id)
    return Shown(row, await repository.progress(unit.session, row))


async def count(
    unit: Unit, system: str, given: LegacyCountIn, *, by: Principal, at: datetime
) -> LegacyCount:
    """Hold what an interface carried in a period of the dual run against what the node took."""
    row = await _own(unit, system, by)
    dataset = _dataset(row, given, at)
    taken = await repository.taken(unit.session, dataset, given.since, given.until)
    await repository.keep_count(unit.session, row.id, given, taken, by=by.id, at=at)
    difference = given.rows - taken
    event = LegacyCountReconciled(
        system=row.id, interface=given.interface, dataset=dataset, difference=difference
    )
    unit.outbox.add(event, aggregate=row.id)
    return LegacyCount(**dict(given), taken=taken, difference=difference, at=at)


async def read(unit: Unit, system: str, *, by: Principal) -> Shown:
    """Return an old system to its organisation and to who oversees all."""
    row = await _seen(unit, system, by)
    return Shown(row, await repository.progress(unit.session, row))


async def page(
    unit: Unit, by: Principal, after: str | None, limit: int
) -> tuple[list[Shown], bool]:
    """Return the old systems that a caller may see."""
    organization = None if by.organization_kind in SEES_ALL else by.organization
    rows, more = await repository.page(unit.session, organization, after, limit)
    return [Shown(row, await repository.progress(unit.session, row)) for row in rows], more


def _dataset(row: LegacySystemRow, given: LegacyCountIn, at: datetime) -> str:
    """Return the dataset that an interface was mapped to, if its period can be counted."""
    state = LegacyState(row.state)
    if state is not LegacyState.DUAL_RUNNING or row.dual_since is None:
        raise LegacyStageNotAllowed(state, "双轨运行期间才核对行数")
    mapped = {one["code"]: one["entry"] for one in row.interfaces}
    if not mapped.get(given.interface):
        raise LegacyPeriodInvalid(f"没有接口 {given.interface},或未对应目录条目")
    if not row.dual_since <= given.since < given.until <= at:
        raise LegacyPeriodInvalid("期间不在双轨运行之内")
    return str(mapped[given.interface])


async def _check(unit: Unit, given: LegacySystemIn) -> None:
    codes = Counter(one.code for one in given.interfaces)
    wrong = [
        (place, f"{one.code}:{why}")
        for place, one in enumerate(given.interfaces)
        if (why := await _fault(unit, one, codes[one.code]))
    ]
    if wrong:
        raise LegacyInterfaceInvalid(wrong)


async def _fault(unit: Unit, interface: LegacyInterface, times: int) -> str:
    if times > 1:
        return "接口标识重复"
    if interface.entry is None:
        return ""
    entry = await unit.entries.find(interface.entry)
    own = entry is not None and entry.origin is Origin.COUNTY and not entry.joined
    return "" if own else f"没有本县的目录条目 {interface.entry}"


async def _own(unit: Unit, system: str, by: Principal) -> LegacySystemRow:
    row = await repository.find(unit.session, system, lock=True)
    if row is None or row.organization != by.organization:
        raise LegacySystemNotFound(f"本单位没有原有交换系统 {system}")
    return row


async def _seen(unit: Unit, system: str, by: Principal, *, lock: bool = False) -> LegacySystemRow:
    row = await repository.find(unit.session, system, lock=lock)
    if row is None or not (by.organization_kind in SEES_ALL or row.organization == by.organization):
        raise LegacySystemNotFound(f"没有原有交换系统 {system}")
    return row


async def _registered(unit: Unit, row: LegacySystemRow) -> Shown:
    event = LegacySystemRegistered(
        system=row.id, organization=row.organization, interfaces=len(row.interfaces)
    )
    unit.outbox.add(event, aggregate=row.id)
    return Shown(row, await repository.progress(unit.session, row))
