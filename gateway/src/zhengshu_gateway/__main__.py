"""python -m zhengshu_gateway serve|work|all|migrate|openapi"""

import asyncio
from collections.abc import Sequence

from zhengshu_chassis import bus, telemetry
from zhengshu_chassis.cli import run
from zhengshu_contracts.subjects import BUCKETS, STREAMS

from zhengshu_gateway.settings import GatewaySettings

PATIENCE = 30


async def provision(settings: GatewaySettings, _: Sequence[str]) -> None:
    """Create or update streams and buckets; the NATS user must be one that may."""
    telemetry.configure("gateway", settings.log_level)
    connection = bus.Bus.of(settings, "gateway-migrate")
    connection.start()
    try:
        async with asyncio.timeout(PATIENCE):
            await connection.ready()
            await bus.provision(connection, STREAMS, BUCKETS, replicas=settings.stream_replicas)
    finally:
        await connection.close()


run(
    "gateway",
    build="zhengshu_gateway.main:build",
    settings=GatewaySettings,
    commands={"migrate": ("建立消息流与存储桶", provision)},
)
