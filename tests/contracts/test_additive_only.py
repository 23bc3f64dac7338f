"""Within a version an event only grows: whatever is taken away from what was published is named."""

from typing import ClassVar, Literal

import pytest
from zhengshu_contracts.base import Event
from zhengshu_local.additive import differences, schemas

SUBJECT = "zhengshu.audit.note.written.v1"


class Inner(Event):
    kind: Literal["a", "b"]


class Before(Event):
    subject: ClassVar[str] = SUBJECT

    note: int
    text: str | None = None
    inner: Inner


class Grown(Before):
    more: tuple[str, ...] = ()


class WiderInner(Event):
    kind: Literal["a", "b", "c"]
    why: str = ""


class Wider(Before):
    inner: WiderInner


class Lost(Event):
    note: int
    inner: Inner


class Demanding(Before):
    more: str


class Looser(Before):
    note: int = 0


class Other(Before):
    note: str


class NarrowInner(Event):
    kind: Literal["a"]


class Narrower(Before):
    inner: NarrowInner


KEPT = schemas({SUBJECT: Before}, {})


@pytest.mark.parametrize("event", [Before, Grown, Wider])
def test_what_only_grew_is_taken_up(event):
    now = {SUBJECT: event}
    assert list(differences(now, KEPT)) == []
    assert schemas(now, KEPT) == schemas(now, {})


@pytest.mark.parametrize(
    ("event", "said"),
    [
        (Lost, "text is gone"),
        (Demanding, "more must be given now"),
        (Looser, "note may be missing now"),
        (Other, "note is another thing now"),
        (Narrower, "inner is another thing now"),
    ],
)
def test_what_was_taken_away_is_named_and_what_was_published_is_kept(event, said):
    now = {SUBJECT: event}
    assert any(said in each for each in differences(now, KEPT))
    assert schemas(now, KEPT) == KEPT


def test_an_event_that_is_gone_is_named():
    assert list(differences({}, KEPT)) == [f"{SUBJECT} was published and is gone"]
