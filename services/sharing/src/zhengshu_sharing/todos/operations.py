"""Working out what waits for a caller: by role, by organisation, and by whose clock runs. Stores nothing."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import TypeVar

from zhengshu_contracts.clocks import Term
from zhengshu_contracts.identity import Principal
from zhengshu_contracts.roles import Action, admitted
from zhengshu_contracts.sharing import TodoKind, TodoOut
from zhengshu_contracts.vocabulary import ApplicationState, GrantState, OpinionState

from zhengshu_sharing.access import home, oversees, scope
from zhengshu_sharing.annual.states import MACHINE as ANNUAL_REPORTS
from zhengshu_sharing.applications.domain import Application
from zhengshu_sharing.clocks.domain import Clock
from zhengshu_sharing.clocks.views import deadline
from zhengshu_sharing.corrections.states import MACHINE as CORRECTIONS
from zhengshu_sharing.demands.states import MACHINE as DEMANDS
from zhengshu_sharing.disputes.states import MACHINE as DISPUTES
from zhengshu_sharing.grants.domain import Grant
from zhengshu_sharing.matters import domain as matters
from zhengshu_sharing.matters.domain import Matter
from zhengshu_sharing.matters.machine import Machine
from zhengshu_sharing.objections.states import MACHINE as OBJECTIONS
from zhengshu_sharing.opinions.domain import Opinion
from zhengshu_sharing.unit import Unit

K, G = TodoKind, GrantState
T = TypeVar("T", Application, Opinion)
FAR = 500
"""How many of one sort are read at once; of sorts listed oldest first no more are looked at."""
GIVING_UP = "withdraw"
MATTERS: dict[TodoKind, tuple[Machine, Action]] = {
    K.CORRECTION: (CORRECTIONS, Action.CORRECTION_HANDLE),
    K.OBJECTION: (OBJECTIONS, Action.OBJECTION_HANDLE),
    K.DISPUTE: (DISPUTES, Action.DISPUTE_HANDLE),
    K.DEMAND: (DEMANDS, Action.DEMAND_HANDLE),
    K.ANNUAL_REPORT: (ANNUAL_REPORTS, Action.ANNUAL_REPORT_HANDLE),
}
CATALOGUE = {
    K.CATALOGUE_REVIEW: (Term.CATALOGUE_REVIEW, Action.ENTRY_REVIEW),
    K.CATALOGUE_UPDATE: (Term.CATALOGUE_UPDATE, Action.ENTRY_COMPILE),
}


@dataclass(frozen=True, slots=True)
class Asker:
    """For whom it is worked out, and which day it is."""

    unit: Unit
    by: Principal
    today: date

    def may(self, action: Action) -> bool:
        """Tell whether the caller's roles admit an action."""
        return admitted(action, self.by.kind, self.by.roles)


Source = Callable[[Asker], AsyncIterator[TodoOut]]


async def waiting(unit: Unit, *, by: Principal, today: date) -> list[TodoOut]:
    """Return everything that waits for the caller, the most urgent first, what has no deadline last."""
    asker = Asker(unit, by, today)
    found = [one for source in SOURCES async for one in source(asker)]
    return sorted(found, key=lambda one: (one.due or date.max, one.kind, one.matter))


async def _applications(asker: Asker) -> AsyncIterator[TodoOut]:
    states = ApplicationState
    asked: tuple[tuple[bool, TodoKind, str | None, ApplicationState], ...] = (
        (
            oversees(asker.by) and asker.may(Action.APPLICATION_ENDORSE),
            K.ENDORSEMENT,
            None,
            states.SUBMITTED,
        ),
        (
            asker.may(Action.APPLICATION_SUBMIT),
            K.SUPPLEMENT,
            home(asker.by),
            states.SUPPLEMENTING,
        ),
    )
    for mine, kind, organization, state in asked:
        if mine:
            page = partial(
                asker.unit.applications.page, organization=organization, states=(state,), limit=FAR
            )
            found = await _every(page)
            clocks = await asker.unit.clocks.next_due(one.id for one in found)
            for one in found:
                clock = clocks.get(one.id) if kind is K.ENDORSEMENT else None
                yield _todo(kind, one.id, _named(one), clock)


async def _opinions(asker: Asker) -> AsyncIterator[TodoOut]:
    gives = asker.may(Action.OPINION_GIVE)
    decides = oversees(asker.by) and asker.may(Action.EXTENSION_DECIDE)
    if not gives and not decides:
        return
    provider = None if decides else home(asker.by)
    page = partial(
        asker.unit.opinions.page, provider=provider, state=OpinionState.REQUESTED, limit=FAR
    )
    found = await _every(page)
    parts = await asker.unit.applications.parts(one.part for one in found)
    clocks = await asker.unit.clocks.of_matters(one.id for one in found)
    asked = await asker.unit.clocks.extensions(clock.id for clock in clocks.values())
    for one in found:
        application, part = parts[one.part]
        title, clock = f"{application.number} {part.title}", clocks.get(one.id)
        extension = asked.get(clock.id) if clock else None
        if gives and one.provider == home(asker.by):
            yield _todo(K.OPINION, one.id, title, clock, part.dataset)
        elif decides and extension and not extension.outcome:
            yield _todo(K.EXTENSION, one.id, title, clock, part.dataset)


async def _grants(asker: Asker) -> AsyncIterator[TodoOut]:
    grants, mine = asker.unit.grants, home(asker.by)
    if asker.may(Action.GRANT_RECTIFY):
        until = {clock.matter: clock for clock in await _running(asker, Term.RECTIFICATION)}
        for one in await grants.standing(G.SUSPENDED, holder=mine, limit=FAR):
            yield _of_grant(K.RECTIFICATION, one, until.get(one.id))
    if asker.may(Action.GRANT_SUSPEND):
        suspender = None if oversees(asker.by) else mine
        for one in await grants.standing(G.RECTIFIED, suspended_by=suspender, limit=FAR):
            yield _of_grant(K.RESUMPTION, one)
    if asker.may(Action.GRANT_DISPOSE):
        over = await grants.standing(G.EXPIRED, G.REVOKED, holder=mine, limit=FAR)
        clocks = await asker.unit.clocks.of_matters(one.id for one in over)
        for one in over:
            yield _of_grant(K.DISPOSAL, one, clocks.get(one.id))


async def _provisions(asker: Asker) -> AsyncIterator[TodoOut]:
    if asker.may(Action.DATASET_PUSH):
        clocks = await _running(asker, Term.PROVISION)
        for clock in clocks:
            grant = await asker.unit.grants.get(clock.matter)
            yield _of_grant(K.PROVISION, grant, clock)


async def _matters(asker: Asker) -> AsyncIterator[TodoOut]:
    for kind, (machine, action) in MATTERS.items():
        if not asker.may(action):
            continue
        states = frozenset[str]().union(*(move.froms for move in machine.moves.values()))
        found = await asker.unit.matters.open(machine.kind, states, scope(asker.by), limit=FAR)
        clocks = await asker.unit.clocks.next_due(one.id for one in found)
        for one in found:
            if _expected(machine, one, clocks.get(one.id), asker):
                title = f"{one.number} {_about(one)}".strip()
                yield _todo(kind, one.id, title, clocks.get(one.id), one.dataset)


def _expected(machine: Machine, matter: Matter, clock: Clock | None, asker: Asker) -> bool:
    """While somebody's period runs the matter waits for them; once it is over, for whoever can move."""
    late = clock is not None and clock.missed
    moves = [
        name
        for name, _ in matters.open_to(machine, matter, asker.by, missed=late)
        if name != GIVING_UP
    ]
    running = clock is not None and clock.due is not None and clock.due >= asker.today
    return bool(moves) and (not running or (clock is not None and clock.party == home(asker.by)))


async def _catalogue(asker: Asker) -> AsyncIterator[TodoOut]:
    for kind, (term, action) in CATALOGUE.items():
        if asker.may(action):
            async for clock, title in _titled(asker, await _running(asker, term)):
                yield _todo(kind, clock.matter, title, clock, clock.matter)


async def _extensions(asker: Asker) -> AsyncIterator[TodoOut]:
    if oversees(asker.by) and asker.may(Action.EXTENSION_DECIDE):
        clocks = await asker.unit.clocks.undecided(Term.CATALOGUE_UPDATE)
        async for clock, title in _titled(asker, clocks):
            yield _todo(K.EXTENSION, clock.id, title, clock, clock.matter)


async def _titled(asker: Asker, clocks: list[Clock]) -> AsyncIterator[tuple[Clock, str]]:
    """Yield clocks of entries, each with its entry's title; with its id while nobody told of the entry."""
    known = await asker.unit.datasets.published(clock.matter for clock in clocks)
    for clock in clocks:
        yield clock, known[clock.matter].title if clock.matter in known else clock.matter


async def _every(page: Callable[..., Awaitable[tuple[list[T], bool]]]) -> list[T]:
    """Follow a list that begins with the newest to its end: what waits longest is what is urgent."""
    found: list[T] = []
    more = True
    while more:
        further, more = await page(after=found[-1].id if found else None)
        found += further
    return found


async def _running(asker: Asker, term: Term) -> list[Clock]:
    found, _ = await asker.unit.clocks.page(
        home(asker.by), term=term, due_by=None, after=None, limit=FAR
    )
    return [one for one in found if one.paused_on is None]


SOURCES: tuple[Source, ...] = (
    _applications,
    _opinions,
    _grants,
    _provisions,
    _matters,
    _catalogue,
    _extensions,
)


def _named(application: Application) -> str:
    return f"{application.number} {application.terms.purpose}"


def _about(matter: Matter) -> str:
    told = matter.body
    names = ("title", "problem", "reason", "claim")
    return next((str(told[name]) for name in names if told.get(name)), "")


def _of_grant(kind: TodoKind, grant: Grant, clock: Clock | None = None) -> TodoOut:
    return _todo(kind, grant.id, f"{grant.title} {grant.purpose}", clock, grant.dataset)


def _todo(
    kind: TodoKind, matter: str, title: str, clock: Clock | None, dataset: str | None = None
) -> TodoOut:
    return TodoOut(
        kind=kind,
        kind_label=kind.label,
        matter=matter,
        title=title,
        dataset=dataset,
        **deadline(clock),
    )
