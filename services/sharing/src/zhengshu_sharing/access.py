"""Who sees what and acts on what: an organisation its own, the competent department everything.

The county government sees the whole, and changes none of it here. Knows no tables.
"""

from zhengshu_chassis.errors import Forbidden
from zhengshu_contracts.identity import Principal
from zhengshu_contracts.vocabulary import OrganizationKind


class WithoutOrganization(Forbidden):
    """The caller belongs to no organisation."""

    slug = "without-organization"
    title = "调用方不属于任何单位"


def oversees(principal: Principal) -> bool:
    """Tell whether the caller belongs to the competent department."""
    return principal.organization_kind is OrganizationKind.COMPETENT


def overlooks(principal: Principal) -> bool:
    """Tell whether the caller sees the whole: the competent department and the county government."""
    return oversees(principal) or principal.organization_kind is OrganizationKind.GOVERNMENT


def regulates(principal: Principal) -> bool:
    """Tell whether the caller belongs to the network and information security regulator."""
    return principal.organization_kind is OrganizationKind.SECURITY_REGULATOR


def home(principal: Principal) -> str:
    """Return the organisation the caller acts for."""
    if principal.organization is None:
        raise WithoutOrganization
    return principal.organization


def sees(principal: Principal, *organizations: str) -> bool:
    """Tell whether something that concerns these organisations may be shown to the caller."""
    return overlooks(principal) or home(principal) in organizations


def acts(principal: Principal, *organizations: str) -> bool:
    """Tell whether the caller may change something that concerns these organisations."""
    return oversees(principal) or home(principal) in organizations


def scope(principal: Principal) -> str | None:
    """Return the one organisation a list is narrowed to; None for whoever sees all."""
    return None if overlooks(principal) else home(principal)
