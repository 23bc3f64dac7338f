"""The reckoning itself: what it reads agrees, and each of its checks notices what it is there for."""

import json
from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace

import pytest
from support.county import County
from support.diary import Diary
from support.evidence import Evidence, gather, wait_for
from support.reckoning import CHECKS, TOLD, differences

pytestmark = [pytest.mark.system, pytest.mark.timeout(300)]
Books = tuple[Evidence, Diary]


@pytest.fixture(scope="module")
def books(county: County) -> Books:
    """What a county that has pushed, read, granted and opened holds, and what its clients were told."""
    county.read(county.aid)
    county.grant()
    county.push_aid()
    county.read_until(county.aid, {"name", "amount"})
    assert county.differences() == []
    return wait_for(gather(county.node)), county.diary


@pytest.fixture(scope="module")
def known(books: Books) -> set[str]:
    """What the books say before anything is tampered with, such as what planted faults left behind."""
    return set(differences(*books))


def lose(database: str, table: str, **having: object) -> Callable[[Evidence, Diary], None]:
    """Lose the last row of a table, of those that have something."""

    def tamper(evidence: Evidence, _: Diary) -> None:
        rows = evidence.table(database, table)
        rows.remove([row for row in rows if having.items() <= row.items()][-1])

    return tamper


def change(database: str, table: str, **values: object) -> Callable[[Evidence, Diary], None]:
    """Change the last row of a table."""

    def tamper(evidence: Evidence, _: Diary) -> None:
        evidence.table(database, table)[-1].update(values)

    return tamper


def lose_event(evidence: Evidence, _: Diary) -> None:
    evidence.events.pop()


def double_event(evidence: Evidence, _: Diary) -> None:
    evidence.events.append(evidence.events[-1])


def repeat_effect(evidence: Evidence, _: Diary) -> None:
    granted = next(each for each in evidence.events if "grant.activated" in each.subject)
    evidence.events.append(granted._replace(id="another"))


def swap_versions(evidence: Evidence, _: Diary) -> None:
    told = [n for n, each in enumerate(evidence.events) if ".updated.v1" in each.subject]
    same = [n for n in told if evidence.events[n].subject == evidence.events[told[0]].subject]
    one, other = same[:2]
    evidence.events[one], evidence.events[other] = evidence.events[other], evidence.events[one]


def lose_typed_row(evidence: Evidence, _: Diary) -> None:
    next(rows for rows in evidence.rows.values() if rows).pop()


def forget_policy(evidence: Evidence, _: Diary) -> None:
    del evidence.policy[next(key for key in evidence.policy if "sharing.dataset" in key)]


def forge_leaf(evidence: Evidence, _: Diary) -> None:
    leaf = evidence.table("audit", "leaves")[0]
    leaf["payload"] = leaf["payload"].replace("zhengshu", "zhengsuh", 1)


def widen_record(evidence: Evidence, _: Diary) -> None:
    for leaf in evidence.table("audit", "leaves"):
        if '"rule":"unconditional"' in leaf["payload"]:
            content = json.loads(leaf["payload"])
            content["event"]["data"]["columns"].append("amount")
            leaf["payload"] = json.dumps(content)


def forget_endings(evidence: Evidence, _: Diary) -> None:
    kept = [
        row for row in evidence.table("audit", "leaves") if "access.ended" not in row["subject"]
    ]
    evidence.tables["audit"]["leaves"] = kept


def show_more(_: Evidence, diary: Diary) -> None:
    each = diary.answered[0]
    diary.answered[0] = replace(each, columns=each.columns | {"secret"})


def unrecorded_answer(_: Evidence, diary: Diary) -> None:
    diary.answered[0] = replace(diary.answered[0], record="r-none")


def lost_push(_: Evidence, diary: Diary) -> None:
    diary.pushed.append(replace(diary.pushed[0], batch="b-none", version="1.9999"))


TAMPERED: list[tuple[str, Callable[[Evidence, Diary], None]]] = [
    ("versions", lose("catalog", "batches")),
    ("versions", swap_versions),
    ("uploads", lose("commission", "held_rows")),
    ("uploads", lose_typed_row),
    ("copies", change("sharing", "datasets", revision=99)),
    ("copies", change("opening", "listings", version=1, state="listed", epoch=9)),
    ("pushes", lost_push),
    ("pushes", lose_typed_row),
    ("outboxes", lose_event),
    ("outboxes", change("catalog", "outbox", published_at=None)),
    ("stream", double_event),
    ("buckets", forget_policy),
    ("grants", lose("sharing", "grants", state="active")),
    ("once", repeat_effect),
    ("inboxes", lose("sharing", "inbox", consumer="sharing:EVENTS")),
    ("leaves", lose("audit", "leaves", kind="event")),
    ("tree", forge_leaf),
    ("accesses", forget_endings),
    ("views", widen_record),
    ("answers", show_more),
    ("answers", unrecorded_answer),
    ("dispatches", change("catalog", "dispatches", state="due")),
    ("filings", lose("catalog", "dispatches")),
    ("replies", lose("sharing", "inbox", consumer="callbacks")),
    ("replies", lose("commission", "callbacks")),
]


@pytest.mark.parametrize(
    ("check", "tamper"),
    TAMPERED,
    ids=[f"{number}-{name}" for number, (name, _) in enumerate(TAMPERED)],
)
def test_a_check_notices(books, known, check, tamper):
    evidence, diary = deepcopy(books[0]), deepcopy(books[1])
    tamper(evidence, diary)
    found = set(differences(evidence, diary)) - known
    assert any(each.startswith(f"{check}: ") for each in found), found


def test_no_check_is_left_out():
    assert {check.__name__ for check in (*CHECKS, *TOLD)} == {name for name, _ in TAMPERED}
