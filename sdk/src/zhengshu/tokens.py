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
        if self.ending:
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

    @property
    def ending(self) -> bool:
        """Whether a new token is due."""
        return self._token is None or self._token.ends - EARLY < time.monotonic()

    def request(self) -> httpx.Request:
        """Return the request for a new token."""
        form = httpx.Request("POST", self._url, data={"grant_type": "client_credentials"})
        return next(self._basic.auth_flow(form))

    def take(self, response: httpx.Response) -> None:
        """Keep the token that the node answered with."""
        answer = response.json()
        self._token = Token(answer["access_token"], time.monotonic() + float(answer["expires_in"]))

    def _renew(self) -> Generator[httpx.Request, httpx.Response, None]:
        response = yield self.request()
        if response.is_success:
            self.take(response)
