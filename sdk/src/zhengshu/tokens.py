"""Access tokens by client credentials (RFC 6749 §4.4), fetched again shortly before they end."""

import time
from collections.abc import Generator
from dataclasses import dataclass

import httpx

EARLY = 60.0
"""Seconds before its end at which a token is replaced."""


@dataclass(frozen=True, slots=True)
class Token:
    """An access token and when it ends (monotonic seconds)."""

    value: str
    ends: float


class ClientCredentials(httpx.Auth):
    """Adds a bearer token to each request; asks for a new one when it is refused once."""

    requires_response_body = True

    def __init__(self, url: str, client_id: str, client_secret: str) -> None:
        self._url = f"{url}/oauth2/token"
        self._basic = httpx.BasicAuth(client_id, client_secret)
        self._token: Token | None = None

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Send the request with a token; replace the token when it is about to end or refused."""
        if self._token is None or self._token.ends - EARLY < time.monotonic():
            yield from self._renew()
        request.headers["Authorization"] = f"Bearer {self.value}"
        response = yield request
        if response.status_code == httpx.codes.UNAUTHORIZED:
            yield from self._renew()
            request.headers["Authorization"] = f"Bearer {self.value}"
            yield request

    @property
    def value(self) -> str:
        """The token as it stands."""
        return self._token.value if self._token else ""

    def _renew(self) -> Generator[httpx.Request, httpx.Response, None]:
        asked = time.monotonic()
        form = httpx.Request("POST", self._url, data={"grant_type": "client_credentials"})
        response = yield next(self._basic.auth_flow(form))
        if response.is_success:
            answer = response.json()
            self._token = Token(answer["access_token"], asked + float(answer["expires_in"]))
