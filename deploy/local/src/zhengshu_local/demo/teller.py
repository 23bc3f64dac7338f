"""Tells the story: what is done, what came back, whether it is as it must be."""

import time
from collections.abc import Callable
from typing import TypeVar

import httpx
from zhengshu import Refused

T = TypeVar("T")


class NotAsTold(Exception):
    """The node did not do what this step of the story promises."""


class Teller:
    """Prints the steps and stops the story at the first one that is not as promised."""

    def __init__(self, say: Callable[[str], None] = print) -> None:
        self._say = say
        self._began = time.monotonic()
        self.checks = 0

    def chapter(self, number: int, title: str) -> None:
        """Begin a step."""
        self._say(f"\n【{number}】{title}  ({time.monotonic() - self._began:.1f} 秒)")

    def tell(self, text: str) -> None:
        """Say what was done or came back."""
        self._say(f"    {text}")

    def check(self, text: str, holds: object) -> None:
        """Say what must hold, and stop the story if it does not."""
        if not holds:
            raise NotAsTold(text)
        self.checks += 1
        self._say(f"  ✓ {text}")

    def refused(self, text: str, slug: str, call: Callable[[], object]) -> Refused:
        """Expect a refusal of this name and show how the node words it."""
        try:
            call()
        except Refused as refusal:
            self.tell(f"节点答复:{refusal}")
            self.check(f"{text}(拒绝代码 {refusal.slug})", refusal.slug == slug)
            return refusal
        raise NotAsTold(f"{text}:没有被拒绝")

    def until(self, text: str, look: Callable[[], T | None], seconds: float = 20) -> T:
        """Look again and again until there is something to see."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if seen := _looked(look):
                self.check(text, True)
                return seen
            time.sleep(0.1)
        raise NotAsTold(f"{text}:{seconds:.0f} 秒内没有等到")


def _looked(look: Callable[[], T | None]) -> T | None:
    """Look once; a node that asks for another try (503) has nothing to see yet."""
    try:
        return look()
    except Refused as refusal:
        if refusal.status != httpx.codes.SERVICE_UNAVAILABLE:
            raise
        return None
