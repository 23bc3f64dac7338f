"""Listings: what is open, to whom, from which snapshot. Knows no HTTP, SQL or NATS."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from zhengshu_contracts.opening import OpenItem
from zhengshu_contracts.vocabulary import ItemType, ListingState, OpeningClass, PrincipalKind

from zhengshu_opening.datasets.domain import Dataset, Version, opening_class
from zhengshu_opening.listings.errors import AuthorizationRequired, NothingToOpen

LONGEST_PAUSE = 300.0
_UNSCANNED = frozenset(
    {
        ItemType.CURRENCY,
        ItemType.DOUBLE,
        ItemType.FLOAT,
        ItemType.DATE,
        ItemType.DATETIME,
        ItemType.LOGICAL,
    }
)
"""Types whose values cannot be a person's number, but may look like one (an amount in yuan)."""


@dataclass(frozen=True, slots=True)
class Listing:
    """An opening registered by the municipal open platform."""

    dataset: str
    proposal: str
    opening: OpeningClass
    items: tuple[OpenItem, ...]
    licence: str
    state: ListingState
    reason: str | None = None
    version: Version | None = None
    """Of the snapshot that is served."""

    @property
    def live(self) -> bool:
        """Whether it is, or will soon be, open."""
        return self.state is not ListingState.WITHDRAWN

    def names(self) -> tuple[str, ...]:
        """Return the opened items' names, in order."""
        return tuple(item.name for item in self.items)

    def scanned(self) -> tuple[str, ...]:
        """Return the items whose values are searched for personal information."""
        return tuple(item.name for item in self.items if item.type not in _UNSCANNED)

    def titles(self) -> dict[str, str]:
        """Return the items' Chinese titles by name."""
        return {item.name: item.title for item in self.items}


@dataclass(frozen=True, slots=True)
class Stored:
    """A finished file: where it is, how long, and its SHA-256 in hexadecimal."""

    format: str
    path: str
    bytes: int
    digest: str


@dataclass(frozen=True, slots=True)
class Shown:
    """A listing as the public sees it: with its dataset and the snapshot that is served."""

    listing: Listing
    dataset: Dataset
    version: Version
    rows: int
    files: tuple[Stored, ...]
    listed_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Authorization:
    """An applicant's right to an authorised-open listing, until a time."""

    id: str
    application: str
    dataset: str
    applicant: str
    ends: datetime


def register(
    dataset: Dataset, *, proposal: str, items: Iterable[str], opening: OpeningClass, licence: str
) -> Listing:
    """Begin a listing of those proposed items that may still be opened."""
    wanted = frozenset(items)
    kept = [item for item in dataset.open_items() if item.name in wanted]
    if not kept or not dataset.published:
        raise NothingToOpen(f"数据集 {dataset.id} 的信息项均不开放或目录已停用")
    return Listing(
        dataset=dataset.id,
        proposal=proposal,
        opening=stricter(opening, opening_class(kept)),
        items=tuple(OpenItem(name=i.name, title=i.title, type=i.type) for i in kept),
        licence=licence,
        state=ListingState.BUILDING,
    )


def revised(listing: Listing, dataset: Dataset) -> Listing:
    """Follow a new revision: what was closed leaves at once, what was opened waits for a proposal."""
    try:
        fresh = register(
            dataset,
            proposal=listing.proposal,
            items=listing.names(),
            opening=listing.opening,
            licence=listing.licence,
        )
    except NothingToOpen:
        return withdrawn(listing, "信息项均已改为不开放")
    if fresh.names() == listing.names():
        return replace(listing, items=fresh.items, opening=fresh.opening)
    # Files made before hold a column that is closed now, so nothing is served until new ones are.
    return replace(fresh, reason="目录已修订,正在重新生成", version=None)


def withdrawn(listing: Listing, reason: str) -> Listing:
    """Take a listing down."""
    return replace(listing, state=ListingState.WITHDRAWN, reason=reason, version=None)


def stricter(first: OpeningClass, second: OpeningClass) -> OpeningClass:
    """Return the class that opens less."""
    order = (OpeningClass.GENERAL, OpeningClass.AUTHORIZED, OpeningClass.CLOSED)
    return max(first, second, key=order.index)


def admit(
    listing: Listing, kind: PrincipalKind, caller: str, held: Iterable[Authorization], now: datetime
) -> None:
    """Let a caller have the files, or raise why not; checked again after the gateway's decision."""
    if listing.opening is OpeningClass.GENERAL:
        return
    if kind is PrincipalKind.APPLICANT and any(
        one.applicant == caller and now < one.ends for one in held
    ):
        return
    raise AuthorizationRequired(
        "该数据集为授权开放类", next="内资控股法人企业、科研机构可申请:POST /v1/open/applications"
    )


def pause(attempts: int) -> timedelta:
    """Return how long to wait after this many failed attempts."""
    return timedelta(seconds=min(2.0 ** min(attempts, 10), LONGEST_PAUSE))
