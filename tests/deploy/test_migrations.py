"""What the upgrade's hooks rest on: migrations run twice, wait for locks only briefly, and first expand."""

import asyncio
import re
import time
from pathlib import Path

import asyncpg
import pytest
from sqlalchemy import text
from support.chart import ROOT
from zhengshu_chassis import migrate
from zhengshu_local import databases

# The newest revision of each service in the last release, 0.1.0. What comes after it runs beside that
# release's code, so it may add but not take away: write the new numbers here with every release.
RELEASED = {
    "catalog": "0019",
    "sharing": "0011",
    "opening": "0002",
    "audit": "0001",
    "commission": "0003",
}
CONTRACTS = re.compile(
    r"DROP (COLUMN|TABLE|CONSTRAINT|SCHEMA)|\bRENAME\b|SET NOT NULL|ALTER COLUMN \w+ (SET DATA )?TYPE"
    r"|ADD COLUMN \w+ (?![^,]*DEFAULT)[^,]*NOT NULL|op\.(drop|rename)_",
    re.IGNORECASE,
)
# On the line itself: the last release whose code still used it.
EXPLAINED = re.compile(r"(#|--) contract: unused since \d+\.\d+\.\d+")


@pytest.mark.parametrize("service", databases.DATABASES)
async def test_runs_twice_and_twice_at_once(service, database):
    one = await database(service)
    again = [asyncio.to_thread(databases.migrate, service, one.owner_url) for _ in range(2)]
    assert await asyncio.gather(*again) == [True, True]


async def test_gives_up_rather_than_hold_up_the_running_release(database):
    one = await database("sharing")
    reader = await asyncpg.connect(one.owner_url)
    try:
        async with reader.transaction():
            await reader.execute("LOCK TABLE alembic_version IN ACCESS EXCLUSIVE MODE")
            began = time.monotonic()
            with pytest.raises(Exception, match="lock timeout"):
                await asyncio.to_thread(databases.migrate, "sharing", one.owner_url)
            assert 3 < time.monotonic() - began < 15
    finally:
        await reader.close()


async def test_no_statement_runs_on_beside_the_running_release(database, monkeypatch):
    one, told = await database("audit"), {}

    def asks(connection, *_: object) -> None:
        for limit in ("lock_timeout", "statement_timeout"):
            told[limit] = connection.scalar(text(f"SHOW {limit}"))

    monkeypatch.setattr(migrate, "_run", asks)
    await asyncio.to_thread(migrate.upgrade, "zhengshu_audit", one.owner_url)
    assert told == {"lock_timeout": "4s", "statement_timeout": "5s"}


async def test_leaves_the_schema_of_a_later_release_alone(database):
    one = await database("audit")
    connection = await asyncpg.connect(one.owner_url)
    await connection.execute("UPDATE alembic_version SET version_num = '9999'")
    await asyncio.to_thread(databases.migrate, "audit", one.owner_url)
    assert await connection.fetchval("SELECT version_num FROM alembic_version") == "9999"
    await connection.close()


def folder_of(service: str) -> Path:
    return ROOT / f"services/{service}/src/zhengshu_{service}/migrations/versions"


def later(folder: Path, released: str) -> list[Path]:
    """The revisions that run beside the last release's code."""
    return [path for path in sorted(folder.glob("0*.py")) if path.name[:4] > released]


def contracting(path: Path) -> list[str]:
    """Return what takes away from the last release's code, unless its line says since when it is unused."""
    text = path.read_text()
    return [
        found[0]
        for found in CONTRACTS.finditer(text)
        if not EXPLAINED.search(whole_lines(text, found.start(), found.end()))
    ]


def whole_lines(text: str, start: int, end: int) -> str:
    """The lines on which a piece of a text stands."""
    return text[text.rfind("\n", 0, start) + 1 : (text + "\n").index("\n", end)]


@pytest.mark.parametrize("service", databases.DATABASES)
def test_revisions_are_one_chain_in_the_order_of_their_files(service):
    paths = sorted(folder_of(service).glob("0*.py"))
    numbers = [path.name[:4] for path in paths]
    said = [
        (
            re.findall(r'^revision = "(\d+)"', text, re.M),
            re.findall(r'^down_revision = "?(\w+)', text, re.M),
        )
        for text in (path.read_text() for path in paths)
    ]
    assert said == [
        ([one], [before]) for one, before in zip(numbers, ["None", *numbers], strict=False)
    ]


@pytest.mark.parametrize("service", databases.DATABASES)
def test_revisions_expand_before_they_contract(service):
    assert any(path.name.startswith(RELEASED[service]) for path in folder_of(service).iterdir())
    found = {path.name: contracting(path) for path in later(folder_of(service), RELEASED[service])}
    assert not {name: taken for name, taken in found.items() if taken}


def test_a_revision_after_the_release_that_takes_away_is_found(tmp_path):
    (tmp_path / "0001_first.py").write_text("op.drop_column('grants', 'note')")
    (tmp_path / "0002_second.py").write_text("op.drop_column('grants', 'note')")
    (tmp_path / "0003_third.py").write_text("op.add_column('grants', Column('note', Text))")
    after = later(tmp_path, "0001")
    assert [path.name for path in after] == ["0002_second.py", "0003_third.py"]
    assert [contracting(path) for path in after] == [["op.drop_"], []]


@pytest.mark.parametrize(
    ("statement", "taken"),
    [
        ("ALTER TABLE grants ADD COLUMN masks jsonb NOT NULL DEFAULT '[]'", True),
        ("ALTER TABLE grants ADD COLUMN note text", True),
        ("CREATE INDEX ix_grants ON grants (id)", True),
        ("ALTER TABLE grants ADD COLUMN note text NOT NULL", False),
        ("ALTER TABLE grants DROP COLUMN note", False),
        ("ALTER TABLE grants RENAME COLUMN note TO remark", False),
        ("ALTER TABLE grants ALTER COLUMN note SET NOT NULL", False),
        ("DROP TABLE grants  # contract: unused since 0.2.0", True),
        ("DROP TABLE grants;  -- contract: unused since 0.2.0\nDROP TABLE uses", False),
        ("DROP TABLE grants  # contract: somebody said so", False),
    ],
)
def test_what_counts_as_taking_away(statement, taken, tmp_path):
    path = tmp_path / "0009_try.py"
    path.write_text(statement)
    assert (contracting(path) == []) == taken
