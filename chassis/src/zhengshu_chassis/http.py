"""The outgoing client: every call has time-outs and carries the trace on."""

from typing import TYPE_CHECKING, Any

from zhengshu_chassis.telemetry import traceparent

if TYPE_CHECKING:
    import httpx


def client(
    base_url: str = "", *, timeout: float = 10.0, connect: float = 3.0, **options: Any
) -> "httpx.AsyncClient":
    """Return a client to be closed by whoever made it."""
    import ssl  # noqa: PLC0415 - only processes that call others pay for it

    import httpx  # noqa: PLC0415 - as above

    # The system's CAs and SSL_CERT_FILE, as all else here believes; httpx brings a list of its own.
    options.setdefault("verify", ssl.create_default_context())

    async def carry_trace(request: httpx.Request) -> None:
        request.headers.setdefault("traceparent", traceparent())

    return httpx.AsyncClient(
        base_url=base_url,
        timeout=httpx.Timeout(timeout, connect=connect),
        event_hooks={"request": [carry_trace]},
        trust_env=False,
        **options,
    )
