"""What the gateway decides from: records that the services keep in the KV bucket `policy`.

One key per writer and subject: `catalog.dataset.<id>`, `catalog.client.<id>`, `sharing.dataset.<id>`,
`opening.dataset.<id>`, `opening.client.<id>` and `<writer>.heartbeat`. Each is written through its
service's outbox. What is missing or unknown is refused by whoever reads it.
"""

from datetime import datetime
from typing import Literal

from zhengshu_contracts.base import Record
from zhengshu_contracts.limits import ItemMask, Quota
from zhengshu_contracts.vocabulary import (
    EntryState,
    GrantState,
    LawLevel,
    ListingState,
    Mode,
    OpeningClass,
    OrganizationKind,
    Origin,
    PrincipalKind,
    Role,
    ServiceRegistrationState,
    SharingClass,
)

BUCKET = "policy"
LEASES = "lease"

Writer = Literal["catalog", "sharing", "opening"]


class Citation(Record):
    """The law that withholds an item: level, name, article, and why it applies."""

    level: LawLevel
    title: str
    article: str
    reason: str

    def text(self) -> str:
        """Return the citation as people read it."""
        return f"{self.level.label}:《{self.title}》{self.article}({self.reason})"


class Condition(Record):
    """共享范围 and 使用用途 of a conditional item (Decree 809 Art. 15)."""

    scope: str
    purpose: str


class ItemPolicy(Record):
    """What the decision needs to know of one item."""

    name: str
    title: str
    sharing: SharingClass
    opening: OpeningClass
    condition: Condition | None = None
    citation: Citation | None = None


class DatasetPolicy(Record):
    """`catalog.dataset.<id>`: classes and states of one dataset, written by catalog."""

    id: str
    title: str
    provider: str
    """Whose rows these are; empty for a theme database, whose rows nobody has as its own."""
    origin: Origin
    state: EntryState
    revision: int
    items: tuple[ItemPolicy, ...]
    key: tuple[str, ...] = ()
    registration: ServiceRegistrationState
    suspended: bool = False
    municipal_code: str | None = None
    modes: tuple[Mode, ...] = ()
    """共享方式 that the provider offers; none told: it did not say."""


class DatasetVersion(Record):
    """`catalog.version.<id>`: the newest version of a dataset, apart so that a push rewrites little."""

    id: str
    epoch: int
    version: int


class ClientPolicy(Record):
    """`catalog.client.<id>`, `opening.client.<id>`: who a client is, right now."""

    id: str
    kind: PrincipalKind
    organization: str | None
    organization_kind: OrganizationKind | None = None
    roles: tuple[Role, ...] = ()
    locked: bool = False
    opening: bool = False
    """True for opening's own system alone: it may export what is open."""
    standing_in_for: tuple[str, ...] = ()
    """Officers whose part this one takes; their roles are among its own while it does."""
    not_before: datetime | None = None
    """Access tokens issued earlier are refused."""


class GrantPolicy(Record):
    """One grant: columns, rows, masks, modes, purpose, period and quota."""

    id: str
    holder: str
    items: tuple[str, ...]
    modes: tuple[Mode, ...]
    filter: str = ""
    masks: tuple[ItemMask, ...] = ()
    """Items of the grant that leave masked only."""
    quota: Quota | None = None
    purpose: str
    starts: datetime
    ends: datetime
    state: GrantState


class DatasetGrants(Record):
    """`sharing.dataset.<id>`: every grant on one dataset that is not over, written by sharing."""

    id: str
    grants: tuple[GrantPolicy, ...] = ()


class Authorization(Record):
    """An applicant's live right to an authorised-open listing."""

    id: str
    applicant: str
    ends: datetime


class ListingPolicy(Record):
    """`opening.dataset.<id>`: whether and to whom a dataset is open, written by opening."""

    id: str
    state: ListingState
    opening: OpeningClass
    items: tuple[str, ...]
    authorizations: tuple[Authorization, ...] = ()


class Heartbeat(Record):
    """`<writer>.heartbeat`: everything committed before `as_of` has been published."""

    writer: Writer
    as_of: datetime


def dataset_key(writer: Writer, dataset: str) -> str:
    """Return the key of a dataset's record."""
    return f"{writer}.dataset.{dataset}"


def version_key(dataset: str) -> str:
    """Return the key of a dataset's newest version."""
    return f"catalog.version.{dataset}"


def client_key(writer: Writer, client: str) -> str:
    """Return the key of a client's record."""
    return f"{writer}.client.{client}"


def heartbeat_key(writer: str) -> str:
    """Return the key of a writer's heartbeat."""
    return f"{writer}.heartbeat"
