"""Places where a test may kill this very process. Inert unless the environment names them.

`ZHENGSHU_FAILPOINTS` lists points, or is `@` and a file that lists them, looked at whenever a point is
passed: so a test can arm a process that already runs.
"""

import os
import signal
from pathlib import Path

_NAMED = os.environ.get("ZHENGSHU_FAILPOINTS", "")


def hit(name: str) -> None:
    """Die here, as by `kill -9`, if this point is armed."""
    if _NAMED and name in _armed():
        os.kill(os.getpid(), signal.SIGKILL)


def _armed() -> set[str]:
    listed = _NAMED
    if listed.startswith("@"):
        file = Path(listed[1:])
        listed = file.read_text() if file.exists() else ""
    return {name.strip() for name in listed.split(",")}
