"""Carries a request to a service and its answer back, both as streams; parses neither.

Only headers that are named here pass. Before each part of the answer is sent, `going` is asked whether the
decision still stands; when it does not, the connection is cut, so that no client takes a part for the whole.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from pyreqwest.exceptions import ConnectError, ConnectTimeoutError, ReadTimeoutError, RequestError
from pyreqwest.request import StreamRequest
from pyreqwest.response import Response
from zhengshu_chassis.telemetry import log, traceparent
from zhengshu_contracts.access import AccessOutcome
from zhengshu_contracts.roles import Action

from zhengshu_gateway.errors import DecisionChanged, UpstreamAway, UpstreamBroken
from zhengshu_gateway.exchange import Exchange, Gone, RawHeaders, raw
from zhengshu_gateway.upstreams import Upstreams, gathered

PASSED_IN = frozenset(
    {
        b"accept",
        b"accept-language",
        b"content-digest",
        b"content-encoding",
        b"content-length",
        b"content-type",
        b"idempotency-key",
        b"if-match",
        b"if-modified-since",
        b"if-none-match",
        b"if-range",
        b"last-event-id",
        b"min-version",
        b"prefer",
        b"range",
        b"range-unit",
        b"user-agent",
    }
)
"""Identity, X-Forwarded-*, hop-by-hop headers and tokens stay outside by not being here."""

KEPT_BACK = frozenset(
    {
        "connection",
        "date",
        "keep-alive",
        "proxy-authenticate",
        "server",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "zhengshu-identity",
    }
)
WATCHED = 256 * 1024
"""Bytes of an answer after which somebody looks whether the caller is still there."""


GIVEN = range(200, 300)
LARGEST_WHOLE = 16 << 20
"""Bytes of an answer that is judged before it goes on."""
WHOLE_PATIENCE = 30.0
Judge = Callable[[int, bytes], int]
"""Counts the rows of an answer by its status and body, or raises why it does not go on."""


class Cut(Exception):
    """The decision no longer stands."""


@dataclass(frozen=True, slots=True)
class Ending:
    """How a forwarded request ended."""

    outcome: AccessOutcome
    status: int
    bytes: int
    rows: int | None = None
    version: str | None = None


FALLEN = Ending(AccessOutcome.FAILED, 503, 0)
"""Nothing was sent: it may not be any more, or could not."""


def always() -> bool:
    """Let an answer go on whatever happens."""
    return True


class Forwarder:
    """Forwards with the process's outgoing client."""

    def __init__(self, upstreams: Upstreams) -> None:
        self._upstreams = upstreams

    async def send(
        self,
        exchange: Exchange,
        url: str,
        headers: Mapping[str, str],
        *,
        going: Callable[[], bool] = always,
        most: int | None = None,
        passing: frozenset[bytes] = PASSED_IN,
        judge: Judge | None = None,
    ) -> Ending:
        """Forward; return how it ended. Raises only as long as nothing was sent.

        With `most`, an answer must say beforehand how many rows it has, and have no more. With `judge`, it
        is read to its end and judged before any of it goes on.
        """
        request = self._request(exchange, url, headers, passing)
        try:
            async with request as response:
                if judge is not None:
                    return await _whole(exchange, response, going, judge)
                return await _answer(exchange, response, going, most)
        except (ConnectError, ConnectTimeoutError, ReadTimeoutError) as error:
            return _broken(exchange, UpstreamAway("后端服务没有应答"), error)
        except RequestError as error:
            return _broken(exchange, UpstreamBroken("后端服务中断了应答"), error)
        except Gone:
            return Ending(AccessOutcome.CUT, exchange.status or 499, exchange.sent)
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is None or going():
                raise  # the process ends
            task.uncancel()
            return _fallen(exchange)

    def _request(
        self, exchange: Exchange, url: str, headers: Mapping[str, str], passing: frozenset[bytes]
    ) -> StreamRequest:
        passed = [
            (name.decode("latin-1"), value.decode("latin-1"))
            for name, value in exchange.headers
            if name in passing
        ]
        told = [*passed, *headers.items(), ("traceparent", traceparent())]
        pushed = exchange.route is not None and exchange.route.action is Action.DATASET_PUSH
        client = self._upstreams.patient if pushed else self._upstreams.client
        method = "GET" if exchange.method == "HEAD" else exchange.method
        request = client.request(method, url).headers(told)
        if exchange.has_body:
            request = request.body_stream(exchange.chunks())
        # Left to itself the client reads 64 KiB ahead before it shows the answer's head.
        return request.streamed_read_buffer_limit(0).build_streamed()


async def _answer(
    exchange: Exchange, response: Response, going: Callable[[], bool], most: int | None
) -> Ending:
    """Pass an answer on, part by part."""
    if not going():
        return _fallen(exchange)
    counted = _counted(response)
    if most is not None and response.status in GIVEN and (counted is None or counted > most):
        log.error("upstream.uncounted", path=exchange.path, rows=counted, most=most)
        raise UpstreamBroken("后端服务没有说明行数,或超出本次可读取的行数")
    headers = _outgoing(response)
    await exchange.start(response.status, headers)
    if exchange.method == "HEAD":
        await exchange.finish()
        return Ending(AccessOutcome.COMPLETE, response.status, 0, 0)
    outcome = await _body(exchange, response, going)
    return Ending(
        outcome,
        response.status,
        exchange.sent,
        exchange.lines if counted is None else counted,
        response.get_header("zhengshu-version"),
    )


async def _whole(
    exchange: Exchange, response: Response, going: Callable[[], bool], judge: Judge
) -> Ending:
    """Pass a stranger's answer on in one piece once it was judged; its headers stay outside."""
    body = await _gathered(response)
    rows = judge(response.status, body)
    if not going():
        return _fallen(exchange)
    told = {"content-type": "application/json", "content-length": len(body), "zhengshu-rows": rows}
    await exchange.start(response.status, raw((name, str(value)) for name, value in told.items()))
    if exchange.method == "HEAD":
        await exchange.finish()
        return Ending(AccessOutcome.COMPLETE, response.status, 0, 0)
    await exchange.write(body)
    await exchange.finish()
    return Ending(AccessOutcome.COMPLETE, response.status, exchange.sent, rows)


async def _gathered(response: Response) -> bytes:
    """Read an answer to its end, within bounds of size and time."""
    try:
        async with asyncio.timeout(WHOLE_PATIENCE):
            body = await gathered(response, LARGEST_WHOLE)
    except TimeoutError as error:
        raise UpstreamAway("应答没有在时限内结束") from error
    if body is None:
        raise UpstreamBroken(f"应答超过 {LARGEST_WHOLE} 字节")
    return body


def _counted(response: Response) -> int | None:
    """Return how many rows an answer says it has."""
    rows = response.get_header("zhengshu-rows")
    return int(rows) if rows and rows.isdigit() else None


async def _body(exchange: Exchange, response: Response, going: Callable[[], bool]) -> AccessOutcome:
    gone: asyncio.Task[None] | None = None
    try:
        while (chunk := await response.body_reader.read_chunk()) is not None:
            if not going():
                raise Cut
            if gone is None and exchange.sent > WATCHED:
                gone = asyncio.create_task(exchange.until_gone())
            if gone is not None and gone.done():
                raise Gone
            await exchange.write(bytes(chunk))
        await exchange.finish()
    except Cut:
        return _fallen(exchange).outcome
    finally:
        if gone is not None:
            gone.cancel()
    return AccessOutcome.COMPLETE if response.status < 400 else AccessOutcome.FAILED


def _fallen(exchange: Exchange) -> Ending:
    """End an answer whose decision fell; refuse when nothing was sent yet.

    What has begun is left without an end: the server closes the connection, and the caller sees that it is
    not whole.
    """
    if not exchange.status:
        raise DecisionChanged("请求期间授权信息有变更")
    log.warning("access.cut", record=exchange.record, bytes=exchange.sent)
    return Ending(AccessOutcome.CUT, exchange.status, exchange.sent)


def _outgoing(response: Response) -> RawHeaders:
    return [
        (name.encode("latin-1"), value.encode("latin-1"))
        for name, value in response.headers.items()
        if name not in KEPT_BACK
    ]


def _broken(exchange: Exchange, refusal: UpstreamAway | UpstreamBroken, error: Exception) -> Ending:
    """Refuse when nothing was sent yet; otherwise the answer stays without an end."""
    log.warning("upstream.failed", path=exchange.path, error=type(error).__name__)
    if not exchange.status:
        raise refusal from error
    return Ending(AccessOutcome.FAILED, exchange.status, exchange.sent)
