"""The question a decision answers, and the answer. Knows no rule and no transport.

Named tuples, since a few are made for every access: a frozen dataclass takes three times as long.
"""

from datetime import datetime
from typing import NamedTuple

from zhengshu_contracts.basis import Basis
from zhengshu_contracts.identity import Principal, View
from zhengshu_contracts.limits import Quota
from zhengshu_contracts.policy import Writer
from zhengshu_contracts.roles import Action
from zhengshu_contracts.vocabulary import Mode

from zhengshu_gateway.facts import Dataset, Grant, Listing

CATALOG: frozenset[Writer] = frozenset({"catalog"})
SHARING: frozenset[Writer] = frozenset({"catalog", "sharing"})
OPENING: frozenset[Writer] = frozenset({"catalog", "opening"})


class Case(NamedTuple):
    """Everything one decision depends on."""

    principal: Principal
    action: Action
    mode: Mode | None
    dataset: Dataset | None
    now: datetime
    grants: tuple[Grant, ...] = ()
    listing: Listing | None = None
    requested: tuple[str, ...] | None = None
    """Columns the caller named; None asks for every column it may see."""
    named: str | None = None
    """The grant the caller says it uses."""
    purpose: str | None = None
    """What the caller says it reads for; a single live grant's purpose is the default."""
    opener: bool = False
    """Whether the caller is opening's own system."""
    registered: bool = False
    """Whether unconditional items are read only once the use is registered (a setting of the county)."""


class Decision(NamedTuple):
    """A view, or a refusal with its article and the next step."""

    rule: str
    basis: Basis | str
    view: View | None = None
    uses: frozenset[Writer] = CATALOG
    """Writers whose records decided; when one is stale the decision does not hold."""
    grant: str | None = None
    quota: Quota | None = None
    """The most that may be read under the grant in a day."""
    purpose: str | None = None
    """What the grant was given for."""
    authorization: str | None = None
    detail: str = ""
    next: str = ""

    @property
    def allowed(self) -> bool:
        """Whether anything may leave."""
        return self.view is not None

    @property
    def citation(self) -> str:
        """The article as people read it."""
        return self.basis.label if isinstance(self.basis, Basis) else self.basis
