"""Filing and deciding objections. The caller owns the transaction."""

from datetime import datetime

from zhengshu_contracts.identity import Principal
from zhengshu_contracts.sharing import ObjectionFiled, ObjectionIn, ObjectionMoved, ObjectionStep
from zhengshu_contracts.vocabulary import ObjectionState

from zhengshu_sharing.access import home
from zhengshu_sharing.changes.operations import owe
from zhengshu_sharing.datasets.errors import OwnDataset
from zhengshu_sharing.matters import operations as matters
from zhengshu_sharing.matters.domain import Matter
from zhengshu_sharing.objections.states import MACHINE
from zhengshu_sharing.unit import Unit


async def file(unit: Unit, given: ObjectionIn, *, by: Principal, now: datetime) -> Matter:
    """Record an objection and announce it."""
    dataset = await unit.datasets.get(given.dataset)
    dataset.chosen(given.items)
    if dataset.provider == home(by):
        raise OwnDataset(dataset.id)
    filed = await matters.file(
        unit, MACHINE, given, counterpart=dataset.provider, dataset=dataset.id, by=by, now=now
    )
    event = ObjectionFiled(
        objection=filed.id,
        dataset=dataset.id,
        organization=filed.organization,
        counterpart=filed.counterpart,
    )
    unit.outbox.add(event, aggregate=filed.id)
    return filed


async def step(
    unit: Unit, objection: str, given: ObjectionStep, *, by: Principal, now: datetime
) -> Matter:
    """Answer, decide or withdraw an objection."""
    changed = await matters.take(
        unit, MACHINE, objection, given.move, given.opinion, by=by, now=now
    )
    matters.announce(unit, matters.moved(ObjectionMoved, changed, given.move))
    if changed.state == ObjectionState.UPHELD and changed.dataset:
        await owe(unit, changed.dataset, case=changed.id, now=now)
    return changed
