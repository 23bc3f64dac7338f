"""An entry after its first publication: changed classes, retirement, extended metadata."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from catalog.harness import Catalog, settings
from catalog.samples import ASSESSED, CONDITION, EDUCATION, content, item, officer, reviewer
from support.servers import Bus
from support.until import until
from zhengshu_catalog.entries.guards import class_changes
from zhengshu_catalog.main import build
from zhengshu_contracts.base import Envelope, Event
from zhengshu_contracts.sharing import GrantActivated, GrantExpired, GrantRenewed, GrantRevoked
from zhengshu_contracts.vocabulary import ClassDirection, Mode, OpeningClass, SharingClass

STRANGER = officer(EDUCATION, client="off-education")
UNCONDITIONAL, CONDITIONAL, WITHHELD = SharingClass
GENERAL, AUTHORIZED, CLOSED = OpeningClass
KEY = item("code", key=True, nullable=False)
OPEN = content(items=[KEY, item("name")])
TIGHT = content(items=[KEY, item("name", sharing=CONDITIONAL, condition=CONDITION)])
LATER = datetime.now(UTC) + timedelta(days=30)


async def granted(catalog: Catalog, entry: str, *items: str, ends: datetime = LATER) -> str:
    """Tell catalog of a grant as sharing's event would."""
    number = await catalog.database.fetchval("SELECT count(*) FROM grants")
    grant = f"g-{number + 1}"
    await catalog.database.execute(
        "INSERT INTO grants VALUES ($1, $2, $3, $4, $5)", grant, entry, EDUCATION, items, ends
    )
    return grant


async def revised(catalog: Catalog, entry: str, to: Any) -> dict[str, Any]:
    """Submit a revision; return it as the reviewer sees it."""
    await catalog.done("PUT", f"/v1/entries/{entry}", to, by=officer())
    await catalog.done("POST", f"/v1/entries/{entry}/submission", by=officer())
    listed = await catalog.done("GET", f"/v1/entries/{entry}/revisions", by=reviewer())
    return listed["revisions"][0]


def agree(seen: int | None = None) -> dict[str, Any]:
    return {"outcome": "agree", "opinion": "同意", "grants_seen": seen}


class TestClassChanges:
    @pytest.mark.parametrize(
        ("before", "after", "expected"),
        [
            ({}, {}, []),
            ({}, {"sharing": WITHHELD}, [("共享属性", "tightened")]),
            ({"sharing": WITHHELD}, {"sharing": CONDITIONAL}, [("共享属性", "loosened")]),
            ({}, {"opening": AUTHORIZED}, [("开放属性", "loosened")]),
            ({"opening": GENERAL}, {"opening": AUTHORIZED}, [("开放属性", "tightened")]),
            (
                {"opening": GENERAL},
                {"sharing": CONDITIONAL, "opening": CLOSED},
                [("共享属性", "tightened"), ("开放属性", "tightened")],
            ),
        ],
    )
    def test_tell_each_item_that_moves_and_which_way(self, before, after, expected):
        changes = class_changes([item("a", **before)], [item("a", **after), item("new")])
        assert [(change.kind, change.direction.value) for change in changes] == expected

    def test_an_item_taken_away_is_tightened(self):
        (change,) = class_changes([item("a")], [item("b")])
        assert (change.item, change.after) == ("a", "删除")
        assert change.direction is ClassDirection.TIGHTENED


class TestTighten:
    async def test_shows_the_grants_it_touches_and_wants_them_seen(self, catalog: Catalog):
        entry = await catalog.published(items=OPEN.items)
        grant = await granted(catalog, entry, "code", "name")
        await granted(catalog, entry, "code")
        await granted(catalog, entry, "name", ends=datetime.now(UTC) - timedelta(days=1))
        shown = await revised(catalog, entry, TIGHT)
        assert [(one["item"], one["after"]) for one in shown["class_changes"]] == [
            ("name", "有条件共享")
        ]
        assert [(one["grant"], one["items"]) for one in shown["affected"]] == [(grant, ["name"])]
        path = f"/v1/entries/{entry}/review"
        for seen in (None, 0, 2):
            response = await catalog.send("POST", path, agree(seen), by=reviewer())
            assert response.json()["type"] == "/problems/affected-grants-unseen"
            assert [one["grant"] for one in response.json()["affected"]] == [grant]
        done = await catalog.done("POST", path, agree(1), by=reviewer())
        assert (done["revision"], done["sharing"]) == (2, "conditional")

    async def test_without_grants_still_wants_that_seen(self, catalog: Catalog):
        entry = await catalog.published(items=OPEN.items)
        await revised(catalog, entry, TIGHT)
        path = f"/v1/entries/{entry}/review"
        refusal = await catalog.refused("POST", path, agree(), by=reviewer())
        assert refusal == ("affected-grants-unseen", 409)
        await catalog.done("POST", path, agree(0), by=reviewer())

    async def test_a_return_needs_nothing_seen(self, catalog: Catalog):
        entry = await catalog.published(items=OPEN.items)
        await revised(catalog, entry, TIGHT)
        back = {"outcome": "return", "opinion": "请说明"}
        await catalog.done("POST", f"/v1/entries/{entry}/review", back, by=reviewer())


class TestLoosen:
    async def test_needs_a_security_review_made_for_it(self, catalog: Catalog):
        entry = await catalog.published(items=TIGHT.items)
        submission = f"/v1/entries/{entry}/submission"
        await catalog.done("PUT", f"/v1/entries/{entry}", OPEN, by=officer())
        refusal = await catalog.refused("POST", submission, by=officer())
        assert refusal == ("security-review-required", 409)
        checked = content(items=OPEN.items, security_review=ASSESSED)
        shown = await revised(catalog, entry, checked)
        assert [one["direction"] for one in shown["class_changes"]] == ["loosened"]
        await catalog.done("POST", f"/v1/entries/{entry}/review", agree(0), by=reviewer())

        opened = [KEY, item("name", opening=AUTHORIZED)]
        again = content(items=opened, security_review=ASSESSED)
        await catalog.done("PUT", f"/v1/entries/{entry}", again, by=officer())
        refusal = await catalog.refused("POST", submission, by=officer())
        assert refusal == ("security-review-required", 409)


class TestDifference:
    async def test_each_revision_tells_what_it_changed(self, catalog: Catalog):
        entry = await catalog.published(items=OPEN.items)
        await catalog.done("PUT", f"/v1/entries/{entry}", content(title="新名称"), by=officer())
        await catalog.publish(entry)
        listed = await catalog.done("GET", f"/v1/entries/{entry}/revisions", by=STRANGER)
        newest, first = listed["revisions"]
        assert newest["changes"] == [
            {"item": None, "label": "信息资源名称", "before": "乡镇级行政区划", "after": "新名称"}
        ]
        assert (first["changes"], newest["class_changes"]) == ([], [])


async def test_a_change_and_its_undoing_are_two_events(catalog: Catalog):
    entry = await catalog.published(title="乡镇")
    for title in ("乡镇名录", "乡镇"):
        await revised(catalog, entry, content(title=title))
        await catalog.done("POST", f"/v1/entries/{entry}/review", agree(), by=reviewer())
    told = [data for _, data in await catalog.announced("%.entry.published.%")]
    assert [(one["revision"], one["title"]) for one in told] == [
        (1, "乡镇"),
        (2, "乡镇名录"),
        (3, "乡镇"),
    ]


class TestRetire:
    async def test_its_provider_asks_and_the_competent_department_decides(self, catalog: Catalog):
        entry = await catalog.published()
        grant = await granted(catalog, entry, "code")
        path = f"/v1/entries/{entry}/retirement"
        asked = await catalog.done("POST", path, {"reason": "职能划转"}, by=officer())
        assert (asked["state"], asked["retirement"]["reason"]) == ("published", "职能划转")
        assert [one["grant"] for one in asked["retirement"]["affected"]] == [grant]
        ((_, told),) = await catalog.announced("%retirement_requested%")
        assert (told["entry"], told["title"]) == (entry, "乡镇级行政区划")
        await catalog.published()
        for reader, found in ((reviewer(), [entry]), (officer(), [entry]), (STRANGER, [])):
            listed = await catalog.done("GET", "/v1/entries?retiring=true", by=reader)
            assert [one["id"] for one in listed["entries"]] == found
        seen = await catalog.done("GET", f"/v1/entries/{entry}", by=STRANGER)
        assert seen["retirement"] is None
        refusal = await catalog.refused("POST", f"{path}/review", agree(), by=reviewer())
        assert refusal == ("affected-grants-unseen", 409)
        done = await catalog.done("POST", f"{path}/review", agree(1), by=reviewer())
        assert (done["state"], done["retirement"]) == ("retired", None)
        assert (await catalog.policy(entry))["state"] == "retired"
        assert [s for s, _ in await catalog.announced("%entry.retired%")] == [
            "zhengshu.catalog.entry.retired.v1"
        ]

    async def test_what_is_retired_stays_so(self, catalog: Catalog):
        entry = await catalog.published()
        await catalog.done("PUT", f"/v1/entries/{entry}", content(title="另一名称"), by=officer())
        path = f"/v1/entries/{entry}/retirement"
        await catalog.done("POST", path, {"reason": "不再产生"}, by=officer())
        await catalog.done("POST", f"{path}/review", agree(0), by=reviewer())
        for method, last, body, by in (
            ("PUT", "", content(), officer()),
            ("POST", "/submission", None, officer()),
            ("POST", "/retirement", {"reason": "再停用"}, officer()),
            ("POST", "/retirement/review", agree(0), reviewer()),
            ("POST", "/review", agree(0), reviewer()),
        ):
            refusal = await catalog.refused(method, f"/v1/entries/{entry}{last}", body, by=by)
            assert refusal == ("entry-state-not-allowed", 409)

    async def test_a_return_lets_it_live_on(self, catalog: Catalog):
        entry = await catalog.published()
        path = f"/v1/entries/{entry}/retirement"
        await catalog.done("POST", path, {"reason": "不再产生"}, by=officer())
        back = {"outcome": "return", "opinion": "仍有单位使用"}
        done = await catalog.done("POST", f"{path}/review", back, by=reviewer())
        assert (done["state"], done["retirement"], done["opinion"]) == (
            "published",
            None,
            "仍有单位使用",
        )

    @pytest.mark.parametrize(
        ("by", "slug"), [(STRANGER, "not-provider"), (reviewer(), "not-admitted")]
    )
    async def test_is_asked_for_by_the_provider_alone(self, catalog: Catalog, by, slug):
        entry = await catalog.published()
        path = f"/v1/entries/{entry}/retirement"
        assert await catalog.refused("POST", path, {"reason": "x"}, by=by) == (slug, 403)

    async def test_a_draft_or_a_revision_under_review_cannot(self, catalog: Catalog):
        draft = await catalog.compiled()
        busy = await catalog.published()
        await revised(catalog, busy, content(title="新名称"))
        for entry in (draft, busy):
            path = f"/v1/entries/{entry}/retirement"
            refusal = await catalog.refused("POST", path, {"reason": "x"}, by=officer())
            assert refusal == ("entry-state-not-allowed", 409)


class TestExtensions:
    PATH = "/v1/extension-schema"
    DEFINITION = {  # noqa: RUF012 - never changed
        "type": "object",
        "properties": {"phone": {"type": "string", "pattern": "^[0-9-]+$"}},
        "required": ["phone"],
    }

    async def test_take_everything_until_defined(self, catalog: Catalog):
        assert (await catalog.done("GET", self.PATH, by=officer()))["version"] == 0
        await catalog.compiled(extensions={"anything": [1, {}]})

    async def test_fit_their_definition_from_then_on(self, catalog: Catalog):
        old = await catalog.compiled()
        body = {"definition": self.DEFINITION}
        assert (await catalog.done("PUT", self.PATH, body, by=reviewer()))["version"] == 1
        for extensions, pointer in (({}, "/extensions"), ({"phone": "无"}, "/extensions/phone")):
            wrong = content(extensions=extensions)
            for method, path in (("POST", "/v1/entries"), ("PUT", f"/v1/entries/{old}")):
                response = await catalog.send(method, path, wrong, by=officer())
                problem = response.json()
                assert problem["type"] == "/problems/extensions-invalid"
                assert [one["pointer"] for one in problem["errors"]] == [pointer]
        await catalog.compiled(extensions={"phone": "0591-1"})
        assert (await catalog.done("PUT", self.PATH, body, by=reviewer()))["version"] == 2

    @pytest.mark.parametrize(
        "definition",
        [
            {},
            {"type": "string"},
            {"type": "object", "properties": []},
            {"type": "object", "properties": {"a": {"$ref": "http://169.254.169.254/x"}}},
            {"type": "object", "$schema": "http://json-schema.org/draft-07/schema#"},
        ],
    )
    async def test_are_not_defined_by_what_is_no_schema(self, catalog: Catalog, definition):
        refusal = await catalog.refused("PUT", self.PATH, {"definition": definition}, by=reviewer())
        assert refusal == ("extension-schema-invalid", 422)

    async def test_are_defined_by_the_competent_department_alone(self, catalog: Catalog):
        body = {"definition": self.DEFINITION}
        refusal = await catalog.refused("PUT", self.PATH, body, by=officer())
        assert refusal == ("not-admitted", 403)


@asynccontextmanager
async def working(catalog: Catalog, bus: Bus) -> AsyncIterator[None]:
    """Let catalog's worker run beside, over a real NATS."""
    app = build(settings(catalog.settings.database_url, mode="work", **bus.settings("catalog")))
    async with app.router.lifespan_context(app):
        yield


async def test_grants_are_known_from_sharings_events(catalog: Catalog, bus: Bus):
    entry = await catalog.published()
    told = {"dataset": entry, "holder": EDUCATION, "provider": "x"}
    more = {"part": "p", "items": ("code",), "modes": (Mode.QUERY,), "ends": LATER}
    events: list[Event] = [
        *(GrantActivated(grant=f"g-{n}", **told, **more) for n in range(4)),
        GrantRevoked(grant="g-0", **told, by="x"),
        GrantExpired(grant="g-1", **told),
        GrantRenewed(grant="g-3", **told, by="g-2"),
        GrantActivated(grant="g-0", **told, **more),  # told again, too late
    ]
    sharing = await bus.connect("sharing")
    for event in events:
        envelope = Envelope.wrap(event, source="sharing", about=event.grant)
        payload = envelope.model_dump_json().encode()
        headers = {"Nats-Msg-Id": envelope.id}
        await sharing.jetstream().publish(event.address(), payload, headers=headers)
    await sharing.close()

    async def known() -> bool:
        grants = await catalog.database.fetch("SELECT id FROM grants WHERE ends > now()")
        taken = await catalog.database.fetchval("SELECT count(*) FROM inbox")
        return taken == len(events) and [row["id"] for row in grants] == ["g-2"]

    async with working(catalog, bus):
        await until(known, 20)
