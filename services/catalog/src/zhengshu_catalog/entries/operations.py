"""What departments, the competent department and the Commission do to entries.

Each loads, decides, saves and announces; the caller owns the transaction. Whatever is written of an
entry is announced under its lock, so that events keep its order.
"""

from dataclasses import dataclass, field, replace
from datetime import date, datetime
from itertools import zip_longest
from typing import Self

from sqlalchemy.ext.asyncio import AsyncSession
from zhengshu_chassis.dispatch import Dispatches
from zhengshu_chassis.outbox import Outbox
from zhengshu_contracts.catalog import (
    AffectedGrant,
    Change,
    ClassChange,
    EntryIn,
    EntryRefused,
    EntryRegistered,
    EntryReturned,
    EntrySubmitted,
    ReviewIn,
    ServiceRegistrationChanged,
)
from zhengshu_contracts.commission import (
    DispatchKind,
    EntryAnswer,
    ServiceRegistrationAnswer,
    ServiceWithdrawalAnswer,
)
from zhengshu_contracts.identity import Principal
from zhengshu_contracts.policy import dataset_key
from zhengshu_contracts.vocabulary import EntryState, ServiceRegistrationState

from zhengshu_catalog.aggregation.operations import prepare_dataset
from zhengshu_catalog.aggregation.uploads import offer_upload
from zhengshu_catalog.entries import content as rules
from zhengshu_catalog.entries import domain, guards
from zhengshu_catalog.entries.content import secret
from zhengshu_catalog.entries.difference import difference
from zhengshu_catalog.entries.domain import Entry, Revision
from zhengshu_catalog.entries.errors import SecretRefused
from zhengshu_catalog.entries.repository import Entries
from zhengshu_catalog.extensions import repository as extensions
from zhengshu_catalog.extensions.schema import check_extensions as fit
from zhengshu_catalog.grants.consumers import live
from zhengshu_catalog.organizations.repository import Organizations
from zhengshu_catalog.sources import repository as sources
from zhengshu_catalog.themes import serving as themes
from zhengshu_catalog.themes.errors import ThemeDerived


@dataclass(frozen=True, slots=True)
class Unit:
    """What one operation may touch."""

    session: AsyncSession
    entries: Entries
    organizations: Organizations
    dispatches: Dispatches
    outbox: Outbox

    @classmethod
    def of(cls, session: AsyncSession) -> Self:
        """Return what an operation may touch in this session."""
        return cls(
            session,
            Entries(session),
            Organizations(session),
            Dispatches(session),
            Outbox(session, "catalog"),
        )


@dataclass(frozen=True, slots=True)
class Shown:
    """An entry with the revision that a caller is shown of it."""

    entry: Entry
    revision: Revision


@dataclass(frozen=True, slots=True)
class Compared:
    """A revision, what it changes of the one before, and the live grants that a draft would touch."""

    revision: Revision
    changes: list[Change] = field(default_factory=list)
    class_changes: list[ClassChange] = field(default_factory=list)
    affected: list[AffectedGrant] = field(default_factory=list)


async def check_content(unit: Unit, content: EntryIn) -> None:
    """Refuse content that breaks a rule, or extended metadata that do not fit their definition."""
    rules.check(content)
    await check_extensions(unit.session, content)


async def check_extensions(session: AsyncSession, content: EntryIn) -> None:
    """Refuse extended metadata that do not fit the definition in force."""
    in_force = await extensions.current(session)
    if in_force.version:
        fit(in_force.definition, content.extensions)


async def compile_entry(
    unit: Unit, content: EntryIn, *, by: Principal, at: datetime
) -> Shown | SecretRefused:
    """Start a draft, or return the refusal of a secret, whose event the caller commits."""
    provider = await unit.organizations.get(by.organization or "")
    if refusal := _refuse_secret(unit, content, provider.code):
        return refusal
    await check_content(unit, content)
    number = await unit.entries.next_number(content.category)
    entry = domain.new_entry(content.category, number, provider.code, provider.name)
    draft = domain.first_revision(entry.id, content, by=by, at=at)
    await unit.entries.add(entry, draft)
    return Shown(entry, draft)


async def take_over(
    unit: Unit,
    content: EntryIn,
    municipal_code: str,
    *,
    mend_by: date,
    by: Principal,
    reviewer: str,
    at: datetime,
) -> Shown:
    """Publish an entry as it stood in the municipal catalogue, with a date to mend what it lacks.

    The competent department MUST have agreed, and the code be in the municipal copy as the provider's.
    """
    provider = await unit.organizations.get(by.organization or "")
    rules.check_stock(content)
    await check_extensions(unit.session, content)
    number = await unit.entries.next_number(content.category)
    new = domain.new_entry(content.category, number, provider.code, provider.name)
    entry = domain.take_over(new, municipal_code, mend_by=mend_by, at=at)
    draft = domain.first_revision(entry.id, content, by=by, at=at)
    revision = replace(draft, state=EntryState.PUBLISHED, reviewed_by=reviewer, published_at=at)
    await unit.entries.add(entry, revision)
    await _serve(unit, entry, revision)
    return Shown(entry, revision)


async def revise_entry(
    unit: Unit, entry_id: str, content: EntryIn, *, by: Principal, at: datetime
) -> Shown | SecretRefused:
    """Replace a draft's content or start the next revision; secrets as in `compile_entry`."""
    entry = await unit.entries.lock(entry_id)
    domain.check_provider(entry, by)
    if entry.joined:
        raise ThemeDerived(entry.id)
    if refusal := _refuse_secret(unit, content, entry.provider):
        return refusal
    await check_content(unit, content)
    working = await unit.entries.working(entry)
    return await _keep(unit, entry, domain.revise(entry, working, content, by=by, at=at))


async def submit_entry(unit: Unit, entry_id: str, *, by: Principal, at: datetime) -> Shown:
    """Hand a draft to the competent department."""
    entry = await unit.entries.lock(entry_id)
    working = await unit.entries.working(entry)
    submitted = domain.submit(entry, working, by=by, at=at)
    if entry.joined:
        await themes.check_ready(unit.session, entry.id, submitted)
    if entry.published:
        guards.check_loosening((await unit.entries.shown(entry)).content, submitted.content)
    event = EntrySubmitted(entry=entry.id, provider=entry.provider, title=submitted.content.title)
    unit.outbox.add(event, aggregate=entry.id)
    return await _keep(unit, entry, submitted)


async def review_entry(
    unit: Unit, entry_id: str, given: ReviewIn, *, by: Principal, at: datetime
) -> Shown:
    """Publish or return a submitted revision."""
    entry = await unit.entries.lock(entry_id)
    working = await unit.entries.working(entry)
    reviewed = domain.review(
        entry, working, outcome=given.outcome, opinion=given.opinion, by=by, at=at
    )
    if reviewed.state is EntryState.RETURNED:
        unit.outbox.add(EntryReturned(entry=entry.id, by=by.id), aggregate=entry.id)
        return await _keep(unit, entry, reviewed)
    if entry.joined:
        await themes.check_ready(unit.session, entry.id, reviewed)
    changes = await _class_changes(unit, entry, reviewed)
    if changes:
        touched = guards.affected(changes, await live(unit.session, entry.id, at=at))
        guards.check_seen(touched, given.grants_seen)
    provider = await unit.organizations.get(entry.provider)
    return await _publish(unit, replace(entry, provider_name=provider.name), reviewed)


async def read_entry(unit: Unit, entry_id: str, *, reader: Principal) -> Shown:
    """Return a published entry, or to those who may see it a draft."""
    entry = await unit.entries.get(entry_id)
    domain.check_visible(entry, reader)
    return Shown(entry, await unit.entries.shown(entry))


async def read_revisions(
    unit: Unit, entry_id: str, *, reader: Principal, at: datetime
) -> list[Compared]:
    """Return an entry's revisions, newest first; drafts to those alone who may see them."""
    entry = await unit.entries.get(entry_id)
    domain.check_visible(entry, reader)
    drafts = domain.sees_drafts(reader, entry.provider)
    found = await unit.entries.revisions(entry.id, drafts=drafts)
    grants = await live(unit.session, entry.id, at=at) if drafts else []
    return [_compared(*pair, grants) for pair in zip_longest(found, found[1:])]


def _compared(
    revision: Revision, previous: Revision | None, grants: list[AffectedGrant]
) -> Compared:
    if previous is None:
        return Compared(revision)
    moved = guards.class_changes(previous.content.items, revision.content.items)
    open_ = revision.state is not EntryState.PUBLISHED
    touched = guards.affected(moved, grants) if open_ else []
    return Compared(revision, difference(previous.content, revision.content), moved, touched)


async def register_entry(unit: Unit, answer: EntryAnswer, *, at: datetime) -> bool:
    """Note the municipal code of an entry; False when that changes nothing."""
    entry = await unit.entries.find(answer.entry, lock=True)
    changed = entry and domain.register(entry, answer.municipal_code, at)
    if not changed:
        return False
    await _change(unit, changed)
    event = EntryRegistered(entry=changed.id, municipal_code=answer.municipal_code)
    unit.outbox.add(event, aggregate=changed.id)
    await offer_upload(unit.session, changed.id)
    return True


async def change_service(
    unit: Unit, answer: ServiceRegistrationAnswer | ServiceWithdrawalAnswer, *, at: datetime
) -> bool:
    """Note that a service registration was given or withdrawn; False when that changes nothing."""
    given = isinstance(answer, ServiceRegistrationAnswer)
    state = ServiceRegistrationState.LIVE if given else ServiceRegistrationState.WITHDRAWN
    code = answer.service_code if isinstance(answer, ServiceRegistrationAnswer) else None
    reason = answer.reason if isinstance(answer, ServiceWithdrawalAnswer) else ""
    entry = await unit.entries.find(answer.dataset, lock=True)
    changed = entry and domain.change_service(entry, state, at, service_code=code)
    if not changed:
        return False
    await _change(unit, changed)
    event = ServiceRegistrationChanged(
        dataset=changed.id, state=state, service_code=changed.service_code, reason=reason
    )
    unit.outbox.add(event, aggregate=changed.id)
    return True


async def _class_changes(unit: Unit, entry: Entry, revision: Revision) -> list[ClassChange]:
    if not entry.published:
        return []
    published = await unit.entries.shown(entry)
    return guards.class_changes(published.content.items, revision.content.items)


async def _publish(unit: Unit, entry: Entry, revision: Revision) -> Shown:
    """Make a reviewed revision the served one, and file it with the Commission."""
    shown = await _keep(unit, entry, revision)
    await _serve(unit, shown.entry, revision)
    return shown


async def _serve(unit: Unit, entry: Entry, revision: Revision) -> None:
    if entry.joined:
        await themes.prepare(unit.session, entry.id, revision)
    else:
        await sources.index(unit.session, entry.id, revision.content.items)
        await prepare_dataset(unit.session, entry.id, revision.content.items, revision.number)
    announce(unit, entry, revision.content)
    filing = domain.filing(entry, revision.content)
    unit.dispatches.open(DispatchKind.ENTRY, entry.id, filing)
    await (themes.settle if entry.joined else themes.follow)(unit.session, entry.id)


async def _keep(unit: Unit, entry: Entry, working: Revision) -> Shown:
    changed = domain.after(entry, working)
    await unit.entries.save(changed, working)
    return Shown(changed, working)


async def _change(unit: Unit, entry: Entry) -> None:
    """Keep what changed of a published entry, and tell the gateway."""
    await unit.entries.save(entry)
    shown = await unit.entries.shown(entry)
    await unit.entries.index(entry, shown)
    _tell_gateway(unit, entry, shown.content)
    await themes.follow(unit.session, entry.id)


def announce(unit: Unit, entry: Entry, content: EntryIn) -> None:
    """Say that an entry's newest revision is published, or that it is retired."""
    unit.outbox.add(domain.announcement(entry, content), aggregate=entry.id)
    _tell_gateway(unit, entry, content)


def _tell_gateway(unit: Unit, entry: Entry, content: EntryIn) -> None:
    policy = domain.policy(entry, content)
    unit.outbox.put(dataset_key("catalog", entry.id), policy, aggregate=entry.id)


def _refuse_secret(unit: Unit, content: EntryIn, provider: str) -> SecretRefused | None:
    """Announce the refusal of a secret, and nothing of its content."""
    refusal = secret(content)
    if refusal:
        unit.outbox.add(EntryRefused(provider=provider, rule=refusal.rule), aggregate=provider)
    return refusal
