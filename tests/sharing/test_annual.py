"""The yearly report: owed by who used data, from 1 January to the end of February, closed by filing it."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sharing.cast import (
    AID,
    CIVIL_OFFICER,
    COMPETENT_OFFICER,
    MARKET,
    MARKET_OFFICER,
    SCHOOLS,
    SCHOOLS_OFFICER,
    TODAY,
    TOWNS,
    Sharing,
)
from sharing.test_catalogue_clocks import running
from sharing.test_notices import told
from zhengshu_contracts.roles import Action
from zhengshu_sharing.annual import operations
from zhengshu_sharing.annual.domain import Season

YEAR = TODAY.year
JANUARY = datetime(YEAR + 1, 1, 1, 1, tzinfo=UTC)
FILED = {"move": "file", "opinion": "全年核对登记主体一万二千户,减少群众提交材料,数据偶有滞后。"}


async def round_at(sharing: Sharing, now: datetime) -> list[str]:
    """Make a round as the worker does; return who is found."""
    async with sharing.unit() as unit:
        found = await operations.owing(unit, "", now=now)
        for one in found:
            await operations.begin(unit, one, now=now)
    return found


async def reports(sharing: Sharing, who: Any) -> list[Any]:
    page = await sharing.call(who, Action.ANNUAL_REPORT_READ, "GET", "/v1/annual-reports")
    return page.json()["reports"]


async def file(sharing: Sharing, report: str, who: Any, **body: Any) -> Any:
    path, action = f"/v1/annual-reports/{report}/steps", Action.ANNUAL_REPORT_HANDLE
    return await sharing.call(who, action, "POST", path, FILED | body)


@pytest.mark.parametrize(
    ("day", "year"),
    [
        (date(2026, 12, 31), None),
        (date(2027, 1, 1), 2026),
        (date(2027, 2, 28), 2026),
        (date(2028, 2, 29), 2027),
        (date(2027, 3, 1), None),
    ],
)
def test_a_report_is_of_the_year_before_and_begun_until_february_ends(
    day: date, year: int | None
) -> None:
    season = Season.of(day)
    assert (season and season.year) == year


def test_the_last_day_is_of_february() -> None:
    assert (Season(2026).ends, Season(2027).ends) == (date(2027, 2, 28), date(2028, 2, 29))


@pytest.fixture
async def used(sharing: Sharing) -> Sharing:
    """One department holds a grant, another recorded its use of unconditional data."""
    await sharing.granted()
    record = {"dataset": TOWNS, "kind": "process", "on": str(TODAY), "text": "每日核对乡镇代码"}
    await sharing.call(SCHOOLS_OFFICER, Action.USAGE_RECORD, "POST", "/v1/usage", record)
    return sharing


async def test_who_used_data_owes_it(used: Sharing) -> None:
    last_moment = datetime(YEAR, 12, 31, 15, 59, tzinfo=UTC)  # 23:59 in Beijing
    assert await round_at(used, last_moment) == []
    first = last_moment + timedelta(minutes=2)
    assert await round_at(used, first) == sorted([MARKET, SCHOOLS])
    assert await round_at(used, JANUARY) == []
    assert await round_at(used, datetime(YEAR + 1, 7, 1, tzinfo=UTC)) == []
    [mine] = await reports(used, MARKET_OFFICER)
    assert (mine["year"], mine["grants"], mine["datasets"]) == (YEAR, 1, 1)
    assert mine["number"].startswith("罗政数年〔")
    [theirs] = await reports(used, SCHOOLS_OFFICER)
    assert {"kind": "process", "count": 1} in theirs["records"]
    assert await reports(used, CIVIL_OFFICER) == []
    assert len(await reports(used, COMPETENT_OFFICER)) == 2


async def test_it_is_due_with_february(used: Sharing) -> None:
    await round_at(used, JANUARY)
    [clock] = [one for one in await running(used) if one["party"] == MARKET]
    assert (clock["term"], clock["received"]) == ("annual_report", f"{YEAR + 1}-01-01")
    february = Season(YEAR).ends
    assert timedelta() <= date.fromisoformat(clock["due"]) - february <= timedelta(days=8)
    assert "国发〔2016〕51号" in clock["basis"]
    assert (await told(used))[-1]["kind"] == "report_owed"


async def test_it_is_filed_once_by_whose_it_is(used: Sharing) -> None:
    await round_at(used, JANUARY)
    [mine] = await reports(used, MARKET_OFFICER)
    assert (await file(used, mine["id"], CIVIL_OFFICER)).status_code == 404
    assert (await file(used, mine["id"], MARKET_OFFICER, opinion="无")).status_code == 422
    done = await file(used, mine["id"], MARKET_OFFICER)
    assert (done.json()["state_label"], done.json()["due"]) == ("已报送", None)
    assert done.json()["timeline"][-1]["opinion"] == FILED["opinion"]
    again = await file(used, mine["id"], MARKET_OFFICER)
    assert again.json()["type"] == "/problems/matter-not-in-state"
    assert [one["party"] for one in await running(used)] == [SCHOOLS]
    assert FILED["opinion"] not in str(await used.events())
    assert (await used.subjects())[-1] == "annual_report.filed"


async def test_a_report_waits_for_its_department(sharing: Sharing) -> None:
    await sharing.granted()
    await round_at(sharing, JANUARY)
    for who, count in ((MARKET_OFFICER, 1), (CIVIL_OFFICER, 0), (COMPETENT_OFFICER, 0)):
        todos = await sharing.call(who, Action.TODO_READ, "GET", "/v1/todos")
        kinds = [one["kind"] for one in todos.json()["todos"]]
        assert kinds.count("annual_report") == count
    assert AID not in str(await sharing.events("zhengshu.sharing.annual_report"))
