"""`restart`: what an operator says when the ledger goes on from a backup, never silently."""

import argparse
import sys
from collections.abc import Sequence

from zhengshu_chassis.db import connect

from zhengshu_audit import operations
from zhengshu_audit.operations import Unit
from zhengshu_audit.settings import AuditSettings

HELP = "记入账本:账本由备份恢复(之后的记录已丢失),并请市大数据委见证"
LONGEST = 2000


async def restart(settings: AuditSettings, arguments: Sequence[str]) -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(prog="restart")
    parser.add_argument("reason", help="何时、因何恢复到哪一份备份;不写个人信息")
    reason = parser.parse_args(list(arguments)).reason.strip()[:LONGEST]
    if not reason:
        parser.error("须写明原因")
    database = connect(settings.database_url, "audit-restart", pool_size=1)
    try:
        async with database.sessions.begin() as session:
            operations.restart(Unit.of(session), reason)
    finally:
        await database.engine.dispose()
    sys.stdout.write("将记入账本,并随下一个检查点报市大数据委决定是否见证\n")
    return 0
