"""Compiling a theme and agreeing to it. Submission, review and retirement are those of its entry.

The caller owns the transaction.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from zhengshu_contracts.catalog import (
    Item,
    ThemeCompiled,
    ThemeConsent,
    ThemeConsented,
    ThemeConsentIn,
    ThemeIn,
)
from zhengshu_contracts.identity import Principal
from zhengshu_contracts.vocabulary import EntryState, Origin

from zhengshu_catalog.entries import content as rules
from zhengshu_catalog.entries import domain as entries
from zhengshu_catalog.entries.domain import Entry, Revision
from zhengshu_catalog.entries.operations import Unit
from zhengshu_catalog.themes import domain, repository
from zhengshu_catalog.themes.errors import ConsentNotDue, ThemeMemberUnavailable, ThemeNotFound
from zhengshu_catalog.themes.tables import ThemeRow


@dataclass(frozen=True, slots=True)
class Shown:
    """A theme's newest revision: the entry, its content, what it is made of."""

    entry: Entry
    revision: Revision
    row: ThemeRow


async def compile_theme(unit: Unit, given: ThemeIn, *, by: Principal, at: datetime) -> Shown:
    """Start a theme's first draft and ask the members' providers."""
    lead = await unit.organizations.get(by.organization or "")
    members = await _members(unit, given)
    content = domain.content(given, _items(members))
    rules.check(content)
    number = await unit.entries.next_number(content.category)
    entry = entries.new_entry(content.category, number, lead.code, lead.name)
    entry = replace(entry, joined=True)
    draft = entries.first_revision(entry.id, content, by=by, at=at)
    await unit.entries.add(entry, draft)
    return await _ask(unit, entry, draft, given, members)


async def revise_theme(
    unit: Unit, theme: str, given: ThemeIn, *, by: Principal, at: datetime
) -> Shown:
    """Replace a theme's draft or start its next revision; every provider is asked again."""
    entry = await _lock(unit, theme, by)
    entries.check_provider(entry, by)
    members = await _members(unit, given)
    content = domain.content(given, _items(members))
    rules.check(content)
    working = await unit.entries.working(entry)
    draft = entries.revise(entry, working, content, by=by, at=at)
    entry = entries.after(entry, draft)
    await unit.entries.save(entry, draft)
    return await _ask(unit, entry, draft, given, members)


async def agree(
    unit: Unit, theme: str, given: ThemeConsentIn, *, by: Principal, at: datetime
) -> Shown:
    """Note that a member's provider agrees to the draft as it stands."""
    entry = await _lock(unit, theme, by)
    shown = await _shown(unit, entry)
    drafted = shown.revision.state in {EntryState.DRAFT, EntryState.RETURNED}
    if not drafted or by.organization not in shown.row.providers:
        raise ConsentNotDue
    consent = ThemeConsent(opinion=given.opinion, by=by.id, at=at)
    told = {by.organization or "": consent.model_dump(mode="json")}
    shown.row.consents = shown.row.consents | told
    event = ThemeConsented(theme=theme, provider=by.organization or "", by=by.id)
    unit.outbox.add(event, aggregate=theme)
    return shown


async def read_theme(unit: Unit, theme: str, *, reader: Principal) -> Shown:
    """Return a theme: its draft to those who may see it, else what is published."""
    entry = await unit.entries.find(theme)
    if entry is None or not entry.joined:
        raise ThemeNotFound(theme)
    shown = await _shown(unit, entry)
    if entries.sees_drafts(reader, entry.provider) or reader.organization in shown.row.providers:
        return shown
    if not entry.published:
        raise ThemeNotFound(theme)
    return await _published(unit, entry)


async def _published(unit: Unit, entry: Entry) -> Shown:
    row = await repository.find(unit.session, entry.id, entry.revision)
    assert row is not None, f"theme {entry.id} has no definition of {entry.revision}"
    return Shown(entry, await unit.entries.shown(entry), row)


async def _shown(unit: Unit, entry: Entry) -> Shown:
    row = await repository.newest(unit.session, entry.id)
    assert row is not None, f"theme {entry.id} has no definition"
    working = await unit.entries.working(entry)
    return Shown(entry, working or await unit.entries.shown(entry), row)


async def _lock(unit: Unit, theme: str, by: Principal) -> Entry:
    await read_theme(unit, theme, reader=by)
    return await unit.entries.lock(theme)


async def _members(unit: Unit, given: ThemeIn) -> dict[str, tuple[Entry, Revision]]:
    """Return the members' published revisions, or say which cannot be members."""
    wanted = dict.fromkeys(member.dataset for member in given.members)
    found = {dataset: await unit.entries.find(dataset) for dataset in wanted}
    strange = [dataset for dataset, entry in found.items() if not _may_be_member(entry)]
    if strange:
        raise ThemeMemberUnavailable(strange)
    return {
        name: (entry, await unit.entries.shown(entry)) for name, entry in found.items() if entry
    }


def _may_be_member(entry: Entry | None) -> bool:
    if entry is None or entry.joined or entry.origin is not Origin.COUNTY:
        return False
    return entry.state is EntryState.PUBLISHED


def _items(members: Mapping[str, tuple[Entry, Revision]]) -> dict[str, list[Item]]:
    return {name: revision.content.items for name, (_, revision) in members.items()}


async def _ask(
    unit: Unit,
    entry: Entry,
    draft: Revision,
    given: ThemeIn,
    members: Mapping[str, tuple[Entry, Revision]],
) -> Shown:
    """Keep what the draft is made of, and ask everybody whose data it would show but the lead."""
    providers = {member.provider for member, _ in members.values()} - {entry.provider}
    await repository.keep(unit.session, entry.id, draft.number, given, providers)
    event = ThemeCompiled(
        theme=entry.id,
        lead=entry.provider,
        title=given.title,
        providers=tuple(sorted(providers)),
    )
    unit.outbox.add(event, aggregate=entry.id)
    row = await repository.find(unit.session, entry.id, draft.number)
    assert row is not None, "it was kept a moment ago"
    return Shown(entry, draft, row)
