"""Who plays in the story: clients and what they have made so far."""

from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from zhengshu import Client, Refused

from zhengshu_local.demo import samples
from zhengshu_local.demo.doors import Doors
from zhengshu_local.demo.integrator import Integrator
from zhengshu_local.demo.teller import Teller


@dataclass
class Cast:
    """The players. `systems` and `officers` by department, `datasets` by the story's names."""

    doors: Doors
    teller: Teller
    systems: dict[str, Client] = field(default_factory=dict)
    system_ids: dict[str, str] = field(default_factory=dict)
    officers: dict[str, Client] = field(default_factory=dict)
    datasets: dict[str, str] = field(default_factory=dict)
    run: str = field(default_factory=lambda: uuid4().hex[:8])
    """Marks this telling's idempotency keys, so that the story can be told again."""
    opened: list[Client] = field(default_factory=list)
    listening: list[Integrator] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.competent = self.open(self.doors.officer)

    def open(self, credentials: dict[str, str] | tuple[str, str] | None = None) -> Client:
        """Open the gateway as somebody, or anonymously, until the story ends."""
        self.opened.append(self.doors.client(credentials))
        return self.opened[-1]

    def key(self, name: str) -> str:
        """Return an idempotency key of this telling."""
        return f"demo-{self.run}-{name}"

    def entry(self, dataset: str) -> dict[str, Any]:
        """Look an entry up as the competent department sees it."""
        found: dict[str, Any] = self.competent.get(f"/v1/entries/{self.datasets[dataset]}")
        return found

    def title(self, dataset: str) -> str:
        """Return a dataset's title, which people read."""
        return str(samples.DATASETS[dataset][1]["title"])

    def close(self) -> None:
        """Let every player go."""
        for client in self.opened:
            client.close()
        for integrator in self.listening:
            with suppress(Exception):  # whatever it was, the story has been told
                integrator.leave()


def in_a_year() -> str:
    """Return a date a year from now."""
    return (datetime.now(UTC) + timedelta(days=365)).date().isoformat()


def today() -> str:
    """Return today's date."""
    return datetime.now(UTC).date().isoformat()


def tolerate(slug: str, call: Any) -> None:
    """Do something that may have been done by an earlier telling."""
    try:
        call()
    except Refused as refusal:
        if refusal.slug != slug:
            raise
