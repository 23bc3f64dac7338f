"""转报件: things that must reach the Commission, as their owner shows them to the gateway.

The owner's table is the truth; a wake-up on `zhengshu.dispatch.<service>` may be lost and is repeated.
"""

from datetime import datetime
from typing import Any

from pydantic import Field

from zhengshu_contracts.base import Page, Record
from zhengshu_contracts.vocabulary import Labelled


class DispatchState(Labelled):
    """Life of a dispatch."""

    DUE = "due", "待转报"
    ACCEPTED = "accepted", "已受理"
    ANSWERED = "answered", "已答复"
    PARKED = "parked", "已搁置"


class AttemptOutcome(Labelled):
    """How one attempt to send ended: refused for good, or to be tried again."""

    ACCEPTED = "accepted", "已受理"
    FAILED = "failed", "未送达"
    REJECTED = "rejected", "被拒收"


class DispatchOut(Record):
    """`GET /internal/dispatches/{id}`: what to send, under this id as the idempotency key."""

    id: str
    kind: str
    subject: str
    """What it is about (an entity's id)."""
    payload: dict[str, Any]
    expects_answer: bool
    state: DispatchState
    attempts: int
    acceptance: str | None = None
    reason: str | None = None
    created_at: datetime
    next_offer_at: datetime


class ParkedOut(Record):
    """A dispatch as an operator sees it: what and why, not its content."""

    id: str = Field(description="标识")
    kind: str = Field(description="种类")
    subject: str = Field(description="所涉对象的标识")
    state: DispatchState = Field(description="状态")
    attempts: int = Field(description="已尝试次数")
    reason: str | None = Field(default=None, description="未受理的原因")
    created_at: datetime = Field(description="提出时间")


class ParkedPage(Page):
    """`GET /v1/dispatches/{service}`."""

    dispatches: list[ParkedOut]


class DeadLetterOut(Record):
    """A message that no handler could take."""

    stream: str = Field(description="所在的流")
    event: str = Field(description="事件编号")
    subject: str = Field(description="主题")
    error: str = Field(description="出错的种类")
    at: datetime = Field(description="放弃的时间")


class DeadLetterPage(Page):
    """`GET /v1/dead-letters/{service}`."""

    letters: list[DeadLetterOut]


class DispatchPage(Page):
    """`GET /internal/dispatches?state=parked`."""

    dispatches: list[DispatchOut]


class Attempt(Record):
    """`POST /internal/dispatches/{id}/attempts`: how an attempt ended."""

    outcome: AttemptOutcome
    acceptance: str | None = Field(default=None, max_length=64, description="受理号")
    reason: str | None = Field(default=None, max_length=2000, description="未受理的原因")


class WakeUp(Record):
    """On `zhengshu.dispatch.<service>`: look at this dispatch."""

    id: str
    state: DispatchState


def wake_up_subject(service: str) -> str:
    """Return where a service's wake-ups are published (core NATS, lossy)."""
    return f"zhengshu.dispatch.{service}"
