"""The only place that puts an application together: resources, middleware, error handlers, workers."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.middleware import Middleware
from starlette.responses import Response

from zhengshu_chassis import health, openapi, problems, telemetry
from zhengshu_chassis.bus import Bus
from zhengshu_chassis.errors import DomainError
from zhengshu_chassis.resources import Resources
from zhengshu_chassis.settings import BusSettings, DatabaseSettings, ProcessSettings
from zhengshu_chassis.supervision import Worker, supervise

if TYPE_CHECKING:
    from zhengshu_chassis.consumers import Consumers
    from zhengshu_chassis.dispatch import Desk

Start = Callable[[Resources], Awaitable[None]]

metrics = APIRouter()


@metrics.get("/metrics", include_in_schema=False)
async def read_metrics() -> Response:
    """指标(Prometheus)"""
    return Response(generate_latest(telemetry.REGISTRY), media_type=CONTENT_TYPE_LATEST)


def create_app(
    settings: ProcessSettings,
    *,
    name: str,
    title: str,
    description: str = "",
    routers: Iterable[APIRouter] = (),
    consumers: "Consumers[Any] | None" = None,
    desk: "Desk | None" = None,
    heartbeat: bool = False,
    workers: Mapping[str, Worker] | None = None,
    constraints: Mapping[str, type[DomainError]] | None = None,
    on_start: Start | None = None,
    on_stop: Start | None = None,
) -> FastAPI:
    """Build a deployable's application. `settings.mode` decides whether it serves, works, or both.

    `heartbeat` lets the relay tell readers of the policy bucket how current they are; `workers` run
    once per database, `constraints` names the refusal behind each violated constraint.
    """
    telemetry.configure(name, settings.log_level)
    resources = Resources(name, settings)
    background = partial(_work, resources, consumers, heartbeat, dict(workers or {}))
    app = FastAPI(
        title=title,
        description=description,
        version="1",
        lifespan=partial(_lifespan, resources, background, on_start, on_stop),
        middleware=[Middleware(telemetry.RequestTelemetry)],
        generate_unique_id_function=_operation_id,
        docs_url=None,
        redoc_url=None,
        openapi_url="/openapi.json",
        redirect_slashes=False,
    )
    app.state.resources = resources
    problems.install(app, constraints or {}, _database_errors(settings))
    app.include_router(health.router)
    if settings.metrics_port is None:
        app.include_router(metrics)
    if settings.mode.serves:
        for router in [*routers, *_desk_routers(app, desk), *_letter_routers(app, consumers)]:
            app.include_router(router)
    openapi.install(app)
    return app


def _database_errors(settings: ProcessSettings) -> tuple[type[Exception], ...]:
    """Processes without a database do not load what reads its errors."""
    if not isinstance(settings, DatabaseSettings):
        return ()
    from zhengshu_chassis.database_errors import KINDS  # noqa: PLC0415 - see above

    return KINDS


def _desk_routers(app: FastAPI, desk: "Desk | None") -> list[APIRouter]:
    if desk is None:
        return []
    from zhengshu_chassis import dispatch_api, parked_api  # noqa: PLC0415 - see _database_errors

    app.state.desk = desk
    return [dispatch_api.router, parked_api.dispatches(desk.name)]


def _letter_routers(app: FastAPI, consumers: "Consumers[Any] | None") -> list[APIRouter]:
    if consumers is None:
        return []
    from zhengshu_chassis import parked_api  # noqa: PLC0415 - see _database_errors

    app.state.consumers = consumers
    return [parked_api.dead_letters(consumers.name)]


def _operation_id(route: APIRoute) -> str:
    return route.name


@asynccontextmanager
async def _lifespan(
    resources: Resources,
    background: Callable[[], Awaitable[None]],
    on_start: Start | None,
    on_stop: Start | None,
    _app: FastAPI,
) -> AsyncIterator[None]:
    """Open what the settings name, start the work, and close in reverse."""
    async with AsyncExitStack() as stack:
        _open(resources, stack)
        if on_stop is not None:
            stack.push_async_callback(on_stop, resources)
        if on_start is not None:
            await on_start(resources)
        if resources.settings.mode.works:
            await stack.enter_async_context(_running(background))
        yield


def _open(resources: Resources, stack: AsyncExitStack) -> None:
    settings = resources.settings
    if settings.metrics_port is not None:
        stack.callback(telemetry.tell_on(settings.host, settings.metrics_port))
    if isinstance(settings, DatabaseSettings):
        from zhengshu_chassis.db import connect  # noqa: PLC0415 - see _database_errors

        resources.attach_database(
            database := connect(
                settings.database_url,
                resources.name,
                pool_size=settings.pool_size,
                pool_timeout=settings.pool_timeout,
            )
        )
        stack.push_async_callback(database.engine.dispose)
    if isinstance(settings, BusSettings):
        resources.attach_bus(bus := Bus.of(settings, resources.name))
        bus.start()
        stack.push_async_callback(bus.close)


@asynccontextmanager
async def _running(background: Callable[[], Awaitable[None]]) -> AsyncIterator[None]:
    task = asyncio.create_task(supervise("work", background), name="work")
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def _work(
    resources: Resources,
    consumers: "Consumers[Any] | None",
    heartbeat: bool,
    own: Mapping[str, Worker],
) -> None:
    """Run the background work: alone on a database, or side by side where there is none."""
    if resources.has_database:
        from zhengshu_chassis.workers import run_alone  # noqa: PLC0415 - see _database_errors

        await run_alone(resources, consumers=consumers, heartbeat=heartbeat, workers=own)
        return
    async with asyncio.TaskGroup() as group:
        for name, work in own.items():
            group.create_task(supervise(name, partial(work, resources)), name=name)
