"""What is done to proposals: load, decide, save, announce. The caller owns the transaction."""

from datetime import datetime

from zhengshu_chassis import ids
from zhengshu_contracts.commission import DispatchKind, OpeningAnswer, OpeningFiling
from zhengshu_contracts.identity import Principal
from zhengshu_contracts.opening import ProposalIn, ProposalReviewed, ProposalSubmitted
from zhengshu_contracts.vocabulary import OrganizationKind, Outcome, ProposalState

from zhengshu_opening.listings import domain as listings
from zhengshu_opening.listings import operations as listing_operations
from zhengshu_opening.listings.errors import NothingToOpen
from zhengshu_opening.proposals import domain
from zhengshu_opening.proposals.domain import Proposal
from zhengshu_opening.proposals.errors import AlreadyProposed, DatasetNotFound, ProposalNotFound
from zhengshu_opening.unit import Unit


async def propose(unit: Unit, wish: ProposalIn, *, by: Principal, at: datetime) -> Proposal:
    """Propose to open a dataset's open items."""
    dataset = await unit.datasets.find(wish.dataset)
    if dataset is None:
        raise DatasetNotFound(wish.dataset)
    proposal = domain.propose(
        dataset,
        id=ids.new("p"),
        by=by.id,
        organization=by.organization,
        licence=wish.licence,
        note=wish.note,
        at=at,
    )
    listing = await unit.listings.find(wish.dataset)
    if listing is not None and listing.live:
        raise AlreadyProposed(f"“{dataset.title}”{listing.state.label}")
    await unit.proposals.add(proposal)
    submitted = ProposalSubmitted(
        proposal=proposal.id, dataset=proposal.dataset, provider=proposal.provider
    )
    unit.outbox.add(submitted, aggregate=proposal.id)
    return proposal


async def review(
    unit: Unit, proposal_id: str, *, by: Principal, outcome: Outcome, opinion: str
) -> Proposal:
    """Review a proposal; an approved one goes to the municipal open platform."""
    before = await unit.proposals.lock(proposal_id)
    after = domain.review(before, by=by, outcome=outcome, opinion=opinion)
    await unit.proposals.save(after)
    _reviewed(unit, after, by.id)
    if after.state is ProposalState.APPROVED:
        filing = OpeningFiling(
            proposal=after.id,
            dataset=after.dataset,
            title=after.title,
            opening=after.opening,
            items=list(after.items),
            opinion=opinion,
        )
        unit.dispatches.open(DispatchKind.OPENING, after.id, filing)
    return after


async def answer(unit: Unit, given: OpeningAnswer) -> bool:
    """Apply the open platform's answer; False when it comes late."""
    before = await unit.proposals.lock(given.proposal)
    after = domain.answer(before, outcome=given.outcome, reason=given.reason)
    if after is None:
        return False
    if after.state is ProposalState.REGISTERED:
        after = await _list(unit, before, after)
    await unit.proposals.save(after)
    if after.state is ProposalState.REFUSED:
        _reviewed(unit, after, "commission")
    return True


async def read(unit: Unit, proposal_id: str, *, by: Principal) -> Proposal:
    """Read a proposal; other departments' do not exist for a department."""
    proposal = await unit.proposals.get(proposal_id)
    if whose(by) not in {None, proposal.provider}:
        raise ProposalNotFound(proposal_id)
    return proposal


def whose(by: Principal) -> str | None:
    """Return whose proposals somebody may see; None for everybody's."""
    if by.organization_kind is OrganizationKind.COMPETENT:
        return None
    return by.organization or ""


async def _list(unit: Unit, before: Proposal, registered: Proposal) -> Proposal:
    """Begin the listing; what was retired or closed meanwhile counts as refused."""
    dataset = await unit.datasets.find(before.dataset)
    try:
        if dataset is None:
            raise NothingToOpen(before.dataset)
        listing = listings.register(
            dataset,
            proposal=before.id,
            items=before.items,
            opening=before.opening,
            licence=before.licence,
        )
    except NothingToOpen as error:
        refused = domain.answer(before, outcome=Outcome.REFUSE, reason=error.detail)
        return refused or registered
    await listing_operations.register(unit, listing)
    return registered


def _reviewed(unit: Unit, proposal: Proposal, by: str) -> None:
    event = ProposalReviewed(
        proposal=proposal.id, dataset=proposal.dataset, state=proposal.state, by=by
    )
    unit.outbox.add(event, aggregate=proposal.id)
