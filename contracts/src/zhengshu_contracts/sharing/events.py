"""What sharing announces."""

from datetime import date, datetime
from typing import ClassVar

from zhengshu_contracts.base import Event
from zhengshu_contracts.vocabulary import (
    DisposalMethod,
    GrantState,
    Mode,
    OpinionState,
    Outcome,
    UsageKind,
)


class ApplicationEvent(Event):
    """Common members of what happens to an application."""

    application: str
    organization: str


class ApplicationSubmitted(ApplicationEvent):
    """A department applied."""

    subject: ClassVar[str] = "zhengshu.sharing.application.submitted.v1"

    number: str
    datasets: tuple[str, ...]


class ApplicationEndorsed(ApplicationEvent):
    """The competent department endorsed an application."""

    subject: ClassVar[str] = "zhengshu.sharing.application.endorsed.v1"

    by: str


class ApplicationReturned(ApplicationEvent):
    """The competent department asked, once, for everything that is missing."""

    subject: ClassVar[str] = "zhengshu.sharing.application.returned.v1"

    by: str


class ApplicationSupplemented(ApplicationEvent):
    """The applicant supplied what was missing."""

    subject: ClassVar[str] = "zhengshu.sharing.application.supplemented.v1"


class ApplicationForwarded(ApplicationEvent):
    """The Commission accepted a part of an application."""

    subject: ClassVar[str] = "zhengshu.sharing.application.forwarded.v1"

    part: str
    acceptance: str


class ApplicationWithdrawn(ApplicationEvent):
    """The applicant withdrew."""

    subject: ClassVar[str] = "zhengshu.sharing.application.withdrawn.v1"


class ApplicationRefused(ApplicationEvent):
    """A part was refused: by the class, the competent department or the Commission."""

    subject: ClassVar[str] = "zhengshu.sharing.application.refused.v1"

    part: str
    dataset: str
    by: str
    basis: str | None = None


class OpinionRequested(Event):
    """The Commission asked a provider's opinion."""

    subject: ClassVar[str] = "zhengshu.sharing.opinion.requested.v1"

    opinion: str
    part: str
    application: str
    provider: str
    due: date | None = None


class OpinionGiven(Event):
    """A provider gave its opinion."""

    subject: ClassVar[str] = "zhengshu.sharing.opinion.given.v1"

    opinion: str
    part: str
    provider: str
    state: OpinionState


class ExtensionRequested(Event):
    """A provider asked for more time."""

    subject: ClassVar[str] = "zhengshu.sharing.extension.requested.v1"

    opinion: str
    application: str
    provider: str
    days: int


class ExtensionDecided(Event):
    """The competent department answered; the applicant is to be told."""

    subject: ClassVar[str] = "zhengshu.sharing.extension.decided.v1"

    opinion: str
    application: str
    applicant: str
    provider: str
    outcome: Outcome
    due: date | None


class GrantEvent(Event):
    """Common members of what happens to a grant."""

    grant: str
    dataset: str
    holder: str
    provider: str


class GrantActivated(GrantEvent):
    """A grant began."""

    subject: ClassVar[str] = "zhengshu.sharing.grant.activated.v1"

    part: str
    items: tuple[str, ...]
    modes: tuple[Mode, ...]
    ends: datetime


class GrantSuspended(GrantEvent):
    """A grant was suspended (Decree 809 Art. 27)."""

    subject: ClassVar[str] = "zhengshu.sharing.grant.suspended.v1"

    by: str


class GrantResumed(GrantEvent):
    """A suspended grant was taken up again."""

    subject: ClassVar[str] = "zhengshu.sharing.grant.resumed.v1"

    by: str


class GrantRevoked(GrantEvent):
    """A grant was ended before its time."""

    subject: ClassVar[str] = "zhengshu.sharing.grant.revoked.v1"

    by: str


class GrantExpired(GrantEvent):
    """A grant's period is over; its data wait for disposal."""

    subject: ClassVar[str] = "zhengshu.sharing.grant.expired.v1"


class GrantRectified(GrantEvent):
    """The holder of a suspended grant reports what was put right."""

    subject: ClassVar[str] = "zhengshu.sharing.grant.rectified.v1"


class GrantRenewed(GrantEvent):
    """A grant gave way to the one that renews it."""

    subject: ClassVar[str] = "zhengshu.sharing.grant.renewed.v1"

    by: str
    """The new grant."""


class GrantDisposed(GrantEvent):
    """The data of a grant that is over were disposed of."""

    subject: ClassVar[str] = "zhengshu.sharing.grant.disposed.v1"

    method: DisposalMethod
    on: date


class StopAnnounced(GrantEvent):
    """A provider will stop serving a grant: filed, and told ahead."""

    subject: ClassVar[str] = "zhengshu.sharing.stop.announced.v1"

    number: str
    ends: date


class DisposalOpened(GrantEvent):
    """A grant is over; its holder has to dispose of the data."""

    subject: ClassVar[str] = "zhengshu.sharing.disposal.opened.v1"

    why: GrantState


class ObjectionFiled(Event):
    """A department objected to a sharing class."""

    subject: ClassVar[str] = "zhengshu.sharing.objection.filed.v1"

    objection: str
    dataset: str
    organization: str
    counterpart: str | None = None


class UsageRecorded(Event):
    """A user recorded how it uses shared data."""

    subject: ClassVar[str] = "zhengshu.sharing.usage.recorded.v1"

    usage: str
    dataset: str
    organization: str
    kind: UsageKind


class UsagePurged(Event):
    """Usage records were dropped after the years that they are kept for."""

    subject: ClassVar[str] = "zhengshu.sharing.usage.purged.v1"

    count: int
    years: int
