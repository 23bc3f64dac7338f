"""Whether the process lives, and whether what it depends on answers; each named."""

import asyncio

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field

from zhengshu_chassis.resources import Held, Resources

PATIENCE = 2.0

router = APIRouter(prefix="/health", tags=["运行状况"])


class Live(BaseModel):
    """The process answers."""

    status: str = Field(default="live", description="进程状态")


class Ready(BaseModel):
    """What the process depends on: `up`, `down`, or absent when it needs none."""

    status: str = Field(description="ready 全部就绪;degraded 可服务但有依赖缺失;unready 不可服务")
    database: str | None = Field(default=None, description="数据库")
    nats: str | None = Field(default=None, description="消息总线")


@router.get("/live", response_model=Live)
async def live() -> Live:
    """进程是否存活"""
    return Live()


@router.get("/ready", response_model=Ready, response_model_exclude_none=True)
async def ready(held: Held, response: Response) -> Ready:
    """依赖是否就绪

    有数据库的服务在消息总线中断时仍可服务(degraded),事件在恢复后补发。
    """
    state = await check(held)
    response.status_code = 503 if state.status == "unready" else 200
    return state


async def check(held: Resources) -> Ready:
    """Look at each dependency; the database decides, or NATS where there is no database."""
    database = await _database(held) if held.has_database else None
    nats = ("up" if held.bus.connected else "down") if held.has_bus else None
    if database == "down" or (database is None and nats == "down"):
        status = "unready"
    else:
        status = "degraded" if nats == "down" else "ready"
    return Ready(status=status, database=database, nats=nats)


async def _database(held: Resources) -> str:
    from sqlalchemy import text  # noqa: PLC0415 - processes without a database do not load it
    from sqlalchemy.exc import SQLAlchemyError  # noqa: PLC0415 - see above

    try:
        async with asyncio.timeout(PATIENCE), held.database.engine.connect() as connection:
            await connection.execute(text("SELECT 1"))
    except (SQLAlchemyError, OSError, TimeoutError):
        return "down"
    return "up"
