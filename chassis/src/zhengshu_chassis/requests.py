"""What most routes take of a request: the caller, the moment, a place in a list."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import Depends, Query, Request
from zhengshu_contracts.identity import Principal

from zhengshu_chassis.auth import Caller
from zhengshu_chassis.errors import Invalid
from zhengshu_chassis.paging import BadCursor, Cursors

PAGE = frozenset({"cursor", "limit"})
"""Parameters that say which page, not which list."""


class CursorInvalid(Invalid):
    """The cursor belongs to another list, or was changed."""

    slug = "cursor-invalid"
    title = "分页游标无效"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a list goes on: after which position (None: from the start), and how many."""

    after: Any
    limit: int
    cursors: Cursors
    purpose: str

    def following(self, positions: Sequence[Any], *, more: bool) -> str | None:
        """Return the cursor of the next page; None when this was the last."""
        return self.cursors.seal(self.purpose, positions[-1]) if more else None


async def _place(
    request: Request,
    caller: Caller,
    cursor: Annotated[str | None, Query(max_length=400, description="上一页给出的游标")] = None,
    limit: Annotated[int, Query(ge=1, le=200, description="每页条数")] = 50,
) -> Place:
    cursors = Cursors(request.app.state.resources.settings.internal_key.get_secret_value())
    asked = sorted(pair for pair in request.query_params.multi_items() if pair[0] not in PAGE)
    purpose = repr((request.url.path, caller.principal.id, asked))
    try:
        after = cursors.open(purpose, cursor) if cursor else None
    except BadCursor as error:
        raise CursorInvalid("请从第一页重新开始") from error
    return Place(after, limit, cursors, purpose)


async def now() -> datetime:
    """Return the time of this request."""
    return datetime.now(UTC)


async def _principal(caller: Caller) -> Principal:
    return caller.principal


By = Annotated[Principal, Depends(_principal)]
Now = Annotated[datetime, Depends(now)]
Paged = Annotated[Place, Depends(_place)]
