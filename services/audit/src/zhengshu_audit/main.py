"""Puts audit together; the only module that knows all others."""

from datetime import UTC, datetime, timedelta
from typing import cast

from fastapi import FastAPI
from zhengshu_chassis.app import create_app
from zhengshu_chassis.dispatch import Desk
from zhengshu_chassis.resources import Resources
from zhengshu_chassis.workers import Worker, every
from zhengshu_contracts.commission import Callback, CountersignatureAnswer

from zhengshu_audit import operations
from zhengshu_audit.api import accesses, router
from zhengshu_audit.consumers import consumers
from zhengshu_audit.operations import Unit
from zhengshu_audit.settings import AuditSettings

CLOSINGS = 60
"""How often, within the time an access may take, those that lapsed are looked for."""


def build(settings: AuditSettings) -> FastAPI:
    """Build the application."""
    return create_app(
        settings,
        name="audit",
        title="政数·存证",
        description="每一事件、每一次访问都有存证;检查点由市大数据委见证签名,可离线核验。",
        routers=[router, accesses],
        consumers=consumers,
        desk=desk(settings),
        workers={
            "checkpoints": every(settings.checkpoint_interval, checkpoints(settings)),
            "closings": every(settings.access_timeout / CLOSINGS, closings(settings)),
        },
    )


def desk(settings: AuditSettings) -> Desk:
    """Apply the witness's countersignatures."""
    desk = Desk("audit", unit=Unit.of)

    @desk.on_callback("countersignature")
    async def countersign(unit: Unit, callback: Callback) -> bool:
        answer = cast("CountersignatureAnswer", callback.answer)  # the desk goes by its kind
        return await operations.countersign(unit, answer, settings.witness(), now=datetime.now(UTC))

    return desk


def checkpoints(settings: AuditSettings) -> Worker:
    """Sign what is new, then lay the newest checkpoint before the witness."""

    async def work(resources: Resources) -> None:
        signer, now = settings.signer(), datetime.now(UTC)
        async with resources.database.sessions.begin() as session:
            await operations.sign(Unit.of(session), signer, now=now)
        async with resources.database.sessions.begin() as session:
            await operations.file(Unit.of(session), now=now)

    return work


def closings(settings: AuditSettings) -> Worker:
    """Close accesses that never ended."""

    async def work(resources: Resources) -> None:
        before = datetime.now(UTC) - timedelta(seconds=settings.access_timeout)
        async with resources.database.sessions.begin() as session:
            await operations.close_lapsed(Unit.of(session), before=before)

    return work
