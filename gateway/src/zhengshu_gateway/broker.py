"""Reads of municipal datasets: the municipal service applies the decided view, or nothing is read.

The view's columns and rows go into the query that the municipal service answers; what its grammar cannot
say is refused rather than filtered here, since nothing is to arrive that may not be seen. What does arrive
is a stranger's word: it is read to its end and held against what was asked before any of it goes on.
"""

from collections.abc import Callable
from functools import partial
from http import HTTPStatus

import orjson
from zhengshu_chassis import rows
from zhengshu_chassis.telemetry import log
from zhengshu_contracts.identity import View
from zhengshu_contracts.vocabulary import Mode

from zhengshu_gateway.accesses import Access
from zhengshu_gateway.errors import NotBrokered, UpstreamAway, UpstreamBroken
from zhengshu_gateway.exchange import Exchange
from zhengshu_gateway.forward import Ending, Forwarder
from zhengshu_gateway.upstreams import Upstreams

PAGE = 100
LARGEST_PAGE = 1000
PASSED_IN = frozenset({b"accept-language"})
MISUNDERSTOOD = frozenset({HTTPStatus.BAD_REQUEST, HTTPStatus.UNPROCESSABLE_ENTITY})


class Broker:
    """Turns a decided read of a municipal dataset into a signed request."""

    def __init__(self, upstreams: Upstreams, forwarder: Forwarder) -> None:
        self._upstreams = upstreams
        self._forwarder = forwarder

    async def read(
        self,
        exchange: Exchange,
        code: str,
        access: Access,
        *,
        mode: Mode | None,
        going: Callable[[], bool],
    ) -> Ending:
        """Answer with what the municipal service holds of the view, or raise why it does not."""
        if mode is not Mode.QUERY:
            raise NotBrokered("市级数据服务只支持查询", next="请改用查询接口(GET …/rows)")
        if "text/csv" in (exchange.header(b"accept") or ""):
            raise NotBrokered("市级数据服务只提供 JSON", next="请改用 Accept: application/json")
        query = restricted(exchange.query, access.view, access.most)
        url = self._upstreams.commission(f"/services/{code}/rows?{rows.render(query)}")
        told = self._upstreams.signed(code) | {"Accept": "application/json"}
        return await self._forwarder.send(
            exchange, url, told, going=going, passing=PASSED_IN, judge=partial(count, query)
        )


def restricted(query: bytes, view: View, most: int | None = None) -> rows.Query:
    """Return the caller's query within the view and what is left to read."""
    asked = rows.parse(query.decode("latin-1"))
    outside = asked.columns() - set(view.columns)
    if outside:
        names = "、".join(sorted(outside))
        raise NotBrokered(f"不在可见范围内的信息项:{names}", next="请只使用可见的信息项查询")
    if view.masks:
        raise NotBrokered("授权含脱敏规则,市级数据服务不能执行", next="请改选不脱敏的信息项")
    own = rows.parse(view.filter)
    limit = min(PAGE if asked.limit is None else asked.limit, LARGEST_PAGE)
    return rows.Query(
        select=asked.select or view.columns,
        where=(*own.where, *asked.where),
        order=asked.order,
        limit=limit if most is None else min(limit, most),
        offset=asked.offset,
    )


def count(query: rows.Query, status: int, body: bytes) -> int:
    """Return how many rows an answer holds; raise when it is none, or holds more than was asked for."""
    if status in MISUNDERSTOOD:
        raise NotBrokered("市级数据服务不接受这个查询", next="请核对查询条件中的值")
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status == HTTPStatus.TOO_MANY_REQUESTS:
        raise UpstreamAway(f"市级数据服务暂不可用(HTTP {status})")
    found = _parsed(body) if status == HTTPStatus.OK else None
    if not isinstance(found, list) or not all(isinstance(row, dict) for row in found):
        raise UpstreamBroken(f"市级数据服务没有按约定应答(HTTP {status})")
    beyond = set().union(*found) - set(query.select)
    if beyond or (query.limit is not None and len(found) > query.limit):
        log.error("municipal.beyond", rows=len(found), asked=query.limit, columns=sorted(beyond))
        raise UpstreamBroken("市级数据服务给出的超出所问的范围,未予转交")
    return len(found)


def _parsed(body: bytes) -> object:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
