"""Grants as callers see them."""

from collections.abc import Sequence

from zhengshu_contracts.sharing import Consultation, DisposalOut, GrantOut, StopOut
from zhengshu_contracts.vocabulary import DisposalMethod

from zhengshu_sharing.clocks.domain import Clock
from zhengshu_sharing.clocks.views import deadline
from zhengshu_sharing.corrections.operations import doubted
from zhengshu_sharing.grants.domain import Grant
from zhengshu_sharing.grants.tables import DisposalRow, StopRow
from zhengshu_sharing.unit import Unit


async def shown(unit: Unit, grants: Sequence[Grant]) -> list[GrantOut]:
    """Return grants with their announced stops and disposals."""
    names = [one.id for one in grants]
    stops, disposals = await unit.grants.stops(names), await unit.grants.disposals(names)
    doubts = await doubted(unit, *{one.dataset for one in grants})
    clocks = await unit.clocks.of_matters(disposals)
    running = await unit.clocks.next_due(names)
    return [
        _grant(
            one,
            _stop(stops.get(one.id)),
            _disposal(disposals.get(one.id), clocks.get(one.id)),
            doubted=one.dataset in doubts,
        ).model_copy(update=deadline(running.get(one.id)))
        for one in grants
    ]


async def one(unit: Unit, grant: Grant) -> GrantOut:
    """Return one grant."""
    return (await shown(unit, [grant]))[0]


def _stop(row: StopRow | None) -> StopOut | None:
    if row is None:
        return None
    return StopOut(
        reason=row.reason,
        consultation=Consultation.model_validate(row.consultation),
        ends=row.ends,
        number=row.number,
        announced_at=row.announced_at,
    )


def _disposal(row: DisposalRow | None, clock: Clock | None) -> DisposalOut | None:
    if row is None:
        return None
    return DisposalOut(
        opened_at=row.opened_at,
        due=clock.due if clock else None,
        method=DisposalMethod(row.method) if row.method else None,
        note=row.note,
        on=row.on,
    )


def _grant(
    grant: Grant, stop: StopOut | None, disposal: DisposalOut | None, *, doubted: bool
) -> GrantOut:
    return GrantOut(
        id=grant.id,
        part=grant.part,
        dataset=grant.dataset,
        title=grant.title,
        holder=grant.holder,
        provider=grant.provider,
        items=list(grant.items),
        modes=list(grant.modes),
        filter=grant.filter,
        masks=list(grant.masks),
        quota=grant.quota,
        purpose=grant.purpose,
        starts=grant.starts,
        ends=grant.ends,
        state=grant.state,
        state_label=grant.state.label,
        reason=grant.reason,
        renews=grant.renews,
        suspended_by=grant.suspended_by,
        rectification=grant.rectification,
        stop=stop,
        disposal=disposal,
        doubted=doubted,
    )
