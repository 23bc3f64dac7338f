"""Who may come in: the county's node by its signature, the desk by its token; and the switched faults."""

import asyncio
import hmac
import secrets
from typing import Annotated

from fastapi import Depends, Request, Security
from fastapi.security import APIKeyHeader, HTTPAuthorizationCredentials, HTTPBearer
from sqlalchemy.ext.asyncio import AsyncSession
from zhengshu_chassis import signature
from zhengshu_chassis.resources import Held
from zhengshu_chassis.signature import BadSignature
from zhengshu_chassis.transaction import SAFE, Session

from zhengshu_commission.errors import DeskClosed, Outage, SignatureRefused
from zhengshu_commission.repository import Store, read_switches
from zhengshu_commission.settings import CommissionSettings
from zhengshu_commission.witness import Witness

LARGEST = 10_000


NATIONAL = APIKeyHeader(
    name=signature.SIGN,
    scheme_name="国家平台签名",
    description=(
        f"请求头 {signature.REQUESTER}(请求方标识)、{signature.SERVICE}(服务标识)、"
        f"{signature.TIME}(毫秒时间)、"
        f"{signature.SIGN} = Base64(HMAC-SHA256(密钥, 服务标识 + 请求方标识 + 时间 + Content-Digest));"
        "有请求内容时须带 RFC 9530 的 Content-Digest(流式上报除外)。时间相差超过 300 秒的不予受理。双向相同。"
    ),
    auto_error=False,
)
TOKEN = HTTPBearer(scheme_name="办理台令牌", auto_error=False)


async def signed(
    request: Request, held: Held, _: Annotated[str | None, Security(NATIONAL)]
) -> None:
    """Let in what the county signed; a body read whole must be the one it signed."""
    settings = held.settings
    assert isinstance(settings, CommissionSettings)
    key = settings.shared_key.get_secret_value().encode()
    streamed = request.headers.get("content-type", "").startswith("application/x-ndjson")
    body = None if streamed else await request.body()
    try:
        signature.verify(key, request.headers, body=body)
    except BadSignature as error:
        raise SignatureRefused("请核对请求方标识、密钥与系统时间") from error


async def at_desk(
    request: Request, held: Held, _: Annotated[HTTPAuthorizationCredentials | None, Security(TOKEN)]
) -> None:
    """Let in whoever holds the desk's token."""
    settings = held.settings
    assert isinstance(settings, CommissionSettings)
    sent = request.headers.get("authorization", "").removeprefix("Bearer ")
    if not hmac.compare_digest(sent.encode(), settings.desk_token.get_secret_value().encode()):
        raise DeskClosed("请在 Authorization 头中携带办理台令牌")


async def store(request: Request, session: Session) -> Store:
    """Return the store under the switches as they stand."""
    return Store(session, await read_switches(session), writes=request.method not in SAFE)


async def faulty(session: Session) -> None:
    """Play the switched faults before anything else happens."""
    await play(session)


async def play(session: AsyncSession) -> None:
    """Be slow, fail, or be out, as switched."""
    switches = await read_switches(session)
    await asyncio.sleep(switches.latency)
    if switches.outage or secrets.randbelow(LARGEST) < switches.errors * LARGEST:
        raise Outage


async def witness(held: Held) -> Witness:
    """Return the witness."""
    found: Witness = held.extra["witness"]
    return found


InStore = Annotated[Store, Depends(store)]
InWitness = Annotated[Witness, Depends(witness)]
