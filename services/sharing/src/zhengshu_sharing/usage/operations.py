"""Recording a use. The caller owns the transaction."""

from datetime import date, datetime

from zhengshu_chassis import ids
from zhengshu_contracts.beijing import day_of
from zhengshu_contracts.identity import Principal
from zhengshu_contracts.sharing import UsageIn, UsagePurged, UsageRecorded
from zhengshu_contracts.vocabulary import SharingClass

from zhengshu_sharing.access import home
from zhengshu_sharing.datasets.errors import OwnDataset
from zhengshu_sharing.grants.errors import GrantNotFound
from zhengshu_sharing.unit import Unit
from zhengshu_sharing.usage.errors import GrantNotNamed, UsageInFuture
from zhengshu_sharing.usage.tables import UsageRow


async def record(unit: Unit, given: UsageIn, *, by: Principal, now: datetime) -> UsageRow:
    """Keep a record of one's own use: under a grant, or of what is unconditional."""
    if given.on > day_of(now):
        raise UsageInFuture(f"发生日期 {given.on} 在今天之后")
    provider = await _provider(unit, given, home(by))
    return await keep(unit, given, organization=home(by), provider=provider, by=by.id, now=now)


async def keep(
    unit: Unit, given: UsageIn, *, organization: str, provider: str, by: str, now: datetime
) -> UsageRow:
    """Store and announce a record that was checked."""
    row = await unit.usage.add(
        id=ids.new("u"),
        **given.model_dump(exclude={"kind"}),
        kind=given.kind.value,
        provider=provider,
        organization=organization,
        recorded_by=by,
        recorded_at=now,
    )
    event = UsageRecorded(
        usage=row.id, dataset=row.dataset, organization=organization, kind=given.kind
    )
    unit.outbox.add(event, aggregate=row.id)
    return row


async def purge(unit: Unit) -> None:
    """Drop the records whose time is over, and say how many."""
    years = unit.settings.usage_years
    if dropped := await unit.usage.drop(years=years):
        unit.outbox.add(UsagePurged(count=dropped, years=years), aggregate="usage")


async def _provider(unit: Unit, given: UsageIn, organization: str) -> str:
    if given.grant is not None:
        grant = await unit.grants.get(given.grant)
        if grant.holder != organization or grant.dataset != given.dataset:
            raise GrantNotFound(given.grant)
        return grant.provider
    dataset = await unit.datasets.get(given.dataset)
    if dataset.provider == organization:
        raise OwnDataset(dataset.id)
    if not dataset.names(SharingClass.UNCONDITIONAL):
        raise GrantNotNamed(f"数据集 {dataset.id} 须经授权使用")
    return dataset.provider


def keep_until(recorded_at: datetime, years: int) -> date:
    """Return until when a record is kept: whole years after the one that it was made in."""
    return date(day_of(recorded_at).year + years, 12, 31)
