"""Mapped classes of listings, snapshots, the work that is due, and authorisations."""

from datetime import datetime
from typing import Any

from sqlalchemy import DateTime, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column
from zhengshu_chassis.db import Base
from zhengshu_contracts.opening import OpenItem
from zhengshu_contracts.vocabulary import ListingState, OpeningClass

from zhengshu_opening.datasets.domain import Version
from zhengshu_opening.listings.domain import Authorization, Listing

Moment = DateTime(timezone=True)


class ListingRow(Base):
    """A listing; one per dataset, taken up again after a withdrawal."""

    __tablename__ = "listings"

    dataset: Mapped[str] = mapped_column(primary_key=True)
    proposal: Mapped[str]
    opening: Mapped[str]
    items: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    licence: Mapped[str]
    state: Mapped[str]
    reason: Mapped[str | None]
    snapshot: Mapped[int | None]
    epoch: Mapped[int | None]
    version: Mapped[int | None]
    listed_at: Mapped[datetime | None] = mapped_column(Moment)
    updated_at: Mapped[datetime | None] = mapped_column(Moment)

    def to_domain(self) -> Listing:
        """Return the listing as a value."""
        return Listing(
            dataset=self.dataset,
            proposal=self.proposal,
            opening=OpeningClass(self.opening),
            items=tuple(OpenItem.model_validate(item) for item in self.items),
            licence=self.licence,
            state=ListingState(self.state),
            reason=self.reason,
            version=version_of(self.epoch, self.version),
        )


class SnapshotRow(Base):
    """A published snapshot and its files; the newest two of a dataset are kept."""

    __tablename__ = "snapshots"

    id: Mapped[int] = mapped_column(primary_key=True)
    dataset: Mapped[str]
    epoch: Mapped[int]
    version: Mapped[int]
    rows: Mapped[int]
    files: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    published_at: Mapped[datetime] = mapped_column(Moment, server_default=text("now()"))


class BuildRow(Base):
    """A dataset that waits for a snapshot or for cleaning up; gone when there is nothing to do."""

    __tablename__ = "builds"

    dataset: Mapped[str] = mapped_column(primary_key=True)
    attempts: Mapped[int]
    due_at: Mapped[datetime] = mapped_column(Moment)
    asked_at: Mapped[datetime] = mapped_column(Moment)
    error: Mapped[str | None]


class AuthorizationRow(Base):
    """An applicant's right to an authorised-open listing."""

    __tablename__ = "authorizations"

    id: Mapped[str] = mapped_column(primary_key=True)
    application: Mapped[str]
    dataset: Mapped[str]
    applicant: Mapped[str]
    ends_at: Mapped[datetime] = mapped_column(Moment)
    over: Mapped[str | None]
    """How it ended (`expired`, `revoked`); empty while it is live."""

    def to_domain(self) -> Authorization:
        """Return the authorisation as a value."""
        return Authorization(self.id, self.application, self.dataset, self.applicant, self.ends_at)


def version_of(epoch: int | None, number: int | None) -> Version | None:
    """Return the version two columns hold together."""
    return None if epoch is None or number is None else Version(epoch, number)
