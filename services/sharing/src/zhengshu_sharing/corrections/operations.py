"""Filing and answering corrections; a dataset is in doubt (存疑) while one is open.

The caller owns the transaction.
"""

from datetime import datetime

from zhengshu_contracts.identity import Principal
from zhengshu_contracts.sharing import (
    CorrectionFiled,
    CorrectionIn,
    CorrectionMoved,
    CorrectionStep,
    DatasetCleared,
    DatasetDoubted,
    NoticeKind,
)
from zhengshu_contracts.vocabulary import CorrectionState

from zhengshu_sharing.access import home
from zhengshu_sharing.corrections.states import MACHINE
from zhengshu_sharing.datasets.errors import OwnDataset
from zhengshu_sharing.grants.notices import tell_holders
from zhengshu_sharing.matters import operations as matters
from zhengshu_sharing.matters.domain import Matter
from zhengshu_sharing.unit import Unit


async def file(unit: Unit, given: CorrectionIn, *, by: Principal, now: datetime) -> Matter:
    """Take a correction, mark the dataset and tell every holder."""
    dataset = await unit.datasets.get(given.dataset)
    dataset.chosen([*given.items, *given.key])
    if dataset.provider == home(by):
        raise OwnDataset(dataset.id)
    filed = await matters.file(
        unit, MACHINE, given, counterpart=dataset.provider, dataset=dataset.id, by=by, now=now
    )
    matters.announce(unit, CorrectionFiled(**matters.about(filed)))
    holders = await unit.grants.holders(dataset.id)
    doubted = DatasetDoubted(dataset=dataset.id, items=tuple(given.items), holders=holders)
    unit.outbox.add(doubted, aggregate=dataset.id)
    await tell_holders(unit, dataset.id, NoticeKind.DATASET_DOUBTED, now=now)
    return filed


async def step(
    unit: Unit, correction: str, given: CorrectionStep, *, by: Principal, now: datetime
) -> Matter:
    """Answer or withdraw a correction; with the last one the dataset's mark goes."""
    changed = await matters.take(
        unit, MACHINE, correction, given.move, given.opinion, by=by, now=now
    )
    matters.announce(unit, matters.moved(CorrectionMoved, changed, given.move))
    dataset = changed.dataset or ""
    if not await doubted(unit, dataset):
        cleared = DatasetCleared(dataset=dataset, holders=await unit.grants.holders(dataset))
        unit.outbox.add(cleared, aggregate=dataset)
        await tell_holders(unit, dataset, NoticeKind.DATASET_CLEARED, now=now)
    return changed


async def doubted(unit: Unit, *datasets: str) -> set[str]:
    """Return which of the datasets are in doubt (存疑)."""
    return await unit.matters.in_state(MACHINE.kind, CorrectionState.FILED, datasets)
