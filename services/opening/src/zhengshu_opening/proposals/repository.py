"""All SQL about proposals. Never commits."""

from dataclasses import asdict

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession
from zhengshu_chassis.db import keyset

from zhengshu_opening.proposals.domain import Proposal
from zhengshu_opening.proposals.errors import ProposalNotFound
from zhengshu_opening.proposals.tables import ProposalRow


class Proposals:
    """Opening proposals."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def get(self, proposal: str) -> Proposal:
        """Read a proposal or raise ProposalNotFound."""
        row = await self._session.get(ProposalRow, proposal, populate_existing=True)
        if row is None:
            raise ProposalNotFound(proposal)
        return row.to_domain()

    async def lock(self, proposal: str) -> Proposal:
        """Read a proposal and hold its row until the transaction ends."""
        row = await self._session.get(
            ProposalRow, proposal, with_for_update=True, populate_existing=True
        )
        if row is None:
            raise ProposalNotFound(proposal)
        return row.to_domain()

    async def add(self, proposal: Proposal) -> None:
        """Add a proposal; a second one under way for the dataset violates a constraint."""
        self._session.add(ProposalRow(**asdict(proposal) | {"items": list(proposal.items)}))
        await self._session.flush()

    async def save(self, proposal: Proposal) -> None:
        """Write what a review or an answer changed."""
        await self._session.execute(
            update(ProposalRow)
            .where(ProposalRow.id == proposal.id)
            .values(
                state=proposal.state, opinion=proposal.opinion, reviewed_by=proposal.reviewed_by
            )
        )

    async def page(
        self, *, provider: str | None, after: list[str] | None, limit: int
    ) -> tuple[list[Proposal], bool]:
        """Return a page of a provider's proposals (None: everybody's), newest first."""
        query = select(ProposalRow)
        if provider is not None:
            query = query.where(ProposalRow.provider == provider)
        rows, more = await keyset(
            self._session, query, by=[ProposalRow.id], after=after, limit=limit, descending=True
        )
        return [row.to_domain() for row in rows], more
