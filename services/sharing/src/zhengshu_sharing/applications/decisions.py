"""The Commission takes and decides an application's part. The caller owns the transaction."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from zhengshu_chassis import failpoints
from zhengshu_contracts.commission import DecisionAnswer
from zhengshu_contracts.limits import ItemMask
from zhengshu_contracts.sharing import (
    ApplicationForwarded,
    ApplicationRefused,
    ApplicationReturned,
    NoticeKind,
)
from zhengshu_contracts.vocabulary import Outcome, SharingClass

from zhengshu_sharing.applications import domain
from zhengshu_sharing.applications.domain import Application, Award, Part
from zhengshu_sharing.applications.filters import columns_of
from zhengshu_sharing.applications.repository import Step
from zhengshu_sharing.applications.states import Move
from zhengshu_sharing.clocks import operations as clocks
from zhengshu_sharing.datasets.domain import Dataset
from zhengshu_sharing.grants import limits
from zhengshu_sharing.grants import operations as grants
from zhengshu_sharing.unit import Unit
from zhengshu_sharing.workdays import day_of

COMMISSION = "市大数据委"
BY_COMMISSION = "commission"
"""Who did it, in events, when the Commission did."""
NO_REASON = "市大数据委未说明理由"
NOTHING_LEFT = "准予的内容与申请没有交集、已不可共享,或使用时限已过"
SHAREABLE = (SharingClass.UNCONDITIONAL, SharingClass.CONDITIONAL)


async def forwarded(unit: Unit, part: str, acceptance: str, *, now: datetime) -> None:
    """Note that the Commission has a part."""
    application, found = await unit.applications.lock_part(part)
    if not found.may(Move.FORWARD):
        return
    await unit.applications.save(application.with_part(found.moved(Move.FORWARD)))
    opinion = f"受理号 {acceptance}" if acceptance else ""
    await note(unit, found, application, "受理", opinion, now=now)
    event = ApplicationForwarded(
        application=application.id,
        organization=application.organization,
        part=part,
        acceptance=acceptance,
    )
    unit.outbox.add(event, aggregate=application.id)


async def parked(unit: Unit, part: str, reason: str, *, now: datetime) -> None:
    """Let everybody see that the Commission would not take a part; an operator tries it again."""
    application, found = await unit.applications.lock_part(part)
    await note(unit, found, application, "未受理转报", reason, now=now)


async def decide(unit: Unit, answer: DecisionAnswer, *, now: datetime) -> bool:
    """Apply the Commission's decision, or its return; False when the part is not its to decide."""
    application, part = await unit.applications.lock_part(answer.part)
    if not part.may(Move.GRANT):
        return False
    await lapse(unit, [part], now=now)
    if answer.outcome is Outcome.RETURN:
        await _send_back(unit, application, part, answer, now=now)
    elif answer.outcome is Outcome.REFUSE:
        await _refuse(unit, application, part, answer.reason or NO_REASON, now=now)
    elif award := await _award(unit, application, part, answer, now=now):
        await _grant(unit, application, part, award, answer.reason, now=now)
    else:
        await _refuse(unit, application, part, NOTHING_LEFT, now=now)
    if answer.outcome is not Outcome.RETURN:
        await tell_applicant(unit, application, NoticeKind.DECISION_ARRIVED, now=now)
    failpoints.hit("decision.applied")
    return True


async def lapse(unit: Unit, parts: Iterable[Part], *, now: datetime) -> None:
    """Ask providers no longer about parts that are over."""
    for opinion in await unit.opinions.lapse([part.id for part in parts]):
        await clocks.stop(unit, opinion, now=now)


async def note(
    unit: Unit, part: Part, application: Application, what: str, opinion: str, *, now: datetime
) -> None:
    """Add what the Commission did to the timeline."""
    step = Step(now, COMMISSION, what, opinion=opinion, part=part.id)
    await unit.applications.note(application.id, step)


async def _award(
    unit: Unit, application: Application, part: Part, answer: DecisionAnswer, *, now: datetime
) -> Award | None:
    dataset = (await unit.datasets.published([part.dataset])).get(part.dataset)
    opinion = await unit.opinions.of_part(part.id)
    if not dataset or not _readable(dataset, answer.filter):
        return None
    masks = limits.merged(opinion.masks if opinion else (), answer.masks)
    return domain.award(
        part,
        applied_until=application.terms.until,
        shareable=_shareable(dataset, masks),
        items=answer.items,
        until=answer.until,
        modes=answer.modes,
        condition=answer.filter,
        today=day_of(now),
        masks=masks,
        quota=limits.narrowest(part.quota, opinion.quota if opinion else None, answer.quota),
    )


def _shareable(dataset: Dataset, masks: Mapping[str, ItemMask]) -> frozenset[str]:
    """Leave out what could not be masked as it has to be: plain it must not go."""
    items = {item.name: item for item in dataset.items}
    return frozenset(
        name
        for name in dataset.names(*SHAREABLE)
        if name not in masks or limits.possible(masks[name], items[name])
    )


def _readable(dataset: Dataset, condition: str) -> bool:
    """Whether a decided row filter can be kept to: one that cannot grants nothing."""
    try:
        named = columns_of(condition) if condition else frozenset()
    except ValueError:
        return False
    return named <= dataset.names(*SHAREABLE)


async def _send_back(
    unit: Unit, application: Application, part: Part, answer: DecisionAnswer, *, now: datetime
) -> None:
    """Ask the applicant for what the Commission misses; supplied, the part goes the whole way again."""
    returned = application.with_part(part.moved(Move.SEND_BACK))
    # The competent department found it complete: it does not ask a second time.
    await unit.applications.save(replace(returned, returned_at=application.returned_at or now))
    lacks = f"需补正:{';'.join(answer.missing)}" if answer.missing else ""
    text = "。".join(filter(None, (answer.reason, lacks))) or NO_REASON
    await note(unit, part, application, "一次性告知补正", text, now=now)
    event = ApplicationReturned(
        application=application.id, organization=application.organization, by=BY_COMMISSION
    )
    unit.outbox.add(event, aggregate=application.id)
    await tell_applicant(unit, application, NoticeKind.SUPPLEMENT_ASKED, now=now)


async def tell_applicant(
    unit: Unit, application: Application, kind: NoticeKind, *, now: datetime
) -> None:
    """Tell the applicant that its application came a step on."""
    await unit.notices.tell(application.organization, kind, application.id, at=now)


async def _grant(
    unit: Unit, application: Application, part: Part, award: Award, opinion: str, *, now: datetime
) -> None:
    grant = await grants.activate(unit, application, part, award, now=now)
    changed = replace(part.moved(Move.GRANT), grant=grant.id)
    await unit.applications.save(application.with_part(changed))
    await note(unit, part, application, "同意授权", opinion, now=now)


async def _refuse(
    unit: Unit, application: Application, part: Part, reason: str, *, now: datetime
) -> None:
    await unit.applications.save(application.with_part(part.moved(Move.REFUSE, reason)))
    await note(unit, part, application, "不予授权", reason, now=now)
    event = ApplicationRefused(
        application=application.id,
        organization=application.organization,
        part=part.id,
        dataset=part.dataset,
        by=BY_COMMISSION,
    )
    unit.outbox.add(event, aggregate=application.id)
