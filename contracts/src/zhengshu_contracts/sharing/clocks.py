"""Clocks: what sharing announces of the periods it runs, and the extensions asked of them."""

from datetime import date, datetime
from typing import ClassVar, Literal

from pydantic import Field

from zhengshu_contracts.base import ApiModel, Event, Page
from zhengshu_contracts.clocks import Term
from zhengshu_contracts.vocabulary import Outcome


class ExtensionIn(ApiModel):
    """A provider asks for more time (Decree 809 Art. 21)."""

    days: int = Field(ge=1, le=10, description="申请延长的工作日数")
    reason: str = Field(min_length=2, max_length=500, description="特殊原因")


class ExtensionDecision(ApiModel):
    """What the competent department says to it."""

    outcome: Literal[Outcome.AGREE, Outcome.REFUSE] = Field(
        description="agree 同意延期;refuse 不同意"
    )
    opinion: str = Field(min_length=1, max_length=500, description="意见")


class ExtensionOut(ApiModel):
    """An extension asked for, and what became of it."""

    days: int
    reason: str
    asked_at: datetime
    outcome: Outcome | None = None
    opinion: str | None = None


class ClockOut(ApiModel):
    """A period that runs, and who has to act in it."""

    id: str
    term: Term = Field(description="时限种类")
    term_label: str = Field(description="时限名称")
    matter: str = Field(description="所涉目录条目、申请、意见征求、授权或事项的标识")
    party: str = Field(description="应办单位")
    received: date = Field(description="起算日;期限自次日起算")
    due: date | None = Field(description="到期日;暂停期间为空")
    due_provisional: bool = Field(default=False, description="节假日安排尚未公布,到期日为暂定")
    overdue: bool = Field(default=False, description="期限已过,尚未办结")
    paused: bool = Field(default=False, description="因等待其他单位而暂停计算")
    basis: str | None = Field(default=None, description="依据;法规未定期限、由本地设置的为空")
    extension: ExtensionOut | None = Field(default=None, description="延期申请")


class Deadline(ApiModel):
    """By when the step that a thing waits for is to be taken, by whom, and where that is written."""

    due: date | None = Field(default=None, description="当前环节办理期限")
    due_provisional: bool = Field(default=False, description="节假日安排尚未公布,期限为暂定")
    due_term: str | None = Field(
        default=None, description="当前环节的时限名称;没有时限在计算的为空"
    )
    due_party: str | None = Field(default=None, description="当前环节应办单位")
    due_basis: str | None = Field(default=None, description="时限的依据;由本地设置的为空")


class ClockList(Page):
    """A page of running clocks, the oldest first."""

    clocks: list[ClockOut]


class ClockEvent(Event):
    """Common members of what happens to a clock."""

    clock: str
    term: Term
    matter: str
    """What it is about: an application, opinion, grant, correction, …"""
    party: str
    """The organisation that has to act."""


class ClockOpened(ClockEvent):
    """A period began."""

    subject: ClassVar[str] = "zhengshu.sharing.clock.opened.v1"

    due: date | None
    provisional: bool
    basis: str | None = None


class ClockPaused(ClockEvent):
    """A period stands still while somebody else has to act."""

    subject: ClassVar[str] = "zhengshu.sharing.clock.paused.v1"


class ClockResumed(ClockEvent):
    """A period runs on."""

    subject: ClassVar[str] = "zhengshu.sharing.clock.resumed.v1"

    due: date | None
    provisional: bool


class ClockMoved(ClockEvent):
    """A period ends on another day than was announced."""

    subject: ClassVar[str] = "zhengshu.sharing.clock.moved.v1"

    due: date | None
    provisional: bool
    why: str
    """`extension` or `calendar`."""


class ClockMissed(ClockEvent):
    """The last day of a period is over, and what was waited for is not done."""

    subject: ClassVar[str] = "zhengshu.sharing.clock.missed.v1"

    due: date


class ClockExtensionRequested(ClockEvent):
    """A party asked for more time."""

    subject: ClassVar[str] = "zhengshu.sharing.clock.extension_requested.v1"

    days: int


class ClockExtensionDecided(ClockEvent):
    """The competent department answered."""

    subject: ClassVar[str] = "zhengshu.sharing.clock.extension_decided.v1"

    outcome: Outcome
    due: date | None


class ClockClosed(ClockEvent):
    """What was waited for is done, or no longer waited for."""

    subject: ClassVar[str] = "zhengshu.sharing.clock.closed.v1"

    on: date
    late: bool
