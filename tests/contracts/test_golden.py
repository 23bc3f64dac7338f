"""The check of golden events can fail: a lost or changed member is noticed."""

from zhengshu_contracts.catalog import EntryRetired
from zhengshu_local.specs import broken

PAYLOAD = {"entry": "307350123001-000001", "provider": "11350123003615100P"}


def test_a_payload_of_today_is_understood() -> None:
    assert not list(broken("s", EntryRetired, PAYLOAD))


def test_a_member_that_is_no_longer_read_is_noticed() -> None:
    assert list(broken("s", EntryRetired, PAYLOAD | {"reason": "停用"}))


def test_a_member_that_is_newly_required_is_noticed() -> None:
    assert list(broken("s", EntryRetired, {"entry": "307350123001-000001"}))
