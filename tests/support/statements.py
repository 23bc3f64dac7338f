"""Counts what is asked of a database, so that a list's cost does not grow with its length."""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Engine


@contextmanager
def counted() -> Iterator[list[str]]:
    """Gather the statements that this process sends meanwhile, whichever engine they go through."""
    said: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        said.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield said
    finally:
        event.remove(Engine, "before_cursor_execute", note)


async def statements_of(ask: Callable[[], Awaitable[Any]]) -> tuple[Any, int]:
    """Return an answer and how many statements it took, the second time it is asked for."""
    await ask()
    with counted() as said:
        answer = await ask()
    return answer, len(said)
