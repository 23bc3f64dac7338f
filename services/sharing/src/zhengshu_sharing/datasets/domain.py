"""A dataset as sharing needs it: whose it is and the class of each item. Knows no SQL, no HTTP."""

from collections.abc import Iterable
from dataclasses import dataclass

from zhengshu_contracts.catalog import ItemBrief
from zhengshu_contracts.vocabulary import Mode, Origin, SharingClass, offered

from zhengshu_sharing.datasets.errors import ItemsUnknown


@dataclass(frozen=True, slots=True)
class Dataset:
    """A published entry's newest revision."""

    id: str
    title: str
    provider: str
    provider_name: str
    origin: Origin
    items: tuple[ItemBrief, ...]
    municipal_code: str | None = None
    served: bool = False
    """Whether its rows can be had: a county dataset needs a live service registration."""
    modes: tuple[Mode, ...] = ()
    """共享方式 as the entry names them; `offered` are those that can be applied for."""

    @property
    def offered(self) -> tuple[Mode, ...]:
        """The modes that can be applied for."""
        return offered(self.modes, self.origin)

    def chosen(self, names: Iterable[str]) -> tuple[ItemBrief, ...]:
        """Return the named items in the dataset's own order, or raise which are unknown."""
        wanted = set(names)
        unknown = sorted(wanted - {item.name for item in self.items})
        if unknown:
            raise ItemsUnknown(self.id, unknown)
        return tuple(item for item in self.items if item.name in wanted)

    def names(self, *classes: SharingClass) -> frozenset[str]:
        """Return the names of the items of these classes."""
        return frozenset(item.name for item in self.items if item.sharing in classes)
