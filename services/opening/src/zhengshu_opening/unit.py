"""What one operation may touch: the repositories, the outbox and the dispatches of one transaction."""

from dataclasses import dataclass
from typing import Annotated, Self

from fastapi import Depends
from sqlalchemy.ext.asyncio import AsyncSession
from zhengshu_chassis.dispatch import Dispatches
from zhengshu_chassis.outbox import Outbox
from zhengshu_chassis.transaction import Session

from zhengshu_opening.applicants.repository import Applicants, OpenApplications
from zhengshu_opening.datasets.repository import Datasets
from zhengshu_opening.listings.repository import Builds, Listings
from zhengshu_opening.proposals.repository import Proposals


@dataclass(frozen=True, slots=True)
class Unit:
    """One transaction's reach."""

    session: AsyncSession
    datasets: Datasets
    proposals: Proposals
    listings: Listings
    builds: Builds
    applicants: Applicants
    applications: OpenApplications
    outbox: Outbox
    dispatches: Dispatches

    @classmethod
    def of(cls, session: AsyncSession) -> Self:
        """Return the unit of a session; whoever opened the session commits it."""
        return cls(
            session=session,
            datasets=Datasets(session),
            proposals=Proposals(session),
            listings=Listings(session),
            builds=Builds(session),
            applicants=Applicants(session),
            applications=OpenApplications(session),
            outbox=Outbox(session, "opening"),
            dispatches=Dispatches(session),
        )


async def unit(session: Session) -> Unit:
    """Return the request's unit."""
    return Unit.of(session)


InUnit = Annotated[Unit, Depends(unit)]
