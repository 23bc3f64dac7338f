"""The catalogue's periods: a review runs from the submission, an update from the return of a revision."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from sharing import cast
from sharing.cast import (
    AID,
    CIVIL,
    CIVIL_OFFICER,
    COMPETENT,
    COMPETENT_OFFICER,
    MARKET_OFFICER,
    TOWNS,
    Sharing,
    published,
)
from zhengshu_contracts.base import Event
from zhengshu_contracts.catalog import (
    EntryRetired,
    EntryReturned,
    EntrySubmitted,
    OrganizationRegistered,
)
from zhengshu_contracts.roles import Action
from zhengshu_contracts.vocabulary import OrganizationKind
from zhengshu_sharing.clocks import consumers as reviews

FRIDAY = datetime(2026, 3, 6, 4, tzinfo=UTC)
NEW = "303084122704-000099"
REGISTERED = OrganizationRegistered(
    code=COMPETENT, name="罗源县发展和改革局", kind=OrganizationKind.COMPETENT
)


async def hear(sharing: Sharing, *events: Event, at: datetime = FRIDAY) -> None:
    """Have the handlers take catalog's events, in order."""
    async with sharing.unit() as unit:
        await unit.datasets.organization(REGISTERED, at=datetime.now(UTC))
    await cast.hear(sharing, reviews.register, *events, at=at)


def submitted(entry: str = AID) -> EntrySubmitted:
    return EntrySubmitted(entry=entry, provider=CIVIL, title="低保对象")


async def running(sharing: Sharing, who: Any = COMPETENT_OFFICER, query: str = "") -> list[Any]:
    """The clocks that somebody sees."""
    page = await sharing.call(who, Action.CLOCK_READ, "GET", f"/v1/clocks{query}")
    assert page.status_code == 200, page.text
    return page.json()["clocks"]


async def test_a_review_is_due_two_working_days_after_the_submission(sharing: Sharing) -> None:
    await hear(sharing, submitted())
    [clock] = await running(sharing)
    assert (clock["term"], clock["matter"], clock["party"]) == ("catalogue_review", AID, COMPETENT)
    assert (clock["received"], clock["due"]) == ("2026-03-06", "2026-03-10")
    assert "第十七条" in clock["basis"]
    await hear(sharing, published(AID, revision=2), at=FRIDAY + timedelta(days=7))
    assert await running(sharing) == []
    assert await sharing.clocks() == [
        ("opened", "catalogue_review"),
        ("closed", "catalogue_review"),
    ]
    [closed] = await sharing.events("zhengshu.sharing.clock.closed")
    assert closed["late"] is True


async def test_a_returned_revision_is_the_providers_until_it_comes_again(sharing: Sharing) -> None:
    await hear(sharing, submitted(), EntryReturned(entry=AID, by="off-1"))
    [clock] = await running(sharing, CIVIL_OFFICER)
    assert (clock["term"], clock["party"]) == ("catalogue_update", CIVIL)
    assert date.fromisoformat(clock["due"]) == date(2026, 3, 20)
    await hear(sharing, submitted(), at=FRIDAY + timedelta(days=13))
    [stands] = await running(sharing, CIVIL_OFFICER)
    assert (stands["paused"], stands["due"]) == (True, None)
    await hear(sharing, EntryReturned(entry=AID, by="off-1"), at=FRIDAY + timedelta(days=17))
    [again] = await running(sharing, CIVIL_OFFICER)
    assert (again["id"], again["due"]) == (clock["id"], "2026-03-24")  # one day was left
    await hear(sharing, submitted(), published(AID, revision=2), at=FRIDAY + timedelta(days=25))
    assert await running(sharing) == []
    closed = await sharing.events("zhengshu.sharing.clock.closed")
    assert [one["late"] for one in closed if one["term"] == "catalogue_update"] == [True]


async def test_what_was_never_published_owes_no_update(sharing: Sharing) -> None:
    await hear(sharing, submitted(NEW), EntryReturned(entry=NEW, by="off-1"))
    assert await running(sharing) == []


async def test_an_entry_taken_off_leaves_nothing_to_review(sharing: Sharing) -> None:
    await hear(sharing, submitted(), submitted(TOWNS), EntryRetired(entry=AID, provider=CIVIL))
    assert [one["matter"] for one in await running(sharing)] == [TOWNS]


async def test_each_sees_its_own_and_narrows_the_list(sharing: Sharing) -> None:
    await sharing.apply()
    await hear(sharing, submitted())
    assert await running(sharing, MARKET_OFFICER) == []
    assert len(await running(sharing)) == 2
    assert [one["matter"] for one in await running(sharing, query="?due_by=2026-03-10")] == [AID]
    assert await running(sharing, query="?due_by=2026-03-09") == []
    [endorsement] = await running(sharing, query="?term=endorsement")
    assert endorsement["basis"] is None
    first = await sharing.call(COMPETENT_OFFICER, Action.CLOCK_READ, "GET", "/v1/clocks?limit=1")
    cursor = first.json()["next"]
    assert [one["matter"] for one in await running(sharing, query=f"?limit=1&cursor={cursor}")] == [
        AID
    ]
