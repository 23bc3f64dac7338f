"""What happens to applications: load, decide, save, announce. The caller owns the transaction."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from zhengshu_chassis import failpoints, ids
from zhengshu_contracts.beijing import day_of
from zhengshu_contracts.commission import DispatchKind, WithdrawalFiling
from zhengshu_contracts.identity import Principal
from zhengshu_contracts.sharing import (
    ApplicationEndorsed,
    ApplicationIn,
    ApplicationRefused,
    ApplicationReturned,
    ApplicationSubmitted,
    ApplicationSupplemented,
    ApplicationWithdrawn,
    EndorsementIn,
    NoticeKind,
    Step,
    SupplementIn,
)
from zhengshu_contracts.vocabulary import ApplicationState, Outcome, SharingClass

from zhengshu_sharing.access import acts, home, sees
from zhengshu_sharing.applications import arrival, domain, registering
from zhengshu_sharing.applications.decisions import lapse, tell_applicant
from zhengshu_sharing.applications.domain import Application, Part, Terms
from zhengshu_sharing.applications.drafts import check_renewal
from zhengshu_sharing.applications.errors import ApplicationNotFound, ItemsWithheld
from zhengshu_sharing.applications.forwarding import ENDORSED, forward
from zhengshu_sharing.applications.states import Chain, Move, term_of
from zhengshu_sharing.attachments.operations import attach
from zhengshu_sharing.clocks import operations as clocks
from zhengshu_sharing.opinions.operations import consult
from zhengshu_sharing.settings import SupplementClock
from zhengshu_sharing.unit import Unit

APPLIED = "申"
"""What tells the numbers of applications from those of other papers."""
ENDORSED_WITHIN = term_of(Chain.COMMISSION, Move.ENDORSE)
BY_CLASS = "class"
"""Who refused, in the event, when the items' class did."""


async def read(unit: Unit, application: str, *, by: Principal) -> Application:
    """Return an application that the applicant or the competent department asks for."""
    found = await unit.applications.get(application)
    if not sees(by, found.organization):
        raise ApplicationNotFound(application)
    return found


async def submit(
    unit: Unit, wish: ApplicationIn, *, by: Principal, now: datetime
) -> Application | ItemsWithheld:
    """Take an application and split it. All withheld: nothing is kept but the announced refusal."""
    arrival.admit(by)
    _check_terms(unit, _terms(wish), now=now)
    await check_renewal(unit, wish.renews, {part.dataset for part in wish.parts}, by=by)
    known = await unit.datasets.published(part.dataset for part in wish.parts)
    case = ids.new("a")
    parts = arrival.split(
        case,
        wish.parts,
        known,
        applicant=home(by),
        chain=unit.settings.opinion_by,
    )
    if arrival.refused_whole(parts):
        _announce_withheld(unit, case, home(by), parts)
        reasons = ";".join(part.reason or "" for part in parts)
        return ItemsWithheld(f"所申请的信息项不予共享:{reasons}", reasons)
    application = Application(
        id=case,
        number=await unit.applications.number(APPLIED, now),
        organization=home(by),
        submitted_by=by.id,
        submitted_at=now,
        terms=_terms(wish),
        parts=parts,
        renews=wish.renews,
    )
    await unit.applications.add(application)
    await attach(unit, wish.attachments, organization=home(by), case=case, now=now)
    application = await registering.register(unit, application, now=now)
    if application.state is ApplicationState.SUBMITTED:
        await _await_endorsement(unit, case, now=now)
    await _note_arrival(unit, application, by=by)
    _announce_withheld(unit, case, home(by), parts)
    failpoints.hit("application.submitted")
    return application


async def endorse(
    unit: Unit, application: str, decision: EndorsementIn, *, by: Principal, now: datetime
) -> Application:
    """Forward, return once, or refuse with reasons what waits for the competent department."""
    found = await _locked(unit, application, by=by)
    if decision.outcome is Outcome.AGREE:
        return await _endorse(unit, found, decision.opinion, by=by, now=now)
    if decision.outcome is Outcome.RETURN:
        return await _give_back(unit, found, decision, by=by, now=now)
    return await _decline(unit, found, decision, by=by, now=now)


async def supplement(
    unit: Unit, application: str, given: SupplementIn, *, by: Principal, now: datetime
) -> Application:
    """Take what the supplement notice asked for."""
    found = await _locked_own(unit, application, by=by)
    changes = given.model_dump(exclude={"note", "consent", "attachments"}, exclude_none=True)
    terms = replace(found.terms, **changes, consent=given.consent or found.terms.consent)
    changed = domain.supplement(found, terms=terms, now=now)
    _check_terms(unit, terms, now=now)
    await unit.applications.save(changed)
    await attach(unit, given.attachments, organization=home(by), case=changed.id, now=now)
    if unit.settings.supplement_clock is SupplementClock.RESTART:
        await clocks.restart(unit, changed.id, now=now)
    await clocks.resume(unit, changed.id, now=now)
    if not await unit.clocks.running(changed.id, ENDORSED_WITHIN):
        # The Commission sent it back: the competent department's period begins again.
        await _await_endorsement(unit, changed.id, now=now)
    await _note(unit, changed, "补正", by=by, now=now, opinion=given.note)
    unit.outbox.add(ApplicationSupplemented(**_about(changed)), aggregate=changed.id)
    return changed


async def withdraw(
    unit: Unit, application: str, *, by: Principal, reason: str, now: datetime
) -> Application:
    """Withdraw what nobody has decided, and let the Commission know of what it may have."""
    seen = await unit.applications.get(application)
    if seen.organization != home(by):
        raise ApplicationNotFound(application)
    # Dispatches are locked before the application, as call-backs do: the other way could deadlock.
    await _recall(unit, seen)
    found = await unit.applications.lock(application)
    await _recall(unit, found)  # what was endorsed in between; the rest is held already
    changed = domain.withdraw(found)
    await unit.applications.save(changed)
    for part in found.parts:
        if part.with_commission:
            notice = WithdrawalFiling(part=part.id, reason=reason)
            unit.dispatches.open(DispatchKind.WITHDRAWAL, part.id, notice, expects_answer=False)
    await clocks.stop(unit, changed.id, now=now)
    await lapse(unit, found.parts, now=now)
    await _note(unit, changed, "撤回申请", by=by, now=now, opinion=reason)
    unit.outbox.add(ApplicationWithdrawn(**_about(changed)), aggregate=changed.id)
    return changed


async def _endorse(
    unit: Unit, found: Application, opinion: str, *, by: Principal, now: datetime
) -> Application:
    changed = domain.endorse(found, by=by)
    await unit.applications.save(changed)
    for part in _moved(found, changed):
        if part.state is ApplicationState.CONSULTING:
            await consult(unit, changed, part, due=None, now=now)
        else:
            await forward(unit, changed, part, endorsement=opinion)
    await clocks.stop(unit, changed.id, now=now)
    await _note(unit, changed, ENDORSED, by=by, now=now, opinion=opinion)
    unit.outbox.add(ApplicationEndorsed(**_about(changed), by=by.id), aggregate=changed.id)
    return changed


async def _give_back(
    unit: Unit, found: Application, decision: EndorsementIn, *, by: Principal, now: datetime
) -> Application:
    changed = domain.give_back(found, by=by, missing=decision.missing, now=now)
    await unit.applications.save(changed)
    if unit.settings.supplement_clock is not SupplementClock.RUN:
        await clocks.pause(unit, changed.id, now=now)
    opinion = f"{decision.opinion}。需补正:{';'.join(decision.missing)}"
    await _note(unit, changed, "一次性告知补正", by=by, now=now, opinion=opinion)
    unit.outbox.add(ApplicationReturned(**_about(changed), by=by.id), aggregate=changed.id)
    await tell_applicant(unit, changed, NoticeKind.SUPPLEMENT_ASKED, now=now)
    return changed


async def _decline(
    unit: Unit, found: Application, decision: EndorsementIn, *, by: Principal, now: datetime
) -> Application:
    changed = domain.decline(
        found,
        by=by,
        ground=decision.ground,
        reason=decision.opinion,
        missing=decision.missing,
    )
    reason = domain.grounded(decision.ground, decision.opinion)
    await unit.applications.save(changed)
    await clocks.stop(unit, changed.id, now=now)
    await _note(unit, changed, "不同意转报", by=by, now=now, opinion=reason)
    await tell_applicant(unit, changed, NoticeKind.DECISION_ARRIVED, now=now)
    for part in _moved(found, changed):
        event = ApplicationRefused(**_about(changed), part=part.id, dataset=part.dataset, by=by.id)
        unit.outbox.add(event, aggregate=changed.id)
    return changed


async def _recall(unit: Unit, application: Application) -> None:
    for part in application.parts:
        if part.with_commission:
            await unit.dispatches.cancel(part.id, DispatchKind.APPLICATION)


async def _locked(unit: Unit, application: str, *, by: Principal) -> Application:
    found = await unit.applications.lock(application)
    if not acts(by, found.organization):
        raise ApplicationNotFound(application)
    return found


async def _locked_own(unit: Unit, application: str, *, by: Principal) -> Application:
    found = await unit.applications.lock(application)
    if found.organization != home(by):
        raise ApplicationNotFound(application)
    return found


def _terms(wish: ApplicationIn) -> Terms:
    return Terms(wish.basis, wish.scenario, wish.scope, wish.purpose, wish.until, wish.consent)


def _check_terms(unit: Unit, terms: Terms, *, now: datetime) -> None:
    today = day_of(now)
    arrival.check_period(terms.until, today=today, longest_years=unit.settings.longest_years)
    arrival.check_consent(terms.consent, today=today)


def _announce_withheld(unit: Unit, case: str, organization: str, parts: Iterable[Part]) -> None:
    for part in parts:
        if part.sharing is SharingClass.WITHHELD:
            event = ApplicationRefused(
                application=case,
                organization=organization,
                part=part.id,
                dataset=part.dataset,
                by=BY_CLASS,
                basis=part.reason,
            )
            unit.outbox.add(event, aggregate=case)


async def _await_endorsement(unit: Unit, case: str, *, now: datetime) -> None:
    competent = await unit.datasets.competent()
    await clocks.start(unit, ENDORSED_WITHIN, case, party=competent, now=now)


async def _note_arrival(unit: Unit, application: Application, *, by: Principal) -> None:
    at = application.submitted_at
    await _note(unit, application, "提交申请", by=by, now=at)
    for part in application.parts:
        if part.state is not ApplicationState.SUBMITTED:
            granted = part.state is ApplicationState.GRANTED
            what = registering.answer(unit) if granted else "不予共享"
            step = Step(at=at, actor="系统", what=what, opinion=part.reason or "", part=part.id)
            await unit.applications.note(application.id, step)
    event = ApplicationSubmitted(
        **_about(application),
        number=application.number,
        datasets=tuple(dict.fromkeys(part.dataset for part in application.parts)),
    )
    unit.outbox.add(event, aggregate=application.id)


async def _note(
    unit: Unit,
    application: Application,
    what: str,
    *,
    by: Principal,
    now: datetime,
    opinion: str = "",
) -> None:
    actor = await unit.datasets.name_of(home(by))
    step = Step(at=now, actor=actor, what=what, officer=by.id, opinion=opinion)
    await unit.applications.note(application.id, step)


def _moved(before: Application, after: Application) -> list[Part]:
    pairs = zip(before.parts, after.parts, strict=True)
    return [new for old, new in pairs if old.state is not new.state]


def _about(application: Application) -> dict[str, str]:
    return {"application": application.id, "organization": application.organization}
