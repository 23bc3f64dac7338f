"""What the node files with the Commission: the payload of each kind of dispatch."""

from datetime import date
from typing import Any, Literal

from pydantic import Field

from zhengshu_contracts.base import ApiModel, Exact
from zhengshu_contracts.catalog import Consent, Item
from zhengshu_contracts.grounds import RefusalGround
from zhengshu_contracts.limits import ItemMask, Quota
from zhengshu_contracts.vocabulary import (
    ApplicantKind,
    Labelled,
    Mode,
    OpeningClass,
    OrganizationCode,
    Outcome,
    UpdateCycle,
)


class DispatchKind(Labelled):
    """What leaves the node for the Commission."""

    ENTRY = "entry", "目录登记"
    UPLOAD = "upload", "数据上报"
    APPLICATION = "application", "共享申请转报"
    OPINION = "opinion", "提供单位意见"
    WITHDRAWAL = "withdrawal", "撤回申请"
    REVOCATION = "revocation", "撤销授权"
    OPENING = "opening", "开放登记"
    OPEN_APPLICATION = "open_application", "授权开放申请转报"
    CHECKPOINT = "checkpoint", "存证检查点"
    RECONCILIATION = "reconciliation", "数据对账"


class EntryFiling(ApiModel):
    """`entry`: a published revision to register."""

    entry: str
    code: str
    revision: int
    title: str
    abstract: str
    provider: OrganizationCode
    provider_name: str
    update_cycle: UpdateCycle
    items: list[Item]
    municipal_code: str | None = None
    """The code it bears already, if it was registered before this node was."""
    provider_office: str = ""
    modes: tuple[Mode, ...] = ()
    opening_condition: str = ""


class UploadFiling(ApiModel):
    """`upload`: the range of versions whose difference the body carries as NDJSON.

    The metadata travel in the headers `Zhengshu-Dataset`, `-Epoch`, `-Since`, `-To`; each line is one
    `UploadChange`.
    """

    dataset: str
    epoch: int
    since: int
    to: int


class UploadChange(ApiModel):
    """One line of an upload: a row as it now is, or that it is gone."""

    op: Literal["upsert", "delete"]
    id: str = Field(description="行标识")
    row: dict[str, Any] | None = Field(default=None, description="行的全部上报项;删除时没有")


class OpinionFiling(ApiModel):
    """`opinion`: what a provider says to an application; `ref` of the opinion request it answers."""

    opinion: str
    part: str
    outcome: Outcome
    reason: str
    ground: RefusalGround | None = None
    """Why it refuses, where it does."""
    masks: tuple[ItemMask, ...] = ()
    quota: Quota | None = None


class AttachmentDigest(ApiModel):
    """A file that goes with an application: what it is, and by what it is known when it is handed over."""

    id: str
    name: str
    media: str
    size: int
    digest: str
    """SHA-256, hexadecimal."""


class ApplicationFiling(ApiModel):
    """`application`: one endorsed part of a sharing application."""

    application: str
    number: str
    part: str
    applicant: OrganizationCode
    applicant_name: str
    provider: str
    dataset: str
    municipal_code: str | None
    items: list[str]
    modes: list[Mode]
    filter: str
    basis: str
    scenario: str
    scope: str
    purpose: str
    until: date
    quota: Quota | None = None
    endorsement: str
    consent: Consent | None = None
    """That of the applicant's own sharing office (Decree 809 Art. 20)."""
    attachments: tuple[AttachmentDigest, ...] = ()
    provider_opinion: OpinionFiling | None = None
    """What the provider said already, where the county asks it before it forwards."""


class WithdrawalFiling(ApiModel):
    """`withdrawal`: an application's part is withdrawn."""

    part: str
    reason: str


class RevocationFiling(ApiModel):
    """`revocation`: a grant was ended by the county."""

    grant: str
    part: str
    reason: str


class OpeningFiling(ApiModel):
    """`opening`: a reviewed opening to register on the municipal open platform."""

    proposal: str
    dataset: str
    title: str
    opening: OpeningClass
    items: list[str]
    opinion: str


class OpenApplicationFiling(ApiModel):
    """`open_application`: an eligible applicant's application."""

    application: str
    dataset: str
    applicant: OrganizationCode
    applicant_name: str
    kind: ApplicantKind
    purpose: str
    scenario: str
    safeguards: str
    until: date


class CheckpointFiling(ApiModel):
    """`checkpoint`: a signed ledger checkpoint to countersign.

    The proof (RFC 9162, hashes in Base64) leads from `since`, the size last countersigned, to it.
    """

    note: Exact
    since: int
    proof: list[str]
    restart: str = Field(default="", max_length=2000)
    """Why it may not continue what was countersigned last: the ledger was restored. A person decides."""


class ReconciliationFiling(ApiModel):
    """`reconciliation`: what the node has of a dataset at an acknowledged version; asks for the same.

    `digest` is the sum modulo 2²⁵⁶ of the SHA-256 of each row's `upsert` line as uploaded (UTF-8, without its
    line break), in hexadecimal: it does not depend on the order of rows, nor on how they came.
    """

    dataset: str
    epoch: int
    to: int
    rows: int
    digest: str


FILINGS: dict[DispatchKind, type[ApiModel]] = {
    DispatchKind.ENTRY: EntryFiling,
    DispatchKind.UPLOAD: UploadFiling,
    DispatchKind.APPLICATION: ApplicationFiling,
    DispatchKind.OPINION: OpinionFiling,
    DispatchKind.WITHDRAWAL: WithdrawalFiling,
    DispatchKind.REVOCATION: RevocationFiling,
    DispatchKind.OPENING: OpeningFiling,
    DispatchKind.OPEN_APPLICATION: OpenApplicationFiling,
    DispatchKind.CHECKPOINT: CheckpointFiling,
    DispatchKind.RECONCILIATION: ReconciliationFiling,
}
"""The payload each kind of dispatch carries."""
