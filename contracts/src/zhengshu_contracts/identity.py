"""Who calls and what was decided: what the gateway tells a service about each request."""

from dataclasses import dataclass
from datetime import datetime

from zhengshu_contracts.base import Record
from zhengshu_contracts.limits import ItemMask
from zhengshu_contracts.roles import Action
from zhengshu_contracts.vocabulary import Mode, OrganizationKind, PrincipalKind, Role


class Principal(Record):
    """The caller as the gateway knows it."""

    id: str
    kind: PrincipalKind
    organization: str | None = None
    """Unified social credit code; for an applicant its own."""
    organization_kind: OrganizationKind | None = None
    roles: frozenset[Role] = frozenset()
    standing_in_for: tuple[str, ...] = ()
    """Officers whose part the caller takes: as their deputy, or as the successor of who left."""

    def answers_for(self, client: str | None) -> bool:
        """Tell whether what a client did counts as the caller's own: nobody approves that."""
        return client is not None and (client == self.id or client in self.standing_in_for)


@dataclass(unsafe_hash=True, slots=True)
class View:
    """What a decision lets through: columns in order, a row filter, all in the row grammar's words.

    No model, and not frozen, since one is made for every decision: nobody changes one, and as a member of
    Identity it is validated like a model.
    """

    columns: tuple[str, ...]
    filter: str = ""
    """Conditions in the row grammar (`town=eq.凤山镇&level=gte.2`); empty means every row."""
    masks: tuple[ItemMask, ...] = ()
    """Columns that leave masked; who cannot apply a mask refuses."""
    key: tuple[str, ...] = ()
    """The dataset's key items that are among the columns."""


class Identity(Record):
    """The internal token's content: valid for one request and a few seconds."""

    principal: Principal
    action: Action
    dataset: str | None = None
    mode: Mode | None = None
    view: View | None = None
    record: str | None = None
    """Id of the access record that JetStream accepted before this request was sent."""
    grant: str | None = None
    most: int | None = None
    """The most rows that may leave, where the grant has a daily quota of rows: the answer says in
    `Zhengshu-Rows` how many it has before the first leaves, and whoever cannot say gives none."""
    expires: datetime
