"""The three kinds of wire model: strict requests and answers, tolerant events, their envelope."""

from datetime import UTC, datetime
from typing import Annotated, Any, ClassVar
from uuid import uuid4

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

Exact = Annotated[str, StringConstraints(strip_whitespace=False)]
"""Text that is signed or hashed: every character counts, the last newline too."""

BIGGEST = 2**63 - 1
"""The biggest number a database keeps, and therefore the biggest sequence there is."""


def _in_utc(moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except OverflowError as error:
        raise ValueError("时间超出可表示的范围") from error


Name = Annotated[str, Field(max_length=200)]
"""The id of something, as a caller names it."""
Line = Annotated[str, Field(max_length=500)]
"""A line that somebody writes."""
Moment = Annotated[datetime, AfterValidator(_in_utc)]
"""A time in UTC; without a zone it is taken for UTC."""


class ApiModel(BaseModel):
    """What travels over HTTP: unknown members are refused, outer white space is dropped."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


class Record(BaseModel):
    """What one service writes for another to read (KV values, internal answers): read tolerantly."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class Event(BaseModel):
    """A fact that happened, named in the past tense; its subject carries the version.

    Within a version only optional members with defaults may be added. An event never carries rows or
    personal data.
    """

    model_config = ConfigDict(extra="ignore", frozen=True)

    subject: ClassVar[str]
    """JetStream subject; may hold `{member}` places, filled from the event's own members."""

    def address(self) -> str:
        """Return the subject this very event is published on."""
        return self.subject.format(
            **{name: getattr(self, name) for name in type(self).model_fields}
        )


class Envelope(BaseModel):
    """CloudEvents 1.0, structured JSON mode: what lies on the stream."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    specversion: str = "1.0"
    id: str
    source: str
    type: str
    subject: str | None = None
    time: datetime
    datacontenttype: str = "application/json"
    sequence: int | None = None
    """For dataset events: the version, so that a subscriber can prove it missed none."""
    data: dict[str, Any]

    @classmethod
    def wrap(
        cls, event: Event, *, source: str, about: str, at: datetime | None = None
    ) -> "Envelope":
        """Put an event into a new envelope; `about` is the aggregate it tells of."""
        return cls(
            id=str(uuid4()),
            source=source,
            type=event.address(),
            subject=about,
            time=at or datetime.now(UTC),
            sequence=getattr(event, "version", None),
            data=event.model_dump(mode="json"),
        )


class Page(ApiModel):
    """How a list continues: the opaque cursor of the next page, if there is one."""

    next: str | None = Field(default=None, description="下一页游标;没有下一页时为空")
