"""The services behind the gateway and the Commission: addresses, the one outgoing client, vouching.

Streams are `forward`'s business; here are the gateway's own small questions.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
from pyreqwest.client import Client, ClientBuilder
from pyreqwest.exceptions import RequestError
from pyreqwest.response import Response
from zhengshu_chassis import auth, signature
from zhengshu_chassis.telemetry import traceparent
from zhengshu_contracts.identity import Identity, Principal
from zhengshu_contracts.roles import Action
from zhengshu_contracts.vocabulary import PrincipalKind

from zhengshu_gateway.errors import UpstreamAway
from zhengshu_gateway.settings import GatewaySettings

VOUCHED = timedelta(seconds=30)
OURSELVES = Principal(id="gateway", kind=PrincipalKind.GATEWAY)
CONNECT = timedelta(seconds=3)
LARGEST_REPLY = 32 << 20
"""Bytes of an answer to a small question: more is none."""
IDLE = timedelta(seconds=60)
"""Shorter than the services keep a connection open (75 s), so that none dies under a request."""


@dataclass(frozen=True, slots=True)
class Reply:
    """A small answer, read whole."""

    status: int
    body: bytes

    def json(self) -> Any:
        """Return what the body says."""
        return orjson.loads(self.body)

    @property
    def ok(self) -> bool:
        """Whether the answer is a success."""
        return 200 <= self.status < 300


class Upstreams:
    """Made once per process; closed by whoever made it."""

    def __init__(self, settings: GatewaySettings) -> None:
        self._settings = settings
        self.client: Client = client(settings.upstream_patience)
        # The client's patience runs while a body is still being sent: a large push needs its own.
        self.patient: Client = client(settings.push_patience)

    def url(self, service: str, path: str) -> str:
        """Return the address of a path of a service."""
        return self._settings.upstream(service)[0].rstrip("/") + path

    def vouch(self, service: str, identity: Identity) -> str:
        """Return the internal token that tells a service who calls and what was decided."""
        return auth.seal(identity, self._settings.upstream(service)[1])

    async def ask(self, service: str, method: str, path: str, body: Any = None) -> Reply:
        """Ask a service something for the gateway's own needs; UpstreamAway when it does not answer."""
        expires = datetime.now(UTC) + VOUCHED
        identity = Identity(principal=OURSELVES, action=Action.INTERNAL, expires=expires)
        return await self.ask_as(identity, service, path, method=method, body=body)

    async def ask_as(
        self, identity: Identity, service: str, path: str, *, method: str = "GET", body: Any = None
    ) -> Reply:
        """Ask a service something in a caller's name."""
        headers = {auth.HEADER: self.vouch(service, identity), "traceparent": traceparent()}
        return await self._send(method, self.url(service, path), headers, body)

    def signed(self, service: str, digest: str | None = None) -> dict[str, str]:
        """Return the headers of a request to the Commission."""
        key = self._settings.commission_key.get_secret_value().encode()
        requester = self._settings.requester
        return signature.sign(key, requester=requester, service=service, digest=digest)

    def commission(self, path: str) -> str:
        """Return the address of a path of the Commission's exchange."""
        return f"{self._settings.commission_url.rstrip('/')}/exchange/v1{path}"

    async def file(self, kind: str, method: str, path: str, body: Any = None) -> Reply:
        """Send something to the Commission, or ask it; UpstreamAway when it does not answer."""
        content = None if body is None else orjson.dumps(body)
        digest = signature.content_digest(content) if content is not None else None
        return await self._send(method, self.commission(path), self.signed(kind, digest), body)

    async def _send(self, method: str, url: str, headers: dict[str, str], body: Any) -> Reply:
        request = self.client.request(method, url).headers(headers).timeout(timedelta(seconds=15))
        if body is not None:
            content = orjson.dumps(body)
            request = request.header("Content-Type", "application/json").body_bytes(content)
        try:
            async with request.build_streamed() as response:
                return await read_whole(response)
        except RequestError as error:
            raise UpstreamAway from error


async def read_whole(response: Response) -> Reply:
    """Read an answer to its end; UpstreamAway when there is no end to it."""
    body = await gathered(response, LARGEST_REPLY)
    if body is None:
        raise UpstreamAway("应答过大")
    return Reply(response.status, body)


async def gathered(response: Response, limit: int) -> bytes | None:
    """Return an answer's whole body, or None when it has more bytes than that."""
    body = bytearray()
    while (chunk := await response.body_reader.read_chunk()) is not None:
        body += bytes(chunk)
        if len(body) > limit:
            return None
    return bytes(body)


def client(patience: float, authority: str | None = None) -> Client:
    """Return an outgoing client: no redirects, no decompression, no proxy from the environment.

    An authority (PEM) vouches for addresses beside the public ones.
    """
    builder = (
        ClientBuilder()
        .follow_redirects(False)
        .gzip(False)
        .brotli(False)
        .zstd(False)
        .deflate(False)
        .referer(False)
        .no_proxy()
        .http1_only()
        .connect_timeout(CONNECT)
        .read_timeout(timedelta(seconds=patience))
        .pool_idle_timeout(IDLE)
    )
    if authority:
        builder = builder.add_root_certificate_pem(authority.encode())
    return builder.build()
