"""Who acts in these tests, on which datasets, and how they call the service."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, cast

from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient, Response
from pydantic import SecretStr
from sqlalchemy import text
from support.databases import Database
from zhengshu_chassis.auth import HEADER, seal
from zhengshu_chassis.consumers import Consumers, Delivery
from zhengshu_chassis.ids import new
from zhengshu_contracts.base import Envelope, Event
from zhengshu_contracts.beijing import day_of
from zhengshu_contracts.catalog import (
    EntryPublished,
    ItemBrief,
    OrganizationRegistered,
    ServiceRegistrationChanged,
)
from zhengshu_contracts.identity import Identity, Principal
from zhengshu_contracts.policy import Citation, Condition
from zhengshu_contracts.roles import Action
from zhengshu_contracts.vocabulary import (
    LawLevel,
    OpeningClass,
    OrganizationKind,
    Origin,
    PrincipalKind,
    Role,
    ServiceRegistrationState,
    SharingClass,
    UpdateCycle,
)
from zhengshu_sharing.settings import SharingSettings
from zhengshu_sharing.unit import Unit, units

KEY = SecretStr("internal key of the tests")
CIVIL, MARKET, SCHOOLS = "11350123003700001A", "11350123003700002B", "11350123003700003C"
COMPETENT, WATER, CITY = "11350123003700004D", "91350123003700005E", "11350100003700006F"
AID, TOWNS, SURVEY, REGISTER = (
    "303084122704-000001",
    "303084122704-000002",
    "303084122704-000003",
    "307010037011-000009",
)
TODAY = day_of(datetime.now(UTC))
IN_A_YEAR = TODAY + timedelta(days=365)
LAW = Citation(
    level=LawLevel.LAW, title="中华人民共和国统计法", article="第二十五条", reason="个体资料"
)


def settings_of(database: Database, **changes: Any) -> SharingSettings:
    """Settings that serve; NATS is not there unless said."""
    values = {
        "port": 0,
        "mode": "serve",
        "database_url": database.url,
        "internal_key": KEY,
        "nats_url": "nats://127.0.0.1:1",
        "nats_user": "sharing",
        "nats_password": "none",
    }
    return SharingSettings(**values | changes)


def officer(
    organization: str | None,
    *roles: Role,
    id: str | None = None,  # noqa: A002 - the member's name
    kind: OrganizationKind | None = OrganizationKind.DEPARTMENT,
) -> Principal:
    name = id or f"off-{organization}"
    return Principal(
        id=name,
        kind=PrincipalKind.OFFICER,
        organization=organization,
        organization_kind=kind,
        roles=frozenset(roles or {Role.DATA_OFFICER}),
    )


CIVIL_OFFICER, MARKET_OFFICER, SCHOOLS_OFFICER = officer(CIVIL), officer(MARKET), officer(SCHOOLS)
COMPETENT_OFFICER = officer(COMPETENT, Role.COMPETENT_OFFICER, kind=OrganizationKind.COMPETENT)
WATER_OFFICER = officer(WATER, kind=OrganizationKind.PUBLIC_SERVICE_ENTERPRISE)
GATEWAY = Principal(id="gateway", kind=PrincipalKind.GATEWAY)


def item(name: str, sharing: SharingClass) -> ItemBrief:
    conditional, withheld = SharingClass.CONDITIONAL, SharingClass.WITHHELD
    return ItemBrief(
        name=name,
        title=f"信息项{name}",
        type="C",
        sharing=sharing,
        opening=OpeningClass.CLOSED,
        condition=Condition(scope="县内", purpose="帮扶") if sharing is conditional else None,
        citation=LAW if sharing is withheld else None,
    )


def published(entry: str = AID, *, revision: int = 1, **changes: Any) -> EntryPublished:
    """An entry with an item of each class."""
    values = {
        "entry": entry,
        "code": entry.replace("-", "/"),
        "revision": revision,
        "title": "低保对象",
        "provider": CIVIL,
        "provider_name": "罗源县民政局",
        "origin": Origin.COUNTY,
        "update_cycle": UpdateCycle.MONTHLY,
        "sharing": SharingClass.CONDITIONAL,
        "items": (
            item("town", SharingClass.UNCONDITIONAL).model_copy(update={"key": True}),
            item("name", SharingClass.CONDITIONAL),
            item("amount", SharingClass.CONDITIONAL),
            item("illness", SharingClass.WITHHELD),
        ),
    }
    return EntryPublished(**values | changes)


def registration(
    dataset: str = AID, state: ServiceRegistrationState = ServiceRegistrationState.LIVE
) -> ServiceRegistrationChanged:
    """The Commission's word that a dataset may be served, or no longer."""
    return ServiceRegistrationChanged(dataset=dataset, state=state)


ENTRIES = (
    published(),
    published(TOWNS, title="乡镇", items=(item("code", SharingClass.UNCONDITIONAL),)),
    published(SURVEY, title="统计调查", items=(item("income", SharingClass.WITHHELD),)),
    published(
        REGISTER,
        title="企业登记",
        provider=CITY,
        provider_name="市市场监管局",
        origin=Origin.MUNICIPAL,
        municipal_code="350100-M-9",
    ),
)
NAMES = {
    CIVIL: "罗源县民政局",
    MARKET: "罗源县市场监督管理局",
    SCHOOLS: "罗源县教育局",
    COMPETENT: "罗源县发展和改革局",
}


def consent(on: date = TODAY) -> dict[str, Any]:
    return {"by": "负责人", "on": str(on)}


def application(*parts: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {
        "parts": list(parts) or [part()],
        "basis": "社会救助暂行办法",
        "scenario": "帮扶核对",
        "scope": "注册登记科",
        "purpose": "救助对象帮扶",
        "until": str(IN_A_YEAR),
        "consent": consent(),
    } | changes


def part(dataset: str = AID, *items: str, **changes: Any) -> dict[str, Any]:
    return {
        "dataset": dataset,
        "items": list(items) or ["name", "amount"],
        "modes": ["query"],
    } | changes


@dataclass
class Sharing:
    """The service over ASGI, with its database."""

    app: FastAPI
    http: AsyncClient
    settings: SharingSettings

    @classmethod
    def of(cls, app: FastAPI, settings: SharingSettings) -> "Sharing":
        transport = ASGITransport(app=app, raise_app_exceptions=False)
        return cls(app, AsyncClient(transport=transport, base_url="http://sharing"), settings)

    async def call(
        self,
        who: Principal,
        action: Action,
        method: str,
        path: str,
        body: Any = None,
        **headers: str,
    ) -> Response:
        expires = datetime.now(UTC) + timedelta(seconds=30)
        token = seal(Identity(principal=who, action=action, expires=expires), KEY)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.http.request(method, path, json=body, headers={HEADER: token} | named)

    async def upload(
        self,
        who: Principal = MARKET_OFFICER,
        content: bytes = b"%PDF-1.7 scan",
        media: str = "application/pdf",
        name: str = "证明材料.pdf",
    ) -> Response:
        expires = datetime.now(UTC) + timedelta(seconds=30)
        identity = Identity(principal=who, action=Action.ATTACHMENT_ADD, expires=expires)
        headers = {HEADER: seal(identity, KEY), "Content-Type": media}
        path = "/v1/attachments"
        return await self.http.post(path, params={"name": name}, content=content, headers=headers)

    def unit(self) -> Any:
        """`async with sharing.unit() as unit`: one committed transaction."""
        return _Transaction(self)

    async def seed(self) -> None:
        async with self.unit() as unit:
            for entry in ENTRIES:
                await unit.datasets.publish(entry, at=datetime.now(UTC))
                await unit.datasets.serve(registration(entry.entry), at=datetime.now(UTC))
            for code, name in NAMES.items():
                competent = code == COMPETENT
                kind = OrganizationKind.COMPETENT if competent else OrganizationKind.DEPARTMENT
                event = OrganizationRegistered(code=code, name=name, kind=kind)
                await unit.datasets.organization(event, at=datetime.now(UTC))

    async def rows(self, query: str, **values: Any) -> list[Any]:
        async with self.app.state.resources.database.sessions.begin() as session:
            return list((await session.execute(text(query), values)).all())

    async def events(self, subject: str = "zhengshu.") -> list[dict[str, Any]]:
        """The data of what was announced, in order; KV puts lie under `$KV.`."""
        found = await self.rows(
            "SELECT subject, convert_from(payload, 'UTF8')::jsonb FROM outbox"
            " WHERE subject LIKE :like ORDER BY id",
            like=f"{subject}%",
        )
        return [{"subject": row[0]} | row[1].get("data", row[1]) for row in found]

    async def subjects(self) -> list[str]:
        return [
            event["subject"].removeprefix("zhengshu.sharing.").removesuffix(".v1")
            for event in await self.events()
            if not event["subject"].startswith("zhengshu.sharing.clock.")
        ]

    async def clocks(self, *members: str) -> list[tuple[Any, ...]]:
        """What was announced of clocks: the verb, the term, and the members asked for."""
        return [
            (event["subject"].split(".")[-2], event["term"], *(event[name] for name in members))
            for event in await self.events("zhengshu.sharing.clock.")
        ]

    async def dispatches(self, kind: str) -> list[Any]:
        return await self.rows(
            "SELECT id, subject, payload, state FROM dispatches WHERE kind = :kind ORDER BY subject",
            kind=kind,
        )

    # The steps of the story, so that a test tells only what differs.

    async def apply(self, *parts: dict[str, Any], **changes: Any) -> dict[str, Any]:
        answer = await self.submit(application(*parts, **changes))
        assert answer.status_code == 201, answer.text
        return answer.json()

    async def submit(self, body: Any, who: Principal = MARKET_OFFICER, **headers: str) -> Response:
        path, action = "/v1/applications", Action.APPLICATION_SUBMIT
        return await self.call(who, action, "POST", path, body, **headers)

    async def read(self, application: str, who: Principal = MARKET_OFFICER) -> dict[str, Any]:
        path = f"/v1/applications/{application}"
        answer = await self.call(who, Action.APPLICATION_READ, "GET", path)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def endorse(
        self, application: str, who: Principal = COMPETENT_OFFICER, **body: Any
    ) -> Response:
        path = f"/v1/applications/{application}/endorsement"
        given = {"outcome": "agree", "opinion": "同意转报"} | body
        return await self.call(who, Action.APPLICATION_ENDORSE, "POST", path, given)

    async def withdraw(self, application: str, who: Principal = MARKET_OFFICER) -> Response:
        path, body = f"/v1/applications/{application}/withdrawal", {"reason": "不再需要"}
        return await self.call(who, Action.APPLICATION_WITHDRAW, "POST", path, body)

    async def accept(self, part: str) -> Response:
        return await self.report(part, outcome="accepted", acceptance="榕数受-1")

    async def report(self, part: str, **attempt: Any) -> Response:
        """The gateway's worker reports how sending a part ended."""
        [row] = [row for row in await self.dispatches("application") if row.subject == part]
        path = f"/internal/dispatches/{row.id}/attempts"
        return await self.call(GATEWAY, Action.INTERNAL, "POST", path, attempt)

    async def callback(self, kind: str, part: str, *, again: str | None = None, **body: Any) -> str:
        """Deliver a call-back, `again` under an id used before; return its outcome."""
        refs = [row.id for row in await self.dispatches("application") if row.subject == part]
        callback = {
            "id": again or new("cb"),
            "ref": refs[0] if refs else None,
            "issued_at": datetime.now(UTC).isoformat(),
            "answer": {"kind": kind, "part": part} | body,
        }
        answer = await self.call(GATEWAY, Action.INTERNAL, "POST", "/internal/callbacks", callback)
        assert answer.status_code == 200, answer.text
        return answer.json()["outcome"]

    async def opinion(self) -> dict[str, Any]:
        path = "/v1/opinions?state=requested"
        answer = await self.call(CIVIL_OFFICER, Action.OPINION_READ, "GET", path)
        [opinion] = answer.json()["opinions"]
        return opinion

    async def answer(self, opinion: str, who: Principal = CIVIL_OFFICER, **body: Any) -> Response:
        given = {"outcome": "agree", "consent": consent()} | body
        path = f"/v1/opinions/{opinion}"
        return await self.call(who, Action.OPINION_GIVE, "POST", path, given)

    async def extend(
        self, asked: str, step: str = "", who: Principal = CIVIL_OFFICER, **body: Any
    ) -> Response:
        """Ask for more time, or with the step `/decision` decide on it."""
        action = Action.EXTENSION_DECIDE if step else Action.OPINION_GIVE
        path = f"/v1/opinions/{asked}/extension{step}"
        return await self.call(who, action, "POST", path, body)

    async def granted(self, *parts: dict[str, Any], **decision: Any) -> dict[str, Any]:
        """Go the whole way; return the application's conditional part."""
        case = await self.apply(*parts)
        await self.endorse(case["id"])
        [waiting] = [one for one in case["parts"] if one["sharing"] == "conditional"]
        await self.callback("decision", waiting["id"], **{"outcome": "agree"} | decision)
        shown = await self.read(case["id"])
        return next(one for one in shown["parts"] if one["id"] == waiting["id"])

    async def change_grant(
        self, grant: str, step: str, who: Principal = COMPETENT_OFFICER
    ) -> Response:
        action = Action.GRANT_REVOKE if step == "revocation" else Action.GRANT_SUSPEND
        path = f"/v1/grants/{grant}/{step}"
        return await self.call(who, action, "POST", path, {"reason": "用途已实现"})

    async def told(self, dataset: str = AID) -> list[dict[str, Any]]:
        """The grants the gateway was told of last."""
        puts = await self.events(f"$KV.policy.sharing.dataset.{dataset}")
        return puts[-1]["grants"]


class _Transaction:
    def __init__(self, sharing: Sharing) -> None:
        self._sharing = sharing
        self._begun: Any = None

    async def __aenter__(self) -> Unit:
        self._begun = self._sharing.app.state.resources.database.sessions.begin()
        return units(self._sharing.settings)(await self._begun.__aenter__())

    async def __aexit__(self, *exception: Any) -> None:
        await self._begun.__aexit__(*exception)


async def hear(sharing: Sharing, register: Any, *events: Event, at: datetime | None = None) -> None:
    """Have the handlers take catalog's events, in order."""
    consumers = Consumers[Unit]("sharing", unit=cast("Any", None))
    register(consumers)
    for event in events:
        envelope = Envelope.wrap(event, source="catalog", about=AID, at=at or datetime.now(UTC))
        delivery = Delivery(envelope.type, 1, b"", envelope, cast("Any", None))
        async with sharing.unit() as unit:
            await consumers.dispatch(unit, delivery)
