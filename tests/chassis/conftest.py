"""A tiny service's database, settings and callers."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest
from httpx import ASGITransport, AsyncClient
from pydantic import SecretStr
from support.servers import Bus
from support.tiny.main import build
from support.tiny.settings import TinySettings
from zhengshu_chassis.auth import HEADER, seal
from zhengshu_chassis.migrate import upgrade
from zhengshu_contracts.identity import Identity, Principal
from zhengshu_contracts.roles import Action
from zhengshu_contracts.vocabulary import PrincipalKind, Role
from zhengshu_local import databases
from zhengshu_local.postgres import Postgres

PASSWORDS = {"tiny_owner": "one", "tiny_app": "two"}
KEY = SecretStr("internal key of the tests")


@dataclass(frozen=True)
class Tiny:
    """One database of the tiny service."""

    name: str
    server: Postgres

    def url(self, role: str = "tiny_app") -> str:
        return f"postgresql://{role}:{PASSWORDS[role]}@127.0.0.1:{self.server.port}/{self.name}"

    async def connect(self) -> asyncpg.Connection:
        return await asyncpg.connect(self.url())


@pytest.fixture(scope="session")
async def template(postgres: Postgres) -> Tiny:
    import asyncio

    connection = await asyncpg.connect(postgres.url())
    await databases.create_roles(connection, list(PASSWORDS), PASSWORDS)
    await databases.create_database(connection, "template_tiny", "tiny")
    await connection.close()
    await databases.prepare(postgres.url(), "template_tiny", "tiny")
    made = Tiny("template_tiny", postgres)
    await asyncio.to_thread(upgrade, "support.tiny", made.url("tiny_owner"))
    return made


@pytest.fixture
async def tiny(template: Tiny, request: pytest.FixtureRequest) -> AsyncIterator[Tiny]:
    """A migrated, empty database."""
    name = f"tiny_{abs(hash(request.node.nodeid))}"
    connection = await asyncpg.connect(template.server.url())
    await connection.execute(f"CREATE DATABASE {name} OWNER tiny_owner TEMPLATE template_tiny")
    await databases.restrict(connection, name, "tiny")
    yield Tiny(name, template.server)
    await connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
    await connection.close()


@pytest.fixture
def settings(tiny: Tiny) -> TinySettings:
    """Settings that serve; NATS is not there."""
    return TinySettings(
        port=0,
        mode="serve",
        database_url=tiny.url(),
        internal_key=KEY,
        nats_url="nats://127.0.0.1:1",
        nats_user="audit",
        nats_password="none",
    )


@pytest.fixture
def with_bus(settings: TinySettings, bus: Bus) -> TinySettings:
    """Settings with NATS."""
    return settings.model_copy(
        update={"nats_url": bus.url, "nats_password": SecretStr(bus.password("audit"))}
    )


@pytest.fixture
async def client(settings: TinySettings) -> AsyncIterator[AsyncClient]:
    """The tiny service over ASGI, as a data officer compiling."""
    app = build(settings)
    async with app.router.lifespan_context(app), caller(app) as http:
        yield http


def caller(app: object, **options: object) -> AsyncClient:
    transport = ASGITransport(app=app, raise_app_exceptions=False)
    return AsyncClient(transport=transport, base_url="http://tiny", headers=identity(**options))


def identity(
    action: Action = Action.ENTRY_COMPILE,
    *,
    client: str = "off-1",
    kind: PrincipalKind = PrincipalKind.OFFICER,
    roles: frozenset[Role] = frozenset({Role.DATA_OFFICER}),
    key: SecretStr = KEY,
    seconds: float = 30,
) -> dict[str, str]:
    """The header of the internal token."""
    principal = Principal(id=client, kind=kind, roles=roles)
    expires = datetime.now(UTC) + timedelta(seconds=seconds)
    return {HEADER: seal(Identity(principal=principal, action=action, expires=expires), key)}


Headers = Callable[..., dict[str, str]]


@pytest.fixture
def reader() -> dict[str, str]:
    """The token of a data officer reading."""
    return identity(Action.ENTRY_READ)


@pytest.fixture
async def unreachable(settings: TinySettings) -> AsyncIterator[AsyncClient]:
    """The tiny service whose database is away."""
    nowhere = SecretStr("postgresql://tiny_app:two@127.0.0.1:1/tiny")
    app = build(settings.model_copy(update={"database_url": nowhere}))
    async with app.router.lifespan_context(app), caller(app) as http:
        yield http


@pytest.fixture
def sealed() -> Headers:
    """Makes the header of an identity."""
    return identity
