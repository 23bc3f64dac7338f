"""What a system may hear of dataset events, as filter subjects. Pure: asks the policy, adds no rule.

The whole audience `departments` is one subject: an event of it says that a version exists and holds no
row, so it is heard whatever the dataset's state; the rows themselves are decided at each read. Of the
audience `granted` one dataset is one subject, heard while the policy would let its changes be read.
The audience `withheld` is heard by nobody, the provider included: it has the receipts of its pushes.
"""

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from zhengshu_contracts.policy import Writer
from zhengshu_contracts.roles import Action
from zhengshu_contracts.vocabulary import (
    Audience,
    EntryState,
    Mode,
    OpeningClass,
    Origin,
    ServiceRegistrationState,
    SharingClass,
)

from zhengshu_gateway.authenticate import Caller
from zhengshu_gateway.case import CATALOG, SHARING, Case, Decision
from zhengshu_gateway.facts import Dataset, Grant, Item
from zhengshu_gateway.known import Known
from zhengshu_gateway.policy import decide

NEVER = datetime.max.replace(tzinfo=UTC)
TOKEN = re.compile(r"[A-Za-z0-9_-]+")

UNCONDITIONAL = Dataset(
    id="any",
    title="",
    provider="",
    origin=Origin.COUNTY,
    state=EntryState.PUBLISHED,
    revision=1,
    items=(Item("any", "", SharingClass.UNCONDITIONAL, OpeningClass.CLOSED),),
    registration=ServiceRegistrationState.LIVE,
)
"""Stands for every dataset of the audience `departments`: whoever may hear this one may hear them all."""


@dataclass(frozen=True, slots=True)
class Hearing:
    """The filter subjects of one system, and whose facts they rest on."""

    filters: frozenset[str]
    uses: frozenset[Writer]


class Rights:
    """Who may hear what, by one generation of facts: good until they change or a period begins or ends."""

    def __init__(self, known: Known, now: datetime) -> None:
        self._provided: dict[str, list[Dataset]] = defaultdict(list)
        self._granted: dict[str, list[tuple[Dataset, Grant]]] = defaultdict(list)
        self.until = NEVER
        for dataset in known.datasets.values():
            if TOKEN.fullmatch(dataset.id):
                self._provided[dataset.provider].append(dataset)
                self._index(dataset, known, now)

    def of(self, caller: Caller) -> Hearing:
        """Return what a system may hear now."""
        case = Case(
            principal=caller.principal,
            action=Action.DATASET_SUBSCRIBE,
            mode=Mode.SUBSCRIBE,
            dataset=UNCONDITIONAL,
            now=datetime.now(UTC),
            opener=caller.opener,
        )
        organization = caller.principal.organization or ""
        filters = frozenset((*self._everybody(case), *self._own(case), *self._under_grants(case)))
        uses = SHARING if organization in self._granted else CATALOG
        return Hearing(filters, uses | caller.writers)

    def _index(self, dataset: Dataset, known: Known, now: datetime) -> None:
        for holder, grants in known.grants.get(dataset.id, {}).items():
            for grant in grants:
                self._granted[holder].append((dataset, grant))
                coming = [at for at in (grant.starts, grant.ends) if at > now]
                self.until = min(self.until, *coming) if coming else self.until

    def _everybody(self, case: Case) -> Iterator[str]:
        if decide(case).allowed:
            yield f"zhengshu.dataset.{Audience.DEPARTMENTS}.>"

    def _own(self, case: Case) -> Iterator[str]:
        """A provider hears of its own datasets, whether or not it hears what all departments hear."""
        departments = decide(case).allowed
        for dataset in self._provided.get(case.principal.organization or "", ()):
            if decide(case._replace(dataset=dataset)).rule == "provider-own-rows":
                yield subject(Audience.GRANTED, dataset)
                if not departments:
                    yield subject(Audience.DEPARTMENTS, dataset)

    def _under_grants(self, case: Case) -> Iterator[str]:
        for dataset, grant in self._granted.get(case.principal.organization or "", ()):
            if _under(case._replace(dataset=dataset), grant).grant == grant.id:
                yield subject(Audience.GRANTED, dataset)


def subject(audience: Audience, dataset: Dataset) -> str:
    """Return the subject of every event of a dataset while it has this audience."""
    return f"zhengshu.dataset.{audience}.{dataset.id}.>"


def _under(case: Case, grant: Grant) -> Decision:
    return decide(case._replace(grants=(grant,), named=grant.id))
