"""Subscriptions against the tables of the policy: who hears of a dataset is who may subscribe to it."""

from dataclasses import replace
from datetime import UTC, datetime
from itertools import product

import pytest
from support import policy_tables as oracle
from support.policy_cases import (
    DEPARTMENT,
    GRANTS,
    ID,
    NOW,
    PRINCIPALS,
    PROVIDER,
    dataset,
    everybody,
    item,
)
from zhengshu_contracts.roles import Action
from zhengshu_contracts.vocabulary import Audience, Mode, SharingClass
from zhengshu_gateway.authenticate import Caller
from zhengshu_gateway.case import Case
from zhengshu_gateway.integrators.rights import Rights
from zhengshu_gateway.known import Known
from zhengshu_gateway.policy import decide

UNCONDITIONAL, CONDITIONAL, WITHHELD = SharingClass
AUDIENCES = {
    UNCONDITIONAL: Audience.DEPARTMENTS,
    CONDITIONAL: Audience.GRANTED,
    WITHHELD: Audience.WITHHELD,
}
STATES = [state for state in oracle.STATE_NAMES if state != "missing"]


def grant_of(requester):
    """The grant of a requester of the tables, its period moved to today."""
    grant, moved = GRANTS.get(requester), datetime.now(UTC) - NOW
    return grant and replace(grant, starts=grant.starts + moved, ends=grant.ends + moved)


def hears(principal, sharing, about, grant, *, opener):
    """Whether somebody's filters let an event of this dataset through."""
    known = Known()
    known.datasets[ID] = about
    if grant:
        known.grants[ID] = {grant.holder: (grant,)}
    rights = Rights(known, datetime.now(UTC)).of(Caller(principal, opener=opener))
    subject = f"zhengshu.dataset.{AUDIENCES[sharing]}.{ID}.updated.v1"
    return any(subject.startswith(one.removesuffix(">")) for one in rights.filters)


def may_subscribe(requester, sharing, state):
    return oracle.expected(
        requester=requester,
        action=Action.DATASET_SUBSCRIBE,
        mode=Mode.SUBSCRIBE,
        sharing=sharing,
        opening=None,
        state=state,
        listing="none",
        listed_as=None,
    )


def decided(principal, about, grant, *, opener):
    return decide(
        Case(
            principal=principal,
            action=Action.DATASET_SUBSCRIBE,
            mode=Mode.SUBSCRIBE,
            dataset=about,
            now=datetime.now(UTC),
            grants=(grant,) if grant else (),
            opener=opener,
        )
    ).allowed


# An event of the audience `departments` tells that there is a version: heard whatever the dataset's state.
WAYS = [(CONDITIONAL, state) for state in STATES] + [(UNCONDITIONAL, "live")]


@pytest.mark.parametrize("requester", oracle.REQUESTERS)
def test_each_requester_hears_what_it_may_subscribe_to(requester):
    principal, grant = PRINCIPALS.get(requester, DEPARTMENT), grant_of(requester)
    opener = requester in oracle.OPENERS
    for sharing, state in WAYS:
        about = dataset([item(sharing)], state)
        expected = may_subscribe(requester, sharing, state)
        assert decided(principal, about, grant, opener=opener) == expected, (sharing, state)
        assert hears(principal, sharing, about, grant, opener=opener) == expected, (sharing, state)


def test_everybody_hears_what_they_may_subscribe_to():
    for principal, sharing in product(everybody(), (UNCONDITIONAL, CONDITIONAL)):
        about = dataset([item(sharing)])
        row = oracle.requester_of(principal, PROVIDER)
        expected = may_subscribe(row, sharing, "live")
        assert hears(principal, sharing, about, None, opener=False) == expected, principal


def test_nobody_hears_of_what_is_withheld_not_its_provider_either():
    """It may read the changes, and has the receipts of its pushes."""
    about = dataset([item(WITHHELD)])
    for principal in everybody():
        assert not hears(principal, WITHHELD, about, None, opener=False), principal
