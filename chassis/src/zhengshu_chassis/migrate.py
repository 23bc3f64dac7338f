"""Migrations shipped inside packages, run without alembic.ini; and the chassis's own tables, once.

A service's `migrations/env.py` is two lines: `from zhengshu_chassis.migrate import online; online()`.
"""

import asyncio
from typing import Any

from alembic import command, context
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, pool, text
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import create_async_engine

from zhengshu_chassis.db import plain_url, server_settings
from zhengshu_chassis.logs import log

LOCK = 0x6D696772617465
# A migration runs beside the release that serves: rather than hold it up it fails, and is tried again. A
# statement that takes longer and holds nobody up says so itself: SET LOCAL statement_timeout = '10min'.
LIMITS = {"lock_timeout": "4s", "statement_timeout": "5s"}


def upgrade(package: str, url: str, revision: str = "head") -> None:
    """Bring a database to the newest revision of a package; safe to run twice, and at the same time."""
    asyncio.run(_upgrade(package, url, revision))


async def _upgrade(package: str, url: str, revision: str) -> None:
    settings = server_settings("migrate") | LIMITS
    engine = create_async_engine(
        make_url(plain_url(url)).set(drivername="postgresql+asyncpg"),
        poolclass=pool.NullPool,
        connect_args={"timeout": 10, "server_settings": settings},
    )
    try:
        async with engine.begin() as connection:
            await connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
            await connection.run_sync(_run, package, revision)
    finally:
        await engine.dispose()


def _run(connection: Connection, package: str, revision: str) -> None:
    config = Config()
    config.set_main_option("script_location", f"{package}:migrations")
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    if _is_newer(connection, config):
        log.warning("migrate.newer", package=package)
        return
    command.upgrade(config, revision)


def _is_newer(connection: Connection, config: Config) -> bool:
    """Whether a later release migrated this database: its schema fits this one, so there is nothing to do.

    So it is after a rollback, which takes back the code and never the database.
    """
    current = MigrationContext.configure(connection).get_current_revision()
    known = {each.revision for each in ScriptDirectory.from_config(config).walk_revisions()}
    return current is not None and current not in known


def online() -> None:
    """Run the revisions on the connection that `upgrade` opened: the whole of a service's env.py."""
    connection = context.config.attributes["connection"]
    context.configure(connection=connection, transactional_ddl=True)
    with context.begin_transaction():
        context.run_migrations()


def grants(op: Any, tables: str, privileges: str = "SELECT, INSERT, UPDATE, DELETE") -> None:
    """Give the serving role rights on tables (comma-separated), by the naming convention.

    Migrated by `x_owner`, they go to `x_app`. Run by another role (a superuser in a trial), nothing
    is granted: there is nobody to grant to.
    """
    owner = op.get_bind().scalar(text("SELECT current_user"))
    if owner.endswith("_owner"):
        op.execute(f"GRANT {privileges} ON {tables} TO {owner.removesuffix('_owner')}_app")


def chassis_tables(op: Any) -> None:
    """Create outbox, inbox, idempotency, dispatches and dead_letters, with their grants."""
    for statement in _TABLES:
        op.execute(statement)
    grants(op, "outbox, inbox, idempotency, dispatches, dead_letters")


_TABLES = (
    """
    CREATE TABLE outbox (
        id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_outbox PRIMARY KEY,
        event_id text NOT NULL CONSTRAINT uq_outbox_event_id UNIQUE,
        subject text NOT NULL,
        payload bytea NOT NULL,
        headers jsonb NOT NULL,
        aggregate text NOT NULL,
        created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
        published_at timestamptz
    )
    """,
    "CREATE INDEX ix_outbox_due ON outbox (id) WHERE published_at IS NULL",
    "CREATE INDEX ix_outbox_published ON outbox (published_at) WHERE published_at IS NOT NULL",
    """
    CREATE TABLE inbox (
        consumer text NOT NULL,
        event_id text NOT NULL,
        at timestamptz NOT NULL DEFAULT clock_timestamp(),
        CONSTRAINT pk_inbox PRIMARY KEY (consumer, event_id)
    )
    """,
    "CREATE INDEX ix_inbox_at ON inbox USING brin (at)",
    """
    CREATE TABLE idempotency (
        client text NOT NULL,
        route text NOT NULL,
        key text NOT NULL,
        digest bytea NOT NULL,
        status int NOT NULL,
        headers jsonb NOT NULL,
        body bytea,
        created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
        CONSTRAINT pk_idempotency PRIMARY KEY (client, route, key)
    )
    """,
    "CREATE INDEX ix_idempotency_created_at ON idempotency USING brin (created_at)",
    """
    CREATE TABLE dispatches (
        id text CONSTRAINT pk_dispatches PRIMARY KEY,
        kind text NOT NULL,
        subject text NOT NULL,
        payload jsonb NOT NULL,
        expects_answer boolean NOT NULL,
        state text NOT NULL
            CONSTRAINT ck_dispatches_state CHECK (state IN ('due', 'accepted', 'answered', 'parked')),
        attempts int NOT NULL DEFAULT 0,
        offers int NOT NULL DEFAULT 0,
        acceptance text,
        reason text,
        next_offer_at timestamptz NOT NULL DEFAULT clock_timestamp(),
        created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
        accepted_at timestamptz,
        answered_at timestamptz
    )
    """,
    """
    CREATE INDEX ix_dispatches_open ON dispatches (next_offer_at)
        WHERE state = 'due' OR state = 'accepted' AND expects_answer
    """,
    "CREATE INDEX ix_dispatches_subject ON dispatches (subject, kind)",
    """
    CREATE TABLE dead_letters (
        consumer text NOT NULL,
        event_id text NOT NULL,
        subject text NOT NULL,
        payload bytea NOT NULL,
        error text NOT NULL,
        at timestamptz NOT NULL DEFAULT clock_timestamp(),
        CONSTRAINT pk_dead_letters PRIMARY KEY (consumer, event_id)
    )
    """,
    """
    CREATE FUNCTION wake() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN PERFORM pg_notify(TG_TABLE_NAME, ''); RETURN NULL; END $$
    """,
    "CREATE TRIGGER wake AFTER INSERT ON outbox FOR EACH STATEMENT EXECUTE FUNCTION wake()",
    """
    CREATE TRIGGER wake AFTER INSERT OR UPDATE OF state ON dispatches
        FOR EACH STATEMENT EXECUTE FUNCTION wake()
    """,
)
