"""Routes of proposals: HTTP in, HTTP out."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated

from zhengshu_chassis.auth import allowed
from zhengshu_chassis.problems import problems
from zhengshu_chassis.requests import CursorInvalid, Paged
from zhengshu_chassis.transaction import Router
from zhengshu_contracts.catalog import ReviewIn
from zhengshu_contracts.identity import Identity
from zhengshu_contracts.opening import ProposalIn, ProposalList, ProposalOut
from zhengshu_contracts.roles import Action

from zhengshu_opening.listings.domain import Listing
from zhengshu_opening.listings.errors import NothingToOpen
from zhengshu_opening.proposals import operations
from zhengshu_opening.proposals.domain import Proposal
from zhengshu_opening.proposals.errors import (
    AlreadyProposed,
    AlreadyReviewed,
    DatasetNotFound,
    NotProvider,
    OutcomeNotAllowed,
    OwnProposal,
    ProposalNotFound,
    RegistrationWithdrawn,
)
from zhengshu_opening.unit import InUnit, Unit

router = Router(prefix="/v1/open/proposals", tags=["开放提案"])
Proposer = Annotated[Identity, allowed(Action.PROPOSAL_SUBMIT)]
Reviewer = Annotated[Identity, allowed(Action.PROPOSAL_REVIEW)]
Reader = Annotated[Identity, allowed(Action.PROPOSAL_READ)]


@router.post(
    "",
    status_code=201,
    response_model=ProposalOut,
    responses=problems(
        DatasetNotFound, NotProvider, NothingToOpen, RegistrationWithdrawn, AlreadyProposed
    ),
)
async def propose_opening(body: ProposalIn, caller: Proposer, unit: InUnit) -> ProposalOut:
    """提出开放

    数据提供单位提出开放其数据集中开放属性为普遍开放或授权开放的信息项。
    """
    now = datetime.now(UTC)
    proposal = await operations.propose(unit, body, by=caller.principal, at=now)
    return (await _views(unit, [proposal]))[0]


@router.get("", response_model=ProposalList, responses=problems(CursorInvalid))
async def list_proposals(caller: Reader, unit: InUnit, place: Paged) -> ProposalList:
    """列出开放提案

    主管部门可见全部,其他单位只见本单位的。
    """
    whose = operations.whose(caller.principal)
    found, more = await unit.proposals.page(provider=whose, after=place.after, limit=place.limit)
    position = [found[-1].id] if more else None
    return ProposalList(
        proposals=await _views(unit, found),
        next=place.following([position], more=position is not None),
    )


@router.get("/{proposal_id}", response_model=ProposalOut, responses=problems(ProposalNotFound))
async def read_proposal(proposal_id: str, caller: Reader, unit: InUnit) -> ProposalOut:
    """查看开放提案"""
    proposal = await operations.read(unit, proposal_id, by=caller.principal)
    return (await _views(unit, [proposal]))[0]


@router.post(
    "/{proposal_id}/review",
    response_model=ProposalOut,
    responses=problems(ProposalNotFound, AlreadyReviewed, OwnProposal, OutcomeNotAllowed),
)
async def review_proposal(
    proposal_id: str, body: ReviewIn, caller: Reviewer, unit: InUnit
) -> ProposalOut:
    """审核开放提案

    主管部门审核;同意的转报市级开放平台登记。
    """
    reviewed = await operations.review(
        unit, proposal_id, by=caller.principal, outcome=body.outcome, opinion=body.opinion
    )
    return (await _views(unit, [reviewed]))[0]


async def _views(unit: Unit, proposals: Sequence[Proposal]) -> list[ProposalOut]:
    listings = await unit.listings.of_proposals([proposal.id for proposal in proposals])
    return [_view(proposal, listings.get(proposal.id)) for proposal in proposals]


def _view(proposal: Proposal, listing: Listing | None) -> ProposalOut:
    return ProposalOut(
        id=proposal.id,
        dataset=proposal.dataset,
        licence=proposal.licence,
        note=proposal.note,
        title=proposal.title,
        provider=proposal.provider,
        opening=proposal.opening,
        items=list(proposal.items),
        state=proposal.state,
        state_label=proposal.state.label,
        opinion=proposal.opinion,
        proposed_at=proposal.proposed_at,
        listing=listing.state if listing else None,
        listing_note=listing.reason if listing else None,
    )
