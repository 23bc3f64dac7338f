"""Filing an objection against a sharing class. The caller owns the transaction."""

from datetime import datetime

from zhengshu_chassis import ids
from zhengshu_contracts.identity import Principal
from zhengshu_contracts.sharing import ObjectionFiled, ObjectionIn, ObjectionOut
from zhengshu_contracts.vocabulary import ObjectionState

from zhengshu_sharing.access import home
from zhengshu_sharing.datasets.errors import OwnDataset
from zhengshu_sharing.unit import Unit


async def file(unit: Unit, given: ObjectionIn, *, by: Principal, now: datetime) -> ObjectionOut:
    """Record an objection and announce it."""
    dataset = await unit.datasets.get(given.dataset)
    dataset.chosen(given.items)
    if dataset.provider == home(by):
        raise OwnDataset(dataset.id)
    objection = ObjectionOut(
        **given.model_dump(),
        id=ids.new("b"),
        organization=home(by),
        filed_at=now,
        state=ObjectionState.FILED,
        state_label=ObjectionState.FILED.label,
    )
    await unit.objections.add(objection, provider=dataset.provider, filed_by=by.id)
    event = ObjectionFiled(
        objection=objection.id, dataset=dataset.id, organization=objection.organization
    )
    unit.outbox.add(event, aggregate=objection.id)
    return objection
