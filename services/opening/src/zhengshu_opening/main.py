"""The composition root of opening: the only module that knows all others."""

from datetime import UTC, datetime

from fastapi import FastAPI
from zhengshu_chassis import http
from zhengshu_chassis.app import create_app
from zhengshu_chassis.resources import Resources
from zhengshu_chassis.workers import every

from zhengshu_opening.applicants.api import router as applicants
from zhengshu_opening.applicants.errors import AlreadyApplied
from zhengshu_opening.consumers import consumers
from zhengshu_opening.desk import desk
from zhengshu_opening.listings import files, operations
from zhengshu_opening.listings.api import router as listings
from zhengshu_opening.listings.snapshots import Workshop
from zhengshu_opening.listings.source import Source
from zhengshu_opening.proposals.api import router as proposals
from zhengshu_opening.proposals.errors import AlreadyProposed
from zhengshu_opening.settings import OpeningSettings
from zhengshu_opening.unit import Unit


def build(settings: OpeningSettings) -> FastAPI:
    """Put the service together."""

    async def start(resources: Resources) -> None:
        client = http.client(settings.gateway_url, timeout=settings.export_timeout)
        store = files.open_store(settings.store_url)
        source = Source(client, settings.client_id, settings.client_secret)
        resources.extra |= {
            "client": client,
            "store": store,
            "workshop": Workshop(resources.database, store, source),
        }

    return create_app(
        settings,
        name="opening",
        title="政数·数据开放服务",
        description="开放提案、开放目录与文件、授权开放申请。",
        routers=[proposals, listings, applicants],
        consumers=consumers,
        desk=desk,
        heartbeat=True,
        # Two, so that a large snapshot does not hold up a small one.
        workers={
            "snapshots": every(1.0, _make_snapshots),
            "more-snapshots": every(1.0, _make_snapshots),
            "expiry": every(5.0, _expire),
        },
        constraints={
            "uq_proposals_pending": AlreadyProposed,
            "uq_applications_pending": AlreadyApplied,
        },
        on_start=start,
        on_stop=_stop,
    )


async def _stop(resources: Resources) -> None:
    if "client" in resources.extra:
        await resources.extra["client"].aclose()


async def _make_snapshots(resources: Resources) -> None:
    await resources.extra["workshop"].round()


async def _expire(resources: Resources) -> None:
    async with resources.database.sessions.begin() as session:
        await operations.expire(Unit.of(session), datetime.now(UTC))
