"""JSON that is written again and again: the same as if it were written anew."""

from datetime import UTC, datetime, timedelta

import orjson
from zhengshu_chassis.forms import Form, now
from zhengshu_chassis.logs import log

TOLD = {
    "id": "r-1.decided",
    "record": "r-1",
    "ms": 0.5,
    "count": 7,
    "client": "%(at)b 100% %s \\ 政",
}


def test_places_are_filled_and_nothing_else_is_taken_for_one():
    form = Form(orjson.dumps, TOLD, ("record", "ms"))
    written = orjson.loads(form.fill({b"record": b"r-2", b"ms": b"12.5", b"more": b"x"}))
    assert written == TOLD | {"record": "r-2", "ms": 12.5}


def test_a_place_may_stand_within_another_string():
    form = Form(lambda told: orjson.dumps(told | {"id": f"{told['record']}.x"}), TOLD, ("record",))
    assert orjson.loads(form.fill({b"record": b"r-2"}))["id"] == "r-2.x"


def test_the_moment_is_the_moment():
    told = datetime.fromisoformat(now().decode())
    assert timedelta(0) <= datetime.now(UTC) - told < timedelta(seconds=5)


def test_a_line_of_the_log_is_told_like_any_other(capsysbinary):
    fields = {"path": "/v1/x", "record": "r-1", "ms": 0.0}
    form = log.form("request", ("record", "ms"), **fields)
    told = {b"at": now(), b"trace": b"t", b"record": b"r-2", b"ms": b"1.5"}
    log.tell(form, told)
    log.info("request", **fields | {"record": "r-2", "ms": 1.5}, trace="t")
    log._flushed()
    one, other = map(orjson.loads, capsysbinary.readouterr().out.splitlines())
    assert one | {"at": ""} == other | {"at": ""}
