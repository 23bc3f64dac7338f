"""Mapped class of proposals."""

from datetime import datetime

from sqlalchemy import DateTime, Text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column
from zhengshu_chassis.db import Base
from zhengshu_contracts.vocabulary import OpeningClass, ProposalState

from zhengshu_opening.proposals.domain import Proposal


class ProposalRow(Base):
    """An opening proposal."""

    __tablename__ = "proposals"

    id: Mapped[str] = mapped_column(primary_key=True)
    dataset: Mapped[str]
    title: Mapped[str]
    provider: Mapped[str]
    opening: Mapped[str]
    items: Mapped[list[str]] = mapped_column(ARRAY(Text))
    licence: Mapped[str]
    note: Mapped[str]
    state: Mapped[str]
    proposed_by: Mapped[str]
    proposed_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    opinion: Mapped[str | None]
    reviewed_by: Mapped[str | None]

    def to_domain(self) -> Proposal:
        """Return the proposal as a value."""
        return Proposal(
            id=self.id,
            dataset=self.dataset,
            title=self.title,
            provider=self.provider,
            opening=OpeningClass(self.opening),
            items=tuple(self.items),
            licence=self.licence,
            note=self.note,
            state=ProposalState(self.state),
            proposed_by=self.proposed_by,
            proposed_at=self.proposed_at,
            opinion=self.opinion,
            reviewed_by=self.reviewed_by,
        )
