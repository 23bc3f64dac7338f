"""Databases and roles of one server, and their migrations, all in one process.

Knows who owns which database, nothing of the tables in it. `python -m zhengshu_local.databases`
reads {"superuser": url, "passwords": {role: password}} on its standard input.
"""

import asyncio
import importlib.util
import json
import sys
from collections.abc import Mapping

import asyncpg

# Roles beside <database>_owner (migrates) and <database>_app (serves).
EXTRA_ROLES = {"catalog": ["catalog_rows", "catalog_reader"]}
DATABASES = ("catalog", "sharing", "opening", "audit", "commission")
# Statements inside a database, idempotent, for what a migration cannot do for lack of rights.
INSIDE = {
    "catalog": [
        "CREATE SCHEMA IF NOT EXISTS rows AUTHORIZATION catalog_rows",
        "GRANT USAGE ON SCHEMA rows TO catalog_app, catalog_reader",
        "ALTER DEFAULT PRIVILEGES FOR ROLE catalog_rows IN SCHEMA rows"
        " GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO catalog_app",
        "ALTER DEFAULT PRIVILEGES FOR ROLE catalog_rows IN SCHEMA rows"
        " GRANT SELECT ON TABLES TO catalog_reader",
        # Publishing makes a dataset's tables in the transaction that publishes it.
        "GRANT catalog_rows TO catalog_app WITH INHERIT FALSE, SET TRUE",
    ]
}
# What INSIDE makes a role a member of, for an operator of PostgreSQL that keeps a list of its own.
MEMBERS = {"catalog_app": ["catalog_rows"]}
# Nobody has business in the databases that every server has, ...
CLOSED = [f"REVOKE ALL ON DATABASE {shared} FROM PUBLIC" for shared in ("postgres", "template1")]
# ... but for CloudNativePG: its pg_rewind enters `postgres` as a role that is no superuser, or no old primary
# comes back after a failover. A server of its own per service has nobody else to keep out.
CLOSED_BY_OPERATOR = CLOSED[1:]
# Roles that stage what they are sent in temporary tables.
TEMPORARY = {"catalog": ["catalog_app"]}


def roles(database: str) -> list[str]:
    """The roles that may connect to a database."""
    return [f"{database}_owner", f"{database}_app", *EXTRA_ROLES.get(database, [])]


async def create(superuser: str, passwords: Mapping[str, str]) -> None:
    """Create every role and database that is missing; set passwords and rights again."""
    connection = await asyncpg.connect(superuser)
    try:
        for database in DATABASES:
            await create_roles(connection, roles(database), passwords)
            await create_database(connection, database)
        for statement in CLOSED:
            await connection.execute(statement)
    finally:
        await connection.close()
    for database in DATABASES:
        await prepare(superuser, database)


async def create_roles(
    connection: asyncpg.Connection, names: list[str], passwords: Mapping[str, str]
) -> None:
    """Create login roles without any power of their own."""
    for role in names:
        if not await connection.fetchval("SELECT 1 FROM pg_roles WHERE rolname = $1", role):
            await connection.execute(f"CREATE ROLE {role}")
        password = await connection.fetchval("SELECT quote_literal($1::text)", passwords[role])
        await connection.execute(
            f"ALTER ROLE {role} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD {password}"
        )


async def create_database(
    connection: asyncpg.Connection, name: str, service: str | None = None
) -> None:
    """Create one database that only its service's roles may connect to."""
    service = service or name
    if not await connection.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", name):
        await connection.execute(f"CREATE DATABASE {name} OWNER {service}_owner TEMPLATE template0")
    await restrict(connection, name, service)


async def restrict(connection: asyncpg.Connection, name: str, service: str) -> None:
    """Let the service's roles connect, and nobody else."""
    for statement in outside(name, service):
        await connection.execute(statement)


def outside(name: str, service: str) -> list[str]:
    """Statements that say who may connect to a service's database."""
    return [
        f"REVOKE ALL ON DATABASE {name} FROM PUBLIC",
        f"GRANT CONNECT ON DATABASE {name} TO {', '.join(roles(service))}",
        *(f"GRANT TEMPORARY ON DATABASE {name} TO {role}" for role in TEMPORARY.get(service, [])),
    ]


def inside(service: str) -> list[str]:
    """Statements for inside a service's database, before its migrations."""
    return [
        "REVOKE ALL ON SCHEMA public FROM PUBLIC",
        f"GRANT USAGE ON SCHEMA public TO {', '.join(roles(service))}",
        *INSIDE.get(service, []),
    ]


async def prepare(superuser: str, database: str, service: str | None = None) -> None:
    """Run what must happen inside a database before its migrations."""
    connection = await asyncpg.connect(superuser, database=database)
    try:
        for statement in inside(service or database):
            await connection.execute(statement)
    finally:
        await connection.close()


def migrate(service: str, url: str) -> bool:
    """Bring one database to the newest revision; False when the service has no migrations yet."""
    package = f"zhengshu_{service}"
    if not has_migrations(package):
        return False
    from zhengshu_chassis.migrate import upgrade  # noqa: PLC0415 - Alembic, for this process only

    upgrade(package, url)
    return True


def has_migrations(package: str) -> bool:
    """Tell whether a package brings migrations."""
    folder = importlib.util.find_spec(f"{package}.migrations")
    return folder is not None and importlib.util.find_spec(f"{package}.migrations.env") is not None


def owner_url(superuser: str, database: str, passwords: Mapping[str, str]) -> str:
    """Derive the URL of a database's owner from the superuser's."""
    server = superuser.rsplit("@", 1)[1].split("/", 1)[0]
    role = f"{database}_owner"
    return f"postgresql://{role}:{passwords[role]}@{server}/{database}"


def main() -> None:
    """Create and migrate everything, then say which databases were migrated."""
    given = json.load(sys.stdin)
    superuser, passwords = given["superuser"], given["passwords"]
    asyncio.run(create(superuser, passwords))
    done = [
        database
        for database in DATABASES
        if migrate(database, owner_url(superuser, database, passwords))
    ]
    print("已迁移:", "、".join(done) or "无")


if __name__ == "__main__":
    main()
