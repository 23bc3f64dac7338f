"""What holders of grants on a dataset are told of it. The caller owns the transaction."""

from datetime import datetime

from zhengshu_contracts.beijing import day_of
from zhengshu_contracts.sharing import NoticeKind

from zhengshu_sharing.unit import Unit


async def tell_holders(unit: Unit, dataset: str, kind: NoticeKind, *, now: datetime) -> None:
    """Tell every holder of a live grant what happened to the data."""
    for holder in await unit.grants.holders(dataset):
        await unit.notices.tell(holder, kind, dataset, at=now, dataset=dataset)


async def tell_expiring(unit: Unit, grant: str, *, now: datetime) -> None:
    """Tell a holder, once for each end, that its grant is about to be over."""
    found = await unit.grants.get(grant)
    await unit.notices.tell(
        found.holder,
        NoticeKind.GRANT_EXPIRING,
        grant,
        at=now,
        dataset=found.dataset,
        due=day_of(found.ends),
        once=f"{grant} {found.ends.isoformat()}",
    )
