"""Deputies while their dates run, successors for good: roles, and what is nobody's to approve."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from catalog.harness import ADMINISTRATOR, GATEWAY, Catalog, manager
from catalog.samples import CIVIL, COMPETENT, EDUCATION, officer, reviewer
from zhengshu_catalog.officers.operations import Unit, turn_due
from zhengshu_chassis.db import connect

TODAY = datetime.now(timezone(timedelta(hours=8))).date()
DAY = timedelta(days=1)
RUNNING = {"from": str(TODAY), "until": str(TODAY + 7 * DAY)}


async def registered(catalog: Catalog, *roles: str, organization: str = CIVIL) -> str:
    body = {"organization": organization, "name": "李四", "roles": list(roles or ["data_officer"])}
    return (await catalog.done("POST", "/v1/officers", body, by=ADMINISTRATOR))["id"]


async def told(catalog: Catalog, client: str):
    """What the gateway was told last of a client."""
    return (await catalog.announced(f"$KV.policy.catalog.client.{client}"))[-1][1]


async def named(catalog: Catalog, away: str, deputy: str, by=None, **dates: str):
    body = {"deputy": deputy} | RUNNING | dates
    return await catalog.done("POST", f"/v1/officers/{away}/deputies", body, by=by or manager())


async def pass_days(catalog: Catalog, days: int) -> int:
    """Let the timer look some days from now; return how many deputyships turned."""
    database = connect(catalog.settings.database_url, "days", pool_size=1)
    async with database.sessions.begin() as session:
        turned = await turn_due(Unit.of(session), at=datetime.now(UTC) + days * DAY)
    await database.engine.dispose()
    return turned


class TestDeputy:
    async def test_holds_the_officers_roles_until_it_is_withdrawn(self, catalog: Catalog):
        away = await registered(catalog, "data_officer")
        deputy = await registered(catalog, "office_head")
        made = await named(catalog, away, deputy)
        assert (made["running"], made["from"]) == (True, str(TODAY))
        record = await told(catalog, deputy)
        assert record["roles"] == ["office_head", "data_officer"]
        assert record["standing_in_for"] == [away]
        signed_in = officer(CIVIL, client=deputy)
        me = await catalog.done("GET", "/v1/me", by=signed_in)
        assert me["roles"] == ["office_head", "data_officer"]
        assert me["standing_in_for"] == ["李四"]
        path = f"/v1/officers/{away}/deputies"
        listed = (await catalog.done("GET", path, by=manager()))["deputies"]
        assert [one["id"] for one in listed] == [made["id"]]
        over = f"{path}/{made['id']}/withdrawal"
        ended = await catalog.done("POST", over, by=manager())
        assert (ended["running"], ended["ended"]) == (False, "withdrawn")
        record = await told(catalog, deputy)
        assert (record["roles"], record["standing_in_for"]) == (["office_head"], [])
        refusal = await catalog.refused("POST", over, by=manager())
        assert refusal == ("deputyship-over", 409)

    async def test_begins_and_ends_with_its_days(self, catalog: Catalog):
        away, deputy = await registered(catalog), await registered(catalog, "office_head")
        dates = {"from": str(TODAY + 2 * DAY), "until": str(TODAY + 3 * DAY)}
        assert not (await named(catalog, away, deputy, **dates))["running"]
        assert await pass_days(catalog, 1) == 0
        assert (await told(catalog, deputy))["roles"] == ["office_head"]
        assert await pass_days(catalog, 2) == 1
        assert (await told(catalog, deputy))["roles"] == ["office_head", "data_officer"]
        assert await pass_days(catalog, 3) == 0
        assert await pass_days(catalog, 4) == 1
        assert (await told(catalog, deputy))["roles"] == ["office_head"]
        events = [name for name, _ in await catalog.announced("zhengshu.catalog.deputy%")]
        assert [name.split(".")[-2] for name in events] == ["named", "started", "ended"]

    async def test_of_two_officers_keeps_what_the_other_lends(self, catalog: Catalog):
        first, second = await registered(catalog), await registered(catalog)
        deputy = await registered(catalog, "office_head")
        made = await named(catalog, first, deputy)
        await named(catalog, second, deputy)
        path = f"/v1/officers/{first}/deputies/{made['id']}/withdrawal"
        await catalog.done("POST", path, by=manager())
        record = await told(catalog, deputy)
        assert record["roles"] == ["office_head", "data_officer"]
        assert record["standing_in_for"] == [second]

    async def test_a_lock_in_between_loses_nothing_lent(self, catalog: Catalog):
        away, deputy = await registered(catalog), await registered(catalog, "office_head")
        await named(catalog, away, deputy)
        await catalog.done("POST", f"/v1/clients/{deputy}/lock", {"reason": "疑似"}, by=manager())
        await catalog.done("POST", f"/v1/clients/{deputy}/unlock", by=manager())
        assert (await told(catalog, deputy))["roles"] == ["office_head", "data_officer"]

    async def test_does_not_review_what_the_officer_submitted(self, catalog: Catalog):
        entry = await catalog.compiled(officer(CIVIL, client="off-author"))
        await catalog.done(
            "POST", f"/v1/entries/{entry}/submission", by=officer(CIVIL, client="off-author")
        )
        agreed = {"outcome": "agree", "opinion": "同意发布"}
        deputy = reviewer("off-reviewer").model_copy(update={"standing_in_for": ("off-author",)})
        path = f"/v1/entries/{entry}/review"
        assert (await catalog.refused("POST", path, agreed, by=deputy))[0] == "self-review"
        await catalog.done("POST", path, agreed, by=reviewer("off-reviewer"))

    @pytest.mark.parametrize(
        "dates",
        [
            {"until": str(TODAY - DAY), "from": str(TODAY - 2 * DAY)},
            {"from": str(TODAY + 3 * DAY), "until": str(TODAY + 2 * DAY)},
            {"until": str(TODAY + 400 * DAY)},
        ],
        ids=["over", "wrong way round", "too long"],
    )
    async def test_unfit_dates_are_refused(self, catalog: Catalog, dates):
        away, deputy = await registered(catalog), await registered(catalog)
        body = {"deputy": deputy} | RUNNING | dates
        path = f"/v1/officers/{away}/deputies"
        assert await catalog.refused("POST", path, body, by=manager()) == ("deputy-unfit", 422)

    async def test_who_cannot_stand_in_is_refused(self, catalog: Catalog):
        away = await registered(catalog)
        body = {"organization": CIVIL, "name": "救助系统"}
        machine = (await catalog.done("POST", "/v1/systems", body, by=ADMINISTRATOR))["id"]
        locked = await registered(catalog)
        await catalog.done("POST", f"/v1/clients/{locked}/lock", {"reason": "x"}, by=manager())
        elsewhere = await registered(catalog, organization=EDUCATION)
        for other, slug in (
            (away, "deputy-unfit"),
            (locked, "deputy-unfit"),
            (elsewhere, "client-not-found"),
            (machine, "client-not-found"),
            ("off-unknown", "client-not-found"),
        ):
            path, given = f"/v1/officers/{away}/deputies", {"deputy": other} | RUNNING
            assert (await catalog.refused("POST", path, given, by=manager()))[0] == slug, other
        path, given = f"/v1/officers/{away}/deputies", {"deputy": elsewhere} | RUNNING
        assert (await catalog.refused("POST", path, given, by=ADMINISTRATOR))[0] == "deputy-unfit"

    async def test_roles_that_may_not_meet_do_not_meet_in_a_deputy(self, catalog: Catalog):
        away = await registered(catalog, "auditor", organization=COMPETENT)
        deputy = await registered(catalog, "competent_officer", organization=COMPETENT)
        path, given = f"/v1/officers/{away}/deputies", {"deputy": deputy} | RUNNING
        refusal = await catalog.refused("POST", path, given, by=ADMINISTRATOR)
        assert refusal == ("roles-not-assignable", 422)
        refusal = await catalog.refused("POST", path, given, by=manager(COMPETENT))
        assert refusal == ("roles-not-yours", 403)

    async def test_another_departments_are_not_there(self, catalog: Catalog):
        away, deputy = await registered(catalog), await registered(catalog)
        made = await named(catalog, away, deputy)
        path = f"/v1/officers/{away}"
        for method, what, body in (
            ("POST", "deputies", {"deputy": deputy} | RUNNING),
            ("GET", "deputies", None),
            ("POST", f"deputies/{made['id']}/withdrawal", None),
            ("POST", "departure", {"successor": deputy}),
        ):
            refusal = await catalog.refused(method, f"{path}/{what}", body, by=manager(EDUCATION))
            assert refusal == ("client-not-found", 404)
        strange = f"/v1/officers/{deputy}/deputies/{made['id']}/withdrawal"
        refusal = await catalog.refused("POST", strange, by=manager())
        assert refusal == ("deputyship-not-found", 404)


class TestDeparture:
    async def test_leaves_no_way_in_and_a_successor(self, catalog: Catalog):
        leaving, successor = await registered(catalog), await registered(catalog, "office_head")
        account = {"client_id": leaving, "account": "lisi", "password": "correct-horse-7"}
        await catalog.send("POST", "/internal/signin/password", account, by=GATEWAY)
        await catalog.database.execute(
            "INSERT INTO sessions VALUES ('x', $1, now(), now())", leaving
        )
        path, body = f"/v1/officers/{leaving}/departure", {"successor": successor}
        done = await catalog.done("POST", path, body, by=manager())
        assert done["roles"] == ["office_head", "data_officer"]
        record = await told(catalog, leaving)
        assert record["locked"]
        assert record["not_before"]
        assert await catalog.database.fetchval("SELECT count(*) FROM sessions") == 0
        record = await told(catalog, successor)
        assert record["roles"] == ["office_head", "data_officer"]
        assert record["standing_in_for"] == [leaving]
        (event,) = await catalog.announced("zhengshu.catalog.officer.departed%")
        assert (event[1]["officer"], event[1]["successor"]) == (leaving, successor)
        listed = (await catalog.done("GET", "/v1/clients", by=manager()))["clients"]
        assert [one["id"] for one in listed if one["departed_at"]] == [leaving]
        for again in ("unlock", "credential"):
            body = {} if again == "credential" else None
            refusal = await catalog.refused(
                "POST", f"/v1/clients/{leaving}/{again}", body, by=manager()
            )
            assert refusal == ("officer-departed", 409)
        body = {"successor": successor}
        assert (await catalog.refused("POST", path, body, by=manager()))[0] == "officer-departed"

    async def test_successors_of_successors_and_deputies_answer_for_all(self, catalog: Catalog):
        first, second, third = [await registered(catalog) for _ in range(3)]
        deputy = await registered(catalog, "office_head")
        for leaving, successor in ((first, second), (second, third)):
            path, body = f"/v1/officers/{leaving}/departure", {"successor": successor}
            await catalog.done("POST", path, body, by=manager())
        assert (await told(catalog, third))["standing_in_for"] == sorted([first, second])
        await named(catalog, third, deputy)
        assert (await told(catalog, deputy))["standing_in_for"] == sorted([first, second, third])

    async def test_ends_deputyships_of_and_by_the_officer(self, catalog: Catalog):
        leaving, other = await registered(catalog), await registered(catalog, "office_head")
        await named(catalog, leaving, other)
        await named(catalog, other, leaving)
        path, body = f"/v1/officers/{leaving}/departure", {"successor": other}
        await catalog.done("POST", path, body, by=manager())
        ended = await catalog.announced("zhengshu.catalog.deputy.ended%")
        assert [one["why"] for _, one in ended] == ["departed", "departed"]
        assert (await told(catalog, leaving))["roles"] == ["data_officer"]

    async def test_who_cannot_succeed_is_refused(self, catalog: Catalog):
        leaving = await registered(catalog)
        path = f"/v1/officers/{leaving}/departure"
        refusal = await catalog.refused("POST", path, {"successor": leaving}, by=manager())
        assert refusal == ("deputy-unfit", 422)
        by = manager().model_copy(update={"id": leaving})
        other = await registered(catalog)
        refusal = await catalog.refused("POST", path, {"successor": other}, by=by)
        assert refusal == ("own-lock", 409)
        refusal = await catalog.refused("POST", path, {"successor": other}, by=officer())
        assert refusal == ("not-admitted", 403)
