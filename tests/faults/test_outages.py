"""A neighbour is away and comes back: what may go on goes on, what may not is refused, nothing is lost."""

import signal
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest
from support.county import County, until
from support.evidence import SERVICES, streams, wait_for
from zhengshu import Refused

OFFER_ALL_AGAIN = (
    "UPDATE outbox SET published_at = NULL WHERE id IN (SELECT max(id) FROM outbox"
    " WHERE subject NOT LIKE '$KV.%' GROUP BY event_id)"
)
pytestmark = [pytest.mark.system, pytest.mark.timeout(300)]


def readable(county: County) -> bool:
    return bool(county.read(county.aid))


def test_without_nats_a_push_is_taken_and_its_event_follows(county):
    county.node.stop_nats()
    try:
        made = county.push_aid()
        assert made.version is not None
        with pytest.raises(Refused) as refusal:
            county.read(county.aid)
    finally:
        county.node.start_nats()
    assert refusal.value.slug == "record-unavailable"
    assert until(lambda: readable(county))
    assert county.differences() == []


def test_without_the_commission_everything_waits_and_arrives_once(county):
    held, ready = county.grant(), county.serve_another()
    asked, unwanted = county.submit(), county.submit()
    for each in (asked, unwanted):
        county.endorse(each)
        assert until(partial(county.opinion, each))
    county.node.stop_one("commission")
    for push in (county.push_aid, county.push_aid, county.push_school):
        push()
    entry = county.publish_another()
    application = county.submit()
    county.endorse(application)
    county.advise(asked)
    county.withdraw(unwanted)
    county.revoke(held)
    proposal = county.open_schools(ready)
    assert readable(county)
    assert county.part(application)["state"] == "endorsed"
    assert county.entry(entry)["municipal_code"] is None
    county.node.restart("commission")
    county.advise(application)
    county.revoke(county.granted(application))
    county.revoke(county.granted(asked))
    assert until(lambda: county.entry(entry)["municipal_code"])
    assert county.differences() == []
    assert filed(county, "opinion", part=county.part(asked)["id"]) == 1
    assert filed(county, "withdrawal", part=county.part(unwanted)["id"]) == 1
    assert filed(county, "revocation", grant=held) == 1
    assert filed(county, "opening", proposal=proposal) == 1
    assert ready in [each["id"] for each in county.get("market", "/v1/open/datasets")["datasets"]]


def filed(county: County, kind: str, **about: str) -> int:
    """Return how many filings of a kind about something the Commission has."""
    filings = county.desk("GET", f"/desk/filings?kind={kind}")
    return sum(about.items() <= each["body"].items() for each in filings)


def test_an_outage_of_the_commission_may_outlast_the_stream(county):
    """What waits for it lies in the services' rows; none of it hangs on what EVENTS still keeps."""
    county.node.stop_one("commission")
    entry = county.publish_another()
    county.push_aid()
    application = county.submit()
    county.endorse(application)
    assert until(lambda: wait_for(taken(county)))
    wait_for(emptied(county))
    assert county.entry(entry)["municipal_code"] is None
    county.node.restart("commission")
    county.advise(application)
    grant = county.granted(application)
    county.revoke(grant)
    assert until(lambda: county.entry(entry)["municipal_code"])
    county.node.restart("nats")  # which forgets the ids it has seen
    for service in SERVICES:
        county.execute(service, OFFER_ALL_AGAIN)
    assert county.differences() == []
    assert filed(county, "entry", entry=entry) == 1
    assert filed(county, "application", application=application) == 1
    assert filed(county, "revocation", grant=grant) == 1


async def taken(county: County) -> bool:
    """Tell whether everybody at home has taken what lies on the stream."""
    async with streams(county.node) as js:
        found = [await js.consumer_info("EVENTS", service) for service in SERVICES]
    return not any(one.num_pending or one.num_ack_pending for one in found)


async def emptied(county: County) -> None:
    """Lose everything that lies on the stream, as its retention would."""
    async with streams(county.node) as js:
        last = (await js.stream_info("EVENTS")).state.last_seq
        await js.purge_stream("EVENTS")
        assert (await js.stream_info("EVENTS")).state.first_seq > last


def test_a_commission_that_is_out_and_fails_half_the_time_gets_each_thing_once(county):
    county.switch(outage=True)
    county.push_aid()
    ask = partial(county.get, "competent", "/v1/dispatches/catalog", state="due")
    tried = until(lambda: [one for one in ask()["dispatches"] if one["reason"]])
    assert "HTTP 503" in tried[0]["reason"]
    county.switch(errors=0.5, latency=0.05, double=True)
    county.push_aid()
    county.push_school()
    county.revoke(county.grant())
    county.switch()
    assert county.differences() == []


@pytest.mark.parametrize("server", ["postgres", "nats"])
def test_a_server_killed_amid_traffic_comes_back_with_everything(county, server):
    with county.reading(), ThreadPoolExecutor(2) as hands:
        going = [hands.submit(county.push_aid) for _ in range(6)]
        county.node.kill(server)
        assert county.node.processes[server].exit_code == -signal.SIGKILL
        county.node.restart(server)
        for each in going:
            assert each.result(timeout=90).batch
    assert until(lambda: readable(county))
    assert county.differences() == []


def test_what_a_power_cut_took_from_the_stream_is_offered_again(county):
    """The command is the operator's, as docs/reliability.md has it."""
    county.push_school()
    assert county.differences() == []
    wait_for(lose_newest(county, f"zhengshu.dataset.departments.{county.schools}.updated.v1"))
    county.node.restart("nats")
    assert any("is not on the stream" in each for each in county.differences())
    assert "条将再次发出" in county.node.run("catalog", "offer-again", "1")
    assert county.differences() == []


async def lose_newest(county: County, subject: str) -> None:
    """Delete a subject's newest message, as if it had never been written to the disk."""
    async with streams(county.node) as js:
        await js.delete_msg("EVENTS", (await js.get_last_msg("EVENTS", subject)).seq)
