"""Keeping, giving out and clearing away files. The caller owns the transaction."""

import hashlib
from datetime import UTC, datetime, timedelta

import obstore
from obstore.store import ObjectStore, from_url
from zhengshu_chassis import ids
from zhengshu_chassis.resources import Resources
from zhengshu_chassis.workers import Worker
from zhengshu_contracts.beijing import day_of
from zhengshu_contracts.identity import Principal
from zhengshu_contracts.sharing import AttachmentOut

from zhengshu_sharing.access import home, overlooks
from zhengshu_sharing.applications.arrival import years_after
from zhengshu_sharing.attachments.domain import LARGEST, kept
from zhengshu_sharing.attachments.errors import (
    AttachmentEmpty,
    AttachmentNotFound,
    AttachmentTooLarge,
    MediaNotKept,
    StoreNotSet,
)
from zhengshu_sharing.attachments.tables import AttachmentRow
from zhengshu_sharing.settings import SharingSettings
from zhengshu_sharing.unit import Unit, units

FOLDER = "attachments"
STORE = "attachments"
"""Where the process keeps its open store."""
UNUSED = timedelta(days=7)
SETTLED = timedelta(hours=1)
"""A file younger than this may belong to a transaction that is still open."""


def open_store(url: str | None) -> ObjectStore | None:
    """Open the object store; a local folder is made if it is not there."""
    if url is None:
        return None
    return from_url(url, mkdir=True) if url.startswith("file:") else from_url(url)


def store_of(resources: Resources) -> ObjectStore:
    """Return the object store, or say that there is none."""
    store: ObjectStore | None = resources.extra.get(STORE)
    if store is None:
        raise StoreNotSet("请联系运维配置 ZHENGSHU_SHARING_STORE_URL")
    return store


async def keep(
    unit: Unit,
    store: ObjectStore,
    content: bytes,
    *,
    name: str,
    media: str,
    by: Principal,
    now: datetime,
) -> AttachmentRow:
    """Keep a file: its bytes, then what is known of it; bytes that nothing knows of are swept away."""
    if not content:
        raise AttachmentEmpty("文件没有内容")
    if len(content) > LARGEST:
        raise AttachmentTooLarge(f"附件至多 {LARGEST >> 20} MB", next="请降低扫描分辨率后重试")
    if not kept(media, content):
        raise MediaNotKept(media)
    attachment = ids.new("f")
    await obstore.put_async(store, f"{FOLDER}/{attachment}", content)
    return await unit.attachments.add(
        id=attachment,
        organization=home(by),
        name=name,
        media=media,
        size=len(content),
        digest=hashlib.sha256(content).hexdigest(),
        uploaded_by=by.id,
        uploaded_at=now,
        keep_until=day_of(now + UNUSED),
        readers=[home(by)],
    )


async def attach(
    unit: Unit, attachments: list[str], *, organization: str, case: str, now: datetime
) -> None:
    """Let files belong to a case, and keep them as long as cases are kept."""
    keep_until = years_after(day_of(now), unit.settings.attachment_years)
    await unit.attachments.attach(
        attachments, organization=organization, case=case, keep_until=keep_until
    )


async def read(
    unit: Unit, store: ObjectStore, attachment: str, *, by: Principal
) -> tuple[AttachmentRow, bytes]:
    """Return a file that the caller may read."""
    row = await unit.attachments.get(attachment)
    if not overlooks(by) and home(by) not in row.readers:
        raise AttachmentNotFound(attachment)
    try:
        found = await obstore.get_async(store, f"{FOLDER}/{attachment}")
    except FileNotFoundError as error:
        raise AttachmentNotFound(attachment) from error
    return row, bytes(await found.bytes_async())


def shown(row: AttachmentRow) -> AttachmentOut:
    """Return what callers see of a file."""
    return AttachmentOut(
        id=row.id,
        organization=row.organization,
        name=row.name,
        media=row.media,
        size=row.size,
        digest=row.digest,
        uploaded_at=row.uploaded_at,
        keep_until=row.keep_until,
    )


def sweep(settings: SharingSettings) -> Worker:
    """Return the worker that clears away files whose time is over, and bytes that nothing knows of."""
    unit_of = units(settings)

    async def work(resources: Resources) -> None:
        store = resources.extra.get(STORE)
        if store is None:
            return
        now = datetime.now(UTC)
        async with resources.database.sessions.begin() as session:
            unit = unit_of(session)
            await unit.attachments.drop(today=day_of(now), unused_since=now - UNUSED)
        async for page in obstore.list(store, prefix=FOLDER):
            old = [one["path"] for one in page if one["last_modified"] < now - SETTLED]
            names = {path.rpartition("/")[2]: path for path in old}
            async with resources.database.reads.begin() as session:
                known = await unit_of(session).attachments.known(names)
            gone = [path for name, path in names.items() if name not in known]
            if gone:
                await obstore.delete_async(store, gone)

    return work
