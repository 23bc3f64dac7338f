"""Catalog over ASGI with a real database: send requests as anybody the gateway might name."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import orjson
from catalog.samples import CIVIL, COMPETENT, EDUCATION, content, officer, reviewer
from httpx import ASGITransport, AsyncClient, Response
from pydantic import SecretStr
from zhengshu_catalog.settings import CatalogSettings
from zhengshu_chassis.auth import HEADER, seal
from zhengshu_contracts.base import ApiModel
from zhengshu_contracts.identity import Identity, Principal
from zhengshu_contracts.roles import Action
from zhengshu_contracts.vocabulary import OrganizationKind, PrincipalKind, Role
from zhengshu_verify import keys

KEY = SecretStr("internal key of the tests")
RECEIPTS = keys.generate()
GATEWAY = Principal(id="gateway", kind=PrincipalKind.GATEWAY)
ADMINISTRATOR = reviewer("off-administrator", Role.ADMINISTRATOR)


def manager(organization: str = CIVIL) -> Principal:
    """A department's administrator."""
    return Principal(
        id=f"off-manager-{organization}",
        kind=PrincipalKind.OFFICER,
        organization=organization,
        organization_kind=OrganizationKind.DEPARTMENT,
        roles=frozenset({Role.DEPARTMENT_ADMINISTRATOR}),
    )


ACTIONS = {
    ("POST", "organizations"): Action.ORGANIZATION_REGISTER,
    ("GET", "organizations"): Action.ORGANIZATION_READ,
    ("POST", "systems"): Action.SYSTEM_REGISTER,
    ("GET", "systems"): Action.SYSTEM_READ,
    ("POST", "officers"): Action.OFFICER_REGISTER,
    ("POST", "deputies"): Action.OFFICER_DEPUTE,
    ("GET", "deputies"): Action.OFFICER_DEPUTE,
    ("POST", "withdrawal"): Action.OFFICER_DEPUTE,
    ("POST", "departure"): Action.OFFICER_DEPART,
    ("GET", "me"): Action.ME_READ,
    ("GET", "clients"): Action.CLIENT_MANAGE,
    ("POST", "clients"): Action.CLIENT_MANAGE,
    ("PUT", "clients"): Action.CLIENT_MANAGE,
    ("POST", "entries"): Action.ENTRY_COMPILE,
    ("PUT", "entries"): Action.ENTRY_COMPILE,
    ("GET", "entries"): Action.ENTRY_READ,
    ("POST", "themes"): Action.ENTRY_COMPILE,
    ("PUT", "themes"): Action.ENTRY_COMPILE,
    ("GET", "themes"): Action.ENTRY_READ,
    ("POST", "consents"): Action.THEME_CONSENT,
    ("POST", "legacy-systems"): Action.LEGACY_MANAGE,
    ("PUT", "legacy-systems"): Action.LEGACY_MANAGE,
    ("GET", "legacy-systems"): Action.LEGACY_READ,
    ("POST", "counts"): Action.LEGACY_MANAGE,
    ("GET", "imports"): Action.IMPORT_READ,
    ("POST", "submission"): Action.ENTRY_SUBMIT,
    ("POST", "review"): Action.ENTRY_REVIEW,
    ("POST", "retirement"): Action.ENTRY_RETIRE,
    ("GET", "extension-schema"): Action.ENTRY_READ,
    ("PUT", "organizations"): Action.ORGANIZATION_CHANGE,
    ("POST", "lock"): Action.CLIENT_LOCK,
    ("POST", "unlock"): Action.CLIENT_LOCK,
    ("POST", "credential"): Action.CLIENT_REISSUE,
    ("POST", "vendors"): Action.VENDOR_ENTRUST,
    ("GET", "vendors"): Action.VENDOR_READ,
    ("POST", "ending"): Action.VENDOR_END,
    ("GET", "planned"): Action.STATEMENT_READ,
    ("PUT", "planned"): Action.SYSTEM_PLAN,
    ("POST", "stage"): Action.SYSTEM_ADVANCE,
    ("POST", "statements"): Action.STATEMENT_ISSUE,
    ("GET", "statements"): Action.STATEMENT_READ,
    ("GET", "similar-items"): Action.ENTRY_READ,
    ("POST", "suspension"): Action.ENTRY_SUSPEND,
    ("POST", "resumption"): Action.ENTRY_SUSPEND,
    ("GET", "item-sources"): Action.ENTRY_READ,
    ("POST", "item-sources"): Action.SOURCE_NAME,
    ("PUT", "extension-schema"): Action.EXTENSION_DEFINE,
}


def settings(url: str, **more: Any) -> CatalogSettings:
    """Settings of a catalog that serves; NATS is not there."""
    plain = {
        "port": 0,
        "mode": "serve",
        "database_url": url,
        "internal_key": KEY,
        "nats_url": "nats://127.0.0.1:1",
        "nats_user": "catalog",
        "nats_password": "none",
        "reader_url": url,
        "receipt_key": json.dumps(keys.private_jwk(RECEIPTS)),
        "row_id_key": "row id key of the tests",
        "cursor_key": "cursor key of the tests",
    }
    return CatalogSettings(**plain | more)


def identity(by: Principal, action: Action, **more: Any) -> dict[str, str]:
    """The header of the internal token."""
    expires = datetime.now(UTC) + timedelta(seconds=30)
    return {HEADER: seal(Identity(principal=by, action=action, expires=expires, **more), KEY)}


def action_of(method: str, path: str) -> Action:
    """The action the gateway's routes name for a path."""
    if path.startswith("/internal"):
        return Action.INTERNAL
    parts = path.split("?", maxsplit=1)[0].strip("/").split("/")
    if parts[1] == "legacy-systems" and parts[-1] == "stage":
        return Action.LEGACY_ADVANCE
    last = parts[-1] if (method, parts[-1]) in ACTIONS else parts[1]
    return ACTIONS[method, last]


@dataclass
class Catalog:
    """One catalog and its database."""

    http: AsyncClient
    database: asyncpg.Connection
    settings: CatalogSettings

    async def send(
        self, method: str, path: str, body: Any = None, *, by: Principal, **headers: str
    ) -> Response:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.http.request(
            method,
            path,
            content=None if body is None else encode(body),
            headers=identity(by, action_of(method, path))
            | {"Content-Type": "application/json"}
            | sent,
        )

    async def done(self, method: str, path: str, body: Any = None, *, by: Principal) -> Any:
        """Send what must succeed; return the answer."""
        response = await self.send(method, path, body, by=by)
        assert response.is_success, response.text
        return response.json()

    async def refused(self, method: str, path: str, body: Any = None, *, by: Principal) -> Any:
        """Send what must be refused; return the problem's name and status."""
        response = await self.send(method, path, body, by=by)
        assert response.headers["content-type"] == "application/problem+json", response.text
        problem = response.json()
        return problem["type"].removeprefix("/problems/"), response.status_code

    async def announced(self, wanted: str = "%") -> list[tuple[str, dict[str, Any]]]:
        """What the outbox holds, in order: subject and data (an event's, or a key's value)."""
        rows = await self.database.fetch(
            "SELECT subject, payload FROM outbox WHERE subject LIKE $1 ORDER BY id", wanted
        )
        return [(row["subject"], _data(row["payload"])) for row in rows]

    async def policy(self, dataset: str) -> dict[str, Any]:
        """The newest policy record of a dataset."""
        return (await self.announced(f"$KV.policy.catalog.dataset.{dataset}"))[-1][1]

    async def compiled(self, by: Principal | None = None, **more: Any) -> str:
        """A draft; its id."""
        made = await self.done("POST", "/v1/entries", content(**more), by=by or officer())
        return made["id"]

    async def published(self, by: Principal | None = None, **more: Any) -> str:
        """A published entry; its id."""
        by = by or officer()
        entry = await self.compiled(by, **more)
        await self.publish(entry, by)
        return entry

    async def publish(self, entry: str, by: Principal | None = None) -> Any:
        """Submit a draft and agree to it."""
        await self.done("POST", f"/v1/entries/{entry}/submission", by=by or officer())
        agreed = {"outcome": "agree", "opinion": "同意发布"}
        return await self.done("POST", f"/v1/entries/{entry}/review", agreed, by=reviewer())

    async def call_back(
        self, answer: dict[str, Any], *, number: str, at: datetime, ref: Any = None
    ) -> str:
        """Deliver a call-back of the Commission; return what it did."""
        body = {"id": number, "ref": ref, "issued_at": at.isoformat(), "answer": answer}
        done = await self.done("POST", "/internal/callbacks", body, by=GATEWAY)
        return done["outcome"]


def encode(body: Any) -> bytes:
    if isinstance(body, ApiModel):
        return body.model_dump_json().encode()
    if isinstance(body, Sequence) and body and isinstance(body[0], ApiModel):
        return orjson.dumps([one.model_dump(mode="json") for one in body])
    return orjson.dumps(body)


def _data(payload: bytes) -> dict[str, Any]:
    told = orjson.loads(payload)
    return told.get("data", told)


def open_door(app: Any) -> AsyncClient:
    """A client of an application in this process; faults of the service come back as answers."""
    transport = ASGITransport(app=app, raise_app_exceptions=False)
    return AsyncClient(transport=transport, base_url="http://catalog")


ORGANIZATIONS = (
    (COMPETENT, "罗源县发展和改革局", "competent"),
    (CIVIL, "罗源县民政局", "department"),
    (EDUCATION, "罗源县教育局", "department"),
)
