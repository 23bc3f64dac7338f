"""Databases for tests: migrated once per worker and service, then copied for each test."""

import asyncio
from dataclasses import dataclass, field

import asyncpg
from zhengshu_local import databases
from zhengshu_local.credentials import Secrets
from zhengshu_local.postgres import Postgres


@dataclass(frozen=True)
class Database:
    """One copy of a service's database, and its URLs by role."""

    service: str
    name: str
    server: Postgres
    secrets: Secrets

    def role_url(self, role: str) -> str:
        """The URL as one role, for example `catalog_reader`."""
        password = self.secrets("databases", role)
        return f"postgresql://{role}:{password}@127.0.0.1:{self.server.port}/{self.name}"

    @property
    def url(self) -> str:
        """The URL as the serving role."""
        return self.role_url(f"{self.service}_app")

    @property
    def owner_url(self) -> str:
        """The URL as the migrating role."""
        return self.role_url(f"{self.service}_owner")

    @property
    def superuser_url(self) -> str:
        """The URL as the superuser, to look behind what a role may see."""
        return self.server.url(self.name)


@dataclass
class Databases:
    """Makes copies of migrated databases on one server."""

    server: Postgres
    secrets: Secrets
    _templates: dict[str, Database] = field(default_factory=dict)
    _made: int = 0

    async def create(self, service: str) -> Database:
        """Copy the service's migrated database."""
        template = await self.template(service)
        self._made += 1
        copy = Database(service, f"{service}_{self._made}", self.server, self.secrets)
        await self._execute(
            f"CREATE DATABASE {copy.name} OWNER {service}_owner TEMPLATE {template.name}"
        )
        await self._restrict(copy)
        return copy

    async def drop(self, database: Database) -> None:
        """Remove a copy, whoever is still connected."""
        await self._execute(f"DROP DATABASE IF EXISTS {database.name} WITH (FORCE)")

    async def template(self, service: str) -> Database:
        """Migrate the service's database, the first time it is asked for."""
        if service not in self._templates:
            made = Database(service, f"template_{service}", self.server, self.secrets)
            passwords = self.secrets.group("databases")
            connection = await asyncpg.connect(self.server.url())
            try:
                await databases.create_roles(connection, databases.roles(service), passwords)
                await databases.create_database(connection, made.name, service)
            finally:
                await connection.close()
            await databases.prepare(self.server.url(), made.name, service)
            await asyncio.to_thread(databases.migrate, service, made.owner_url)
            self._templates[service] = made
        return self._templates[service]

    async def _restrict(self, database: Database) -> None:
        connection = await asyncpg.connect(self.server.url())
        try:
            await databases.restrict(connection, database.name, database.service)
        finally:
            await connection.close()

    async def _execute(self, statement: str) -> None:
        connection = await asyncpg.connect(self.server.url())
        try:
            await connection.execute(statement)
        finally:
            await connection.close()
