"""Waiting for what happens elsewhere."""

import asyncio
import inspect
from collections.abc import Callable
from typing import Any


async def until(condition: Callable[[], Any], patience: float = 10.0, pause: float = 0.05) -> Any:
    """Return what the condition yields once it is true; fail after so many seconds."""
    async with asyncio.timeout(patience):
        while True:
            found = condition()
            found = await found if inspect.isawaitable(found) else found
            if found:
                return found
            await asyncio.sleep(pause)
