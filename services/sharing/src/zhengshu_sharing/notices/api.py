"""Routes of notices: HTTP in, HTTP out."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import Query
from zhengshu_chassis.auth import allowed
from zhengshu_chassis.problems import problems
from zhengshu_chassis.requests import By, CursorInvalid, Now, Paged
from zhengshu_chassis.transaction import Router
from zhengshu_contracts.clocks import Term
from zhengshu_contracts.roles import Action
from zhengshu_contracts.sharing import NoticeKind, NoticeList, NoticeOut

from zhengshu_sharing.access import home
from zhengshu_sharing.notices.errors import NoticeNotFound
from zhengshu_sharing.notices.tables import NoticeRow
from zhengshu_sharing.unit import InUnit, Unit

router = Router(prefix="/v1/notifications", tags=["通知"])


@router.get(
    "",
    response_model=NoticeList,
    responses=problems(CursorInvalid),
    dependencies=[allowed(Action.NOTICE_READ)],
)
async def list_notifications(
    by: By,
    unit: InUnit,
    place: Paged,
    unread: Annotated[bool, Query(description="只看未读")] = False,
    kind: Annotated[NoticeKind | None, Query(description="种类")] = None,
) -> NoticeList:
    """查询给本单位的通知,新的在前"""
    found, more = await unit.notices.page(
        home(by), unread=unread, kind=kind, after=place.after, limit=place.limit
    )
    following = place.following([one.id for one in found], more=more)
    return NoticeList(notifications=await _shown(unit, found), next=following)


@router.post(
    "/{notice_id}/reading",
    response_model=NoticeOut,
    responses=problems(NoticeNotFound),
    dependencies=[allowed(Action.NOTICE_READ)],
)
async def read_notification(notice_id: str, by: By, unit: InUnit, now: Now) -> NoticeOut:
    """标记为已读;再次标记不改变首次阅读时间"""
    read = await unit.notices.read(notice_id, home(by), by=by.id, at=now)
    return (await _shown(unit, [read]))[0]


async def _shown(unit: Unit, rows: Sequence[NoticeRow]) -> list[NoticeOut]:
    titles = await unit.notices.titles(row.matter for row in rows)
    return [_notice(row, titles.get(row.matter, "")) for row in rows]


def _notice(row: NoticeRow, title: str) -> NoticeOut:
    kind = NoticeKind(row.kind)
    term = Term(row.term) if row.term else None
    return NoticeOut(
        id=row.id,
        kind=kind,
        kind_label=kind.label,
        title=title,
        matter=row.matter,
        term=term,
        term_label=term and term.label,
        dataset=row.dataset,
        due=row.due,
        at=row.at,
        read_at=row.read_at,
    )
