"""What opening owns: proposals, listings, applicants, authorised-open applications."""

from datetime import date, datetime
from typing import ClassVar

from pydantic import Field

from zhengshu_contracts.base import ApiModel, Event, Page
from zhengshu_contracts.catalog import Credentials
from zhengshu_contracts.vocabulary import (
    ApplicantKind,
    ApplicationState,
    DatasetId,
    ItemType,
    ListingState,
    OpeningClass,
    OrganizationCode,
    ProposalState,
    UpdateCycle,
)


class ProposalIn(ApiModel):
    """A provider proposes to open a dataset's open items."""

    dataset: DatasetId
    licence: str = Field(default="政府数据开放许可", max_length=80, description="许可协议")
    note: str = Field(default="", max_length=500, description="说明")


class ProposalOut(ProposalIn):
    """A proposal and where it stands."""

    id: str
    title: str
    provider: str
    opening: OpeningClass
    items: list[str]
    state: ProposalState
    state_label: str
    opinion: str | None = None
    proposed_at: datetime
    listing: ListingState | None = Field(default=None, description="登记后的开放状态")
    listing_note: str | None = Field(
        default=None, description="尚未开放或已下架的原因,如个人信息扫描结果(只列信息项与数量)"
    )


class ProposalList(Page):
    """A page of proposals."""

    proposals: list[ProposalOut]


class OpenItem(ApiModel):
    """An opened item."""

    name: str
    title: str
    type: ItemType


class OpenFile(ApiModel):
    """A file of the published snapshot."""

    format: str
    bytes: int
    digest: str = Field(description="SHA-256")
    href: str


class ListingOut(ApiModel):
    """An opened dataset, as the public sees it."""

    id: DatasetId
    title: str
    abstract: str
    provider: str
    provider_name: str
    opening: OpeningClass
    opening_label: str
    update_cycle: UpdateCycle
    licence: str
    items: list[OpenItem]
    state: ListingState
    version: str | None = Field(description="快照的版本 epoch.n")
    rows: int | None = None
    files: tuple[OpenFile, ...] = ()
    listed_at: datetime | None = None
    updated_at: datetime | None = None


class ListingList(Page):
    """A page of listings."""

    datasets: list[ListingOut]
    total: int


class ApplicantIn(ApiModel):
    """Somebody outside government who wants authorised-open data."""

    code: OrganizationCode
    name: str = Field(min_length=2, max_length=80, description="单位名称")
    kind: ApplicantKind = Field(description="单位性质")
    contact: str = Field(min_length=1, max_length=80, description="联系人")


class ApplicantRegistered(ApiModel):
    """The answer to an applicant's registration."""

    id: str
    code: OrganizationCode
    kind: ApplicantKind
    credentials: Credentials


class OpenApplicationIn(ApiModel):
    """An application for an authorised-open dataset (county Measures ch. 4)."""

    dataset: DatasetId
    purpose: str = Field(min_length=2, max_length=200, description="使用用途")
    scenario: str = Field(min_length=2, max_length=500, description="应用场景")
    safeguards: str = Field(min_length=2, max_length=500, description="安全保障措施")
    until: date = Field(description="使用时限")


class OpenApplicationOut(OpenApplicationIn):
    """An authorised-open application and where it stands."""

    id: str
    applicant: str
    title: str
    state: ApplicationState
    state_label: str
    reason: str | None = None
    authorization: str | None = None
    submitted_at: datetime


class OpenApplicationList(Page):
    """A page of authorised-open applications."""

    applications: list[OpenApplicationOut]


class ProposalSubmitted(Event):
    """A provider proposed an opening."""

    subject: ClassVar[str] = "zhengshu.opening.proposal.submitted.v1"

    proposal: str
    dataset: str
    provider: str


class ProposalReviewed(Event):
    """The competent department reviewed an opening proposal."""

    subject: ClassVar[str] = "zhengshu.opening.proposal.reviewed.v1"

    proposal: str
    dataset: str
    state: ProposalState
    by: str


class ListingRegistered(Event):
    """The municipal open platform registered an opening; the dataset is listed."""

    subject: ClassVar[str] = "zhengshu.opening.listing.registered.v1"

    proposal: str
    dataset: str
    opening: OpeningClass


class ListingWithdrawn(Event):
    """A listing was taken down."""

    subject: ClassVar[str] = "zhengshu.opening.listing.withdrawn.v1"

    dataset: str
    reason: str


class SnapshotPublished(Event):
    """A new version's open columns were published."""

    subject: ClassVar[str] = "zhengshu.opening.snapshot.published.v1"

    dataset: str
    epoch: int
    version: int
    rows: int
    digests: dict[str, str]


class ApplicantWasRegistered(Event):
    """An applicant registered."""

    subject: ClassVar[str] = "zhengshu.opening.applicant.registered.v1"

    applicant: str
    kind: ApplicantKind


class OpenApplicationSubmitted(Event):
    """An eligible applicant applied."""

    subject: ClassVar[str] = "zhengshu.opening.application.submitted.v1"

    application: str
    dataset: str
    applicant: str


class OpenApplicationRefused(Event):
    """An authorised-open application was refused, here or by the Commission."""

    subject: ClassVar[str] = "zhengshu.opening.application.refused.v1"

    application: str | None
    dataset: str
    applicant: str
    rule: str


class OpenApplicationForwarded(Event):
    """The Commission accepted an authorised-open application."""

    subject: ClassVar[str] = "zhengshu.opening.application.forwarded.v1"

    application: str
    acceptance: str


class AuthorizationActivated(Event):
    """The Commission granted an authorised-open application."""

    subject: ClassVar[str] = "zhengshu.opening.authorization.activated.v1"

    authorization: str
    application: str
    dataset: str
    applicant: str
    ends: datetime


class AuthorizationRevoked(Event):
    """An authorisation ended before its time."""

    subject: ClassVar[str] = "zhengshu.opening.authorization.revoked.v1"

    authorization: str
    dataset: str
    applicant: str


class AuthorizationExpired(Event):
    """An authorisation's time is over."""

    subject: ClassVar[str] = "zhengshu.opening.authorization.expired.v1"

    authorization: str
    dataset: str
    applicant: str
