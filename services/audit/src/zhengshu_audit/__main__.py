"""`python -m zhengshu_audit serve | work | all | migrate | openapi | restart | fsck`."""

import sys

from zhengshu_chassis.cli import run

from zhengshu_audit import fsck
from zhengshu_audit.restarting import HELP, restart
from zhengshu_audit.settings import AuditSettings


def main() -> None:
    """Run a command; fsck needs none of a running service's settings."""
    if sys.argv[1:2] == ["fsck"]:
        sys.exit(fsck.main(sys.argv[2:]))
    run(
        "audit",
        build="zhengshu_audit.main:build",
        settings=AuditSettings,
        migrations="zhengshu_audit",
        commands={"restart": (HELP, restart)},
    )


if __name__ == "__main__":
    main()
