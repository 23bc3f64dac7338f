"""The command of every deployable: serve | work | all | migrate | openapi, and what a service adds."""

import argparse
import asyncio
import sys
from collections.abc import Callable, Coroutine, Mapping, Sequence
from importlib import import_module
from typing import Any

import orjson

from zhengshu_chassis.settings import DatabaseSettings, Mode, ProcessSettings, for_documents

GRACE = 10
"""Seconds open requests get to finish after SIGTERM."""

Command = Callable[[Any, Sequence[str]], Coroutine[Any, Any, int | None]]
_HELP = {
    "serve": "只提供接口",
    "work": "只做后台工作(事件转发、消费、定时)",
    "all": "接口与后台工作(单机)",
    "migrate": "升级数据库",
    "openapi": "输出接口说明(OpenAPI)",
}


def run(
    name: str,
    *,
    build: str,
    settings: type[ProcessSettings],
    migrations: str | None = None,
    commands: Mapping[str, tuple[str, Command]] | None = None,
    arguments: Sequence[str] | None = None,
) -> None:
    """Run a deployable. `build` is `package.main:build`, imported only when an application is needed.

    `commands` maps a further command to its Chinese help and an async function of settings and the
    remaining arguments; what it returns is the exit status.
    """
    more = {**_parked(build, settings), **(commands or {})}
    chosen, rest = _parse(name, more, arguments)
    if chosen in more:
        sys.exit(asyncio.run(more[chosen][1](settings(), rest)) or 0)
    if chosen == "openapi":
        app = _load(build)(for_documents(settings))
        sys.stdout.buffer.write(orjson.dumps(app.openapi(), option=_READABLE) + b"\n")
    elif chosen == "migrate":
        _migrate(name, migrations, settings())
    else:
        _serve(_load(build), settings(mode=Mode(chosen)))


def _parse(
    name: str, more: Mapping[str, tuple[str, Command]], arguments: Sequence[str] | None
) -> tuple[str, list[str]]:
    parser = argparse.ArgumentParser(prog=f"python -m zhengshu_{name}")
    choices = parser.add_subparsers(dest="command", required=True, metavar="命令")
    for command, told in (_HELP | {key: value[0] for key, value in more.items()}).items():
        choices.add_parser(command, help=told, add_help=command in _HELP)
    known, rest = parser.parse_known_args(arguments)
    if rest and known.command in _HELP:
        parser.error(f"多余的参数:{' '.join(rest)}")
    return known.command, rest


def _load(build: str) -> Callable[[ProcessSettings], Any]:
    module, _, function = build.partition(":")
    loaded: Callable[[ProcessSettings], Any] = getattr(import_module(module), function)
    return loaded


def _parked(build: str, settings: type[ProcessSettings]) -> dict[str, tuple[str, Command]]:
    """Return the commands of every service that has a database."""
    if not issubclass(settings, DatabaseSettings):
        return {}

    async def show(told: Any, arguments: Sequence[str]) -> int:
        from zhengshu_chassis import parked_cli  # noqa: PLC0415 - for this command alone

        return await parked_cli.show(told, arguments)

    async def again(told: Any, arguments: Sequence[str]) -> int:
        from zhengshu_chassis import parked_cli  # noqa: PLC0415 - for this command alone

        return await parked_cli.again(_load(build), told, arguments)

    async def offer(told: Any, arguments: Sequence[str]) -> int:
        from zhengshu_chassis import parked_cli  # noqa: PLC0415 - for this command alone

        return await parked_cli.offer_again(told, arguments)

    return {
        "parked": ("列出搁置的转报件与无法处理的消息", show),
        "retry": ("重新提交其中一件", again),
        "offer-again": ("再次发出消息总线丢失的事件与授权信息(恢复或断电之后)", offer),
    }


def _migrate(name: str, package: str | None, settings: ProcessSettings) -> None:
    if package is None or not isinstance(settings, DatabaseSettings):
        sys.exit(f"{name} 没有数据库")
    if settings.migration_url is None:
        sys.exit("缺少 migration_url(数据库属主的连接串)")
    from zhengshu_chassis.migrate import upgrade  # noqa: PLC0415 - Alembic, for this command alone

    upgrade(package, settings.migration_url.get_secret_value())


def _serve(build: Callable[[ProcessSettings], Any], settings: ProcessSettings) -> None:
    import uvicorn  # noqa: PLC0415 - the other commands need no server

    from zhengshu_chassis.repeats import protocol_of  # noqa: PLC0415 - as above

    app = build(settings)
    uvicorn.run(
        app,
        host=settings.host,
        port=settings.port,
        loop="uvloop",
        http=protocol_of(app),
        ws="none",
        lifespan="on",
        access_log=False,
        log_config=None,
        server_header=False,
        timeout_graceful_shutdown=GRACE,
        timeout_keep_alive=75,
    )


_READABLE = orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS
