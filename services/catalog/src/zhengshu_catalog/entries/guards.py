"""Guards of a published entry: its classes move, and it retires, only with open eyes. Pure functions.

Tightening needs the competent department's approval, loosening a security review made for it; both show
the live grants they touch first (design: the catalogue entry). So does retirement.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from zhengshu_contracts.catalog import AffectedGrant, ClassChange, EntryIn, Item
from zhengshu_contracts.identity import Principal
from zhengshu_contracts.vocabulary import (
    ClassDirection,
    EntryState,
    Labelled,
    OpeningClass,
    Outcome,
    SharingClass,
)

from zhengshu_catalog.entries.domain import Entry, check_provider, is_competent
from zhengshu_catalog.entries.errors import (
    GrantsUnseen,
    OutcomeNotAllowed,
    SecurityReviewRequired,
    SelfReview,
    StateNotAllowed,
)

LOOSEST_FIRST: tuple[Labelled, ...] = (*SharingClass, *OpeningClass)
REMOVED = "删除"


def class_changes(before: Iterable[Item], after: Iterable[Item]) -> list[ClassChange]:
    """Return how the classes of the items that were there change; a removed item is tightened."""
    wanted = {item.name: item for item in after}
    return [change for item in before for change in _moved(item, wanted.get(item.name))]


def _moved(old: Item, new: Item | None) -> Iterator[ClassChange]:
    if new is None:
        yield _change(old, "共享属性", old.sharing, None)
        return
    if new.sharing is not old.sharing:
        yield _change(old, "共享属性", old.sharing, new.sharing)
    if new.opening is not old.opening:
        yield _change(old, "开放属性", old.opening, new.opening)


def _change(item: Item, kind: str, before: Labelled, after: Labelled | None) -> ClassChange:
    loosened = after and LOOSEST_FIRST.index(after) < LOOSEST_FIRST.index(before)
    return ClassChange(
        item=item.name,
        title=item.title,
        kind=kind,
        before=before.label,
        after=after.label if after else REMOVED,
        direction=ClassDirection.LOOSENED if loosened else ClassDirection.TIGHTENED,
    )


def affected(changes: Iterable[ClassChange], live: Iterable[AffectedGrant]) -> list[AffectedGrant]:
    """Return the live grants that hold a changed item, narrowed to such items."""
    moved = {change.item for change in changes}
    touched = ((grant, [name for name in grant.items if name in moved]) for grant in live)
    return [grant.model_copy(update={"items": items}) for grant, items in touched if items]


def check_loosening(published: EntryIn, content: EntryIn) -> None:
    """Refuse to loosen a class without a security review made since the published revision's."""
    changes = class_changes(published.items, content.items)
    loosened = [change for change in changes if change.direction is ClassDirection.LOOSENED]
    made = content.security_review
    if loosened and (made is None or made == published.security_review):
        raise SecurityReviewRequired(loosened)


def check_seen(touched: Sequence[AffectedGrant], seen: int | None) -> None:
    """Refuse a consent by somebody who has not seen the grants that it touches."""
    if seen != len(touched):
        raise GrantsUnseen(touched)


def propose_retirement(entry: Entry, reason: str, *, by: Principal, at: datetime) -> Entry:
    """Note that the provider wants a published entry retired."""
    check_provider(entry, by)
    if entry.state is not EntryState.PUBLISHED:
        raise StateNotAllowed(entry.state, "只有已发布的目录条目可以停用")
    if entry.revising is EntryState.SUBMITTED:
        raise StateNotAllowed(entry.revising, "修订正在审核,请等待审核结果")
    return replace(entry, retiring_reason=reason, retiring_by=by.id, retiring_at=at)


def review_retirement(entry: Entry, outcome: Outcome, *, by: Principal) -> Entry:
    """Retire an entry, or let it live on; nobody reviews their own wish."""
    if outcome is Outcome.REFUSE:
        raise OutcomeNotAllowed
    if entry.retiring_reason is None:
        raise StateNotAllowed(entry.state, "提供单位没有申请停用")
    if by.answers_for(entry.retiring_by) or (
        by.organization == entry.provider and not is_competent(by)
    ):
        raise SelfReview
    settled = replace(entry, retiring_reason=None, retiring_by=None, retiring_at=None)
    if outcome is Outcome.RETURN:
        return settled
    return replace(settled, state=EntryState.RETIRED, revising=None, mend_by=None)
