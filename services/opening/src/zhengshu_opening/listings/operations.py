"""What is done to listings: load, decide, save, announce. The caller owns the transaction.

Everything announced about a listing is announced while its row is locked, in the order of the dataset.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from zhengshu_contracts.opening import (
    AuthorizationActivated,
    AuthorizationExpired,
    AuthorizationRevoked,
    ListingRegistered,
    ListingWithdrawn,
    SnapshotPublished,
)
from zhengshu_contracts.policy import Authorization as AuthorizationPolicy
from zhengshu_contracts.policy import ListingPolicy, dataset_key
from zhengshu_contracts.vocabulary import ListingState

from zhengshu_opening.datasets.domain import Dataset, Version
from zhengshu_opening.listings import domain
from zhengshu_opening.listings.domain import Authorization, Listing, Stored
from zhengshu_opening.unit import Unit


@dataclass(frozen=True, slots=True)
class Built:
    """A finished snapshot that is not served yet."""

    dataset: str
    items: tuple[str, ...]
    version: Version
    rows: int
    files: Sequence[Stored]


async def register(unit: Unit, listing: Listing) -> None:
    """Begin a listing: announce it and ask for its first snapshot."""
    await unit.listings.lock(listing.dataset)
    await unit.listings.save(listing)
    unit.outbox.add(
        ListingRegistered(
            proposal=listing.proposal, dataset=listing.dataset, opening=listing.opening
        ),
        aggregate=listing.dataset,
    )
    await _announce(unit, listing)
    await unit.builds.ask(listing.dataset)


async def withdraw(unit: Unit, dataset: str, reason: str) -> None:
    """Take a listing down with everything that hangs on it; nothing happens to one that is down."""
    listing = await unit.listings.lock(dataset)
    if listing is not None and listing.live:
        await _take_down(unit, domain.withdrawn(listing, reason))


async def follow(unit: Unit, dataset: Dataset) -> None:
    """Follow a new revision of the entry."""
    listing = await unit.listings.lock(dataset.id)
    if listing is None or not listing.live:
        return
    after = domain.revised(listing, dataset)
    if not after.live:
        await _take_down(unit, after)
    elif after != listing:
        await unit.listings.save(after)
        await _announce(unit, after)
        await unit.builds.ask(dataset.id)


async def ask(unit: Unit, dataset: str) -> None:
    """Ask for a snapshot of a dataset that is open; others need none."""
    listing = await unit.listings.find(dataset)
    if listing is not None and listing.live:
        await unit.builds.ask(dataset)


async def publish(unit: Unit, built: Built) -> bool:
    """Serve a finished snapshot; False when the listing changed while it was made."""
    listing = await unit.listings.lock(built.dataset)
    if listing is None or not listing.live or listing.names() != built.items:
        return False
    if listing.version is not None and built.version <= listing.version:
        return True
    await unit.listings.publish(built.dataset, built.version, built.rows, built.files)
    unit.outbox.add(
        SnapshotPublished(
            dataset=built.dataset,
            epoch=built.version.epoch,
            version=built.version.number,
            rows=built.rows,
            digests={file.format: file.digest for file in built.files},
        ),
        aggregate=built.dataset,
    )
    if listing.state is not ListingState.LISTED:
        await _announce(unit, replace(listing, state=ListingState.LISTED))
    return True


async def hold_back(unit: Unit, dataset: str, reason: str) -> None:
    """Note why a snapshot may not be published; what is served stays as it is."""
    listing = await unit.listings.lock(dataset)
    if listing is not None and listing.live:
        await unit.listings.save(replace(listing, reason=reason))


async def authorize(unit: Unit, authorization: Authorization) -> None:
    """Begin an authorisation. The caller MUST hold the listing's lock."""
    unit.listings.authorize(authorization)
    await unit.session.flush()
    unit.outbox.add(
        AuthorizationActivated(
            authorization=authorization.id,
            application=authorization.application,
            dataset=authorization.dataset,
            applicant=authorization.applicant,
            ends=authorization.ends,
        ),
        aggregate=authorization.dataset,
    )
    await announce(unit, authorization.dataset)


async def expire(unit: Unit, now: datetime) -> int:
    """End the authorisations whose time is over; return how many."""
    lapsed = await unit.listings.lapsed(now)
    for dataset in sorted({one.dataset for one in lapsed}):
        await unit.listings.lock(dataset)
        for one in lapsed:
            if one.dataset == dataset and await unit.listings.end(one.id, "expired"):
                event = AuthorizationExpired(
                    authorization=one.id, dataset=dataset, applicant=one.applicant
                )
                unit.outbox.add(event, aggregate=dataset)
        await announce(unit, dataset)
    return len(lapsed)


async def announce(unit: Unit, dataset: str) -> None:
    """Write the listing's policy record anew. The caller MUST hold the listing's lock."""
    listing = await unit.listings.find(dataset)
    if listing is not None:
        await _announce(unit, listing)


async def _take_down(unit: Unit, listing: Listing) -> None:
    for one in await unit.listings.authorizations(listing.dataset):
        await unit.listings.end(one.id, "revoked")
        revoked = AuthorizationRevoked(
            authorization=one.id, dataset=one.dataset, applicant=one.applicant
        )
        unit.outbox.add(revoked, aggregate=listing.dataset)
    await unit.listings.save(listing)
    await unit.listings.forget_snapshots(listing.dataset)
    withdrawn = ListingWithdrawn(dataset=listing.dataset, reason=listing.reason or "")
    unit.outbox.add(withdrawn, aggregate=listing.dataset)
    await _announce(unit, listing)
    await unit.builds.ask(listing.dataset)


async def _announce(unit: Unit, listing: Listing) -> None:
    live = await unit.listings.authorizations(listing.dataset)
    record = ListingPolicy(
        id=listing.dataset,
        state=listing.state,
        opening=listing.opening,
        items=listing.names(),
        authorizations=tuple(
            AuthorizationPolicy(id=one.id, applicant=one.applicant, ends=one.ends) for one in live
        ),
    )
    key = dataset_key("opening", listing.dataset)
    unit.outbox.put(key, record, aggregate=listing.dataset)
