"""The service over ASGI with a database of its own; NATS is not there unless a test asks for it."""

from collections.abc import AsyncIterator

import pytest
import respx
from httpx import ASGITransport, AsyncClient
from opening.world import GATEWAY, KEY, World
from zhengshu_opening.main import build
from zhengshu_opening.settings import OpeningSettings


@pytest.fixture
async def settings(database, tmp_path) -> OpeningSettings:
    own = await database("opening")
    return OpeningSettings(
        port=0,
        mode="serve",
        database_url=own.url,
        internal_key=KEY,
        nats_url="nats://127.0.0.1:1",
        nats_user="opening",
        nats_password="none",
        gateway_url=GATEWAY,
        client_id="sys-opening",
        client_secret="secret",
        store_url=f"file://{tmp_path}/store",
    )


@pytest.fixture
def gateway():
    with respx.mock(assert_all_called=False) as router:
        router.post(f"{GATEWAY}/oauth2/token").respond(
            200, json={"access_token": "token", "expires_in": 900, "token_type": "Bearer"}
        )
        yield router


@pytest.fixture
async def world(settings: OpeningSettings, gateway) -> AsyncIterator[World]:
    app = build(settings)
    transport = ASGITransport(app=app, raise_app_exceptions=False)
    async with (
        app.router.lifespan_context(app),
        AsyncClient(transport=transport, base_url="http://opening") as http,
    ):
        yield World(app, http, gateway)
