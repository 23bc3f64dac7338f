"""Whether a theme may be served: only while every member may be, and shows what was agreed to.

Called in the transaction that changes a member, so that a theme stops in the moment its member does.
"""

from dataclasses import replace

from sqlalchemy.ext.asyncio import AsyncSession
from zhengshu_chassis.outbox import Outbox
from zhengshu_contracts.catalog import EntryIn, ServiceRegistrationChanged, ThemeIn
from zhengshu_contracts.policy import dataset_key
from zhengshu_contracts.vocabulary import EntryState, ServiceRegistrationState

from zhengshu_catalog.aggregation import joining
from zhengshu_catalog.entries import domain as entries
from zhengshu_catalog.entries.domain import Entry, Revision
from zhengshu_catalog.entries.repository import Entries
from zhengshu_catalog.themes import domain, repository
from zhengshu_catalog.themes.errors import (
    ThemeConsentsMissing,
    ThemeInvalid,
    ThemeItemWithheld,
    ThemeMoved,
)

ABSENT, LIVE, WITHDRAWN = ServiceRegistrationState


async def check_ready(session: AsyncSession, theme: str, revision: Revision) -> None:
    """Refuse to submit or publish what members have not agreed to, or what they are no longer."""
    row = await repository.find(session, theme, revision.number)
    assert row is not None, f"theme {theme} has no definition of {revision.number}"
    if lacking := [code for code in row.providers if code not in row.consents]:
        raise ThemeConsentsMissing(lacking)
    if not await _shows_the_same(session, ThemeIn.model_validate(row.definition), revision.content):
        raise ThemeMoved


async def prepare(session: AsyncSession, theme: str, revision: Revision) -> None:
    """Let a theme be read as of the revision that is being published."""
    row = await repository.find(session, theme, revision.number)
    assert row is not None, f"theme {theme} has no definition of {revision.number}"
    joined = domain.joined(ThemeIn.model_validate(row.definition))
    await joining.prepare(session, theme, revision.content.items, revision.number, joined)


async def follow(session: AsyncSession, dataset: str) -> None:
    """Let every theme that shows a dataset stand or stop with it; its change MUST be saved."""
    for theme in await repository.showing(session, dataset):
        await settle(session, theme)


async def settle(session: AsyncSession, theme: str) -> None:
    """Say whether a theme may be served now; the lock puts its members' changes in one order."""
    entry = await Entries(session).lock(theme)
    if entry.state is not EntryState.PUBLISHED:
        return
    revision = await Entries(session).shown(entry)
    state = await _standing(session, entry, revision.content)
    if state is entry.registration:
        return
    changed = replace(entry, registration=state)
    await Entries(session).save(changed)
    outbox = Outbox(session, "catalog")
    policy = entries.policy(changed, revision.content)
    outbox.put(dataset_key("catalog", theme), policy, aggregate=theme)
    reason = "" if state is LIVE else "成员已撤销挂接、停用或有变化"
    event = ServiceRegistrationChanged(dataset=theme, state=state, reason=reason)
    outbox.add(event, aggregate=theme)


async def _standing(
    session: AsyncSession, entry: Entry, content: EntryIn
) -> ServiceRegistrationState:
    row = await repository.find(session, entry.id, entry.revision)
    assert row is not None, f"theme {entry.id} has no definition of {entry.revision}"
    given = ThemeIn.model_validate(row.definition)
    members = [await Entries(session).get(member.dataset) for member in given.members]
    served = all(_served(member) for member in members)
    if served and await _shows_the_same(session, given, content):
        return LIVE
    return ABSENT if entry.registration is ABSENT else WITHDRAWN


def _served(member: Entry) -> bool:
    published = member.state is EntryState.PUBLISHED and not member.suspended
    return published and member.registration is LIVE


async def _shows_the_same(session: AsyncSession, given: ThemeIn, content: EntryIn) -> bool:
    """Tell whether the members' published items still make the items that were agreed to."""
    found = {
        member.dataset: await Entries(session).published_items(member.dataset)
        for member in given.members
    }
    items = {dataset: items for dataset, items in found.items() if items is not None}
    if len(items) < len(found):
        return False
    try:
        return domain.same(content.items, domain.derive(given, items))
    except (ThemeInvalid, ThemeItemWithheld):
        return False
