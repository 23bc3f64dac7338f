"""Filing disputes and taking them to the next step. The caller owns the transaction."""

from datetime import datetime

from zhengshu_contracts.identity import Principal
from zhengshu_contracts.sharing import DisputeFiled, DisputeIn, DisputeMoved, DisputeStep

from zhengshu_sharing.access import home
from zhengshu_sharing.disputes.states import MACHINE
from zhengshu_sharing.matters import operations as matters
from zhengshu_sharing.matters.domain import Matter
from zhengshu_sharing.matters.errors import AgainstOneself
from zhengshu_sharing.unit import Unit


async def file(unit: Unit, given: DisputeIn, *, by: Principal, now: datetime) -> Matter:
    """Take a dispute; the other side is asked to talk first."""
    if given.against == home(by):
        raise AgainstOneself("请填写与本单位有争议的另一方")
    await unit.datasets.known(given.against)
    if given.dataset is not None:
        await unit.datasets.get(given.dataset)
    filed = await matters.file(
        unit, MACHINE, given, counterpart=given.against, dataset=given.dataset, by=by, now=now
    )
    matters.announce(unit, DisputeFiled(**matters.about(filed)))
    return filed


async def step(
    unit: Unit, dispute: str, given: DisputeStep, *, by: Principal, now: datetime
) -> Matter:
    """Take a dispute to its next step."""
    changed = await matters.take(unit, MACHINE, dispute, given.move, given.opinion, by=by, now=now)
    matters.announce(unit, matters.moved(DisputeMoved, changed, given.move))
    return changed
