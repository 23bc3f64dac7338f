"""Corrections, disputes, objections, demands: their machines as properties, their steps over HTTP."""

from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sharing.cast import (
    AID,
    CIVIL,
    CIVIL_OFFICER,
    COMPETENT,
    COMPETENT_OFFICER,
    MARKET,
    MARKET_OFFICER,
    SCHOOLS,
    SCHOOLS_OFFICER,
    SURVEY,
    TODAY,
    Sharing,
    officer,
)
from sqlalchemy.exc import ProgrammingError
from zhengshu_chassis.errors import DomainError
from zhengshu_contracts.catalog import OrganizationRegistered
from zhengshu_contracts.identity import Principal
from zhengshu_contracts.roles import Action
from zhengshu_contracts.vocabulary import OrganizationKind, Role
from zhengshu_sharing.annual.states import MACHINE as ANNUAL_REPORTS
from zhengshu_sharing.changes.states import MACHINE as BASIS_CHANGES
from zhengshu_sharing.clocks import timers as reminders
from zhengshu_sharing.corrections.states import MACHINE as CORRECTIONS
from zhengshu_sharing.demands.states import MACHINE as DEMANDS
from zhengshu_sharing.disputes.states import MACHINE as DISPUTES
from zhengshu_sharing.matters.domain import Matter, open_to
from zhengshu_sharing.matters.domain import step as take
from zhengshu_sharing.matters.machine import Machine, Party
from zhengshu_sharing.objections.states import MACHINE as OBJECTIONS
from zhengshu_sharing.usage import timers

MACHINES = [CORRECTIONS, DISPUTES, OBJECTIONS, DEMANDS, BASIS_CHANGES, ANNUAL_REPORTS]
COUNTY = "11350123003700009G"
GOVERNMENT = officer(COUNTY, Role.SUPERVISOR, kind=OrganizationKind.GOVERNMENT)
NOON = datetime(2026, 11, 24, 4, tzinfo=UTC)
CORRECTION = {
    "dataset": AID,
    "items": ["name"],
    "usage": "核对注册登记",
    "problem": "与登记姓名不一致",
}
OBJECTION = {"dataset": SURVEY, "items": ["income"], "reason": "履职需要"}
DISPUTE = {"against": CIVIL, "dataset": AID, "claim": "校核逾期未答复"}
DEMAND = {"title": "残疾人证信息", "basis": "社会救助暂行办法", "scenario": "帮扶核对"}
BASIS_CHANGE = {
    "dataset": AID,
    "changed": "law",
    "on": str(TODAY),
    "change": "社会救助法施行,低保对象的定义改变",
}
BODIES = {
    "corrections": CORRECTION,
    "objections": OBJECTION,
    "disputes": DISPUTE,
    "demands": DEMAND,
    "basis-changes": BASIS_CHANGE,
}
LISTED = {kind: kind for kind in BODIES} | {"basis-changes": "changes"}


async def file(sharing: Sharing, kind: str, who: Principal = MARKET_OFFICER, **body: Any) -> Any:
    action = Action(f"{kind.removesuffix('s')}.file")
    return await sharing.call(who, action, "POST", f"/v1/{kind}", BODIES[kind] | body)


async def step(
    sharing: Sharing, kind: str, matter: str, move: str, who: Principal, **body: Any
) -> Any:
    action, path = Action(f"{kind.removesuffix('s')}.handle"), f"/v1/{kind}/{matter}/steps"
    given = {"move": move, "opinion": "办理意见"} | body
    return await sharing.call(who, action, "POST", path, given)


def walk(machine: Machine, tried: list[str]) -> tuple[str, list[str]]:
    """Make every move that the state allows; return where it ends and what was made."""
    state, made = machine.start, []
    for name in tried:
        if state in machine.moves[name].froms:
            state = machine.moves[name].to
            made.append(name)
    return state, made


@pytest.mark.parametrize("machine", MACHINES, ids=lambda machine: machine.kind)
def test_a_machine_speaks_of_its_states_and_reaches_each(machine: Machine) -> None:
    known = {str(state) for state in machine.states}
    assert machine.start in known
    reached = {machine.start} | {str(move.to) for move in machine.moves.values()}
    assert reached == known
    for move in machine.moves.values():
        assert move.froms <= known
        assert move.by


@given(st.lists(st.sampled_from(sorted(DISPUTES.moves)), max_size=15))
def test_the_government_decides_only_after_talking_and_mediation(tried: list[str]) -> None:
    state, made = walk(DISPUTES, tried)
    if state == "adjudicated":
        asked = [
            name for name in ("escalate", "coordinate", "appeal", "adjudicate") if name in made
        ]
        assert [made.index(name) for name in asked] == sorted(made.index(name) for name in asked)
        assert len(asked) == 4


@given(st.lists(st.sampled_from(sorted(OBJECTIONS.moves)), max_size=10))
def test_nobody_but_the_competent_department_upholds(tried: list[str]) -> None:
    state, made = walk(OBJECTIONS, tried)
    if state == "upheld":
        assert OBJECTIONS.moves[made[-1]].by == {Party.COMPETENT}


class TestCorrection:
    async def test_marks_the_dataset_tells_its_holders_and_is_answered(
        self, sharing: Sharing
    ) -> None:
        grant = (await sharing.granted())["grant"]
        filed = (await file(sharing, "corrections", SCHOOLS_OFFICER)).json()
        assert filed["number"].startswith("罗政数校〔")
        assert (filed["state_label"], filed["counterpart"]) == ("待核实", CIVIL)
        assert filed["due"] > str(TODAY)
        [doubted] = await sharing.events("zhengshu.sharing.dataset.doubted")
        assert (doubted["holders"], doubted["items"]) == ([MARKET], ["name"])
        path = f"/v1/grants/{grant}"
        shown = await sharing.call(MARKET_OFFICER, Action.GRANT_READ, "GET", path)
        assert shown.json()["doubted"] is True
        second = (await file(sharing, "corrections")).json()
        done = await step(sharing, "corrections", filed["id"], "correct", CIVIL_OFFICER)
        assert (done.json()["state"], done.json()["due"]) == ("corrected", None)
        assert [one["what"] for one in done.json()["timeline"]] == ["提出", "核实并更正"]
        assert await sharing.events("zhengshu.sharing.dataset.cleared") == []
        await step(sharing, "corrections", second["id"], "withdraw", MARKET_OFFICER)
        [cleared] = await sharing.events("zhengshu.sharing.dataset.cleared")
        assert cleared["holders"] == [MARKET]
        shown = await sharing.call(MARKET_OFFICER, Action.GRANT_READ, "GET", path)
        assert shown.json()["doubted"] is False
        again = await step(sharing, "corrections", filed["id"], "confirm", CIVIL_OFFICER)
        assert again.json()["type"] == "/problems/matter-not-in-state"

    async def test_no_personal_data_in_an_event(self, sharing: Sharing) -> None:
        await file(sharing, "corrections", key={"name": "张三丰"}, problem="张三丰已迁出")
        assert "张三丰" not in str(await sharing.events())

    async def test_names_items_that_are_there_and_is_not_against_oneself(
        self, sharing: Sharing
    ) -> None:
        assert (await file(sharing, "corrections", items=["nonsense"])).status_code == 422
        own = await file(sharing, "corrections", CIVIL_OFFICER)
        assert own.json()["type"] == "/problems/own-dataset"


class TestDispute:
    async def test_goes_through_its_three_steps(self, sharing: Sharing) -> None:
        case = (await file(sharing, "disputes")).json()["id"]
        code, kind = GOVERNMENT.organization, OrganizationKind.GOVERNMENT
        registered = OrganizationRegistered(code=code, name="罗源县人民政府", kind=kind)
        async with sharing.unit() as unit:
            await unit.datasets.organization(registered, at=datetime.now(UTC))
        early = await step(sharing, "disputes", case, "adjudicate", GOVERNMENT)
        assert early.json()["type"] == "/problems/matter-not-in-state"
        for move, who, state in (
            ("escalate", CIVIL_OFFICER, "coordinating"),
            ("refer", COMPETENT_OFFICER, "referred"),
            ("coordinate", COMPETENT_OFFICER, "coordinated"),
            ("appeal", MARKET_OFFICER, "adjudicating"),
            ("adjudicate", GOVERNMENT, "adjudicated"),
        ):
            other = await step(sharing, "disputes", case, move, SCHOOLS_OFFICER)
            assert other.status_code == 404
            taken = await step(sharing, "disputes", case, move, who)
            assert taken.json()["state"] == state, taken.text
        terms = [term for verb, term in await sharing.clocks() if verb == "opened"]
        assert terms == ["negotiation", "coordination", "adjudication"]
        parties = [party for verb, _, party in await sharing.clocks("party") if verb == "opened"]
        assert parties[-1] == code
        assert await sharing.rows("SELECT 1 FROM clocks WHERE closed_on IS NULL") == []

    async def test_the_competent_department_mediates_in_no_dispute_of_its_own(
        self, sharing: Sharing
    ) -> None:
        case = (await file(sharing, "disputes", against=COMPETENT)).json()["id"]
        await step(sharing, "disputes", case, "escalate", MARKET_OFFICER)
        own = await step(sharing, "disputes", case, "coordinate", COMPETENT_OFFICER)
        assert own.json()["type"] == "/problems/own-matter"
        soon = await step(sharing, "disputes", case, "appeal", MARKET_OFFICER)
        assert soon.json()["type"] == "/problems/matter-not-in-state"
        over = "UPDATE clocks SET due = :day WHERE matter = :case RETURNING id"
        await sharing.rows(over, day=TODAY - timedelta(days=1), case=case)
        await reminders.remind(sharing.settings)(sharing.app.state.resources)
        page = await sharing.call(
            MARKET_OFFICER, Action.DISPUTE_READ, "GET", f"/v1/disputes/{case}"
        )
        assert "appeal" in [one["move"] for one in page.json()["moves"]]
        asked = await step(sharing, "disputes", case, "appeal", MARKET_OFFICER)
        assert asked.json()["state"] == "adjudicating"
        nobody = await file(sharing, "disputes", against=COUNTY)
        assert nobody.json()["type"] == "/problems/organization-unknown"
        self_dispute = await file(sharing, "disputes", against=MARKET)
        assert self_dispute.json()["type"] == "/problems/against-oneself"

    async def test_the_other_side_cannot_settle_or_withdraw_it(self, sharing: Sharing) -> None:
        case = (await file(sharing, "disputes")).json()["id"]
        for move in ("settle", "withdraw"):
            refused = await step(sharing, "disputes", case, move, CIVIL_OFFICER)
            assert refused.json()["type"] == "/problems/not-this-partys-move"
        settled = await step(sharing, "disputes", case, "settle", MARKET_OFFICER)
        assert settled.json()["state_label"] == "已达成一致"


class TestObjection:
    async def test_is_answered_and_decided(self, sharing: Sharing) -> None:
        case = (await file(sharing, "objections")).json()["id"]
        alone = await step(sharing, "objections", case, "uphold", CIVIL_OFFICER)
        assert alone.json()["type"] == "/problems/not-this-partys-move"
        kept = await step(sharing, "objections", case, "maintain", CIVIL_OFFICER)
        assert kept.json()["state_label"] == "提供单位维持原属性"
        upheld = await step(sharing, "objections", case, "uphold", COMPETENT_OFFICER)
        assert upheld.json()["state_label"] == "异议成立"
        assert await sharing.subjects() == ["objection.filed", "objection.moved", "objection.moved"]
        assert await sharing.clocks("party") == [
            ("opened", "objection", CIVIL),
            ("closed", "objection", CIVIL),
            ("opened", "objection", COMPETENT),
            ("closed", "objection", COMPETENT),
            ("opened", "catalogue_update", CIVIL),  # what was upheld is to be changed
        ]
        assert upheld.json()["due"] > str(TODAY)

    async def test_an_upheld_one_starts_no_second_update(self, sharing: Sharing) -> None:
        changed = await file(sharing, "basis-changes", dataset=SURVEY)
        case = (await file(sharing, "objections")).json()["id"]
        upheld = await step(sharing, "objections", case, "uphold", COMPETENT_OFFICER)
        assert upheld.json()["state"] == "upheld"
        [clock] = await sharing.rows("SELECT \"case\" FROM clocks WHERE term = 'catalogue_update'")
        assert clock.case == changed.json()["id"]


class TestDemand:
    async def test_is_assigned_answered_and_matched(self, sharing: Sharing) -> None:
        case = (await file(sharing, "demands")).json()["id"]
        bare = await step(sharing, "demands", case, "assign", COMPETENT_OFFICER)
        assert bare.json()["type"] == "/problems/step-incomplete"
        nobody = await step(sharing, "demands", case, "assign", COMPETENT_OFFICER, provider=COUNTY)
        assert nobody.json()["type"] == "/problems/organization-unknown"
        own = await step(sharing, "demands", case, "assign", COMPETENT_OFFICER, provider=MARKET)
        assert own.json()["type"] == "/problems/against-oneself"
        await step(sharing, "demands", case, "assign", COMPETENT_OFFICER, provider=SCHOOLS)
        back = await step(sharing, "demands", case, "return", SCHOOLS_OFFICER)
        assert back.json()["state"] == "filed"
        given = await step(sharing, "demands", case, "assign", COMPETENT_OFFICER, provider=CIVIL)
        assert given.json()["due"] > str(TODAY)
        lost = await step(sharing, "demands", case, "match", SCHOOLS_OFFICER, dataset=AID)
        assert lost.status_code == 404
        bare = await step(sharing, "demands", case, "match", CIVIL_OFFICER)
        assert bare.json()["type"] == "/problems/step-incomplete"
        parties = [party for verb, _, party in await sharing.clocks("party") if verb == "opened"]
        assert parties == [COMPETENT, SCHOOLS, COMPETENT, CIVIL]
        done = await step(sharing, "demands", case, "match", CIVIL_OFFICER, dataset=AID)
        assert (done.json()["state_label"], done.json()["dataset"]) == ("已对接", AID)


@pytest.mark.parametrize("kind", sorted(BODIES))
async def test_a_matter_is_there_for_those_it_concerns(sharing: Sharing, kind: str) -> None:
    case = (await file(sharing, kind)).json()["id"]
    read = Action(f"{kind.removesuffix('s')}.read")
    unasked = kind == "demands"  # nobody is asked before the competent department says whom
    for who, sees in (
        (MARKET_OFFICER, True),
        (CIVIL_OFFICER, not unasked),
        (COMPETENT_OFFICER, True),
        (GOVERNMENT, True),
        (SCHOOLS_OFFICER, False),
    ):
        one = await sharing.call(who, read, "GET", f"/v1/{kind}/{case}")
        assert one.status_code == (200 if sees else 404), who
        page = await sharing.call(who, read, "GET", f"/v1/{kind}?limit=5")
        assert len(page.json()[LISTED[kind]]) == sees
    other = next(name for name in BODIES if name != kind)
    wrong = await sharing.call(
        MARKET_OFFICER, Action(f"{other.removesuffix('s')}.read"), "GET", f"/v1/{other}/{case}"
    )
    assert wrong.status_code == 404


class TestUsage:
    RECORD: ClassVar[dict[str, str]] = {
        "dataset": AID,
        "kind": "process",
        "on": str(TODAY),
        "text": "每日核对新登记主体",
    }

    async def record(self, sharing: Sharing, who: Principal = MARKET_OFFICER, **body: Any) -> Any:
        given = self.RECORD | body
        return await sharing.call(who, Action.USAGE_RECORD, "POST", "/v1/usage", given)

    async def test_five_kinds_kept_three_years(self, sharing: Sharing) -> None:
        grant = (await sharing.granted())["grant"]
        for kind in ("scenario", "process", "effect", "storage", "destruction"):
            kept = await self.record(sharing, grant=grant, kind=kind)
            assert kept.status_code == 201, kept.text
        assert kept.json()["keep_until"] == f"{TODAY.year + 3}-12-31"
        for who, count in ((MARKET_OFFICER, 5), (CIVIL_OFFICER, 5), (SCHOOLS_OFFICER, 0)):
            page = await sharing.call(who, Action.USAGE_READ, "GET", f"/v1/usage?grant={grant}")
            assert len(page.json()["usage"]) == count
        page = await sharing.call(
            COMPETENT_OFFICER, Action.USAGE_READ, "GET", "/v1/usage?kind=effect"
        )
        assert len(page.json()["usage"]) == 1

    async def test_is_kept_from_the_day_it_was_made_and_dropped_after_whole_years(
        self, sharing: Sharing
    ) -> None:
        late = await self.record(sharing, on="2019-05-01")  # what happened long ago is kept as long
        assert late.json()["keep_until"] == f"{TODAY.year + 3}-12-31"
        kept = (
            "INSERT INTO usage_records SELECT 'u-' || year, dataset, provider, \"grant\","
            ' organization, kind, "on", text, recorded_by, make_timestamptz(year, 12, 31, 23, 59,'
            " 59, 'Asia/Shanghai') FROM usage_records,"
            " generate_series(CAST(:first AS integer), CAST(:last AS integer)) AS year RETURNING id"
        )
        await sharing.rows(kept, first=TODAY.year - 5, last=TODAY.year - 1)
        for years in (3, 0):  # the database keeps the law's three years, whatever it is asked
            settings = sharing.settings.model_copy(update={"usage_years": years})
            await timers.purge(settings)(sharing.app.state.resources)
            left = await sharing.rows(
                "SELECT id FROM usage_records WHERE id LIKE 'u-2___' ORDER BY id"
            )
            assert [row.id for row in left] == [f"u-{TODAY.year - ago}" for ago in (3, 2, 1)]
        assert [one["count"] for one in await sharing.events("zhengshu.sharing.usage.purged")] == [
            2
        ]
        refused = "DELETE FROM usage_records WHERE id = 'u-none' RETURNING id"
        with pytest.raises(ProgrammingError, match="permission denied"):
            await sharing.rows(refused)

    async def test_names_the_grant_it_rests_on(self, sharing: Sharing) -> None:
        grant = (await sharing.granted())["grant"]
        assert (await self.record(sharing)).status_code == 201  # it has an unconditional item
        only_withheld = await self.record(sharing, dataset=SURVEY)
        assert only_withheld.json()["type"] == "/problems/usage-grant-missing"
        others = await self.record(sharing, SCHOOLS_OFFICER, grant=grant)
        assert others.status_code == 404

    async def test_a_disposal_is_one(self, sharing: Sharing) -> None:
        grant = (await sharing.granted())["grant"]
        await sharing.change_grant(grant, "revocation")
        body = {"method": "deleted", "note": "已删除全部记录", "on": str(TODAY)}
        path = f"/v1/grants/{grant}/disposal"
        await sharing.call(MARKET_OFFICER, Action.GRANT_DISPOSE, "POST", path, body)
        page = await sharing.call(MARKET_OFFICER, Action.USAGE_READ, "GET", "/v1/usage")
        assert [one["kind"] for one in page.json()["usage"]] == ["destruction"]


@pytest.mark.parametrize("machine", MACHINES, ids=lambda machine: machine.kind)
def test_the_moves_told_are_those_that_would_be_taken(machine: Machine) -> None:
    callers = [MARKET_OFFICER, CIVIL_OFFICER, COMPETENT_OFFICER, GOVERNMENT, SCHOOLS_OFFICER]
    told = set()
    for state in machine.states:
        matter = Matter("m", "n", MARKET, MARKET_OFFICER.id, NOON, str(state), CIVIL)
        for by in callers:
            offered = {name for name, _ in open_to(machine, matter, by)}
            assert offered == {name for name in machine.moves if taken(machine, matter, name, by)}
            told |= offered
    nobodys = {name for name, move in machine.moves.items() if move.by == {Party.CATALOGUE}}
    assert told == set(machine.moves) - nobodys


def taken(machine: Machine, matter: Matter, name: str, by: Principal) -> bool:
    try:
        take(machine, matter, name, by=by)
    except DomainError:
        return False
    return True
