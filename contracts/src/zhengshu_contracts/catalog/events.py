"""What catalog announces."""

from datetime import date, datetime
from typing import ClassVar

from zhengshu_contracts.base import ApiModel, Event
from zhengshu_contracts.policy import Citation, Condition
from zhengshu_contracts.vocabulary import (
    Audience,
    BatchMode,
    ItemType,
    Mode,
    OpeningClass,
    OrganizationKind,
    Origin,
    Role,
    Sensitivity,
    ServiceRegistrationState,
    SharingClass,
    UpdateCycle,
)


class ItemBrief(ApiModel):
    """An item as other services need it."""

    name: str
    title: str
    type: ItemType
    key: bool = False
    nullable: bool = True
    sensitivity: Sensitivity = Sensitivity.NONE
    sharing: SharingClass
    opening: OpeningClass
    condition: Condition | None = None
    citation: Citation | None = None


class OrganizationRegistered(Event):
    """An organisation was registered or its registration changed."""

    subject: ClassVar[str] = "zhengshu.catalog.organization.registered.v1"

    code: str
    name: str
    kind: OrganizationKind
    office: str | None = None


class SystemWasRegistered(Event):
    """A business system was registered."""

    subject: ClassVar[str] = "zhengshu.catalog.system.registered.v1"

    system: str
    organization: str
    name: str


class OfficerWasRegistered(Event):
    """An officer's account was made; the name stays in catalog."""

    subject: ClassVar[str] = "zhengshu.catalog.officer.registered.v1"

    officer: str
    organization: str
    roles: tuple[Role, ...]


class EntrySubmitted(Event):
    """A department submitted an entry for review."""

    subject: ClassVar[str] = "zhengshu.catalog.entry.submitted.v1"

    entry: str
    provider: str
    title: str


class EntryReturned(Event):
    """The competent department returned an entry."""

    subject: ClassVar[str] = "zhengshu.catalog.entry.returned.v1"

    entry: str
    by: str


class EntryRefused(Event):
    """An entry was refused as secret; only the refusal is recorded (Decree 809 Art. 3)."""

    subject: ClassVar[str] = "zhengshu.catalog.entry.refused.v1"

    provider: str
    rule: str


class EntryPublished(Event):
    """A revision of an entry was published, the county's own or a municipal copy."""

    subject: ClassVar[str] = "zhengshu.catalog.entry.published.v1"

    entry: str
    code: str
    revision: int
    title: str
    abstract: str = ""
    provider: str
    provider_name: str
    origin: Origin
    update_cycle: UpdateCycle
    sharing: SharingClass
    items: tuple[ItemBrief, ...]
    municipal_code: str | None = None
    modes: tuple[Mode, ...] = ()
    """共享方式 that the provider offers; none told: it did not say, and any may be applied for."""
    mend_by: date | None = None
    """Of an entry taken over as it stood: until when what is missing must be there."""


class EntryRetired(Event):
    """An entry is no longer published."""

    subject: ClassVar[str] = "zhengshu.catalog.entry.retired.v1"

    entry: str
    provider: str


class EntryRetirementRequested(Event):
    """A provider wants an entry retired; the competent department is to decide."""

    subject: ClassVar[str] = "zhengshu.catalog.entry.retirement_requested.v1"

    entry: str
    provider: str
    title: str


class EntryMendMissed(Event):
    """An entry taken over as it stood still lacks something after its date."""

    subject: ClassVar[str] = "zhengshu.catalog.entry.mend_missed.v1"

    entry: str
    provider: str
    title: str
    mend_by: date


class EntryRegistered(Event):
    """The municipal platform registered an entry and gave it its code."""

    subject: ClassVar[str] = "zhengshu.catalog.entry.registered.v1"

    entry: str
    municipal_code: str


class ServiceRegistrationChanged(Event):
    """The municipal platform granted or withdrew the right to serve a dataset (挂接)."""

    subject: ClassVar[str] = "zhengshu.catalog.service.changed.v1"

    dataset: str
    state: ServiceRegistrationState
    service_code: str | None = None
    reason: str = ""


class DatasetLapsed(Event):
    """A dataset was not pushed to within its update cycle; told once, until it is pushed to again."""

    subject: ClassVar[str] = "zhengshu.catalog.dataset.lapsed.v1"

    dataset: str
    provider: str
    update_cycle: UpdateCycle
    due: datetime


class DatasetRecovered(Event):
    """A dataset that had lapsed was pushed to again; `due` is when the next push is."""

    subject: ClassVar[str] = "zhengshu.catalog.dataset.recovered.v1"

    dataset: str
    provider: str
    update_cycle: UpdateCycle
    due: datetime


class DatasetUpdated(Event):
    """A batch made a new version. Subject carries the audience: who may hear of it."""

    subject: ClassVar[str] = "zhengshu.dataset.{audience}.{dataset}.updated.v1"

    audience: Audience
    dataset: str
    epoch: int
    version: int
    batch: str
    mode: BatchMode
    inserted: int
    updated: int
    deleted: int
    rows: int
    """Rows in the dataset after this version."""
    digest: str


class DatasetRestarted(Event):
    """A dataset began a new epoch: its columns changed, or its database was restored.

    Versions of former epochs are gone; whoever holds rows takes a snapshot.
    """

    subject: ClassVar[str] = "zhengshu.dataset.{audience}.{dataset}.restarted.v1"

    audience: Audience
    dataset: str
    epoch: int
    version: int
    rows: int


class UploadAcknowledged(Event):
    """The municipal platform acknowledged a range of versions."""

    subject: ClassVar[str] = "zhengshu.catalog.upload.acknowledged.v1"

    dataset: str
    epoch: int
    since: int
    to: int
    rows: int
    digest: str
