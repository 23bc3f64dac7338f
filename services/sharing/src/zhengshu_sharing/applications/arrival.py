"""What becomes of an application the moment it arrives: admitted or not, then split by class. Pure."""

from collections.abc import Iterable, Mapping
from datetime import date

from zhengshu_contracts.catalog import Consent, ItemBrief
from zhengshu_contracts.identity import Principal
from zhengshu_contracts.roles import READERS
from zhengshu_contracts.sharing import PartIn
from zhengshu_contracts.vocabulary import Mode, OrganizationKind, Origin, SharingClass

from zhengshu_sharing.applications.domain import Part
from zhengshu_sharing.applications.errors import (
    CompetentReadsNoRows,
    ConsentNotGiven,
    DatasetRepeated,
    EnterpriseDoesNotRead,
    KeyNotAskedFor,
    KindDoesNotApply,
    ModeNotOffered,
    PeriodNotAllowed,
)
from zhengshu_sharing.applications.filters import check_filter
from zhengshu_sharing.applications.states import Chain, arrival
from zhengshu_sharing.datasets.domain import Dataset
from zhengshu_sharing.datasets.errors import DatasetNotFound, OwnDataset


def admit(applicant: Principal) -> None:
    """Refuse whoever may not read shared data at all."""
    if applicant.organization_kind is OrganizationKind.PUBLIC_SERVICE_ENTERPRISE:
        raise EnterpriseDoesNotRead
    if applicant.organization_kind is OrganizationKind.COMPETENT:
        raise CompetentReadsNoRows
    if applicant.organization_kind not in READERS:
        raise KindDoesNotApply


def check_period(until: date, *, today: date, longest_years: int) -> None:
    """Refuse a period that is over, or longer than is ever granted."""
    latest = years_after(today, longest_years)
    if not today < until <= latest:
        raise PeriodNotAllowed(until, latest)


def check_consent(consent: Consent, *, today: date) -> None:
    """Refuse a consent that is yet to be given (Decree 809 Art. 20)."""
    if consent.on > today:
        raise ConsentNotGiven(consent.on)


def split(
    application: str,
    wishes: Iterable[PartIn],
    datasets: Mapping[str, Dataset],
    *,
    applicant: str,
    chain: Chain = Chain.COMMISSION,
) -> tuple[Part, ...]:
    """Cut an application into parts of one dataset and one class, each in its state on arrival."""
    drafts = []
    seen: set[str] = set()
    for wish in wishes:
        if wish.dataset in seen:
            raise DatasetRepeated(wish.dataset)
        seen.add(wish.dataset)
        dataset = _applicable(wish, datasets, applicant)
        if wish.filter:
            check_filter(wish.filter, dataset)
        drafts += [(wish, dataset, *group) for group in _by_class(dataset.chosen(wish.items))]
    return tuple(
        _part(f"{application}-{number}", *draft, chain)
        for number, draft in enumerate(drafts, start=1)
    )


def refused_whole(parts: Iterable[Part]) -> bool:
    """Tell whether nothing but withheld items was applied for."""
    return all(part.sharing is SharingClass.WITHHELD for part in parts)


def years_after(day: date, years: int) -> date:
    """Return the same day some years later; 29 February becomes the 28th."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return day.replace(year=day.year + years, day=28)


def _applicable(wish: PartIn, datasets: Mapping[str, Dataset], applicant: str) -> Dataset:
    dataset = datasets.get(wish.dataset)
    if dataset is None:
        raise DatasetNotFound(wish.dataset)
    if dataset.provider == applicant:
        raise OwnDataset(dataset.id)
    missing = next((mode for mode in wish.modes if mode not in dataset.offered), None)
    if missing is not None:
        raise ModeNotOffered(dataset.id, missing, dataset.offered)
    if Mode.VERIFY in wish.modes:
        _check_key(wish, dataset)
    return dataset


def _check_key(wish: PartIn, dataset: Dataset) -> None:
    """Refuse to verify without the whole key: a row that cannot be named verifies nothing."""
    seen = dataset.names(SharingClass.UNCONDITIONAL)
    seen |= dataset.names(SharingClass.CONDITIONAL).intersection(wish.items)
    key = [item.name for item in dataset.items if item.key]
    if not key or not seen.issuperset(key):
        raise KeyNotAskedFor(dataset.id, [name for name in key if name not in seen])


def _by_class(
    items: tuple[ItemBrief, ...],
) -> list[tuple[SharingClass, tuple[ItemBrief, ...]]]:
    groups = [
        (sharing, tuple(item for item in items if item.sharing is sharing))
        for sharing in SharingClass
    ]
    return [group for group in groups if group[1]]


def _part(
    part: str,
    wish: PartIn,
    dataset: Dataset,
    sharing: SharingClass,
    items: tuple[ItemBrief, ...],
    chain: Chain,
) -> Part:
    return Part(
        id=part,
        dataset=dataset.id,
        title=dataset.title,
        provider=dataset.provider,
        origin=dataset.origin,
        sharing=sharing,
        items=tuple(item.name for item in items),
        modes=tuple(dict.fromkeys(wish.modes)),
        filter=wish.filter if sharing is SharingClass.CONDITIONAL else "",
        # The county asks the county's providers alone; of municipal ones the Commission asks.
        chain=chain if dataset.origin is Origin.COUNTY else Chain.COMMISSION,
        quota=wish.quota if sharing is SharingClass.CONDITIONAL else None,
        state=arrival(sharing),
        reason=citations(items) if sharing is SharingClass.WITHHELD else None,
    )


def citations(items: Iterable[ItemBrief]) -> str:
    """Return, item by item, the law that withholds them (Decree 809 Art. 14)."""
    return ";".join(
        f"{item.title}:{item.citation.text()}" if item.citation else f"{item.title}:不予共享"
        for item in items
    )
