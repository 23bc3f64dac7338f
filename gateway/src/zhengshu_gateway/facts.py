"""What decisions are made from, in the compact form that fits in memory by the hundred thousand.

Each class mirrors the model of the same name in `contracts.policy` (a test compares the members); what
does not validate has no fact and is therefore refused. Knows no rule.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache, partial

from pydantic import TypeAdapter
from zhengshu_contracts.limits import ItemMask, Quota
from zhengshu_contracts.policy import Citation, Condition
from zhengshu_contracts.vocabulary import (
    EntryState,
    GrantState,
    ListingState,
    Mode,
    OpeningClass,
    OrganizationKind,
    Origin,
    PrincipalKind,
    Role,
    ServiceRegistrationState,
    SharingClass,
    offered,
)

NONE = timedelta(0)


def _plain(moment: datetime) -> datetime:
    """Return a moment in the zone that all others are in: such ones compare ten times as fast."""
    return moment.replace(tzinfo=UTC) if moment.utcoffset() == NONE else moment


@lru_cache(256)
def _offered(modes: tuple[Mode, ...], origin: Origin) -> frozenset[Mode]:
    """Return one set for all datasets that offer the same: there are few."""
    return frozenset(offered(modes, origin))


@dataclass(frozen=True, slots=True)
class Item:
    """An item's two classes and their reasons."""

    name: str
    title: str
    sharing: SharingClass
    opening: OpeningClass
    condition: Condition | None = None
    citation: Citation | None = None


@dataclass(frozen=True, slots=True)
class Dataset:
    """Classes and states of one dataset."""

    id: str
    title: str
    provider: str
    origin: Origin
    state: EntryState
    revision: int
    items: tuple[Item, ...]
    registration: ServiceRegistrationState
    key: tuple[str, ...] = ()
    suspended: bool = False
    municipal_code: str | None = None
    modes: tuple[Mode, ...] = ()
    # Names of items by sharing class, sorted out once: each decision asks for them.
    names: tuple[str, ...] = field(init=False, compare=False, repr=False)
    unconditional: frozenset[str] = field(init=False, compare=False, repr=False)
    conditional: frozenset[str] = field(init=False, compare=False, repr=False)
    withheld: frozenset[str] = field(init=False, compare=False, repr=False)
    offered: frozenset[Mode] = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        put = partial(object.__setattr__, self)
        put("names", tuple(item.name for item in self.items))
        put("unconditional", self._of(SharingClass.UNCONDITIONAL))
        put("conditional", self._of(SharingClass.CONDITIONAL))
        # Withheld, and whatever is of a class nobody knows.
        put("withheld", frozenset(self.names) - self.unconditional - self.conditional)
        put("offered", _offered(self.modes, self.origin))

    def _of(self, sharing: SharingClass) -> frozenset[str]:
        return frozenset(item.name for item in self.items if item.sharing is sharing)


@dataclass(frozen=True, slots=True)
class Client:
    """Who a client is, right now."""

    id: str
    kind: PrincipalKind
    organization: str | None
    organization_kind: OrganizationKind | None = None
    roles: tuple[Role, ...] = ()
    locked: bool = False
    opening: bool = False
    standing_in_for: tuple[str, ...] = ()
    not_before: datetime | None = None


@dataclass(frozen=True, slots=True)
class Grant:
    """Columns, rows, masks, modes, purpose, period and quota."""

    id: str
    holder: str
    items: tuple[str, ...]
    modes: tuple[Mode, ...]
    purpose: str
    starts: datetime
    ends: datetime
    state: GrantState
    filter: str = ""
    masks: tuple[ItemMask, ...] = ()
    quota: Quota | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "starts", _plain(self.starts))
        object.__setattr__(self, "ends", _plain(self.ends))


@dataclass(frozen=True, slots=True)
class Grants:
    """Every grant on one dataset."""

    id: str
    grants: tuple[Grant, ...] = ()


@dataclass(frozen=True, slots=True)
class Authorization:
    """An applicant's right to an authorised-open listing."""

    id: str
    applicant: str
    ends: datetime


@dataclass(frozen=True, slots=True)
class Listing:
    """Whether and to whom a dataset is open."""

    id: str
    state: ListingState
    opening: OpeningClass
    items: tuple[str, ...]
    authorizations: tuple[Authorization, ...] = ()


@dataclass(frozen=True, slots=True)
class Version:
    """The newest version of a dataset."""

    id: str
    epoch: int
    version: int


@dataclass(frozen=True, slots=True)
class Usage:
    """What one replica has let out under each grant with a quota on one day: calls and rows."""

    id: str
    day: str
    used: dict[str, tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Settled:
    """When the end of a grant, told by the message of this sequence, had taken effect everywhere."""

    id: str
    sequence: int
    at: datetime
    final: bool = False
    """Whether the grant can never be in force again."""


@dataclass(frozen=True, slots=True)
class Beat:
    """Everything that its writer committed before `as_of` has been published."""

    writer: str
    as_of: datetime

    def __post_init__(self) -> None:
        object.__setattr__(self, "as_of", _plain(self.as_of))


DATASET = TypeAdapter(Dataset)
CLIENT = TypeAdapter(Client)
GRANTS = TypeAdapter(Grants)
LISTING = TypeAdapter(Listing)
VERSION = TypeAdapter(Version)
USAGE = TypeAdapter(Usage)
SETTLED = TypeAdapter(Settled)
BEAT = TypeAdapter(Beat)
