"""What the Commission answers, and the signed call-back that carries an answer."""

from datetime import date, datetime
from typing import Annotated, Literal, TypeAlias

from pydantic import Field

from zhengshu_contracts.base import ApiModel, Exact, Record
from zhengshu_contracts.commission.filings import DispatchKind
from zhengshu_contracts.limits import ItemMask, Quota
from zhengshu_contracts.vocabulary import Mode, Outcome


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
    filter holds beside the applicant's. A refusal of what was agreed to before takes it back, in
    whichever order the two arrive; nothing else changes a decision.
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
