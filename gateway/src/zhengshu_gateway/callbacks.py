"""`POST /v1/commission/callbacks`: genuine ones go to the service that applies their kind."""

from typing import Any

from pydantic import ValidationError
from zhengshu_chassis import signature
from zhengshu_chassis.telemetry import THINGS_PASSED_OVER, log
from zhengshu_contracts.commission import CALLBACK_OWNER, Callback

from zhengshu_gateway.errors import BadCallback, CallbackMalformed, UpstreamAway
from zhengshu_gateway.exchange import Exchange
from zhengshu_gateway.settings import GatewaySettings
from zhengshu_gateway.upstreams import Reply, Upstreams

LARGEST = 256 * 1024
SERVICE = "callback"
"""Service code that a call-back's signature names: one made for another purpose is not taken."""


class Callbacks:
    """Takes call-backs in, and hands on those that polling found."""

    def __init__(self, settings: GatewaySettings, upstreams: Upstreams) -> None:
        self._key = settings.commission_key.get_secret_value().encode()
        self._ourselves = settings.requester
        self._upstreams = upstreams

    async def receive(self, exchange: Exchange) -> None:
        """Verify one call-back and answer what its owner made of it; 503 lets the Commission repeat."""
        body = await exchange.body(LARGEST)
        headers = {
            key.decode("latin-1"): value.decode("latin-1") for key, value in exchange.headers
        }
        try:
            requester = signature.verify(self._key, headers, body=body)
        except signature.BadSignature as error:
            raise BadCallback("签名、时间或内容摘要不符") from error
        if headers.get(signature.SERVICE) != SERVICE or requester == self._ourselves:
            raise BadCallback("签名不是为回调作出的")
        exchange.client = requester
        try:
            callback = Callback.model_validate_json(body)
        except ValidationError as error:
            raise CallbackMalformed("回调内容不合约定") from error
        reply = await self.hand_on(callback)
        if reply.status >= 500:
            raise UpstreamAway("受理服务暂不可用,请稍后再次送达")
        await exchange.json(reply.status, reply.json())

    async def hand_on(self, callback: Callback) -> Reply:
        """Give a genuine call-back to its owner, who applies it once."""
        owner = CALLBACK_OWNER[callback.answer.kind]
        body = callback.model_dump(mode="json")
        return await self._upstreams.ask(owner, "POST", "/internal/callbacks", body)


def legible(told: Any) -> Callback | None:
    """Return a call-back that polling found, or None when it says what this version does not know.

    What an answer says beyond the contract could narrow it, so it is not applied in part.
    """
    try:
        return Callback.model_validate(told)
    except ValidationError as error:
        places = [".".join(map(str, each["loc"])) for each in error.errors(include_input=False)]
        log.error("answer.illegible", places=places)
        THINGS_PASSED_OVER.labels("answers").inc()
        return None
