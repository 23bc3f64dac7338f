"""Call-backs double, lost, out of order, forged or late: one effect or none; planted faults are found."""

import json
from datetime import UTC, datetime

import httpx
import pytest
from support.county import County, until
from zhengshu import Refused
from zhengshu_chassis import signature
from zhengshu_contracts.commission import Callback, DecisionAnswer

pytestmark = [pytest.mark.system, pytest.mark.timeout(300)]
AGREED = {"outcome": "agree", "reason": "同意"}


def exchange(county: County) -> None:
    """Everything that call-backs carry: acknowledgements, questions, decisions, and ends."""
    applications = [county.submit() for _ in range(2)]
    for each in applications:
        county.endorse(each)
    county.push_aid()
    for each in applications:
        county.advise(each)
    for each in applications:
        county.revoke(county.granted(each))


@pytest.mark.parametrize("fault", ["double", "lose", "reorder", "forge", "delay"])
def test_a_faulty_call_back_has_one_effect(county, fault):
    before = refusals(county)
    county.switch(**{fault: True})
    exchange(county)
    county.switch()
    assert county.differences() == []
    assert (refusals(county) > before) is (fault == "forge")


def test_a_forged_decision_has_no_effect(county):
    application, refusal = forged(county)
    assert (refusal.status_code, refusal.json()["type"]) == (401, "/problems/callback-signature")
    assert county.part(application)["grant"] is None
    decide(county, application)


def test_a_lost_withdrawal_of_the_service_registration_stops_the_serving(county):
    assert county.read(county.aid)
    county.switch(lose=True)
    try:
        path = f"/desk/datasets/{county.aid}"
        county.desk("POST", f"{path}/withdrawal", {"reason": "数据存疑"})
        until(lambda: refusal_of(county) == "no-service-registration")
        county.desk("POST", f"{path}/registration", {})
        until(lambda: refusal_of(county) is None)
    finally:
        county.switch()
    assert county.differences() == []


def test_a_decision_that_is_taken_back_ends_the_grant_even_if_the_call_back_is_lost(county):
    application = county.submit()
    county.endorse(application)
    county.advise(application)
    county.granted(application)
    county.read_until(county.aid, {"name", "amount"})
    filings = county.desk("GET", "/desk/filings?state=answered&kind=application")
    ref = next(f["ref"] for f in filings if f["body"]["application"] == application)
    county.switch(lose=True)
    try:
        county.desk("POST", f"/desk/filings/{ref}/withdrawal", {"reason": "依据已失效"})
        until(lambda: "name" not in county.read(county.aid)[0])
    finally:
        county.switch()
    assert county.differences() == []


def test_a_decision_after_a_withdrawal_has_no_effect(county):
    county.switch(application="manual")
    application = county.submit()
    county.endorse(application)
    county.advise(application)
    filing = county.filing(application)
    county.withdraw(application)
    county.desk("POST", f"/desk/filings/{filing}/decision", AGREED)
    county.switch()
    assert county.differences() == []
    part = county.part(application)
    assert (part["state"], part["grant"]) == ("withdrawn", None)


def refusal_of(county: County) -> str | None:
    """Return why a read is refused; None when it is not."""
    try:
        county.read(county.aid)
    except Refused as refused:
        return refused.slug
    return None


def test_with_a_gateway_that_takes_any_signature_the_forgery_is_found(county):
    with county.planted("gateway", "gateway_takes_any_signature"):
        application, taken = forged(county)
        found = county.news()
    county.known |= set(found)
    assert taken.json() == {"outcome": "applied"}
    assert county.part(application)["grant"]
    assert any("was never sent by the Commission" in each for each in found), found
    decide(county, application)


def test_with_an_inbox_that_takes_everything_as_new_the_repetition_is_found(county):
    county.switch(double=True)
    with county.planted("sharing", "callbacks_have_no_inbox"):
        exchange(county)
        found = county.news()
    county.switch()
    county.known |= set(found)
    assert any(each.startswith("replies: decision") for each in found), found
    assert county.differences() == []


def refusals(county: County) -> int:
    """Return how often the gateway refused a call-back's signature, as its log has it."""
    lines = county.node.log("gateway").read_text(encoding="utf-8").splitlines()
    told = [json.loads(line) for line in lines if '"/v1/commission/callbacks"' in line]
    return sum(each["rule"] == "callback-signature" for each in told)


def forged(county: County) -> tuple[str, httpx.Response]:
    """Tell the node of a decision that nobody has made; return the application and the node's answer."""
    county.switch(application="manual")
    application = county.submit()
    county.endorse(application)
    county.advise(application)
    filing = county.filing(application)
    answer = DecisionAnswer(part=county.part(application)["id"], outcome="agree")
    callback = Callback(
        id=f"forged-{filing}"[:64], ref=filing, issued_at=datetime.now(UTC), answer=answer
    )
    body = callback.model_dump_json().encode()
    digest = signature.content_digest(body)
    headers = signature.sign(b"forged", requester="x", service="callback", digest=digest)
    url = f"{county.node.url('gateway')}/v1/commission/callbacks"
    headers["Content-Type"] = "application/json"
    return application, httpx.post(url, content=body, headers=headers, timeout=30)


def decide(county: County, application: str) -> None:
    """Let the Commission decide after all, and end what it gives."""
    county.desk("POST", f"/desk/filings/{county.filing(application)}/decision", AGREED)
    county.switch()
    county.revoke(county.granted(application))
    assert county.differences() == []
