"""Call-backs double, lost, out of order, forged or late: one effect or none."""

import json

import pytest
from support.county import County, until
from zhengshu import Refused

pytestmark = [pytest.mark.system, pytest.mark.timeout(300)]


@pytest.mark.parametrize("fault", ["double", "lose", "reorder", "forge"])
def test_a_faulty_call_back_has_one_effect(county, fault):
    county.switch(**{fault: True})
    applications = [county.submit() for _ in range(2)]
    for each in applications:
        county.endorse(each)
    county.push_aid()
    for each in applications:
        county.advise(each)
    for each in applications:
        county.revoke(county.granted(each))
    county.switch()
    assert county.differences() == []
    if fault == "forge":
        assert "callback-signature" in refusals(county)


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


def test_a_decision_after_a_withdrawal_has_no_effect(county):
    county.switch(application="manual")
    application = county.submit()
    county.endorse(application)
    county.advise(application)
    filing = county.filing(application)
    path = f"/v1/applications/{application}/withdrawal"
    county.post("market officer", path, {"reason": "不再需要"})
    county.desk("POST", f"/desk/filings/{filing}/decision", {"outcome": "agree", "reason": "同意"})
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


def refusals(county: County) -> set[str | None]:
    """Return the rules by which the gateway refused call-backs, as its log has them."""
    lines = county.node.log("gateway").read_text(encoding="utf-8").splitlines()
    told = [json.loads(line) for line in lines if '"/v1/commission/callbacks"' in line]
    return {each["rule"] for each in told if each["status"] >= 400}
