"""Queries on datasets and batches; rows themselves are `merging`'s and `reading`'s. Never commits."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from zhengshu_catalog.aggregation.errors import DatasetNotFound
from zhengshu_catalog.aggregation.tables import BatchRow, DatasetRow


class Datasets:
    """Datasets and the batches they were made of."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def find(self, dataset: str, *, lock: bool = False) -> DatasetRow | None:
        """Return a dataset as it is now, holding its lock until the transaction ends if asked to."""
        return await self._session.get(
            DatasetRow, dataset, with_for_update=lock or None, populate_existing=True
        )

    async def get(self, dataset: str, *, lock: bool = False) -> DatasetRow:
        """Return a dataset, or say that there is none."""
        row = await self.find(dataset, lock=lock)
        if row is None:
            raise DatasetNotFound(dataset, next="请核对数据集标识,或先发布目录条目")
        return row

    async def latest(self, dataset: str) -> BatchRow | None:
        """Return the batch taken last."""
        query = select(BatchRow).where(BatchRow.dataset == dataset)
        return await self._session.scalar(query.order_by(BatchRow.id.desc()).limit(1))

    def add(self, row: DatasetRow | BatchRow) -> None:
        """Keep a new dataset or batch."""
        self._session.add(row)
