"""What the exchange answers at once: an acceptance, and what polling yields."""

from pydantic import Field

from zhengshu_contracts.base import BIGGEST, ApiModel, Record
from zhengshu_contracts.catalog import MunicipalEntry
from zhengshu_contracts.commission.answers import Callback


class Acceptance(Record):
    """202: the Commission has it."""

    number: str = Field(min_length=1, max_length=64, description="受理号")


class FilingStatus(Record):
    """What polling a filing yields: every call-back issued for it so far."""

    number: str
    callbacks: list[Callback]


class Unprompted(Record):
    """A call-back that answers no filing: a service registration, its withdrawal, a decision taken back."""

    sequence: int
    callback: Callback


class UnpromptedAnswers(Record):
    """`GET /exchange/v1/answers?after=<sequence>`: what polling a filing would not find, in order.

    Sequences are gapless in the order of issue: whoever has seen one has seen all before it.
    """

    answers: list[Unprompted]


class AnswersTaken(ApiModel):
    """Up to which sequence unprompted answers were handed to their owners; kept by catalog."""

    sequence: int = Field(default=0, ge=0, le=BIGGEST)


class MunicipalCatalogue(Record):
    """`GET /exchange/v1/catalogue?after=<sequence>`: changed entries in order."""

    entries: list[MunicipalEntry]
