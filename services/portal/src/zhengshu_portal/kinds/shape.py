"""The shape of a page's data: kinds of things, acts on them, and the tests of when an act is offered."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from pydantic import BaseModel
from zhengshu_contracts.roles import Action
from zhengshu_contracts.vocabulary import OrganizationKind

from zhengshu_portal.office import Officer

Thing: TypeAlias = Mapping[str, Any]
When: TypeAlias = Callable[[Thing, Officer], bool]
Narrowed: TypeAlias = dict[str, list[tuple[str, str]]]
"""What members can be chosen from, by name."""
Choices: TypeAlias = Callable[[Thing, Officer], Narrowed]


def always(_one: Thing, _by: Officer) -> bool:
    """Say yes."""
    return True


def nothing(_one: Thing, _by: Officer) -> Narrowed:
    """Narrow nothing."""
    return {}


@dataclass(frozen=True, slots=True)
class Act:
    """One thing to do: which form, where it goes, who may, and when it is offered."""

    name: str
    label: str
    path: str
    action: Action
    model: type[BaseModel] | None = None
    when: When = always
    method: str = "POST"
    choices: Choices = nothing
    answer: type[BaseModel] | None = None
    """Shown at once, for what is told this once."""
    printed: str = ""
    """Where the node's paper is, by a member of the answer."""
    known: str | None = None
    """Where the values are read that the form begins with."""
    skip: tuple[str, ...] = ()
    placed: bool = False
    """What the form says goes into the path, not into the body."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of thing: its list, its detail, what can be done with one and how a new one is made."""

    name: str
    title: str
    path: str
    member: str
    model: type[BaseModel]
    read: Action
    columns: tuple[str, ...]
    acts: tuple[Act, ...] = ()
    news: tuple[Act, ...] = ()
    single: bool = True
    """Whether one can be read by itself."""
    waits: When | None = None
    """What of it waits for an officer, where the node's own list of to-dos does not tell."""
    asked: tuple[Mapping[str, str], ...] = ({},)
    """How the list is narrowed to what may wait: once for each."""
    key: str = "id"
    """The member by which one is named."""
    links: tuple[tuple[str, str, When], ...] = ()
    held: bool = False
    """Whether its holder is told how to use it, and everybody when its end has taken effect."""
    more: Callable[[Thing, Officer], dict[str, Any]] | None = None
    """What belongs to a thing and is read elsewhere."""
    shown: type[BaseModel] | None = None
    """What a thing is shown as together with that, where it is more than is answered."""


def own(member: str) -> When:
    """Test whether a thing is the officer's organisation's."""
    return lambda one, by: one.get(member) == by.me.organization


def state(*states: str) -> When:
    """Test a thing's state."""
    return lambda one, _by: one.get("state") in states


def both(*tests: When) -> When:
    """Test that everything holds."""
    return lambda one, by: all(test(one, by) for test in tests)


def either(*tests: When) -> When:
    """Test that anything holds."""
    return lambda one, by: any(test(one, by) for test in tests)


def oversees(_one: Thing, by: Officer) -> bool:
    """Test whether the officer is of the competent department."""
    return by.oversees


def regulates(_one: Thing, by: Officer) -> bool:
    """Test whether the officer is of the network and information security regulator."""
    return by.me.organization_kind is OrganizationKind.SECURITY_REGULATOR


def may(action: Action) -> When:
    """Test whether the officer's roles admit an action."""
    return lambda _one, by: by.may(action)


def organizations(_one: Thing, by: Officer) -> Narrowed:
    """Offer every organisation by its name."""
    return {"organization": by.organizations()}
