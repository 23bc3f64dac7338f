"""Opening proposals: who may propose what, who reviews. Knows no HTTP, SQL or NATS."""

from dataclasses import dataclass, replace
from datetime import datetime

from zhengshu_contracts.basis import Basis
from zhengshu_contracts.identity import Principal
from zhengshu_contracts.vocabulary import (
    OpeningClass,
    Outcome,
    ProposalState,
    ServiceRegistrationState,
)

from zhengshu_opening.datasets.domain import Dataset, opening_class
from zhengshu_opening.listings.errors import NothingToOpen
from zhengshu_opening.proposals.errors import (
    AlreadyReviewed,
    DatasetNotFound,
    NotProvider,
    OutcomeNotAllowed,
    OwnProposal,
    RegistrationWithdrawn,
)


@dataclass(frozen=True, slots=True)
class Proposal:
    """A provider's wish to open a dataset's open items."""

    id: str
    dataset: str
    title: str
    provider: str
    opening: OpeningClass
    items: tuple[str, ...]
    licence: str
    note: str
    state: ProposalState
    proposed_by: str
    proposed_at: datetime
    opinion: str | None = None
    reviewed_by: str | None = None


def propose(
    dataset: Dataset,
    *,
    id: str,  # noqa: A002 - the member's name
    by: str,
    organization: str | None,
    licence: str,
    note: str,
    at: datetime,
) -> Proposal:
    """Propose every item that may be opened, or raise the reason it cannot be."""
    if not dataset.published:
        raise DatasetNotFound(dataset.id)
    if organization != dataset.provider:
        raise NotProvider(f"{dataset.title}由{dataset.provider_name}提供")
    if dataset.registration is ServiceRegistrationState.WITHDRAWN:
        raise RegistrationWithdrawn(dataset.title, next="请先恢复市级平台挂接")
    items = dataset.open_items()
    if not items:
        raise NothingToOpen(
            f"“{dataset.title}”的信息项均为不开放",
            basis=Basis.MEASURES_OPENING.label,
            next="如需开放,请先修订目录的开放属性(POST /v1/entries/{id}/revisions)",
        )
    return Proposal(
        id=id,
        dataset=dataset.id,
        title=dataset.title,
        provider=dataset.provider,
        opening=opening_class(items),
        items=tuple(item.name for item in items),
        licence=licence,
        note=note,
        state=ProposalState.SUBMITTED,
        proposed_by=by,
        proposed_at=at,
    )


def review(proposal: Proposal, *, by: Principal, outcome: Outcome, opinion: str) -> Proposal:
    """Approve or return a proposal that waits, by somebody else than who made it."""
    if proposal.state is not ProposalState.SUBMITTED:
        raise AlreadyReviewed(f"该提案当前状态:{proposal.state.label}")
    if by.answers_for(proposal.proposed_by):
        raise OwnProposal(proposal.id)
    states = {Outcome.AGREE: ProposalState.APPROVED, Outcome.RETURN: ProposalState.RETURNED}
    if outcome not in states:
        raise OutcomeNotAllowed(next="材料不全的请退回修改,并一次性告知须补正的内容")
    return replace(proposal, state=states[outcome], opinion=opinion, reviewed_by=by.id)


def answer(proposal: Proposal, *, outcome: Outcome, reason: str) -> Proposal | None:
    """Apply the municipal open platform's answer; None when the proposal does not wait for one."""
    if proposal.state is not ProposalState.APPROVED:
        return None
    if outcome is Outcome.AGREE:
        return replace(proposal, state=ProposalState.REGISTERED)
    return replace(proposal, state=ProposalState.REFUSED, opinion=reason or proposal.opinion)
