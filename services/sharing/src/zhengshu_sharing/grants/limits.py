"""What a grant holds back: masks checked against the items, several wishes made one. Pure."""

from collections.abc import Iterable, Mapping

from zhengshu_contracts.catalog import ItemBrief
from zhengshu_contracts.limits import MASKS, ItemMask, Quota

from zhengshu_sharing.grants.errors import MaskNotPossible


def check_masks(masks: Iterable[ItemMask], items: Mapping[str, ItemBrief]) -> None:
    """Refuse a mask on an item that is not asked for, is the key, or has another type."""
    seen: set[str] = set()
    for one in masks:
        item = items.get(one.item)
        if item is None or one.item in seen or not possible(one, item):
            raise MaskNotPossible(one.item)
        seen.add(one.item)


def possible(mask: ItemMask, item: ItemBrief) -> bool:
    """Tell whether an item can carry a mask: rows are told apart by their key, so it stays as it is."""
    return not item.key and item.type in MASKS[mask.mask.kind]


def merged(wished: Iterable[ItemMask], decided: Iterable[ItemMask]) -> dict[str, ItemMask]:
    """Return one mask per item: the decision's, else the provider's."""
    return {one.item: one for one in (*wished, *decided)}


def narrowest(*quotas: Quota | None) -> Quota | None:
    """Return the least of what anybody allows; None when nobody limits."""
    said = [quota for quota in quotas if quota is not None]
    calls = [quota.calls for quota in said if quota.calls is not None]
    rows = [quota.rows for quota in said if quota.rows is not None]
    if not said:
        return None
    return Quota(calls=min(calls, default=None), rows=min(rows, default=None))
