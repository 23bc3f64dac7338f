"""Places where a test may kill this very process. Inert unless the environment names them."""

import os
import signal

_ARMED = frozenset(
    name.strip() for name in os.environ.get("ZHENGSHU_FAILPOINTS", "").split(",") if name.strip()
)


def hit(name: str) -> None:
    """Die here, as by `kill -9`, if this point is armed."""
    if name in _ARMED:
        os.kill(os.getpid(), signal.SIGKILL)
