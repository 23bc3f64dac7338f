"""Providing what was granted: at once where the dataset is served, else within the law's days (Art. 22)."""

from datetime import datetime

from zhengshu_contracts.clocks import Term

from zhengshu_sharing.clocks import operations as clocks
from zhengshu_sharing.grants.domain import Grant
from zhengshu_sharing.unit import Unit


async def owed(unit: Unit, grant: Grant, *, now: datetime) -> None:
    """Let the provider's clock run when the rows cannot be had yet."""
    dataset = (await unit.datasets.published([grant.dataset])).get(grant.dataset)
    if dataset is not None and not dataset.served:
        await clocks.start(unit, Term.PROVISION, grant.id, party=grant.provider, now=now)


async def fulfilled(unit: Unit, dataset: str, *, now: datetime) -> None:
    """Stop the clocks of every grant on a dataset that is served from now on."""
    await unit.grants.hold(dataset)
    for grant in await unit.grants.live(dataset):
        if await unit.clocks.running(grant.id, Term.PROVISION):
            await clocks.stop(unit, grant.id, now=now, term=Term.PROVISION)
