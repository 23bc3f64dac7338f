"""The stand-in over ASGI, and the county's node as it speaks to it."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
from support.databases import Database
from zhengshu_chassis import signature
from zhengshu_commission.main import build
from zhengshu_commission.settings import CommissionSettings
from zhengshu_verify import keys

KEY = b"shared"
WITNESS = keys.generate()
LEDGER = keys.generate()
DATASET = "307350123001-000001"


class County:
    """Speaks to the stand-in as the county's node does."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self.http = http

    async def put(self, path: str, body: object, *, key: bytes = KEY) -> httpx.Response:
        data = json.dumps(body).encode()
        digest = signature.content_digest(data)
        headers = signature.sign(key, requester="350123", service="x", digest=digest)
        headers["Content-Type"] = "application/json"
        return await self.http.put(f"/exchange/v1/{path}", content=data, headers=headers)

    async def get(self, path: str) -> httpx.Response:
        headers = signature.sign(KEY, requester="350123", service="x")
        return await self.http.get(f"/exchange/v1/{path}", headers=headers)

    async def upload(self, ref: str, since: int, to: int, changes: list[dict]) -> httpx.Response:
        headers = signature.sign(KEY, requester="350123", service="x")
        headers |= {"Content-Type": "application/x-ndjson", "Zhengshu-Dataset": DATASET}
        headers |= {"Zhengshu-Epoch": "1", "Zhengshu-Since": str(since), "Zhengshu-To": str(to)}
        data = "".join(json.dumps(each) + "\n" for each in changes).encode()
        return await self.http.put(f"/exchange/v1/upload/{ref}", content=data, headers=headers)

    async def answers(self, kind: str, ref: str) -> list[dict]:
        callbacks = (await self.get(f"{kind}/{ref}")).json()["callbacks"]
        return [each["answer"] for each in callbacks]

    async def desk(self, method: str, path: str, body: object = None) -> httpx.Response:
        headers = {"Authorization": "Bearer desk"}
        return await self.http.request(method, f"/desk/{path}", json=body, headers=headers)


@asynccontextmanager
async def standing_in(mine: Database) -> AsyncIterator[County]:
    """The stand-in, served over ASGI; its answers are due at once."""
    settings = CommissionSettings(
        port=1,
        mode="serve",
        database_url=mine.url,
        gateway_url="http://127.0.0.1:9",
        shared_key=KEY.decode(),
        desk_token="desk",
        witness_key=json.dumps(keys.private_jwk(WITNESS)),
        ledger_key=json.dumps(keys.public_jwk(LEDGER.public_key())),
    )
    app = build(settings)
    transport = httpx.ASGITransport(app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://commission") as http,
    ):
        county = County(http)
        await county.desk("PUT", "switches", {"delay": 0})
        yield county


def application(part: str = "p-1", dataset: str = DATASET) -> dict:
    return {
        "application": "a-1",
        "number": "1",
        "part": part,
        "applicant": "113501230036150002",
        "applicant_name": "甲局",
        "provider": "113501230036150002",
        "dataset": dataset,
        "municipal_code": None,
        "items": ["name"],
        "modes": ["query"],
        "filter": "",
        "basis": "依据",
        "scenario": "场景",
        "scope": "范围",
        "purpose": "用途",
        "until": "2027-01-01",
        "endorsement": "同意",
    }
