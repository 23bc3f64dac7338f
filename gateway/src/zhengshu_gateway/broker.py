"""Reads of municipal datasets: the municipal service applies the decided view, or nothing is read.

The view's columns and rows go into the query that the municipal service answers; what its grammar cannot
say is refused rather than filtered here, since nothing is to arrive that may not be seen.
"""

from zhengshu_chassis import rows
from zhengshu_contracts.identity import View
from zhengshu_contracts.vocabulary import Mode

from zhengshu_gateway.errors import NotBrokered
from zhengshu_gateway.upstreams import Upstreams

PAGE = 100
LARGEST_PAGE = 1000
PASSED_IN = frozenset({b"accept-language"})


class Broker:
    """Turns a decided read of a municipal dataset into a signed request."""

    def __init__(self, upstreams: Upstreams) -> None:
        self._upstreams = upstreams

    def target(
        self, code: str, mode: Mode | None, query: bytes, view: View, most: int | None
    ) -> tuple[str, dict[str, str]]:
        """Return address and headers of the municipal read, or raise NotBrokered, BadQuery."""
        if mode is not Mode.QUERY:
            raise NotBrokered("市级数据服务只支持查询", next="请改用查询接口(GET …/rows)")
        url = self._upstreams.commission(f"/services/{code}/rows?{restricted(query, view, most)}")
        return url, self._upstreams.signed(code) | {"Accept": "application/json"}


def restricted(query: bytes, view: View, most: int | None = None) -> str:
    """Return the caller's query within the view and what is left to read, as URL text."""
    asked = rows.parse(query.decode("latin-1"))
    outside = asked.columns() - set(view.columns)
    if outside:
        names = "、".join(sorted(outside))
        raise NotBrokered(f"不在可见范围内的信息项:{names}", next="请只使用可见的信息项查询")
    if view.masks:
        raise NotBrokered("授权含脱敏规则,市级数据服务不能执行", next="请改选不脱敏的信息项")
    own = rows.parse(view.filter)
    limit = min(PAGE if asked.limit is None else asked.limit, LARGEST_PAGE)
    return rows.render(
        rows.Query(
            select=asked.select or view.columns,
            where=(*own.where, *asked.where),
            order=asked.order,
            limit=limit if most is None else min(limit, most),
            offset=asked.offset,
        )
    )
