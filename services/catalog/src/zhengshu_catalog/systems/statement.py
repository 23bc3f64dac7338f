"""What a statement says of a system's planned data, and its check code. Reads; never commits."""

import base64
import hashlib
import hmac
from collections.abc import Iterable

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from zhengshu_contracts.catalog import PlannedData, StatementLine, StatementOut
from zhengshu_contracts.vocabulary import Audience, EntryState, ServiceRegistrationState

from zhengshu_catalog.aggregation.tables import BatchRow, DatasetRow
from zhengshu_catalog.entries.tables import EntryRow


async def lines(
    session: AsyncSession, planned: Iterable[PlannedData], provider: str
) -> list[StatementLine]:
    """Return how far each of the planned data has come."""
    return [await _line(session, data, provider) for data in planned]


async def _line(session: AsyncSession, data: PlannedData, provider: str) -> StatementLine:
    entry = await session.get(EntryRow, data.entry) if data.entry else None
    if entry is None or entry.provider != provider:
        return _nothing(data)
    dataset = await session.get(DatasetRow, entry.id)
    newest = select(func.max(BatchRow.at)).where(BatchRow.dataset == entry.id)
    version = dataset.version if dataset else 0
    state = EntryState(entry.state)
    acknowledged = bool(dataset and version and dataset.acknowledged >= version)
    # What is withheld is not uploaded, so the platform has nothing to acknowledge.
    exempt = dataset is not None and dataset.structure.audience is Audience.WITHHELD
    return StatementLine(
        title=data.title,
        entry=entry.id,
        state=state,
        registration=ServiceRegistrationState(entry.registration),
        version=str(dataset.at) if dataset and version else None,
        rows=dataset.rows if dataset else 0,
        last_batch=await session.scalar(newest),
        acknowledged=acknowledged,
        exempt=exempt,
        aggregated=state is EntryState.PUBLISHED and version > 0 and (acknowledged or exempt),
    )


def _nothing(data: PlannedData) -> StatementLine:
    return StatementLine(
        title=data.title,
        entry=data.entry,
        state=None,
        registration=None,
        version=None,
        rows=0,
        last_batch=None,
        acknowledged=False,
        aggregated=False,
    )


def check_code(statement: StatementOut, key: bytes) -> str:
    """Return the code that only this node can give this very content: 16 characters to type."""
    content = statement.model_dump_json(exclude={"check_code"}).encode()
    code = hmac.new(key, b"statement\n" + content, hashlib.sha256).digest()[:10]
    text = base64.b32encode(code).decode()
    return "-".join(text[n : n + 4] for n in range(0, 16, 4))
