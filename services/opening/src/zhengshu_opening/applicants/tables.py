"""Mapped classes of applicants and their applications."""

from datetime import date, datetime

from sqlalchemy import DateTime, text
from sqlalchemy.orm import Mapped, mapped_column
from zhengshu_chassis.db import Base
from zhengshu_contracts.vocabulary import ApplicantKind, ApplicationState

from zhengshu_opening.applicants.domain import Applicant, OpenApplication

Moment = DateTime(timezone=True)


class ApplicantRow(Base):
    """An applicant with the digest of its secret."""

    __tablename__ = "applicants"

    id: Mapped[str] = mapped_column(primary_key=True)
    code: Mapped[str]
    name: Mapped[str]
    kind: Mapped[str]
    contact: Mapped[str]
    secret_digest: Mapped[bytes]
    registered_at: Mapped[datetime] = mapped_column(Moment, server_default=text("now()"))

    def to_domain(self) -> Applicant:
        """Return the applicant as a value, without contact and secret."""
        return Applicant(self.id, self.code, self.name, ApplicantKind(self.kind))


class OpenApplicationRow(Base):
    """An authorised-open application."""

    __tablename__ = "applications"

    id: Mapped[str] = mapped_column(primary_key=True)
    applicant: Mapped[str]
    dataset: Mapped[str]
    title: Mapped[str]
    purpose: Mapped[str]
    scenario: Mapped[str]
    safeguards: Mapped[str]
    until: Mapped[date]
    state: Mapped[str]
    submitted_at: Mapped[datetime] = mapped_column(Moment)
    reason: Mapped[str | None]
    authorization: Mapped[str | None]

    def to_domain(self) -> OpenApplication:
        """Return the application as a value."""
        return OpenApplication(
            id=self.id,
            applicant=self.applicant,
            dataset=self.dataset,
            title=self.title,
            purpose=self.purpose,
            scenario=self.scenario,
            safeguards=self.safeguards,
            until=self.until,
            state=ApplicationState(self.state),
            submitted_at=self.submitted_at,
            reason=self.reason,
            authorization=self.authorization,
        )
