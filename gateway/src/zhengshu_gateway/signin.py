"""Officers' sign-in: authorisation code with PKCE (RFC 6749 §4.1, RFC 7636) for the one portal.

Keeps nothing and renders nothing: the portal shows the form, or an issuer outside asks; catalog owns
passwords, codes and sessions.
What a browser carries between two steps is sealed with the issuer's key.
"""

from typing import Any
from urllib.parse import parse_qsl, urlencode

from zhengshu_gateway.errors import TokenInvalid
from zhengshu_gateway.exchange import Exchange
from zhengshu_gateway.oauth import Form, TokenDesk, TokenError, proof_of, read, refuse
from zhengshu_gateway.outward import BACK, Outward
from zhengshu_gateway.tokens import Tokens

PORTAL = "portal"
"""The one client that people sign in to; it has no secret, hence PKCE."""
ASKED = "asked+jwt"
ASKED_LIFE = 600
NO_SESSION = "登录已失效,请重新登录"
OUTCOMES = {
    "wrong": ("账号或口令不正确", 401),
    "barred": ("连续输错多次,账号已暂停登录 15 分钟", 403),
}


class SignInDesk:
    """`/oauth2/authorize`, `sign-in`, `callback`, `password`, `revoke` and two grants."""

    def __init__(
        self,
        desk: TokenDesk,
        tokens: Tokens,
        portal_url: str | None,
        outward: Outward | None = None,
    ) -> None:
        self._outward = outward
        self._desk = desk
        self._tokens = tokens
        self._portal = (portal_url or "").rstrip("/")
        self._answers = {
            "/oauth2/authorize": self._authorize,
            "/oauth2/sign-in": self._sign_in,
            "/oauth2/password": self._set_password,
            "/oauth2/revoke": self._revoke,
            BACK: self._come_back,
        }
        desk.grants |= {"authorization_code": self._begin, "refresh_token": self._renew}

    async def answer(self, exchange: Exchange) -> None:
        """Answer one step of a sign-in."""
        try:
            await self._answers[exchange.path](exchange)
        except TokenError as error:
            await refuse(exchange, error)

    async def _authorize(self, exchange: Exchange) -> None:
        """Send the browser to the portal's form or to the issuer outside, with what was asked under seal."""
        asked = dict(parse_qsl(exchange.query.decode("latin-1"), max_num_fields=20))
        back = f"{self._portal}/signin/callback"
        if not self._portal or asked.get("client_id") != PORTAL:
            raise TokenError("invalid_client", "没有登记这个登录入口", 401)
        if asked.get("redirect_uri", back) != back:
            raise TokenError("invalid_request", "回跳地址没有登记")
        if asked.get("response_type") != "code":
            raise TokenError("unsupported_response_type", "只支持 response_type=code")
        challenge, state = asked.get("code_challenge", ""), asked.get("state", "")
        if len(challenge) != 43 or asked.get("code_challenge_method") != "S256":
            raise TokenError("invalid_request", "须使用 PKCE(S256)")
        if not 16 <= len(state) <= 200:
            raise TokenError("invalid_request", "state 须为 16 至 200 位")
        claims = {"challenge": challenge, "state": state, "back": back}
        if self._outward is not None:
            await _redirect(exchange, await self._outward.leave(claims))
            return
        sealed = self._tokens.seal(claims, ASKED, ASKED_LIFE)
        place = f"{self._portal}/signin?{urlencode({'asked': sealed})}"
        await _redirect(exchange, place)

    async def _come_back(self, exchange: Exchange) -> None:
        """Take the browser back from the issuer outside."""
        if self._outward is None:
            raise TokenError("invalid_request", "本节点没有启用统一身份认证")
        await _redirect(exchange, await self._outward.come_back(exchange))

    async def _sign_in(self, exchange: Exchange) -> None:
        """Take account and password from the portal; answer where the browser goes on."""
        form = await read(exchange)
        try:
            asked = self._tokens.unseal(form.get("asked", ""), ASKED)
        except TokenInvalid as error:
            raise TokenError("invalid_request", "登录页已过期,请重新打开") from error
        body = {
            "account": form.get("account", "")[:100],
            "password": form.get("password", "")[:200],
            "challenge": asked["challenge"],
        }
        told = (await self._desk.ask("catalog", "/internal/signin/code", body)).json()
        if told.get("outcome") != "accepted":
            title, status = OUTCOMES.get(str(told.get("outcome")), ("未能登录", 401))
            raise TokenError("access_denied", title, status)
        goes_on = urlencode({"code": told["code"], "state": asked["state"]})
        place = f"{asked['back']}?{goes_on}"
        await exchange.json(200, {"redirect_to": place}, cache_control="no-store")

    async def _set_password(self, exchange: Exchange) -> None:
        """Let an officer who proves the client's secret choose account name and password."""
        form = await read(exchange)
        proof = proof_of(form, None, [])
        await self._desk.judged(proof)
        body = {
            "client_id": proof.client,
            "account": form.get("account", "").strip().lower(),
            "password": form.get("password", ""),
        }
        reply = await self._desk.ask("catalog", "/internal/signin/password", body)
        if not reply.ok:
            problem = reply.json()
            title = problem.get("detail") or problem.get("title") or "未能设定"
            raise TokenError("invalid_request", str(title))
        await exchange.json(200, {"account": body["account"]}, cache_control="no-store")

    async def _begin(self, form: Form) -> tuple[str, dict[str, Any]]:
        _is_portal(form)
        body = {"code": form.get("code", "")[:100], "verifier": form.get("code_verifier", "")[:128]}
        begun = (await self._desk.ask("catalog", "/internal/signin/session", body)).json()
        if not begun or "client_id" not in begun:
            raise TokenError("invalid_grant", NO_SESSION)
        return str(begun["client_id"]), {"refresh_token": begun["session"]}

    async def _renew(self, form: Form) -> tuple[str, dict[str, Any]]:
        _is_portal(form)
        body = {"session": form.get("refresh_token", "")[:100]}
        reply = await self._desk.ask("catalog", "/internal/signin/renewal", body)
        if not reply.ok:
            raise TokenError("invalid_grant", NO_SESSION)
        return str(reply.json()["client_id"]), {}

    async def _revoke(self, exchange: Exchange) -> None:
        """End a session (RFC 7009): the answer is the same whether there was one."""
        form = await read(exchange)
        body = {"session": form.get("token", "")[:100]}
        await self._desk.ask("catalog", "/internal/signin/end", body)
        await exchange.json(200, {}, cache_control="no-store")


def _is_portal(form: Form) -> None:
    if form.get("client_id") != PORTAL:
        raise TokenError("invalid_client", "没有登记这个登录入口", 401)


async def _redirect(exchange: Exchange, place: str) -> None:
    headers = [(b"location", place.encode()), (b"cache-control", b"no-store")]
    await exchange.start(302, [*headers, (b"content-length", b"0")])
    await exchange.finish()
