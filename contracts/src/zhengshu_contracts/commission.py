"""The HTTP contract the municipal side must offer, and the call-backs it sends.

The node sends `PUT /exchange/v1/{kind}/{ref}`; `ref` is the dispatch's id and its idempotency key. The
answer, 202, is an acceptance; what was decided comes later as a signed call-back, or by polling
`GET /exchange/v1/{kind}/{ref}`. Requests both ways carry the national header signature.
"""

from datetime import date, datetime
from typing import Annotated, Literal, TypeAlias

from pydantic import Field

from zhengshu_contracts.base import BIGGEST, ApiModel, Exact, Record
from zhengshu_contracts.catalog import Consent, Item, MunicipalEntry
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
    change: `{"op": "upsert"|"delete", "id": …, "row": {…}}`.
    """

    dataset: str
    epoch: int
    since: int
    to: int


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


class Acceptance(Record):
    """202: the Commission has it."""

    number: str = Field(min_length=1, max_length=64, description="受理号")


class EntryAnswer(ApiModel):
    """The municipal code of an entry."""

    kind: Literal["entry"] = "entry"
    entry: str
    municipal_code: str


class AcknowledgementAnswer(ApiModel):
    """The Commission's acknowledgement of an upload."""

    kind: Literal["acknowledgement"] = "acknowledgement"
    dataset: str
    epoch: int
    since: int
    to: int
    rows: int
    digest: str


class ServiceRegistrationAnswer(ApiModel):
    """The right to serve a dataset (挂接)."""

    kind: Literal["service_registration"] = "service_registration"
    dataset: str
    service_code: str


class ServiceWithdrawalAnswer(ApiModel):
    """The right to serve a dataset is withdrawn."""

    kind: Literal["service_withdrawal"] = "service_withdrawal"
    dataset: str
    reason: str


class OpinionRequestAnswer(ApiModel):
    """The Commission asks a provider's opinion on a part."""

    kind: Literal["opinion_request"] = "opinion_request"
    part: str
    due: date | None = None


class DecisionAnswer(ApiModel):
    """The Commission's decision on a part: `agree`, `refuse`, or `return` for what is missing.

    It narrows what was applied for and never widens it: what it names beyond is not granted, and a row
    filter holds beside the applicant's.
    """

    kind: Literal["decision"] = "decision"
    part: str
    outcome: Outcome
    items: list[str] | None = None
    modes: list[Mode] | None = None
    filter: str = ""
    until: date | None = None
    missing: tuple[str, ...] = ()
    """Everything that a returned application lacks."""
    masks: tuple[ItemMask, ...] = ()
    quota: Quota | None = None
    reason: str = ""


class OpeningAnswer(ApiModel):
    """The open platform registered an opening, or not."""

    kind: Literal["opening"] = "opening"
    proposal: str
    outcome: Outcome
    reason: str = ""


class OpenDecisionAnswer(ApiModel):
    """The Commission's decision on an authorised-open application."""

    kind: Literal["open_decision"] = "open_decision"
    application: str
    outcome: Outcome
    until: date | None = None
    reason: str = ""


class CountersignatureAnswer(ApiModel):
    """The witness's signature line (C2SP cosignature/v1) to append to a checkpoint's note."""

    kind: Literal["countersignature"] = "countersignature"
    size: int
    signature: Exact


class ReconciliationAnswer(ApiModel):
    """What the Commission holds of a dataset, counted and summed as `ReconciliationFiling` says."""

    kind: Literal["reconciliation"] = "reconciliation"
    dataset: str
    epoch: int
    to: int
    rows: int
    digest: str


Answer: TypeAlias = Annotated[
    EntryAnswer
    | AcknowledgementAnswer
    | ServiceRegistrationAnswer
    | ServiceWithdrawalAnswer
    | OpinionRequestAnswer
    | DecisionAnswer
    | OpeningAnswer
    | OpenDecisionAnswer
    | CountersignatureAnswer
    | ReconciliationAnswer,
    Field(discriminator="kind"),
]


class Callback(Record):
    """A signed call-back. Applied once by its id; sent again until the node answers 2xx.

    Members beside these are passed over; in an answer they are not, since they could narrow it.
    """

    id: str = Field(max_length=64)
    ref: str | None = Field(default=None, max_length=64, description="所答复的转报件标识")
    number: str | None = Field(default=None, max_length=64, description="所答复的转报件的受理号")
    """Where the answer comes before the acceptance, this is how the node learns of it."""
    issued_at: datetime
    answer: Answer


class CallbackResult(ApiModel):
    """What a call-back did: `applied`, or `no-effect` when repeated or late."""

    outcome: Literal["applied", "no-effect"]


class FilingStatus(Record):
    """What polling a filing yields: every call-back issued for it so far."""

    number: str
    callbacks: list[Callback]


class Unprompted(Record):
    """A call-back that answers no filing: a service registration, its withdrawal."""

    sequence: int
    callback: Callback


class UnpromptedAnswers(Record):
    """`GET /exchange/v1/answers?after=<sequence>`: what polling a filing would not find, in order.

    Sequences are gapless in the order of issue: whoever has seen one has seen all before it.
    """

    answers: list[Unprompted]


class AnswersTaken(ApiModel):
    """Up to which sequence unprompted answers were handed to their owners; kept by catalog."""

    sequence: int = Field(default=0, ge=0, le=BIGGEST)


class MunicipalCatalogue(Record):
    """`GET /exchange/v1/catalogue?after=<sequence>`: changed entries in order."""

    entries: list[MunicipalEntry]


CALLBACK_OWNER: dict[str, str] = {
    "entry": "catalog",
    "acknowledgement": "catalog",
    "service_registration": "catalog",
    "service_withdrawal": "catalog",
    "opinion_request": "sharing",
    "decision": "sharing",
    "opening": "opening",
    "open_decision": "opening",
    "countersignature": "audit",
    "reconciliation": "catalog",
}
"""Which service applies which kind of call-back."""

ABOUT: dict[str, str] = {
    "entry": "entry",
    "acknowledgement": "dataset",
    "reconciliation": "dataset",
    "opinion_request": "part",
    "decision": "part",
    "opening": "proposal",
    "open_decision": "application",
}
"""Which member of an answer says what it is about; a countersignature is about the ledger's checkpoint."""


def about(answer: Answer) -> str:
    """Return what an answer is about: the subject of the dispatch that it answers."""
    member = ABOUT.get(answer.kind)
    return str(getattr(answer, member)) if member else DispatchKind.CHECKPOINT.value


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
