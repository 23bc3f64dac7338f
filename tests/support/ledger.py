"""A ledger to test with: keys, settings, messages, a witness, and the application with a caller."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient
from pydantic import SecretStr
from support.databases import Database
from support.servers import Bus
from zhengshu_audit import domain, operations
from zhengshu_audit.main import build
from zhengshu_audit.operations import Unit
from zhengshu_audit.settings import AuditSettings
from zhengshu_chassis.auth import HEADER, seal
from zhengshu_chassis.db import Database as Connection
from zhengshu_contracts.access import MESSAGE, AccessDecided, AccessEnded, AccessOutcome
from zhengshu_contracts.audit import LEDGER_ORIGIN, WITNESS_NAME
from zhengshu_contracts.base import Envelope, Event
from zhengshu_contracts.catalog import EntryRetired
from zhengshu_contracts.identity import Identity, Principal
from zhengshu_contracts.roles import Action
from zhengshu_contracts.vocabulary import PrincipalKind, Role
from zhengshu_verify import keys
from zhengshu_verify.note import Algorithm, Note, SigningKey

CHECKPOINT_KEY = keys.private_jwk(keys.generate())
WITNESS_KEY = keys.private_jwk(keys.generate())
LOG = SigningKey.of(LEDGER_ORIGIN, Algorithm.ED25519, CHECKPOINT_KEY)
WITNESS = SigningKey.of(WITNESS_NAME, Algorithm.COSIGNATURE, WITNESS_KEY)
INTERNAL = SecretStr("internal key of the tests")
AT = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
NOWHERE = {"nats_url": "nats://127.0.0.1:1", "nats_user": "audit", "nats_password": "none"}


def settings(database: Database, bus: Bus | None = None, **more: Any) -> AuditSettings:
    """Settings of audit on these servers; without a bus it only serves."""
    given = {
        "port": 0,
        "mode": "all" if bus else "serve",
        "database_url": database.url,
        "internal_key": INTERNAL,
        "checkpoint_key": json.dumps(CHECKPOINT_KEY),
        "witness_key": json.dumps({k: v for k, v in WITNESS_KEY.items() if k != "d"}),
        "checkpoint_interval": 0.1,
    }
    return AuditSettings(**given | (bus.settings("audit") if bus else NOWHERE) | more)


@asynccontextmanager
async def running(settings: AuditSettings) -> AsyncIterator[FastAPI]:
    """The application, started and stopped."""
    app = build(settings)
    async with app.router.lifespan_context(app):
        yield app


def caller(app: FastAPI, action: Action, **principal: Any) -> AsyncClient:
    """A client that the gateway vouches for."""
    who = {"id": "off-1", "kind": PrincipalKind.OFFICER, "roles": {Role.AUDITOR}} | principal
    expires = datetime.now(UTC) + timedelta(minutes=1)
    identity = Identity(principal=Principal(**who), action=action, expires=expires)
    headers = {HEADER: seal(identity, INTERNAL)}
    return AsyncClient(transport=ASGITransport(app), base_url="http://audit", headers=headers)


def envelope(number: int = 0, event: Event | None = None) -> Envelope:
    """An event about an entry."""
    event = event or EntryRetired(entry=f"303084122704-{number:06}", provider="-")
    return Envelope.wrap(event, source="catalog", about=f"entry:{number}")


def decided(record: str, *, allowed: bool = True) -> Envelope:
    """The beginning of an access."""
    event = AccessDecided(
        record=record,
        at=AT,
        client="sys-1",
        client_kind=PrincipalKind.SYSTEM,
        action=Action.DATASET_QUERY,
        dataset="303084122704-000001",
        allowed=allowed,
        rule="unconditional",
    )
    return Envelope.wrap(event, source="gateway", about=record)


def ended(record: str) -> Envelope:
    """The end of an access."""
    event = AccessEnded(record=record, at=AT, outcome=AccessOutcome.COMPLETE, status=200, bytes=5)
    return Envelope.wrap(event, source="gateway", about=record)


def wire(*envelopes: Envelope) -> bytes:
    """One message: an event as it is, several as an array."""
    texts = [each.model_dump_json(exclude_none=True) for each in envelopes]
    return (texts[0] if len(texts) == 1 else f"[{','.join(texts)}]").encode()


async def publish(bus: Bus, *envelopes: Envelope, message_id: str | None = None) -> None:
    """Publish what the relay or the gateway would."""
    access = envelopes[0].type.startswith("zhengshu.access.")
    body = wire(*envelopes)
    body = b"[" + body + b"]" if access and len(envelopes) == 1 else body
    subject = MESSAGE if access else envelopes[0].type
    client = await bus.connect()
    headers = {"Nats-Msg-Id": message_id or envelopes[0].id}
    await client.jetstream().publish(subject, body, headers=headers)
    await client.close()


async def fill(database: Connection, *envelopes: Envelope, at: datetime = AT) -> None:
    """Append leaves in one transaction."""
    async with database.sessions.begin() as session:
        for each in envelopes:
            await operations.record(Unit.of(session), domain.enter(wire(each), at=at))


async def sign(database: Connection) -> int | None:
    """Sign a checkpoint over what is there."""
    async with database.sessions.begin() as session:
        return await operations.sign(Unit.of(session), LOG, now=AT)


async def look(database: Database, query: str, *arguments: Any) -> list[Any]:
    """Query, or spoil, behind the service's back."""
    connection = await asyncpg.connect(database.superuser_url)
    try:
        return list(await connection.fetch(query, *arguments))
    finally:
        await connection.close()


def cosignature(note: str, key: SigningKey = WITNESS) -> str:
    """The witness's line for a checkpoint."""
    return key.cosign(Note.parse(note).text, at=int(AT.timestamp())).line()
