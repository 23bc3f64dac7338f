"""What a grant holds back: masks checked against the items, several wishes made one. Pure."""

from collections.abc import Iterable, Mapping

from zhengshu_contracts.catalog import ItemBrief
from zhengshu_contracts.limits import MASKS, ItemMask, Quota
from zhengshu_contracts.vocabulary import Origin

from zhengshu_sharing.datasets.domain import Dataset
from zhengshu_sharing.grants.errors import MaskNotMunicipal, MaskNotPossible


def check_masks(masks: Iterable[ItemMask], dataset: Dataset, names: Iterable[str]) -> None:
    """Refuse a mask on an item that is not among the names, is the key, or has another type."""
    items = {item.name: item for item in dataset.items if item.name in set(names)}
    seen: set[str] = set()
    for one in masks:
        if dataset.origin is Origin.MUNICIPAL:
            raise MaskNotMunicipal(dataset.id)
        if one.item not in items or one.item in seen or not _possible(one, items[one.item]):
            raise MaskNotPossible(one.item)
        seen.add(one.item)


def impossible(masks: Mapping[str, ItemMask], dataset: Dataset) -> frozenset[str]:
    """Return the items that cannot leave masked as they have to: plain they must not go either."""
    if dataset.origin is Origin.MUNICIPAL:
        return frozenset(masks)
    items = (item for item in dataset.items if item.name in masks)
    return frozenset(item.name for item in items if not _possible(masks[item.name], item))


def _possible(mask: ItemMask, item: ItemBrief) -> bool:
    """Tell whether an item can carry a mask: rows are told apart by their key, so it stays as it is."""
    return not item.key and item.type in MASKS[mask.mask.kind]


def merged(*told: Iterable[ItemMask]) -> dict[str, ItemMask]:
    """Return one mask per item: the last that anybody told."""
    return {one.item: one for masks in told for one in masks}


def narrowest(*quotas: Quota | None) -> Quota | None:
    """Return the least of what anybody allows; None when nobody limits."""
    said = [quota for quota in quotas if quota is not None]
    calls = [quota.calls for quota in said if quota.calls is not None]
    rows = [quota.rows for quota in said if quota.rows is not None]
    if not said:
        return None
    return Quota(calls=min(calls, default=None), rows=min(rows, default=None))
