"""Theme databases: derived classes, consents, the join, and that they stop with any of their members."""

import json
from datetime import timedelta
from typing import Any

import pytest
from catalog.aggregation_harness import Dataset
from catalog.harness import Catalog
from catalog.samples import (
    ASSESSED,
    AT,
    CATEGORY,
    CITATION,
    CONDITION,
    EDUCATION,
    item,
    officer,
    reviewer,
    system,
)  # fmt: skip
from zhengshu_catalog.themes.domain import derive
from zhengshu_catalog.themes.errors import ThemeInvalid, ThemeItemWithheld
from zhengshu_contracts.catalog import EntryIn, ThemeIn
from zhengshu_contracts.identity import View
from zhengshu_contracts.vocabulary import ItemType, OpeningClass, Role, SharingClass

UNCONDITIONAL, CONDITIONAL, WITHHELD = SharingClass
TEACHER = officer(EDUCATION, client="off-education")
HEAD = officer(EDUCATION, Role.OFFICE_HEAD, client="off-education-head")
OTHER = officer("11350123003615102X", client="off-other")
TOWNS = [
    item("code", key=True, nullable=False, opening=OpeningClass.GENERAL),
    item("name", title="名称"),
    item("level", type=ItemType.INTEGER),
]
SCHOOLS = [
    item("town", key=True, nullable=False),
    item("pupils", type=ItemType.INTEGER, sharing=CONDITIONAL, condition=CONDITION),
    item("secret", sharing=WITHHELD, citation=CITATION),
    item("level"),
]
MEMBERS = {"t": TOWNS, "s": SCHOOLS}
COLUMNS = [
    {"member": "t", "item": "code"},
    {"member": "t", "item": "name"},
    {"member": "s", "item": "pupils", "name": "pupil_count", "title": "学生数"},
]
TWO = [{"dataset": "t", "alias": "t"}, {"dataset": "s", "alias": "s", "join": {"town": "t.code"}}]


def theme(members: Any = TWO, columns: Any = COLUMNS, **more: Any) -> dict[str, Any]:
    plain = {
        "category": CATEGORY,
        "title": "乡镇教育主题库",
        "abstract": "乡镇与学校",
        "update_cycle": "monthly",
        "members": members,
        "columns": columns,
        "secrecy_assessment": ASSESSED,
        "privacy_assessment": ASSESSED,
        "head_consent": {"by": "示例负责人", "on": "2026-03-01"},
    }
    return json.loads(json.dumps(plain | more, default=str))


def given(members: Any = TWO, columns: Any = COLUMNS) -> ThemeIn:
    """A theme whose datasets are named like their aliases: the derivation does not mind."""
    ids = {"t": f"{CATEGORY}-000001", "s": f"{CATEGORY}-000002"}
    named = [member | {"dataset": ids[member["dataset"]]} for member in members]
    return ThemeIn.model_validate(theme(named, columns))


def derived(**changes: Any) -> list[Any]:
    made = given(**changes)
    items = {f"{CATEGORY}-000001": TOWNS, f"{CATEGORY}-000002": SCHOOLS}
    return derive(made, items)


class TestDerive:
    def test_gives_each_column_its_own_items_class_and_opens_nothing(self):
        code, name, pupils = derived()
        assert (code.key, name.key, pupils.key) == (True, False, False)
        assert (code.nullable, pupils.nullable) == (False, True)
        assert (code.sharing, pupils.sharing, pupils.condition) == (
            UNCONDITIONAL, CONDITIONAL, CONDITION,
        )  # fmt: skip
        assert (pupils.name, pupils.title, pupils.type) == ("pupil_count", "学生数", "I")
        assert {one.opening for one in (code, name, pupils)} == {OpeningClass.CLOSED}

    def test_has_no_key_when_the_first_members_is_not_shown(self):
        assert [one.key for one in derived(columns=COLUMNS[1:])] == [False, False]

    def test_refuses_what_is_withheld_with_its_law(self):
        with pytest.raises(ThemeItemWithheld, match="统计法"):
            derived(columns=[*COLUMNS, {"member": "s", "item": "secret"}])

    @pytest.mark.parametrize(
        ("changes", "place"),
        [
            ({"members": [TWO[0] | {"join": {"code": "t.code"}}, TWO[1]]}, "/members/0/join"),
            ({"members": [TWO[0], TWO[1] | {"join": {}}]}, "/members/1/join"),
            ({"members": [TWO[0], TWO[1] | {"join": {"level": "t.code"}}]}, "/members/1/join"),
            ({"members": [TWO[0], TWO[1] | {"join": {"town": "t.no"}}]}, "/members/1/join/town"),
            ({"members": [TWO[0], TWO[1] | {"join": {"town": "s.town"}}]}, "/members/1/join/town"),
            ({"members": [TWO[0], TWO[1] | {"join": {"town": "t.level"}}]}, "/members/1/join/town"),
            ({"members": [TWO[0], TWO[1] | {"alias": "t"}]}, "/members/0/alias"),
            ({"columns": [{"member": "t", "item": "no"}]}, "/columns/0"),
            ({"columns": [{"member": "x", "item": "code"}]}, "/columns/0"),
        ],
    )
    def test_names_the_place_that_is_wrong(self, changes, place):
        with pytest.raises(ThemeInvalid) as refused:
            derived(**changes)
        assert refused.value.pointers[0][0] == place


async def serve(
    catalog: Catalog, *entries: str, minute: int = 0, kind: str = "registration"
) -> None:
    """Let the Commission give service registrations, or withdraw them."""
    for entry in entries:
        answer = {"kind": f"service_{kind}", "dataset": entry}
        more = {"service_code": "s-1"} if kind == "registration" else {"reason": "质量不达标"}
        at = AT + timedelta(minutes=minute)
        told = await catalog.call_back(answer | more, number=f"c-{entry}-{minute}", at=at)
        assert told == "applied"


async def members(catalog: Catalog) -> tuple[Dataset, Dataset]:
    """Two published datasets of two departments, with the systems that push to them."""
    made = []
    for by, items, pusher in ((officer(), TOWNS, "sys-civil"), (TEACHER, SCHOOLS, "sys-school")):
        entry = await catalog.published(by, items=items)
        await catalog.database.execute(
            "INSERT INTO clients (id, kind, organization, roles, name, description, digest, locked,"
            " opening, registered_at) VALUES ($1, 'system', $2, '{}', '示例', '', sha256('x'), false,"
            " false, now())",
            pusher,
            by.organization,
        )
        made.append(Dataset(catalog, entry, tuple(items)))
    return made[0], made[1]


def named(towns: Dataset, schools: Dataset, **more: Any) -> dict[str, Any]:
    ids = {"t": towns.id, "s": schools.id}
    return theme([member | {"dataset": ids[member["dataset"]]} for member in TWO], **more)


async def compiled(catalog: Catalog) -> tuple[str, Dataset, Dataset]:
    towns, schools = await members(catalog)
    made = await catalog.done("POST", "/v1/themes", named(towns, schools), by=officer())
    return made["id"], towns, schools


async def agreed(catalog: Catalog, one: str) -> Any:
    path = f"/v1/themes/{one}/consents"
    return await catalog.done("POST", path, {"opinion": "同意"}, by=HEAD)


async def published(catalog: Catalog) -> tuple[Dataset, Dataset, Dataset]:
    """A published theme whose members are all served, and its members."""
    one, towns, schools = await compiled(catalog)
    await agreed(catalog, one)
    await catalog.publish(one)
    await serve(catalog, towns.id, schools.id)
    shown = await catalog.done("GET", f"/v1/themes/{one}", by=officer())
    items = tuple(item(each["name"], key=each["key"]) for each in shown["items"])
    return Dataset(catalog, one, items), towns, schools


async def registration(catalog: Catalog, one: Dataset) -> str:
    return (await catalog.policy(one.id))["registration"]


class TestCompile:
    async def test_asks_the_members_providers_and_shows_them_the_draft(self, catalog: Catalog):
        one, _, _ = await compiled(catalog)
        ((_, told),) = await catalog.announced("%theme.compiled%")
        assert (told["theme"], told["providers"]) == (one, [EDUCATION])
        for reader, seen in ((HEAD, 1), (reviewer(), 1), (officer(), 1), (OTHER, 0)):
            listed = await catalog.done("GET", "/v1/themes", by=reader)
            assert len(listed["themes"]) == seen
        waiting = await catalog.done("GET", "/v1/themes?waiting=true", by=HEAD)
        assert waiting["themes"][0]["waiting"] == [EDUCATION]
        assert waiting["themes"][0]["sharing"] == "conditional"
        refusal = await catalog.refused("GET", f"/v1/themes/{one}", by=OTHER)
        assert refusal == ("theme-not-found", 404)

    async def test_wants_published_members_of_the_county(self, catalog: Catalog):
        towns, schools = await members(catalog)
        draft = await catalog.compiled()
        body = named(Dataset(catalog, draft, ()), schools)
        refusal = await catalog.refused("POST", "/v1/themes", body, by=officer())
        assert refusal == ("theme-member-unavailable", 409)
        withheld = named(towns, schools, columns=[{"member": "s", "item": "secret"}])
        refusal = await catalog.refused("POST", "/v1/themes", withheld, by=officer())
        assert refusal == ("theme-item-withheld", 403)

    async def test_is_not_written_as_an_entry(self, catalog: Catalog):
        one, _, _ = await compiled(catalog)
        shown = await catalog.done("GET", f"/v1/entries/{one}", by=officer())
        body = {n: shown[n] for n in (*theme(), "items", "format", "state_secret", "work_secret")
                if n not in {"members", "columns"}}  # fmt: skip
        refusal = await catalog.refused("PUT", f"/v1/entries/{one}", body, by=officer())
        assert refusal == ("theme-derived", 409)


class TestConsent:
    async def test_of_every_provider_is_due_before_submission(self, catalog: Catalog):
        one, towns, schools = await compiled(catalog)
        path = f"/v1/entries/{one}/submission"
        refusal = await catalog.refused("POST", path, by=officer())
        assert refusal == ("theme-consents-missing", 409)
        for stranger, why in ((OTHER, "theme-not-found"), (officer(), "theme-consent-not-due")):
            by = stranger.model_copy(update={"roles": frozenset({Role.OFFICE_HEAD})})
            consents = f"/v1/themes/{one}/consents"
            assert (await catalog.refused("POST", consents, {"opinion": "好"}, by=by))[0] == why
        assert (await agreed(catalog, one))["waiting"] == []
        await catalog.done("PUT", f"/v1/themes/{one}", named(towns, schools), by=officer())
        assert await catalog.refused("POST", path, by=officer()) == refusal
        await agreed(catalog, one)
        await catalog.publish(one)
        assert [told["provider"] for _, told in await catalog.announced("%theme.consented%")] == [
            EDUCATION, EDUCATION,
        ]  # fmt: skip

    async def test_holds_for_what_was_agreed_to_alone(self, catalog: Catalog):
        one, _, schools = await compiled(catalog)
        await agreed(catalog, one)
        await tighten(catalog, schools)
        refusal = await catalog.refused("POST", f"/v1/entries/{one}/submission", by=officer())
        assert refusal == ("theme-moved", 409)


async def tighten(catalog: Catalog, schools: Dataset) -> None:
    """Withhold the members' item that the theme shows."""
    shown = await catalog.done("GET", f"/v1/entries/{schools.id}", by=TEACHER)
    content = {n: v for n, v in shown.items() if n in ENTRY}
    content["items"][1] |= {"sharing": "withheld", "condition": None}
    content["items"][1]["citation"] = CITATION.model_dump(mode="json")
    await catalog.done("PUT", f"/v1/entries/{schools.id}", content, by=TEACHER)
    await catalog.done("POST", f"/v1/entries/{schools.id}/submission", by=TEACHER)
    agree = {"outcome": "agree", "opinion": "同意", "grants_seen": 0}
    await catalog.done("POST", f"/v1/entries/{schools.id}/review", agree, by=reviewer())


ENTRY = frozenset(EntryIn.model_fields)


class TestServe:
    async def test_is_nobodys_own_and_of_its_columns_classes(self, catalog: Catalog):
        one, _, _ = await published(catalog)
        policy = await catalog.policy(one.id)
        assert (policy["provider"], policy["registration"]) == ("", "live")
        assert [(each["name"], each["sharing"], each["opening"]) for each in policy["items"]] == [
            ("code", "unconditional", "closed"),
            ("name", "unconditional", "closed"),
            ("pupil_count", "conditional", "closed"),
        ]

    async def test_stops_with_any_member_and_goes_on_with_it(self, catalog: Catalog):
        one, towns, schools = await published(catalog)
        await serve(catalog, schools.id, minute=5, kind="withdrawal")
        assert await registration(catalog, one) == "withdrawn"
        await serve(catalog, schools.id, minute=9)
        assert await registration(catalog, one) == "live"
        path = f"/v1/entries/{towns.id}/retirement"
        await catalog.done("POST", path, {"reason": "机构撤并"}, by=officer())
        agree = {"outcome": "agree", "opinion": "同意", "grants_seen": 0}
        await catalog.done("POST", f"{path}/review", agree, by=reviewer())
        assert await registration(catalog, one) == "withdrawn"
        told = [d["state"] for _, d in await catalog.announced("%service.changed%")
                if d["dataset"] == one.id]  # fmt: skip
        assert told == ["live", "withdrawn", "live", "withdrawn"]

    async def test_stops_when_a_member_is_no_longer_what_was_agreed_to(self, catalog: Catalog):
        one, _, schools = await published(catalog)
        await tighten(catalog, schools)
        assert await registration(catalog, one) == "withdrawn"

    async def test_is_not_registered_by_the_commission_itself(self, catalog: Catalog):
        one, _, schools = await published(catalog)
        await serve(catalog, schools.id, minute=5, kind="withdrawal")
        live = {"kind": "service_registration", "dataset": one.id, "service_code": "s-9"}
        at = AT + timedelta(minutes=8)
        assert await catalog.call_back(live, number="c-9", at=at) == "no-effect"
        assert await registration(catalog, one) == "withdrawn"


class TestRead:
    async def test_joins_in_one_statement_what_the_view_shows(self, catalog: Catalog):
        one, towns, schools = await published(catalog)
        await towns.pushed(
            [{"code": "1", "name": "凤山镇", "level": 3}, {"code": "2", "name": "起步镇"}]
        )
        by = system(EDUCATION, "sys-school")
        await schools.pushed([{"town": "1", "pupils": 30, "secret": "x"}, {"town": "9"}], by=by)
        assert await one.rows() == [
            {"code": "1", "name": "凤山镇", "pupil_count": 30},
            {"code": "2", "name": "起步镇", "pupil_count": None},
        ]
        narrow = View(columns=("name", "pupil_count"), filter="pupil_count=gt.20")
        (row,) = await one.rows("order=pupil_count", view=narrow)
        assert set(row) == {"_id", "name", "pupil_count"}
        hidden = await one.read("rows", "secret=eq.x", view=narrow)
        assert hidden.status_code == 400
        export = await one.read("exports", "format=csv")
        assert export.text.splitlines() == ["code,name,pupil_count", "1,凤山镇,30", "2,起步镇,"]
        answer = await one.verify({"key": {"code": "1"}, "values": {"pupil_count": 30}})
        assert answer.json() == {"matches": True}

    async def test_has_the_next_version_with_every_members(self, catalog: Catalog):
        one, towns, schools = await published(catalog)
        first = await one.read("rows")
        await towns.pushed([{"code": "1", "name": "凤山镇"}])
        await schools.pushed([{"town": "1"}], by=system(EDUCATION, "sys-school"))
        after = await one.read("rows", if_none_match=first.headers["etag"])
        versions = [answer.headers["zhengshu-version"] for answer in (first, after)]
        assert versions == ["1.1", "1.3"]
        told = await catalog.announced(f"$KV.policy.catalog.version.{one.id}")
        assert [each["version"] for _, each in told] == [1, 2, 3]
        state = "SELECT rows, uploading FROM datasets WHERE id = $1"
        assert tuple(await catalog.database.fetchrow(state, one.id)) == (1, None)

    async def test_is_not_pushed_to_and_has_no_changes(self, catalog: Catalog):
        one, _, _ = await published(catalog)
        assert (await one.refused([{"code": "1"}]))["type"] == "/problems/dataset-closed"
        answer = await one.read("changes", "since=1.0")
        assert (answer.status_code, answer.json()["type"]) == (
            409,
            "/problems/theme-has-no-changes",
        )
