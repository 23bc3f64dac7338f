"""`parked`, `retry`, `offer-again`: for an operator who has a shell and no browser."""

import argparse
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

from zhengshu_contracts.dispatch import DispatchState

from zhengshu_chassis import dispatch, outbox, parked
from zhengshu_chassis.db import Database, connect
from zhengshu_chassis.errors import DomainError, NotFound
from zhengshu_chassis.settings import DatabaseSettings


@asynccontextmanager
async def _database(settings: DatabaseSettings) -> AsyncIterator[Database]:
    database = connect(settings.database_url, "parked")
    try:
        yield database
    finally:
        await database.engine.dispose()


async def show(settings: DatabaseSettings, arguments: Sequence[str]) -> int:
    """Print what is parked, one line each."""
    if arguments:
        sys.exit("parked 不带参数")
    async with _database(settings) as database, database.reads.begin() as session:
        held = await dispatch.page(session, DispatchState.PARKED, None)
        letters = await parked.dead_letters(session, None)
    for one in held.dispatches:
        _say(f"转报件\t{one.id}\t{one.kind}\t{one.subject}\t{one.reason or ''}")
    for letter in letters.letters:
        _say(f"消息\t{letter.stream}/{letter.event}\t{letter.subject}\t{letter.error}")
    if held.next or letters.next:
        _say("…还有更多,处理后再列")
    return 0


async def again(
    build: Callable[..., Any], settings: DatabaseSettings, arguments: Sequence[str]
) -> int:
    """Try one again, named as `parked` prints it."""
    parser = argparse.ArgumentParser(prog="retry")
    parser.add_argument("which", help="转报件的标识,或“流/事件编号”")
    stream, slash, event = parser.parse_args(list(arguments)).which.partition("/")
    async with _database(settings) as database, database.sessions.begin() as session:
        try:
            if not slash:
                await dispatch.retry(session, stream)
            elif consumers := getattr(build(settings).state, "consumers", None):
                await parked.retry(session, consumers, stream, event)
            else:
                raise NotFound("本服务不接收消息")
        except DomainError as refusal:
            await session.rollback()
            _say(f"{refusal.title}:{refusal}")
            return 1
    _say("已重新提交" if not slash else "已重新处理")
    return 0


async def offer_again(settings: DatabaseSettings, arguments: Sequence[str]) -> int:
    """Publish once more what a message bus lost."""
    parser = argparse.ArgumentParser(prog="offer-again")
    parser.add_argument("minutes", nargs="?", type=int, help="最近多少分钟内发出的;不写则为全部")
    minutes = parser.parse_args(list(arguments)).minutes
    async with _database(settings) as database, database.sessions.begin() as session:
        offered = await outbox.offer_again(session, minutes)
    _say(f"{offered} 条将再次发出")
    return 0


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
