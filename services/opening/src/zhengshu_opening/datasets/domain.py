"""A dataset as opening sees it. Knows no HTTP, SQL or NATS."""

from collections.abc import Iterable
from dataclasses import dataclass

from zhengshu_contracts.catalog import ItemBrief
from zhengshu_contracts.vocabulary import (
    OpeningClass,
    ServiceRegistrationState,
    SharingClass,
    UpdateCycle,
)


@dataclass(frozen=True, slots=True, order=True)
class Version:
    """Identity of a dataset's content; a later one is greater."""

    epoch: int
    number: int

    def __str__(self) -> str:
        return f"{self.epoch}.{self.number}"

    @classmethod
    def parse(cls, text: str) -> "Version":
        """Read `epoch.n`; anything else raises ValueError."""
        epoch, number = text.split(".")
        return cls(int(epoch), int(number))


@dataclass(frozen=True, slots=True)
class Dataset:
    """The published revision of an entry, its service registration and its newest version."""

    id: str
    title: str
    abstract: str
    provider: str
    provider_name: str
    update_cycle: UpdateCycle
    revision: int
    items: tuple[ItemBrief, ...]
    retired: bool
    registration: ServiceRegistrationState
    version: Version | None

    @property
    def published(self) -> bool:
        """Whether a revision is in force."""
        return self.revision > 0 and not self.retired

    def open_items(self) -> tuple[ItemBrief, ...]:
        """Return the items that may be opened, in order; what may not be shared is never open."""
        return tuple(
            item
            for item in self.items
            if item.opening is not OpeningClass.CLOSED and item.sharing is not SharingClass.WITHHELD
        )


def opening_class(items: Iterable[ItemBrief]) -> OpeningClass:
    """Derive the class of opened items: general only if every one is, none at all is closed."""
    classes = {item.opening for item in items}
    if not classes or OpeningClass.CLOSED in classes:
        return OpeningClass.CLOSED
    return OpeningClass.GENERAL if classes == {OpeningClass.GENERAL} else OpeningClass.AUTHORIZED
