"""Lists in pages: limit and cursor of a request, sealed cursors of an answer. Knows no list."""

import json
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Query
from zhengshu_chassis.errors import Invalid
from zhengshu_chassis.paging import BadCursor, Cursors
from zhengshu_chassis.resources import Held


class CursorInvalid(Invalid):
    """The cursor is not one of this list."""

    slug = "cursor-invalid"
    title = "游标无效"


@dataclass(frozen=True, slots=True)
class Paging:
    """Which page a request asks for."""

    limit: int
    cursor: str | None
    cursors: Cursors

    def after(self, *scope: Any) -> Any:
        """Return the position the page follows; `scope` is the list, its filter and its reader."""
        if self.cursor is None:
            return None
        try:
            return self.cursors.open(_purpose(scope), self.cursor)
        except BadCursor as error:
            raise CursorInvalid(next="请从第一页重新查询") from error

    def next(self, position: Any, *scope: Any) -> str | None:
        """Return the cursor of the next page; None for no position."""
        return None if position is None else self.cursors.seal(_purpose(scope), position)


async def paging(
    held: Held,
    limit: Annotated[int, Query(ge=1, le=200, description="每页条数")] = 50,
    cursor: Annotated[str | None, Query(max_length=500, description="上一页给出的游标")] = None,
) -> Paging:
    """Return the page a request asks for."""
    return Paging(limit, cursor, held.extra["cursors"])


InPages = Annotated[Paging, Depends(paging)]


def _purpose(scope: tuple[Any, ...]) -> str:
    return json.dumps(scope, ensure_ascii=False)
