"""The internal token: who sealed it, how long it lives, what it admits."""

from datetime import UTC, datetime, timedelta

import pytest
from httpx import AsyncClient
from pydantic import SecretStr
from zhengshu_chassis.auth import HEADER, NoIdentity, seal, unseal
from zhengshu_contracts.identity import Identity, Principal
from zhengshu_contracts.roles import Action
from zhengshu_contracts.vocabulary import PrincipalKind, Role

KEY = SecretStr("a key")
NOW = datetime(2026, 1, 1, tzinfo=UTC)
PRINCIPAL = Principal(id="off-1", kind=PrincipalKind.OFFICER, roles=frozenset({Role.DATA_OFFICER}))
IDENTITY = Identity(
    principal=PRINCIPAL, action=Action.ENTRY_READ, expires=NOW + timedelta(seconds=10)
)


def test_what_was_sealed_comes_out():
    assert unseal(seal(IDENTITY, KEY), KEY, now=NOW) == IDENTITY


@pytest.mark.parametrize("position", range(0, 400, 7))
def test_any_changed_character_is_noticed(position):
    token = seal(IDENTITY, KEY)
    place = position % len(token)
    other = "A" if token[place] != "A" else "B"
    with pytest.raises(NoIdentity):
        unseal(token[:place] + other + token[place + 1 :], KEY, now=NOW)


@pytest.mark.parametrize("token", ["", ".", "a", "a.b", "!!.??", "." * 9])
def test_nonsense_is_refused(token):
    with pytest.raises(NoIdentity):
        unseal(token, KEY, now=NOW)


def test_another_key_is_refused():
    with pytest.raises(NoIdentity):
        unseal(seal(IDENTITY, SecretStr("another")), KEY, now=NOW)


def test_an_expired_token_is_refused():
    with pytest.raises(NoIdentity):
        unseal(seal(IDENTITY, KEY), KEY, now=NOW + timedelta(seconds=10))


REFUSED = [
    ("missing", {HEADER: ""}, 401),
    ("expired", {"seconds": -1}, 401),
    ("another key", {"key": SecretStr("x")}, 401),
    ("decided for another action", {"action": Action.ENTRY_READ}, 403),
    ("role not admitted", {"roles": frozenset({Role.AUDITOR})}, 403),
    ("kind not admitted", {"kind": PrincipalKind.SYSTEM}, 403),
]


@pytest.mark.parametrize(
    ("change", "status"), [pytest.param(*case[1:], id=case[0]) for case in REFUSED]
)
async def test_a_guard_refuses(client: AsyncClient, sealed, change, status):
    headers = change if HEADER in change else sealed(**change)
    answer = await client.post("/v1/notes", json={"text": "一"}, headers=headers)
    assert answer.status_code == status
