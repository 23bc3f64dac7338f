"""What becomes a leaf, and which accesses it opens or ends."""

import json
from datetime import UTC, datetime

import pytest
from zhengshu_audit import domain
from zhengshu_audit.domain import Kind, Sighting, Unreadable
from zhengshu_verify import merkle

AT = datetime(2026, 3, 1, 8, 0, 0, 123456, tzinfo=UTC)


PUBLISHED = "zhengshu.catalog.entry.published.v1"


def message(**event):
    default = {"id": "e-1", "type": PUBLISHED, "data": {"名称": "低保对象"}}
    return json.dumps(default | event).encode()


def test_the_payload_says_everything_and_reads_back():
    (entry,) = domain.enter(message(), at=AT)
    assert (entry.id, entry.kind, entry.subject, entry.at) == ("e-1", Kind.EVENT, PUBLISHED, AT)
    assert "低保对象" in entry.payload
    assert domain.read(entry.payload) == entry
    assert entry.hash == merkle.leaf_hash(entry.payload.encode())


def test_order_and_spaces_of_a_message_do_not_matter():
    (one,) = domain.enter(b'{"id":"x","type":"t","data":{"a":1,"b":2}}', at=AT)
    (two,) = domain.enter(b'{ "data": {"b":2, "a":1}, "type":"t", "id": "x" }', at=AT)
    assert one.payload == two.payload


def test_a_message_may_hold_several():
    data = b"[" + message() + b"," + message(id="e-2", type="zhengshu.access.ended.v1") + b"]"
    first, second = domain.enter(data, at=AT)
    assert (first.id, first.kind) == ("e-1", Kind.EVENT)
    assert (second.id, second.kind) == ("e-2", Kind.ACCESS)
    assert domain.enter(b"[]", at=AT) == []


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff",
        b"[7]",
        b"7",
        b"{}",
        message(id=7),
        message(data=None),
        b'{"id": "x", "type": "t"}',
        b'{"id": "x", "type": 7, "data": {}}',
        b'{"id": "x", "type": "t", "data": {"n": NaN}}',
        b'{"id": "x", "type": "t", "data": {"s": "\\ud800"}}',
    ],
)
def test_what_can_never_be_a_leaf(data):
    with pytest.raises(Unreadable):
        domain.enter(data, at=AT)


@pytest.mark.parametrize("payload", ["", "{}", "[]", '{"at": "now"}'])
def test_payloads_that_are_none(payload):
    with pytest.raises(Unreadable):
        domain.read(payload)


@pytest.mark.parametrize(
    ("subject", "data", "expected"),
    [
        ("zhengshu.access.decided.v1", {"record": "r", "allowed": True}, Sighting("r", AT, False)),
        ("zhengshu.access.decided.v1", {"record": "r", "allowed": False}, None),
        ("zhengshu.access.decided.v1", {"allowed": True}, None),
        ("zhengshu.access.ended.v1", {"record": "r"}, Sighting("r", AT, True)),
        ("zhengshu.access.refused.v1", {"count": 3}, None),
        ("zhengshu.catalog.entry.published.v1", {"record": "r", "allowed": True}, None),
    ],
)
def test_sightings(subject, data, expected):
    (entry,) = domain.enter(message(type=subject, data=data), at=AT)
    assert domain.sighting(entry) == expected
    assert (entry.kind is Kind.ACCESS) == subject.startswith("zhengshu.access.")


def test_announcements_about_checkpoints_are_recognised():
    subject = "zhengshu.audit.checkpoint.countersigned.v1"
    assert subject.startswith(domain.ABOUT_CHECKPOINTS)
    assert not "zhengshu.audit.access.closed.v1".startswith(domain.ABOUT_CHECKPOINTS)


def test_accesses_that_begin_and_end_among_the_same_leaves_need_no_memory():
    def entered(record, *, ended=False):
        subject = "zhengshu.access.ended.v1" if ended else "zhengshu.access.decided.v1"
        return domain.enter(message(type=subject, data={"record": record, "allowed": True}), at=AT)

    entries = [*entered("a"), *entered("b"), *entered("a", ended=True), *entered("c", ended=True)]
    assert domain.half_seen(entries) == [Sighting("b", AT, False), Sighting("c", AT, True)]
