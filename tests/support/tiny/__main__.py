"""python -m support.tiny serve|work|all|migrate|openapi|count"""

import sys
from collections.abc import Sequence

from support.tiny.settings import TinySettings
from zhengshu_chassis.cli import run


async def count(settings: TinySettings, arguments: Sequence[str]) -> int:
    """A command of its own: says how many arguments it got."""
    sys.stdout.write(f"{len(arguments)}\n")
    return 3


run(
    "audit",
    build="support.tiny.main:build",
    settings=TinySettings,
    migrations="support.tiny",
    commands={"count": ("数参数", count)},
)
