"""More time for an opinion: the provider asks, the competent department consents, the applicant is told.

Decree 809 Art. 21. The caller owns the transaction.
"""

from datetime import datetime

from zhengshu_contracts.identity import Principal
from zhengshu_contracts.sharing import (
    ExtensionDecided,
    ExtensionDecision,
    ExtensionIn,
    ExtensionRequested,
    NoticeKind,
    Step,
)
from zhengshu_contracts.vocabulary import OpinionState, Outcome

from zhengshu_sharing.access import home
from zhengshu_sharing.applications.domain import Application
from zhengshu_sharing.clocks import extensions
from zhengshu_sharing.clocks.domain import Clock
from zhengshu_sharing.opinions.domain import Opinion
from zhengshu_sharing.opinions.errors import OpinionClosed, OpinionNotFound
from zhengshu_sharing.unit import Unit


async def ask(
    unit: Unit, opinion: str, wish: ExtensionIn, *, by: Principal, now: datetime
) -> Opinion:
    """Ask for more time: once, for a special reason, within what the law allows."""
    seen = await unit.opinions.get(opinion)
    if seen.provider != home(by):
        raise OpinionNotFound(opinion)
    application, found, clock = await _held(unit, seen)
    await extensions.ask(unit, clock, wish, by=by, now=now)
    await _note(unit, found, f"申请延期 {wish.days} 个工作日", wish.reason, by=by, now=now)
    event = ExtensionRequested(
        opinion=opinion, application=application.id, provider=found.provider, days=wish.days
    )
    unit.outbox.add(event, aggregate=application.id)
    return found


async def decide(
    unit: Unit, opinion: str, decision: ExtensionDecision, *, by: Principal, now: datetime
) -> Opinion:
    """Consent to more time, or not; either way the applicant learns of it."""
    application, found, clock = await _held(unit, await unit.opinions.get(opinion))
    clock, asked = await extensions.decide(unit, clock, decision, by=by, now=now)
    agreed = decision.outcome is Outcome.AGREE
    what = f"同意延期 {asked.days} 个工作日" if agreed else "不同意延期"
    await _note(unit, found, what, decision.opinion, by=by, now=now)
    _tell(unit, application, found, decision.outcome, clock)
    kind = NoticeKind.EXTENSION_DECIDED
    # Each is told of what it may read: the provider sees its opinion, not the case.
    for told, matter in ((application.organization, application.id), (found.provider, found.id)):
        await unit.notices.tell(told, kind, matter, at=now, due=clock.due)
    return found


async def _held(unit: Unit, opinion: Opinion) -> tuple[Application, Opinion, Clock]:
    """Hold the application; return it with the opinion and its running clock."""
    application, _ = await unit.applications.lock_part(opinion.part)
    found = await unit.opinions.get(opinion.id)
    running = await unit.clocks.running(opinion.id)
    if found.state is not OpinionState.REQUESTED or not running:
        raise OpinionClosed(found.id, found.state)
    return application, found, running[0]


async def _note(
    unit: Unit, opinion: Opinion, what: str, text: str, *, by: Principal, now: datetime
) -> None:
    actor = await unit.datasets.name_of(home(by))
    step = Step(at=now, actor=actor, what=what, officer=by.id, opinion=text, part=opinion.part)
    await unit.applications.note(opinion.application, step)


def _tell(
    unit: Unit, application: Application, opinion: Opinion, outcome: Outcome, clock: Clock
) -> None:
    event = ExtensionDecided(
        opinion=opinion.id,
        application=application.id,
        applicant=application.organization,
        provider=opinion.provider,
        outcome=outcome,
        due=clock.due,
    )
    unit.outbox.add(event, aggregate=application.id)
