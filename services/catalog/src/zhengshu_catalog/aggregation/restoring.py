"""`new-epochs`: what must be done once the database was restored, before anybody reads or pushes again."""

import sys
from collections.abc import Sequence
from datetime import UTC, datetime

from sqlalchemy import select
from zhengshu_chassis.db import connect

from zhengshu_catalog.aggregation import operations
from zhengshu_catalog.aggregation.tables import DatasetRow
from zhengshu_catalog.settings import CatalogSettings

HELP = "各数据集开始新纪元(恢复数据库后运行一次)"
START = datetime(2026, 1, 1, tzinfo=UTC)


async def new_epochs(settings: CatalogSettings, _: Sequence[str]) -> int:
    """Run the command: each dataset in a transaction of its own; run twice, it only does it again."""
    database = connect(settings.database_url, "catalog-new-epochs", pool_size=1)
    try:
        async with database.sessions.begin() as session:
            datasets = list(await session.scalars(select(DatasetRow.id).order_by(DatasetRow.id)))
        for dataset in datasets:
            async with database.sessions.begin() as session:
                await operations.restart(session, dataset, least=epoch_of(datetime.now(UTC)))
    finally:
        await database.engine.dispose()
    sys.stdout.write(f"{len(datasets)} 个数据集已开始新纪元\n")
    return 0


def epoch_of(at: datetime) -> int:
    """Return the number of an epoch that begins now.

    Counting on from what the backup says would repeat a number when one backup is restored twice.
    """
    return (at - START).days * 1440 + (at - START).seconds // 60
