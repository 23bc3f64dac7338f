"""`reindex`: make the search terms of every entry and item again, after an upgrade makes them otherwise."""

import sys
from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncSession
from zhengshu_chassis.db import connect

from zhengshu_catalog.entries.repository import Entries
from zhengshu_catalog.search.finding import Reader, Search
from zhengshu_catalog.settings import CatalogSettings
from zhengshu_catalog.sources import repository as sources

HELP = "重建目录检索词(升级后运行一次,不影响使用)"
EVERYTHING = Reader(None, everything=True)
TOGETHER = 200


async def reindex(settings: CatalogSettings, _: Sequence[str]) -> int:
    """Run the command: a few entries at a time, so that nobody waits long for a lock."""
    database = connect(settings.database_url, "catalog-reindex", pool_size=1)
    done, last = 0, None
    try:
        while True:
            async with database.sessions.begin() as session:
                made = await index_after(session, last)
            if not made:
                break
            done, last = done + len(made), made[-1]
    finally:
        await database.engine.dispose()
    sys.stdout.write(f"已重建 {done} 条目录的检索词\n")
    return 0


async def index_after(session: AsyncSession, last: str | None) -> list[str]:
    """Index the entries that follow one; return them."""
    entries = Entries(session)
    page, _ = await entries.page(Search(), EVERYTHING, last, TOGETHER)
    for entry, _ in page:
        locked = await entries.lock(entry.id)
        shown = await entries.shown(locked)
        await entries.index(locked, shown)
        if locked.published:
            await sources.index(session, locked.id, shown.content.items)
    return [entry.id for entry, _ in page]
