"""What one process holds while it runs: settings, database, NATS. Made by `app`, closed in reverse."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import Depends
from starlette.requests import HTTPConnection

from zhengshu_chassis.settings import ProcessSettings

if TYPE_CHECKING:
    from zhengshu_chassis.bus import Bus
    from zhengshu_chassis.db import Database


@dataclass
class Resources:
    """One of each per process. `database` and `bus` raise when the process has none."""

    name: str
    settings: ProcessSettings
    _database: "Database | None" = None
    _bus: "Bus | None" = None
    extra: dict[str, Any] = field(default_factory=dict)
    """What a service's own start-up puts here, by name."""

    def attach_database(self, database: "Database") -> None:
        """Take the database; the application's start-up does."""
        self._database = database

    def attach_bus(self, bus: "Bus") -> None:
        """Take the connection to NATS; the application's start-up does."""
        self._bus = bus

    @property
    def database(self) -> "Database":
        """The database of this service."""
        if self._database is None:
            raise LookupError(f"{self.name} has no database")
        return self._database

    @property
    def bus(self) -> "Bus":
        """The connection to NATS."""
        if self._bus is None:
            raise LookupError(f"{self.name} has no NATS connection")
        return self._bus

    @property
    def has_database(self) -> bool:
        """Whether this process has a database."""
        return self._database is not None

    @property
    def has_bus(self) -> bool:
        """Whether this process speaks to NATS."""
        return self._bus is not None


async def resources(connection: HTTPConnection) -> Resources:
    """Return what the process holds."""
    found: Resources = connection.app.state.resources
    return found


Held = Annotated[Resources, Depends(resources)]
