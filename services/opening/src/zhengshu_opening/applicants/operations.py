"""What applicants do, and what is decided about them. The caller owns the transaction."""

import hashlib
import hmac
import secrets
from dataclasses import replace
from datetime import datetime

from zhengshu_chassis import ids
from zhengshu_contracts.beijing import day_of, end_of
from zhengshu_contracts.catalog import Credentials
from zhengshu_contracts.commission import DispatchKind, OpenApplicationFiling, OpenDecisionAnswer
from zhengshu_contracts.identity import Principal
from zhengshu_contracts.opening import (
    ApplicantIn,
    ApplicantWasRegistered,
    OpenApplicationForwarded,
    OpenApplicationIn,
    OpenApplicationRefused,
    OpenApplicationSubmitted,
)
from zhengshu_contracts.policy import ClientPolicy, client_key
from zhengshu_contracts.vocabulary import ApplicationState, PrincipalKind

from zhengshu_opening.applicants import domain, eligibility
from zhengshu_opening.applicants.domain import Applicant, OpenApplication
from zhengshu_opening.applicants.eligibility import Refusal
from zhengshu_opening.applicants.errors import (
    AlreadyApplied,
    CredentialsWrong,
    OpenApplicationNotFound,
)
from zhengshu_opening.listings import operations as listings
from zhengshu_opening.listings.domain import Authorization
from zhengshu_opening.unit import Unit


async def register(unit: Unit, wish: ApplicantIn) -> tuple[Applicant, Credentials]:
    """Register an applicant; its secret is told here and never again."""
    code = domain.check_code(wish.code)
    applicant = Applicant(ids.new("app"), code, wish.name, wish.kind)
    secret = secrets.token_urlsafe(32)
    await unit.applicants.add(applicant, contact=wish.contact, secret_digest=_digest(secret))
    registered = ApplicantWasRegistered(applicant=applicant.id, kind=applicant.kind)
    unit.outbox.add(registered, aggregate=applicant.id)
    record = ClientPolicy(id=applicant.id, kind=PrincipalKind.APPLICANT, organization=code)
    unit.outbox.put(client_key("opening", applicant.id), record, aggregate=applicant.id)
    return applicant, Credentials(client_id=applicant.id, client_secret=secret)


async def verify(unit: Unit, given: Credentials) -> None:
    """Check a client's secret or raise CredentialsWrong, saying nothing of which was wrong."""
    known = await unit.applicants.secret_digest(given.client_id)
    if not hmac.compare_digest(known or b"", _digest(given.client_secret)):
        raise CredentialsWrong


async def apply(
    unit: Unit, wish: OpenApplicationIn, *, by: Principal, at: datetime
) -> OpenApplication | Refusal:
    """Apply for an authorised-open dataset. A refusal is an answer: it is announced and committed."""
    applicant = await unit.applicants.get(by.id)
    listing = domain.check_listing(await unit.listings.find(wish.dataset))
    if refusal := eligibility.judge(applicant.kind):
        refused = OpenApplicationRefused(
            application=None, dataset=wish.dataset, applicant=applicant.id, rule=refusal.rule
        )
        unit.outbox.add(refused, aggregate=applicant.id)
        return refusal
    domain.check_period(wish.until, today=day_of(at))
    held = await unit.listings.authorizations(listing.dataset)
    if any(one.applicant == applicant.id and at < one.ends for one in held):
        raise AlreadyApplied("已有有效的授权")
    application = await _submit(unit, wish, applicant, at)
    submitted = OpenApplicationSubmitted(
        application=application.id, dataset=application.dataset, applicant=applicant.id
    )
    unit.outbox.add(submitted, aggregate=application.id)
    return application


async def forwarded(unit: Unit, application_id: str, acceptance: str) -> None:
    """Note that the Commission has the application."""
    application = await unit.applications.lock(application_id)
    if application.state is ApplicationState.ENDORSED:
        await unit.applications.save(replace(application, state=ApplicationState.FORWARDED))
        event = OpenApplicationForwarded(application=application.id, acceptance=acceptance)
        unit.outbox.add(event, aggregate=application.id)


async def decided(unit: Unit, given: OpenDecisionAnswer) -> bool:
    """Apply the Commission's decision; False when it comes late."""
    before = await unit.applications.lock(given.application)
    listing = await unit.listings.lock(before.dataset)
    after = domain.decide(
        before,
        outcome=given.outcome,
        reason=given.reason,
        live=listing is not None and listing.live,
        authorization=ids.new("auth"),
    )
    if after is None:
        return False
    await unit.applications.save(after)
    if after.authorization is None:
        _refused(unit, after, "commission-refused")
    else:
        until = min(given.until or after.until, after.until)
        right = Authorization(
            after.authorization, after.id, after.dataset, after.applicant, end_of(until)
        )
        await listings.authorize(unit, right)
    return True


async def read(unit: Unit, application_id: str, *, by: Principal) -> OpenApplication:
    """Read an application; somebody else's does not exist for an applicant."""
    application = await unit.applications.get(application_id)
    if whose(by) not in {None, application.applicant}:
        raise OpenApplicationNotFound(application_id)
    return application


def whose(by: Principal) -> str | None:
    """Return whose applications somebody may see; None for everybody's (the role matrix admits)."""
    return by.id if by.kind is PrincipalKind.APPLICANT else None


async def _submit(
    unit: Unit, wish: OpenApplicationIn, applicant: Applicant, at: datetime
) -> OpenApplication:
    dataset = await unit.datasets.find(wish.dataset)
    application = OpenApplication(
        id=ids.new("oa"),
        applicant=applicant.id,
        title=dataset.title if dataset else wish.dataset,
        state=ApplicationState.ENDORSED,
        submitted_at=at,
        **wish.model_dump(),
    )
    await unit.applications.add(application)
    filing = OpenApplicationFiling(
        application=application.id,
        applicant=applicant.code,
        applicant_name=applicant.name,
        kind=applicant.kind,
        **wish.model_dump(),
    )
    unit.dispatches.open(DispatchKind.OPEN_APPLICATION, application.id, filing)
    return application


def _refused(unit: Unit, application: OpenApplication, rule: str) -> None:
    event = OpenApplicationRefused(
        application=application.id,
        dataset=application.dataset,
        applicant=application.applicant,
        rule=rule,
    )
    unit.outbox.add(event, aggregate=application.id)


def _digest(secret: str) -> bytes:
    """Return what is kept of a secret: 256 random bits need no slow hash."""
    return hashlib.sha256(secret.encode()).digest()
