"""The client: one method per thing a department does, over the public API alone."""

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import IO, Any, Self
from urllib.parse import quote

import httpx
from pydantic import ValidationError
from zhengshu_contracts.catalog import BatchOut, BatchProgress, BatchState, EntryList, EntryOut
from zhengshu_contracts.problem import Problem
from zhengshu_contracts.sharing import ApplicationIn, ApplicationOut, GrantList, GrantOut

from zhengshu.errors import Refused
from zhengshu.tokens import ClientCredentials

TIMEOUT = httpx.Timeout(30, read=300)
Body = bytes | Iterable[bytes] | IO[bytes]


@dataclass(frozen=True, slots=True)
class Use:
    """For what rows are read, or under which grant: to be said where several grants would do."""

    purpose: str | None = None
    grant: str | None = None

    def headers(self) -> dict[str, str]:
        """Return the headers that say so."""
        told = {"Zhengshu-Purpose": quote(self.purpose or ""), "Zhengshu-Grant": self.grant or ""}
        return {name: value for name, value in told.items() if value}


UNSAID = Use()


class Client:
    """A node as one client sees it; anonymous without credentials, or with a token held already."""

    def __init__(
        self,
        url: str,
        client_id: str | None = None,
        client_secret: str | None = None,
        *,
        token: str | None = None,
    ) -> None:
        self.url = url.rstrip("/")
        self.auth = (
            ClientCredentials(self.url, client_id, client_secret or "") if client_id else None
        )
        held = {"Authorization": f"Bearer {token}"} if token else {}
        self.http = httpx.Client(base_url=self.url, auth=self.auth, headers=held, timeout=TIMEOUT)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give the connections back."""
        self.http.close()

    def call(self, method: str, path: str, **request: Any) -> httpx.Response:
        """Send a request; raise Refused with the node's problem unless it succeeded."""
        response = self.http.request(method, path, **request)
        if not response.is_success:
            raise Refused(problem_of(response))
        return response

    def get(self, path: str, **params: Any) -> Any:
        """GET a JSON document."""
        return self.call("GET", path, params=params).json()

    def post(self, path: str, body: object, *, key: str | None = None) -> Any:
        """POST a JSON document, once per idempotency key."""
        return self.call("POST", path, json=body, headers=idempotent(key)).json()

    def token(self) -> str:
        """Return an access token that is good for a while yet, for NATS or other tools."""
        if self.auth is None:
            raise ValueError("an anonymous client has no token")
        if self.auth.ending:
            response = self.http.send(self.auth.request(), auth=None)
            if not response.is_success:
                raise Refused(problem_of(response))
            self.auth.take(response)
        return self.auth.value

    def entries(self, **params: Any) -> Iterator[EntryOut]:
        """Yield the entries of the catalogue that this client may see, page by page."""
        for page in self._pages("/v1/entries", params):
            yield from EntryList.model_validate(page).entries

    def push(
        self,
        dataset: str,
        body: Body,
        *,
        mode: str = "upsert",
        media: str = "text/csv",
        key: str | None = None,
        lenient: bool = False,
        dry_run: bool = False,
    ) -> BatchOut:
        """Push a batch of rows; the answer holds the signed receipt. Repeat safely with `key`."""
        params = {"mode": mode} | ({"dry_run": "true"} if dry_run else {})
        headers = idempotent(key) | {"Content-Type": media} | prefer(lenient=lenient)
        path = f"/v1/datasets/{dataset}/batches"
        answer = self.call("POST", path, content=body, headers=headers, params=params)
        return BatchOut.model_validate_json(answer.content)

    def push_later(
        self,
        dataset: str,
        body: Body,
        *,
        mode: str = "upsert",
        media: str = "text/csv",
        key: str | None = None,
        lenient: bool = False,
    ) -> BatchProgress:
        """Hand in a large batch and return at once; ask `batch` or `wait` what becomes of it."""
        headers = idempotent(key) | {"Content-Type": media} | prefer(lenient=lenient, later=True)
        path = f"/v1/datasets/{dataset}/batches"
        answer = self.call("POST", path, content=body, headers=headers, params={"mode": mode})
        return self.batch(answer.json()["id"])  # a node without a store took it at once

    def batch(self, batch: str) -> BatchProgress:
        """Return how far a batch is, or what became of it."""
        return BatchProgress.model_validate(self.get(f"/v1/batches/{batch}"))

    def wait(self, batch: str, *, every: float = 1.0, most: float = 3600.0) -> BatchOut:
        """Wait until a batch is taken and return its answer; raise Refused with why it was not."""
        until = time.monotonic() + most
        while (found := self.batch(batch)).state is BatchState.WAITING:
            if time.monotonic() > until:
                raise TimeoutError(batch)
            time.sleep(every)
        if found.batch is None:
            raise Refused(found.problem or Problem(type="about:blank", title="未入库", status=422))
        return found.batch

    def report(self, batch: str) -> Iterator[bytes]:
        """Yield the report of a batch's bad rows as CSV: all of them, the answer has the first alone."""
        with self.http.stream("GET", f"/v1/batches/{batch}/report") as response:
            if not response.is_success:
                response.read()
                raise Refused(problem_of(response))
            yield from response.iter_bytes()

    def rows(self, dataset: str, use: Use = UNSAID, /, **filters: Any) -> Iterator[dict[str, Any]]:
        """Yield the rows this client may read, page by page, in PostgREST's filter grammar."""
        path: str | None = f"/v1/datasets/{dataset}/rows"
        params: dict[str, Any] | None = filters
        while path:
            response = self.call("GET", path, params=params, headers=use.headers())
            yield from response.json()
            path, params = response.links.get("next", {}).get("url"), None

    def export(
        self,
        dataset: str,
        use: Use = UNSAID,
        *,
        format: str = "csv",  # noqa: A002 - the parameter's name on the wire
    ) -> Iterator[bytes]:
        """Yield the bytes of an export; one snapshot."""
        path = f"/v1/datasets/{dataset}/exports"
        params, headers = {"format": format}, use.headers()
        with self.http.stream("GET", path, params=params, headers=headers) as response:
            if not response.is_success:
                response.read()
                raise Refused(problem_of(response))
            yield from response.iter_bytes()

    def verify(
        self, dataset: str, key: dict[str, Any], values: dict[str, Any], use: Use = UNSAID
    ) -> bool:
        """Ask whether the row with this key has these values."""
        path = f"/v1/datasets/{dataset}/verification"
        body = {"key": key, "values": values}
        answer = self.call("POST", path, json=body, headers=use.headers())
        return bool(answer.json()["matches"])

    def apply(self, application: ApplicationIn, *, key: str | None = None) -> ApplicationOut:
        """Submit a sharing application."""
        body = application.model_dump(mode="json")
        return ApplicationOut.model_validate(self.post("/v1/applications", body, key=key))

    def grants(self, **params: Any) -> Iterator[GrantOut]:
        """Yield the grants this client's organisation holds or provides."""
        for page in self._pages("/v1/grants", params):
            yield from GrantList.model_validate(page).grants

    def _pages(self, path: str, params: dict[str, Any]) -> Iterator[Any]:
        cursor: str | None = None
        while True:
            page = self.get(path, **params, **({"cursor": cursor} if cursor else {}))
            yield page
            cursor = page.get("next")
            if not cursor:
                return


def idempotent(key: str | None) -> dict[str, str]:
    """Return the header that makes a write happen once."""
    return {"Idempotency-Key": key} if key else {}


def prefer(*, lenient: bool = False, later: bool = False) -> dict[str, str]:
    """Return the header that says how a batch is to be taken."""
    told = ["handling=lenient"] * lenient + ["respond-async"] * later
    return {"Prefer": ", ".join(told)} if told else {}


def problem_of(response: httpx.Response) -> Problem:
    """Return the problem document of a refusal, also of one that is not the node's."""
    try:
        return Problem.model_validate_json(response.content)
    except ValidationError:
        title = f"节点没有按约定答复({response.headers.get('content-type', '无类型')})"
        return Problem(type="about:blank", title=title, status=response.status_code)
