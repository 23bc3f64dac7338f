"""Officers' sign-in at an OIDC issuer outside: there with PKCE, state and nonce, and back as a code of ours.

Keeps nothing: the state is sealed with the issuer's key and carries what the portal asked; verifier and
nonce are made from it again with the client's secret. Catalog maps the subject and uses the state up.
"""

import base64
import hashlib
import hmac
from typing import Any
from urllib.parse import parse_qsl, urlencode

from zhengshu_chassis import ids
from zhengshu_chassis.errors import DomainError

from zhengshu_gateway.errors import IssuerAway, TokenInvalid
from zhengshu_gateway.exchange import Exchange
from zhengshu_gateway.oauth import TokenDesk, TokenError
from zhengshu_gateway.outside import Outside
from zhengshu_gateway.settings import GatewaySettings
from zhengshu_gateway.tokens import Tokens

BACK = "/oauth2/callback"
LEFT = "left+jwt"
LEFT_LIFE = 600
REFUSALS = {
    "unregistered": "统一身份账号未登记:请单位管理员登记该账号与工作人员的对应关系",
    "repeated": "这次登录已经用过,请重新登录",
}


class Outward:
    """The way to the issuer and back."""

    def __init__(
        self, outside: Outside, tokens: Tokens, desk: TokenDesk, settings: GatewaySettings
    ) -> None:
        self._outside = outside
        self._tokens = tokens
        self._desk = desk
        self._client = settings.oidc_client_id or ""
        secret = settings.oidc_client_secret
        self._secret = secret.get_secret_value().encode() if secret else b""
        self._scope = settings.oidc_scope
        self._claim = settings.oidc_officer_claim
        self._back = settings.issuer.rstrip("/") + BACK

    async def leave(self, asked: dict[str, str]) -> str:
        """Return where the browser goes to prove who it is."""
        state = self._tokens.seal(asked | {"jti": ids.new("s")}, LEFT, LEFT_LIFE)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(self._made(state, "verifier")).digest())
        told = {
            "response_type": "code",
            "client_id": self._client,
            "redirect_uri": self._back,
            "scope": self._scope,
            "state": state,
            "nonce": self._made(state, "nonce").decode(),
            "code_challenge": challenge.decode().rstrip("="),
            "code_challenge_method": "S256",
        }
        try:
            place = await self._outside.place("authorization_endpoint")
        except IssuerAway as error:
            raise TokenError("temporarily_unavailable", IssuerAway.title, 503) from error
        return f"{place}{'&' if '?' in place else '?'}{urlencode(told)}"

    async def come_back(self, exchange: Exchange) -> str:
        """Return where the browser goes on at the portal: with a code of ours, or with why there is none."""
        told = dict(parse_qsl(exchange.query.decode("latin-1"), max_num_fields=20))
        state = told.get("state", "")
        try:
            asked = self._tokens.unseal(state, LEFT)
        except TokenInvalid as error:
            raise TokenError("invalid_request", "登录已过期,请重新打开登录页") from error
        try:
            goes_on = {"code": await self._code(told, state, asked)}
        except (TokenError, DomainError) as error:
            title = error.title if isinstance(error, TokenError) else error.detail or error.title
            goes_on = {"error": "access_denied", "error_description": title}
        return f"{asked['back']}?{urlencode(goes_on | {'state': asked['state']})}"

    async def _code(self, told: dict[str, str], state: str, asked: dict[str, Any]) -> str:
        if "code" not in told:
            raise TokenError("access_denied", "统一身份认证未完成")
        form = {
            "grant_type": "authorization_code",
            "code": told["code"],
            "redirect_uri": self._back,
            "client_id": self._client,
            "code_verifier": self._made(state, "verifier").decode(),
        }
        given = await self._outside.exchange(form)
        nonce = self._made(state, "nonce").decode()
        claims = await self._outside.identity(str(given.get("id_token", "")), nonce)
        body = {
            "issuer": self._outside.issuer,
            "subject": str(claims.get(self._claim, "")),
            "challenge": asked["challenge"],
            "state": asked["jti"],
        }
        answer = (await self._desk.ask("catalog", "/internal/signin/outside", body)).json()
        if answer.get("outcome") != "accepted":
            raise TokenError("access_denied", REFUSALS.get(str(answer.get("outcome")), "未能登录"))
        return str(answer["code"])

    def _made(self, state: str, what: str) -> bytes:
        """Return a secret of this one sign-in, which a browser that holds its state cannot make."""
        made = hmac.digest(self._secret, f"{what}/{state}".encode(), "sha256")
        return base64.urlsafe_b64encode(made).rstrip(b"=")
