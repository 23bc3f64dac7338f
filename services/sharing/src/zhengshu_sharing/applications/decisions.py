"""The Commission takes and decides an application's part. The caller owns the transaction."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from zhengshu_chassis import failpoints
from zhengshu_contracts.beijing import day_of
from zhengshu_contracts.commission import DecisionAnswer
from zhengshu_contracts.sharing import (
    ApplicationForwarded,
    ApplicationRefused,
    ApplicationReturned,
    NoticeKind,
    Step,
)
from zhengshu_contracts.vocabulary import Outcome

from zhengshu_sharing.applications import domain
from zhengshu_sharing.applications.domain import Application, Award, Part
from zhengshu_sharing.applications.errors import FilterNotAllowed, NothingLeft
from zhengshu_sharing.applications.filters import SHAREABLE, check_filter
from zhengshu_sharing.applications.states import Move
from zhengshu_sharing.clocks import operations as clocks
from zhengshu_sharing.grants import limits
from zhengshu_sharing.grants import operations as grants
from zhengshu_sharing.unit import Unit

COMMISSION = "市大数据委"
BY_COMMISSION = "commission"
"""Who did it, in events, when the Commission did."""
NO_REASON = "市大数据委未说明理由"


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
    """Apply the Commission's decision, or its return; False when the part is not its to decide.

    A refusal holds whatever else was said, in whichever order it comes: it ends what was granted before.
    """
    application, part = await unit.applications.lock_part(answer.part)
    if not part.may(Move.GRANT):
        refused = answer.outcome is Outcome.REFUSE
        return refused and await _take_back(unit, application, part, answer.reason, now=now)
    await lapse(unit, [part], now=now)
    if answer.outcome is Outcome.RETURN:
        await _send_back(unit, application, part, answer, now=now)
    elif answer.outcome is Outcome.REFUSE:
        await _refuse(unit, application, part, answer.reason or NO_REASON, now=now)
    else:
        await _agree(unit, application, part, answer, now=now)
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
    step = Step(at=now, actor=COMMISSION, what=what, opinion=opinion, part=part.id)
    await unit.applications.note(application.id, step)


async def award_of(
    unit: Unit, application: Application, part: Part, answer: DecisionAnswer, *, now: datetime
) -> Award:
    """Return what a decision gives of a part, or raise why it gives nothing."""
    dataset = (await unit.datasets.published([part.dataset])).get(part.dataset)
    if dataset is None:
        raise NothingLeft("数据集已不在目录中")
    opinion = await unit.opinions.of_part(part.id)
    renewed = await unit.grants.get(application.renews) if application.renews else None
    # Nobody lifts a mask by renewing: it stays until the provider or the Commission says another.
    told = (one.masks for one in (renewed, opinion, answer) if one is not None)
    masks = limits.merged(*told)
    award = domain.award(
        part,
        applied_until=application.terms.until,
        shareable=dataset.names(*SHAREABLE) - limits.impossible(masks, dataset),
        items=answer.items,
        until=answer.until,
        modes=answer.modes,
        condition=answer.filter,
        today=day_of(now),
        masks=masks,
        quota=limits.narrowest(part.quota, opinion.quota if opinion else None, answer.quota),
    )
    if award.filter:
        check_filter(award.filter, dataset)
    return award


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


async def _agree(
    unit: Unit, application: Application, part: Part, answer: DecisionAnswer, *, now: datetime
) -> None:
    """Grant what the decision gives; what cannot be kept to as decided is not granted at all."""
    try:
        award = await award_of(unit, application, part, answer, now=now)
    except (NothingLeft, FilterNotAllowed) as why:
        return await _refuse(unit, application, part, why.detail, now=now)
    missing = sorted(set(part.items) & set(answer.items or part.items) - set(award.items))
    left = f"未授权的信息项:{'、'.join(missing)}(已不可共享,或不能按要求脱敏)" if missing else ""
    opinion = "。".join(filter(None, (answer.reason, left)))
    return await _grant(unit, application, part, award, opinion, now=now)


async def _grant(
    unit: Unit, application: Application, part: Part, award: Award, opinion: str, *, now: datetime
) -> None:
    grant = await grants.activate(unit, application, part, award, now=now)
    changed = replace(part.moved(Move.GRANT), grant=grant.id)
    await unit.applications.save(application.with_part(changed))
    await note(unit, part, application, "同意授权", opinion, now=now)


async def _take_back(
    unit: Unit, application: Application, part: Part, reason: str, *, now: datetime
) -> bool:
    """End what the Commission no longer agrees to; False when nothing of it is left."""
    reason = reason or NO_REASON
    taken = part.grant and await grants.take_back(
        unit, part.grant, by=BY_COMMISSION, reason=reason, now=now
    )
    if not taken:
        return False
    await note(unit, part, application, "收回授权", reason, now=now)
    await tell_applicant(unit, application, NoticeKind.DECISION_ARRIVED, now=now)
    return True


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
