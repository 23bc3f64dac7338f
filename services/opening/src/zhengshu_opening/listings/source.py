"""Rows of open columns, read through the gateway like any other system does.

Knows the gateway's public API and opening's own credential; nothing of what the rows are for.
"""

import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import httpx
from pydantic import SecretStr

from zhengshu_opening.datasets.domain import Version

LONGEST_LINE = 16 * 1024 * 1024
_MARGIN = 60.0


class SourceFailed(Exception):
    """The export could not be had, or ended early; asked again later. Never holds a row."""


@dataclass(frozen=True, slots=True)
class Export:
    """One export: the version it is of, how many rows it announces, and the rows."""

    version: Version
    announced: int | None
    rows: AsyncIterator[dict[str, Any]]


class Source:
    """Exports of open columns under opening's own system credential."""

    def __init__(self, client: httpx.AsyncClient, client_id: str, secret: SecretStr) -> None:
        self._client = client
        self._request = {
            "grant_type": "client_credentials",
            "client_id": client_id,
            "client_secret": secret.get_secret_value(),
        }
        self._token = ""
        self._valid_until = 0.0

    @asynccontextmanager
    async def export(self, dataset: str) -> AsyncIterator[Export]:
        """Open the export of a dataset's open columns; SourceFailed for whatever goes wrong."""
        headers = {"Authorization": f"Bearer {await self._access_token()}"}
        path = f"/v1/datasets/{dataset}/exports"
        try:
            async with self._client.stream(
                "GET", path, params={"format": "ndjson"}, headers=headers
            ) as answer:
                await self._check(answer)
                yield _export(answer)
        except httpx.HTTPError as error:
            raise SourceFailed(f"读取中断:{type(error).__name__}") from error

    async def _check(self, answer: httpx.Response) -> None:
        if answer.status_code == httpx.codes.UNAUTHORIZED:
            self._valid_until = 0.0
        if answer.status_code != httpx.codes.OK:
            await answer.aread()
            raise SourceFailed(f"网关未放行:{answer.status_code} {_slug(answer)}")

    async def _access_token(self) -> str:
        if time.monotonic() < self._valid_until:
            return self._token
        try:
            answer = await self._client.post("/oauth2/token", data=self._request)
        except httpx.HTTPError as error:
            raise SourceFailed(f"网关无法访问:{type(error).__name__}") from error
        if answer.status_code != httpx.codes.OK:
            raise SourceFailed(f"未取得令牌:{answer.status_code} {_slug(answer)}")
        granted = answer.json()
        self._token = granted["access_token"]
        self._valid_until = time.monotonic() + float(granted["expires_in"]) - _MARGIN
        return self._token


def _export(answer: httpx.Response) -> Export:
    try:
        version = Version.parse(answer.headers["Zhengshu-Version"])
    except (KeyError, ValueError) as error:
        raise SourceFailed("答复没有数据版本") from error
    announced = answer.headers.get("Zhengshu-Rows", "")
    return Export(version, int(announced) if announced.isdigit() else None, _rows(answer))


async def _rows(answer: httpx.Response) -> AsyncIterator[dict[str, Any]]:
    """Split at line feeds alone: httpx's own line reader also splits at U+2028 inside a value."""
    rest = b""
    async for chunk in answer.aiter_bytes():
        *lines, rest = (rest + chunk).split(b"\n")
        if len(rest) > LONGEST_LINE:
            raise SourceFailed("一行过长")
        for line in lines:
            if line.strip():
                yield _row(line)
    if rest.strip():
        yield _row(rest)


def _row(line: bytes) -> dict[str, Any]:
    try:
        row = json.loads(line, parse_float=Decimal)
    except ValueError:
        # The parser's own message quotes the line, so it must not be chained.
        raise SourceFailed("答复不是有效的 NDJSON") from None
    if not isinstance(row, dict):
        raise SourceFailed("答复不是有效的 NDJSON")
    return row


def _slug(answer: httpx.Response) -> str:
    """Return the refusal's slug, nothing else of the answer."""
    try:
        return str(answer.json().get("type", "")).rsplit("/", 1)[-1][:60]
    except (ValueError, AttributeError):
        return ""
