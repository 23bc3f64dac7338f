"""What happens to opinions: the Commission asks, the provider answers. The caller owns the transaction."""

from datetime import date, datetime

from zhengshu_chassis import ids
from zhengshu_contracts.beijing import day_of
from zhengshu_contracts.commission import DispatchKind, OpinionFiling, OpinionRequestAnswer
from zhengshu_contracts.identity import Principal
from zhengshu_contracts.sharing import NoticeKind, OpinionGiven, OpinionIn, OpinionRequested, Step
from zhengshu_contracts.vocabulary import Outcome

from zhengshu_sharing.access import home, sees
from zhengshu_sharing.applications import decisions
from zhengshu_sharing.applications import domain as applications
from zhengshu_sharing.applications.arrival import check_consent
from zhengshu_sharing.applications.domain import Application, Part
from zhengshu_sharing.applications.forwarding import forward
from zhengshu_sharing.applications.states import Chain, Move, term_of
from zhengshu_sharing.clocks import operations as clocks
from zhengshu_sharing.grants.limits import check_masks
from zhengshu_sharing.opinions import domain
from zhengshu_sharing.opinions.domain import Opinion
from zhengshu_sharing.opinions.errors import OpinionClosed, OpinionNotFound
from zhengshu_sharing.unit import Unit


async def read(unit: Unit, opinion: str, *, by: Principal) -> Opinion:
    """Return an opinion that its provider or the competent department asks for."""
    found = await unit.opinions.get(opinion)
    if not sees(by, found.provider):
        raise OpinionNotFound(opinion)
    return found


async def request(unit: Unit, answer: OpinionRequestAnswer, *, now: datetime) -> bool:
    """Put the Commission's question to the provider; False when it comes too late or twice."""
    application, part = await unit.applications.lock_part(answer.part)
    asked = applications.consult(part)
    if asked is None:
        return False
    await unit.applications.save(application.with_part(asked))
    await consult(unit, application, asked, due=answer.due, now=now)
    return True


async def consult(
    unit: Unit, application: Application, part: Part, *, due: date | None, now: datetime
) -> None:
    """Ask the provider of a part that has just come to be consulted about."""
    opinion = Opinion(ids.new("o"), part.id, application.id, part.provider, requested_at=now)
    await unit.opinions.add(opinion)
    await unit.attachments.show(application.id, part.provider)
    clock = await clocks.start(
        unit,
        term_of(part.chain, Move.ANSWER),
        opinion.id,
        case=application.id,
        party=part.provider,
        now=now,
        set_for=due,
    )
    await decisions.note(unit, part, application, "征求提供单位意见", "", now=now)
    event = OpinionRequested(
        opinion=opinion.id,
        part=part.id,
        application=application.id,
        provider=part.provider,
        due=clock.due,
    )
    unit.outbox.add(event, aggregate=application.id)
    kind = NoticeKind.OPINION_ASKED
    await unit.notices.tell(
        part.provider, kind, opinion.id, at=now, dataset=part.dataset, due=clock.due
    )


async def answer(
    unit: Unit, opinion: str, given: OpinionIn, *, by: Principal, now: datetime
) -> Opinion:
    """Take a provider's answer and send it to the Commission, alone or with what it is about."""
    check_consent(given.consent, today=day_of(now))
    seen = await unit.opinions.get(opinion)
    if seen.provider != home(by):
        raise OpinionNotFound(opinion)
    application, part = await unit.applications.lock_part(seen.part)
    applications.others(application, by)
    found = await unit.opinions.get(opinion)
    if given.masks:
        check_masks(given.masks, await unit.datasets.get(part.dataset), part.items)
    changed = domain.answer(found, given, by=by.id, now=now)
    if not part.may(Move.ANSWER):
        raise OpinionClosed(opinion, found.state)
    await unit.opinions.save(changed)
    await clocks.stop(unit, opinion, now=now)
    answered = part.moved(Move.ANSWER)
    await unit.applications.save(application.with_part(answered))
    await _send(unit, application, answered, changed, given.outcome)
    await _note(unit, changed, by=by, now=now)
    event = OpinionGiven(
        opinion=opinion, part=part.id, provider=changed.provider, state=changed.state
    )
    unit.outbox.add(event, aggregate=application.id)
    return changed


async def _send(
    unit: Unit, application: Application, part: Part, opinion: Opinion, outcome: Outcome
) -> None:
    filing = OpinionFiling(
        opinion=opinion.id,
        part=part.id,
        outcome=outcome,
        ground=opinion.ground,
        reason=opinion.reason,
        masks=opinion.masks,
        quota=opinion.quota,
    )
    if part.chain is Chain.COUNTY:
        await forward(unit, application, part, opinion=filing)
    else:
        unit.dispatches.open(DispatchKind.OPINION, opinion.id, filing, expects_answer=False)


async def _note(unit: Unit, opinion: Opinion, *, by: Principal, now: datetime) -> None:
    actor = await unit.datasets.name_of(opinion.provider)
    what = f"提供单位{opinion.state.label}"
    text = f"{opinion.ground.label}:{opinion.reason}" if opinion.ground else opinion.reason
    step = Step(at=now, actor=actor, what=what, officer=by.id, opinion=text, part=opinion.part)
    await unit.applications.note(opinion.application, step)
