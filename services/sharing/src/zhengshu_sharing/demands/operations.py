"""Filing, assigning and answering demands. The caller owns the transaction."""

from datetime import datetime

from zhengshu_contracts.identity import Principal
from zhengshu_contracts.sharing import DemandFiled, DemandIn, DemandMoved, DemandStep

from zhengshu_sharing.access import home
from zhengshu_sharing.demands.states import MACHINE
from zhengshu_sharing.matters import operations as matters
from zhengshu_sharing.matters.domain import Matter
from zhengshu_sharing.matters.errors import AgainstOneself, StepIncomplete
from zhengshu_sharing.unit import Unit


async def file(unit: Unit, given: DemandIn, *, by: Principal, now: datetime) -> Matter:
    """Take a demand; the competent department looks for who could meet it."""
    if given.provider == home(by):
        raise AgainstOneself("提供单位不能是本单位")
    if given.provider is not None:
        await unit.datasets.known(given.provider)
    filed = await matters.file(unit, MACHINE, given, counterpart=None, dataset=None, by=by, now=now)
    matters.announce(unit, DemandFiled(**matters.about(filed)))
    return filed


async def step(
    unit: Unit, demand: str, given: DemandStep, *, by: Principal, now: datetime
) -> Matter:
    """Assign, answer or close a demand."""
    told = await _told(unit, given)
    asked = given.provider if given.move == "assign" else None
    if asked is not None:
        await unit.datasets.known(asked)
    found = await matters.read(unit, MACHINE, demand, by=by)
    if asked is not None and asked == found.organization:
        raise AgainstOneself("提供单位不能是提出需求的单位")
    changed = await matters.take(
        unit,
        MACHINE,
        demand,
        given.move,
        given.opinion,
        by=by,
        now=now,
        counterpart=asked,
        **told,
    )
    matters.announce(unit, matters.moved(DemandMoved, changed, given.move))
    return changed


async def _told(unit: Unit, given: DemandStep) -> dict[str, str]:
    """Return what the step says beyond its opinion; refuse one that leaves it out."""
    if given.move == "assign" and given.provider is None:
        raise StepIncomplete("请指定由哪个单位答复", pointers=[("/provider", "missing", "必填")])
    if given.move != "match":
        return {}
    if given.dataset is None:
        raise StepIncomplete("请指明可申请的数据集", pointers=[("/dataset", "missing", "必填")])
    await unit.datasets.get(given.dataset)
    return {"dataset": given.dataset}
