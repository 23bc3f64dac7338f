"""A decision of the Commission that came on paper, entered with its scan. The caller owns the transaction."""

from datetime import datetime

from zhengshu_contracts.beijing import day_of
from zhengshu_contracts.commission import DecisionAnswer, DispatchKind
from zhengshu_contracts.identity import Principal
from zhengshu_contracts.sharing import PaperDecisionIn, Step
from zhengshu_contracts.vocabulary import Outcome

from zhengshu_sharing.access import home
from zhengshu_sharing.applications import decisions, domain
from zhengshu_sharing.applications.domain import Application, Part
from zhengshu_sharing.applications.errors import (
    BeyondApplication,
    DecisionInFuture,
    NotPossibleNow,
)
from zhengshu_sharing.applications.states import Move
from zhengshu_sharing.attachments.operations import attach
from zhengshu_sharing.grants.limits import check_masks
from zhengshu_sharing.opinions.errors import NoSuchOutcome, ReasonMissing
from zhengshu_sharing.unit import Unit


async def enter(
    unit: Unit, application: str, given: PaperDecisionIn, *, by: Principal, now: datetime
) -> Application:
    """Apply a decision as if the Commission had sent it; of what it sends later only a refusal counts."""
    _check(given, now=now)
    # Dispatches are locked before the application, as call-backs do: the other way could deadlock.
    await unit.dispatches.cancel(given.part, DispatchKind.APPLICATION)
    found = await unit.applications.lock(application)
    part = found.part(given.part)
    domain.others(found, by)
    if not part.may(Move.GRANT):
        raise NotPossibleNow(application, part.state)
    scan = [given.scan]
    await attach(unit, scan, organization=home(by), case=application, now=now)
    for reader in (found.organization, part.provider):
        await unit.attachments.show(application, reader)
    answer = DecisionAnswer(
        part=part.id,
        outcome=given.outcome,
        items=given.items,
        modes=given.modes,
        filter=given.filter,
        until=given.until,
        masks=tuple(given.masks),
        quota=given.quota,
        reason=given.reason,
    )
    await _check_award(unit, found, part, answer, now=now)
    await decisions.decide(unit, answer, now=now)
    actor = await unit.datasets.name_of(home(by))
    paper = f"{given.document}({given.decided_on}),扫描件 {given.scan}"
    step = Step(
        at=now, actor=actor, what="录入纸质批复", officer=by.id, opinion=paper, part=part.id
    )
    await unit.applications.note(application, step)
    return await unit.applications.get(application)


def _check(given: PaperDecisionIn, *, now: datetime) -> None:
    if given.outcome is Outcome.RETURN:
        raise NoSuchOutcome
    if given.outcome is Outcome.REFUSE and not given.reason:
        raise ReasonMissing
    if given.decided_on > day_of(now):
        raise DecisionInFuture(f"批复日期 {given.decided_on} 在今天之后")


async def _check_award(
    unit: Unit, application: Application, part: Part, answer: DecisionAnswer, *, now: datetime
) -> None:
    """Refuse what cannot be given as it was entered: a slip of the pen is not to end the application."""
    if answer.outcome is not Outcome.AGREE:
        return
    if beyond := {*(answer.items or ()), *(answer.modes or ())} - {*part.items, *part.modes}:
        raise BeyondApplication(part.id, beyond)
    check_masks(answer.masks, await unit.datasets.get(part.dataset), part.items)
    await decisions.award_of(unit, application, part, answer, now=now)
