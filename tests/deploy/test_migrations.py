"""What the upgrade's hooks rest on: migrations run twice, wait for locks only briefly, and first expand."""

import asyncio
import re
import time
from pathlib import Path

import asyncpg
import pytest
from support.chart import ROOT
from zhengshu_local import databases

# The newest revision of each service in the last release. What comes after it runs beside that
# release's code, so it may add but not take away: write the new numbers here with every release.
RELEASED: dict[str, str] = {}
CONTRACTS = re.compile(
    r"DROP (COLUMN|TABLE|CONSTRAINT|SCHEMA)|\bRENAME\b|SET NOT NULL|ALTER COLUMN \w+ (SET DATA )?TYPE"
    r"|ADD COLUMN \w+ (?![^,]*DEFAULT)[^,]*NOT NULL|op\.(drop|rename)_",
    re.IGNORECASE,
)
EXPLAINED = "# contract:"  # followed by the release whose code no longer uses it


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
            assert 4 < time.monotonic() - began < 15
    finally:
        await reader.close()


async def test_leaves_the_schema_of_a_later_release_alone(database):
    one = await database("audit")
    connection = await asyncpg.connect(one.owner_url)
    await connection.execute("UPDATE alembic_version SET version_num = '9999'")
    await asyncio.to_thread(databases.migrate, "audit", one.owner_url)
    assert await connection.fetchval("SELECT version_num FROM alembic_version") == "9999"
    await connection.close()


@pytest.mark.parametrize("service", databases.DATABASES)
def test_revisions_are_one_chain_in_the_order_of_their_files(service):
    folder = ROOT / f"services/{service}/src/zhengshu_{service}/migrations/versions"
    numbers = [path.name[:4] for path in sorted(folder.glob("0*.py"))]
    said = [
        (
            re.findall(r'^revision = "(\d+)"', text, re.M),
            re.findall(r'^down_revision = "?(\w+)', text, re.M),
        )
        for text in (path.read_text() for path in sorted(folder.glob("0*.py")))
    ]
    assert said == [
        ([one], [before]) for one, before in zip(numbers, ["None", *numbers], strict=False)
    ]


def revisions():
    """Every revision that runs beside the last release's code."""
    for service in databases.DATABASES:
        if service in RELEASED:
            folder = ROOT / f"services/{service}/src/zhengshu_{service}/migrations/versions"
            yield from (
                path for path in sorted(folder.glob("0*.py")) if path.name > RELEASED[service]
            )


def contracting(path: Path) -> list[str]:
    """Return the lines that take away what the last release's code may still use."""
    text = path.read_text()
    if EXPLAINED in text:
        return []
    return [found[0] for found in CONTRACTS.finditer(text)]


def test_revisions_expand_before_they_contract():
    assert {path.name: found for path in revisions() if (found := contracting(path))} == {}


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
    ],
)
def test_what_counts_as_taking_away(statement, taken, tmp_path):
    path = tmp_path / "0009_try.py"
    path.write_text(statement)
    assert (contracting(path) == []) == taken
