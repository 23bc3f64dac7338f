"""Opening with a real database, its callers and the gateway it reads through, replaced by respx."""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import respx
from fastapi import FastAPI
from httpx import AsyncClient
from pydantic import SecretStr
from zhengshu_chassis.auth import HEADER, seal
from zhengshu_chassis.consumers import Delivery
from zhengshu_chassis.resources import Resources
from zhengshu_contracts.base import Envelope, Event
from zhengshu_contracts.beijing import BEIJING
from zhengshu_contracts.catalog import (
    DatasetUpdated,
    EntryPublished,
    ItemBrief,
    ServiceRegistrationChanged,
)
from zhengshu_contracts.commission import Answer, Callback, OpeningAnswer
from zhengshu_contracts.identity import Identity, Principal
from zhengshu_contracts.roles import Action
from zhengshu_contracts.vocabulary import (
    Audience,
    BatchMode,
    ItemType,
    OpeningClass,
    OrganizationKind,
    Origin,
    PrincipalKind,
    Role,
    ServiceRegistrationState,
    SharingClass,
    UpdateCycle,
)
from zhengshu_opening.consumers import consumers
from zhengshu_opening.unit import Unit

KEY = SecretStr("internal key of the tests")
GATEWAY = "http://gateway.test"
SCHOOLS = "303084122704-000001"
OUTAGES = "303084122704-000002"
EDUCATION = "113501230036013001"
WATER = "913501237051234567"
COMPETENT = "113501230036012009"
RESEARCH = "12100000400000711K"
GENERAL, AUTHORIZED, CLOSED = OpeningClass.GENERAL, OpeningClass.AUTHORIZED, OpeningClass.CLOSED

OFFICER = Principal(
    id="off-education",
    kind=PrincipalKind.OFFICER,
    organization=EDUCATION,
    organization_kind=OrganizationKind.DEPARTMENT,
    roles=frozenset({Role.DATA_OFFICER}),
)
REVIEWER = Principal(
    id="off-competent",
    kind=PrincipalKind.OFFICER,
    organization=COMPETENT,
    organization_kind=OrganizationKind.COMPETENT,
    roles=frozenset({Role.COMPETENT_OFFICER}),
)
PUBLIC = Principal(id="public", kind=PrincipalKind.PUBLIC)
THE_GATEWAY = Principal(id="gateway", kind=PrincipalKind.GATEWAY)


def item(name: str, title: str, opening: OpeningClass, kind: ItemType = ItemType.CHARACTER):
    return ItemBrief(
        name=name, title=title, type=kind, sharing=SharingClass.UNCONDITIONAL, opening=opening
    )


ITEMS = (
    item("code", "学校代码", GENERAL),
    item("name", "学校名称", GENERAL),
    item("head_phone", "负责人电话", CLOSED),
)


def published(
    entry: str = SCHOOLS,
    *,
    items: tuple[ItemBrief, ...] = ITEMS,
    revision: int = 1,
    provider: str = EDUCATION,
    title: str = "学校名录",
) -> EntryPublished:
    return EntryPublished(
        entry=entry,
        code=entry.replace("-", "/"),
        revision=revision,
        title=title,
        abstract="全县学校的基本信息",
        provider=provider,
        provider_name="县教育局",
        origin=Origin.COUNTY,
        update_cycle=UpdateCycle.YEARLY,
        sharing=SharingClass.UNCONDITIONAL,
        items=items,
    )


def registered(dataset: str = SCHOOLS, state: str = "live") -> ServiceRegistrationChanged:
    return ServiceRegistrationChanged(dataset=dataset, state=ServiceRegistrationState(state))


def updated(dataset: str = SCHOOLS, version: int = 1, epoch: int = 1) -> DatasetUpdated:
    return DatasetUpdated(
        audience=Audience.DEPARTMENTS,
        dataset=dataset,
        epoch=epoch,
        version=version,
        batch="b-1",
        mode=BatchMode.APPEND,
        inserted=1,
        updated=0,
        deleted=0,
        rows=1,
        digest="0" * 64,
    )


def in_days(days: int) -> str:
    return (datetime.now(BEIJING).date() + timedelta(days=days)).isoformat()


@dataclass
class Export:
    """What the gateway answers to an export."""

    rows: list[dict[str, Any]]
    version: str = "1.1"
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)

    def answer(self, _: httpx.Request) -> httpx.Response:
        if self.status != 200:
            return httpx.Response(self.status, json={"type": "/problems/no-service-registration"})
        body = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in self.rows)
        return httpx.Response(
            200, content=body.encode(), headers={"Zhengshu-Version": self.version} | self.headers
        )


@dataclass
class World:
    """The running service and everybody around it."""

    app: FastAPI
    http: AsyncClient
    gateway: respx.MockRouter

    @property
    def resources(self) -> Resources:
        return self.app.state.resources

    async def call(
        self,
        method: str,
        path: str,
        who: Principal,
        action: Action,
        *,
        about: str | None = None,
        headers: dict[str, str] | None = None,
        **options: Any,
    ) -> httpx.Response:
        """Ask as the gateway would ask on somebody's behalf."""
        expires = datetime.now(UTC) + timedelta(seconds=30)
        identity = Identity(principal=who, action=action, dataset=about, expires=expires)
        sealed = {HEADER: seal(identity, KEY)} | (headers or {})
        return await self.http.request(method, path, headers=sealed, **options)

    async def feed(self, *events: Event, at: datetime | None = None) -> None:
        """Let the service hear of events, as of now or of then."""
        for event in events:
            envelope = Envelope.wrap(event, source="catalog", about="x", at=at)
            delivery = Delivery(envelope.type, 0, b"", envelope, None)
            async with self.resources.database.sessions.begin() as session:
                await consumers.dispatch(Unit.of(session), delivery)

    async def told(self) -> list[tuple[str, dict[str, Any]]]:
        """Everything announced so far: (subject, data or policy record)."""
        rows = await self.rows("SELECT subject, payload FROM outbox ORDER BY id")
        found = [(row["subject"], json.loads(row["payload"])) for row in rows]
        return [(subject, payload.get("data", payload)) for subject, payload in found]

    async def last(self, ending: str) -> dict[str, Any] | None:
        """The newest announcement whose subject ends so."""
        return next((d for s, d in reversed(await self.told()) if s.endswith(ending)), None)

    async def rows(self, query: str) -> list[Any]:
        async with self.resources.database.engine.begin() as connection:
            raw = await connection.get_raw_connection()
            return list(await raw.driver_connection.fetch(query))

    def exports(self, dataset: str, export: Export) -> respx.Route:
        path = f"{GATEWAY}/v1/datasets/{dataset}/exports"
        return self.gateway.get(path, params={"format": "ndjson"}).mock(side_effect=export.answer)

    async def work(self) -> None:
        """Let the snapshots that are due be made."""
        await self.resources.extra["workshop"].round()

    async def hurry(self) -> None:
        """Make every put-off piece of work due."""
        await self.rows("UPDATE builds SET due_at = now()")

    async def propose(self, dataset: str = SCHOOLS, who: Principal = OFFICER) -> httpx.Response:
        return await self.call(
            "POST", "/v1/open/proposals", who, Action.PROPOSAL_SUBMIT, json={"dataset": dataset}
        )

    async def review(
        self, proposal: str, who: Principal = REVIEWER, outcome: str = "agree"
    ) -> httpx.Response:
        return await self.call(
            "POST",
            f"/v1/open/proposals/{proposal}/review",
            who,
            Action.PROPOSAL_REVIEW,
            json={"outcome": outcome, "opinion": "意见"},
        )

    async def dispatch(self, subject: str) -> dict[str, Any]:
        found = await self.call(
            "GET", "/internal/dispatches?state=due", THE_GATEWAY, Action.INTERNAL
        )
        return next(one for one in found.json()["dispatches"] if one["subject"] == subject)

    async def accepted(self, dispatch: str) -> None:
        answer = await self.call(
            "POST",
            f"/internal/dispatches/{dispatch}/attempts",
            THE_GATEWAY,
            Action.INTERNAL,
            json={"outcome": "accepted", "acceptance": "受理-1"},
        )
        assert answer.status_code == 200, answer.text

    async def callback(self, answer: Answer, *, ref: str, id: str = "cb-1") -> str:  # noqa: A002
        body = Callback(id=id, ref=ref, issued_at=datetime.now(UTC), answer=answer)
        told = await self.call(
            "POST",
            "/internal/callbacks",
            THE_GATEWAY,
            Action.INTERNAL,
            json=body.model_dump(mode="json"),
        )
        assert told.status_code == 200, told.text
        return told.json()["outcome"]

    async def register_opening(self, dataset: str = SCHOOLS, who: Principal = OFFICER) -> str:
        """Bring a dataset from the proposal to the open platform's registration."""
        proposal = (await self.propose(dataset, who)).json()["id"]
        assert (await self.review(proposal)).status_code == 200
        ref = (await self.dispatch(proposal))["id"]
        answer = OpeningAnswer(proposal=proposal, outcome="agree")
        assert await self.callback(answer, ref=ref, id=f"cb-{proposal}") == "applied"
        return proposal

    async def listed(self, dataset: str = SCHOOLS, who: Principal = OFFICER, **event: Any) -> None:
        """Bring a dataset to be listed."""
        await self.feed(
            published(dataset, provider=who.organization or "", **event),
            registered(dataset),
            updated(dataset),
        )
        await self.register_opening(dataset, who)
        await self.work()

    async def download(
        self,
        dataset: str = SCHOOLS,
        who: Principal = PUBLIC,
        kind: str = "csv",
        **options: Any,
    ) -> httpx.Response:
        options = {"about": dataset} | options
        path = f"/v1/open/datasets/{dataset}/files/{kind}"
        return await self.call("GET", path, who, Action.OPEN_READ, **options)

    async def search(self, **params: Any) -> dict[str, Any]:
        path = "/v1/open/datasets"
        found = await self.call("GET", path, PUBLIC, Action.OPEN_SEARCH, params=params)
        assert found.status_code == 200, found.text
        return found.json()
