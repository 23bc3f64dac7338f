"""Whose browser this is: OAuth 2 with the gateway. Remembers access tokens only, and can do without."""

import time
from collections import OrderedDict
from collections.abc import Generator
from dataclasses import dataclass
from typing import Annotated, Any

import httpx
from fastapi import Depends
from zhengshu import Client, Refused
from zhengshu.client import problem_of
from zhengshu_chassis import resources

CLIENT = "portal"
EARLY = 30.0
"""Seconds before its end at which an access token is replaced."""
REMEMBERED = 500


@dataclass(frozen=True, slots=True)
class Held:
    """The node as one officer sees it, while the access token lasts."""

    client: Client
    ends: float


class Renewing(httpx.Auth):
    """Adds the token; asks for another, once, when it ended early: the officer signed out elsewhere."""

    requires_response_body = True

    def __init__(self, url: str, session: str, token: str) -> None:
        grant = {"grant_type": "refresh_token", "refresh_token": session, "client_id": CLIENT}
        self._renewal = grant
        self._url = f"{url.rstrip('/')}/oauth2/token"
        self._token = token

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Send the request with the token, and with a new one when the node refuses it."""
        request.headers["Authorization"] = f"Bearer {self._token}"
        response = yield request
        if response.status_code != httpx.codes.UNAUTHORIZED:
            return
        renewed = yield httpx.Request("POST", self._url, data=self._renewal)
        if renewed.is_success:
            self._token = str(renewed.json()["access_token"])
            request.headers["Authorization"] = f"Bearer {self._token}"
            yield request


class Desk:
    """Codes into sessions, sessions into tokens. For several threads; a token lost costs a renewal."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._http = httpx.Client(base_url=url, timeout=30)
        self._held: OrderedDict[str, Held] = OrderedDict()

    def close(self) -> None:
        """Give the connections back."""
        for held in self._held.values():
            held.client.close()
        self._http.close()

    def submit(self, asked: str, account: str, password: str) -> str:
        """Return where the browser goes on, or raise Refused."""
        form = {"asked": asked, "account": account, "password": password}
        return str(self._post("/oauth2/sign-in", form)["redirect_to"])

    def set_password(self, form: dict[str, str]) -> None:
        """Choose account name and password with the secret that the administrator handed over."""
        self._post("/oauth2/password", form)

    def begin(self, code: str, verifier: str) -> str:
        """Return the session of a code."""
        grant = {"grant_type": "authorization_code", "code": code, "code_verifier": verifier}
        told = self._post("/oauth2/token", grant | {"client_id": CLIENT})
        session = str(told["refresh_token"])
        self._keep(session, told)
        return session

    def client(self, session: str) -> Client:
        """Return the node as this session's officer sees it, or raise Refused when the session is over."""
        held = self._held.get(session)
        if held is None or held.ends - EARLY < time.monotonic():
            grant = {"grant_type": "refresh_token", "refresh_token": session}
            held = self._keep(session, self._post("/oauth2/token", grant | {"client_id": CLIENT}))
        return held.client

    def end(self, session: str) -> None:
        """Sign out."""
        self._held.pop(session, None)
        self._post("/oauth2/revoke", {"token": session})

    def _keep(self, session: str, told: dict[str, Any]) -> Held:
        client = Client(self._url)
        client.http.auth = Renewing(self._url, session, str(told["access_token"]))
        held = self._held[session] = Held(client, time.monotonic() + float(told["expires_in"]))
        if len(self._held) > REMEMBERED:
            self._held.popitem(last=False)
        return held

    def _post(self, path: str, form: dict[str, str]) -> dict[str, Any]:
        response = self._http.post(path, data=form)
        if not response.is_success:
            raise Refused(problem_of(response))
        told: dict[str, Any] = response.json()
        return told


async def desk(held: resources.Held) -> Desk:
    """Return who turns sessions into tokens."""
    found: Desk = held.extra["desk"]
    return found


InDesk = Annotated[Desk, Depends(desk)]
