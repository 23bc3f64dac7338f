"""What the municipal platform has of a dataset: uploads by ranges of versions, one on its way at a time."""

from sqlalchemy.ext.asyncio import AsyncSession
from zhengshu_chassis.dispatch import Dispatches
from zhengshu_chassis.outbox import Outbox
from zhengshu_contracts.catalog import UploadAcknowledged
from zhengshu_contracts.commission import (
    AcknowledgementAnswer,
    Callback,
    DispatchKind,
    UploadFiling,
)
from zhengshu_contracts.vocabulary import Audience

from zhengshu_catalog.aggregation.repository import Datasets
from zhengshu_catalog.aggregation.tables import DatasetRow
from zhengshu_catalog.entries.repository import Entries


async def offer_upload(session: AsyncSession, dataset: str) -> None:
    """Put a dataset's newest versions on their way, if there are any and none is yet.

    Call when the entry gets its municipal code: until then the platform does not know the dataset.
    """
    if row := await Datasets(session).find(dataset, lock=True):
        await offer(session, row)


async def offer(session: AsyncSession, row: DatasetRow) -> None:
    """Do the same for a dataset whose lock is held."""
    if row.uploading or row.version <= row.acknowledged:
        return
    if row.joined:
        return  # the platform has the members'
    if row.structure.audience is Audience.WITHHELD:
        return
    entry = await Entries(session).find(row.id)
    if entry is None or entry.municipal_code is None:
        return
    filing = UploadFiling(dataset=row.id, epoch=row.epoch, since=row.acknowledged, to=row.version)
    row.uploading = Dispatches(session).open(DispatchKind.UPLOAD, row.id, filing)


async def begin_epoch(session: AsyncSession, row: DatasetRow, *, least: int = 0) -> None:
    """Start a new epoch, numbered no lower than told: nothing of it is with the platform yet."""
    await Dispatches(session).cancel(row.id, DispatchKind.UPLOAD)
    row.epoch = max(row.epoch + 1, least)
    row.acknowledged = 0
    row.uploading = None
    await offer(session, row)


async def acknowledge(session: AsyncSession, callback: Callback) -> bool:
    """Note what the platform has received and send what came since; False if it changes nothing."""
    answer = callback.answer
    if not isinstance(answer, AcknowledgementAnswer):
        return False
    row = await Datasets(session).find(answer.dataset, lock=True)
    if row is None:
        return False
    if not _furthers(row, answer):
        await _again(session, row, callback.ref)
        return False
    row.acknowledged = answer.to
    row.uploading = None
    event = UploadAcknowledged(
        dataset=row.id,
        epoch=answer.epoch,
        since=answer.since,
        to=answer.to,
        rows=answer.rows,
        digest=answer.digest,
    )
    Outbox(session, "catalog").add(event, aggregate=row.id)
    await offer(session, row)
    return True


async def _again(session: AsyncSession, row: DatasetRow, answered: str | None) -> None:
    """Send a range once more whose dispatch was closed by an answer that does not cover it."""
    if answered is not None and answered == row.uploading:
        row.uploading = None
        await offer(session, row)


def _furthers(row: DatasetRow, answer: AcknowledgementAnswer) -> bool:
    """A late or repeated acknowledgement, or one of another epoch, moves nothing."""
    following = answer.since <= row.acknowledged < answer.to <= row.version
    return answer.epoch == row.epoch and following
