"""The doors a stranger has: the gateway, NATS, the Commission's desk, the competent officer's account."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from zhengshu import Client

from zhengshu_local.demo.tampering import Checked


@dataclass(frozen=True)
class Doors:
    """Where the story happens; the node's inside is none of its business."""

    gateway: str
    nats: str
    desk: str
    desk_token: str
    officer: tuple[str, str]
    log_key: str
    witness_key: str
    fsck_tampered: Callable[[], tuple[Checked, Checked]]
    """Copies the audit database and checks the copy, before and after changing one row in it."""
    folder: Path
    """Where the story may save files."""

    def client(self, credentials: dict[str, str] | tuple[str, str] | None = None) -> Client:
        """Open the gateway as somebody, or anonymously."""
        if credentials is None:
            return Client(self.gateway)
        if isinstance(credentials, tuple):
            return Client(self.gateway, *credentials)
        return Client(self.gateway, credentials["client_id"], credentials["client_secret"])

    def commission(self, method: str, path: str, body: object = None) -> Any:
        """Act as the person at the Commission's desk."""
        response = httpx.request(
            method,
            f"{self.desk}{path}",
            json=body,
            headers={"Authorization": f"Bearer {self.desk_token}"},
            timeout=10,
        )
        response.raise_for_status()
        return response.json() if response.content else None
