"""Who may stop a dataset, and who may let it go on. Knows no HTTP, SQL or NATS."""

from zhengshu_contracts.identity import Principal
from zhengshu_contracts.vocabulary import OrganizationKind

from zhengshu_catalog.suspensions.errors import NotForYouToSuspend, OrderOfAnother

ORDERS = frozenset({OrganizationKind.SECURITY_REGULATOR, OrganizationKind.COMPETENT})


def check_orders(provider: str, by: Principal) -> None:
    """Refuse whoever does not supervise, and whoever would decide about its own data."""
    if by.organization_kind not in ORDERS or by.organization in {None, provider}:
        raise NotForYouToSuspend


def check_lifts(ordered_by: str, by: Principal) -> None:
    """Refuse whoever did not order it: nobody lifts what another authority ordered."""
    if by.organization != ordered_by:
        raise OrderOfAnother(ordered_by)
