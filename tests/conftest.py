"""Fixtures shared by all tests; what they are made of lives in `tests/support`."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import hypothesis
import pytest
from support.databases import Database, Databases
from support.servers import Bus, running_nats, running_node, running_postgres, secrets
from zhengshu_local.node import Node
from zhengshu_local.postgres import Postgres

# The same examples on every run, and no verdict on how fast a loaded machine is.
hypothesis.settings.register_profile("fixed", derandomize=True, deadline=None)
hypothesis.settings.load_profile("fixed")


FIRST = {"system", "faults"}
"""Folders whose files start whole nodes: begun first, so that no worker is left with them at the end."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    items.sort(key=lambda item: item.path.relative_to(here).parts[0] not in FIRST)


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
    """One PostgreSQL server per worker, without databases of the node."""
    with running_postgres(tmp_path_factory.mktemp("postgres")) as server:
        yield server


@pytest.fixture(scope="session")
def databases(postgres: Postgres) -> Databases:
    """Makes databases on the worker's server; tests use `database`."""
    return Databases(postgres, secrets(postgres.directory))


@pytest.fixture
async def database(databases: Databases) -> AsyncIterator[Callable[[str], Awaitable[Database]]]:
    """`await database("catalog")`: a migrated database of one's own, removed at the end."""
    made: list[Database] = []

    async def create(service: str) -> Database:
        made.append(await databases.create(service))
        return made[-1]

    yield create
    for one in made:
        await databases.drop(one)


@pytest.fixture(scope="session")
async def nats_server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Bus]:
    """One NATS server per worker, with its streams and buckets."""
    with running_nats(tmp_path_factory.mktemp("nats")) as bus:
        await bus.provision()
        yield bus


@pytest.fixture
async def bus(nats_server: Bus) -> Bus:
    """The worker's NATS server with empty streams and without consumers."""
    await nats_server.provision()
    return nats_server


@pytest.fixture(scope="session")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    """The whole node, one per worker; a test that breaks something uses `running_node` instead."""
    with running_node(tmp_path_factory.mktemp("node")) as one:
        yield one


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what tests measured (`record_property`)."""
    for outcome in ("passed", "failed"):
        for report in terminalreporter.getreports(outcome):
            for name, value in report.user_properties:
                terminalreporter.write_line(f"{name}: {value}")
