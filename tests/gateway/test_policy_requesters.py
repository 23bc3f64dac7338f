"""The tables over every caller there can be, made from the vocabulary and the role matrix.

`test_policy.py` tries the requesters that the tables name, `opening` and grants of every kind among them,
in every way; here nobody is picked by hand.
"""

from dataclasses import replace
from functools import cache
from itertools import product

import pytest
from support import policy_tables as oracle
from support.policy_cases import GRANT, NOW, PRINCIPALS, PROVIDER, dataset, everybody, item, listing
from zhengshu_contracts.roles import WHO, Action
from zhengshu_contracts.vocabulary import (
    Mode,
    OpeningClass,
    OrganizationKind,
    PrincipalKind,
    SharingClass,
)
from zhengshu_gateway.case import Case
from zhengshu_gateway.policy import decide

EVERYBODY = tuple(everybody())
SHARINGS, OPENINGS = (*SharingClass, None), (*OpeningClass, None)
GENERAL, CLOSED = OpeningClass.GENERAL, OpeningClass.CLOSED
SHARE_DOORS = [door for door, what in oracle.DOORS.items() if what != oracle.OPEN]
OPEN_DOORS = [door for door, what in oracle.DOORS.items() if what == oracle.OPEN]

one_item = cache(lambda sharing, opening, state: dataset([item(sharing, opening)], state))
one_listing = cache(listing)


def disagreements(doors, ways, grants=False):
    """Everybody at these doors, in these ways, where policy and tables disagree."""
    ways = list(ways)
    for principal in EVERYBODY:
        row = oracle.requester_of(principal, PROVIDER)
        held = (replace(GRANT, holder=principal.organization or ""),) if grants else ()
        for (action, mode), (sharing, opening, state, listed, listed_as) in product(doors, ways):
            case = Case(
                principal=principal,
                action=action,
                mode=mode,
                dataset=one_item(sharing, opening, state),
                now=NOW,
                grants=held,
                listing=one_listing(listed, listed_as),
            )
            expected = oracle.expected(
                requester=f"granted_{mode}" if held and row in oracle.GRANTABLE else row,
                action=action,
                mode=mode,
                sharing=sharing,
                opening=opening,
                state=state,
                listing=listed,
                listed_as=listed_as,
            )
            if decide(case).allowed != expected:
                yield principal, action, mode, sharing, opening, state, listed, listed_as


def test_everybody_gets_through_the_doors_of_sharing_what_the_tables_say():
    ways = product(SHARINGS, (CLOSED,), oracle.STATE_NAMES, ("none",), (None,))
    assert list(disagreements(SHARE_DOORS, ways)) == []


def test_a_grant_adds_for_those_alone_who_may_hold_one():
    states = ("live", "suspended", "withdrawn", "queries_offered", "others_offered")
    ways = product(SHARINGS, (CLOSED,), states, ("none",), (None,))
    assert list(disagreements(SHARE_DOORS, ways, grants=True)) == []


def test_everybody_gets_through_the_open_door_what_the_tables_say():
    by_state = product((SharingClass.UNCONDITIONAL,), OPENINGS, oracle.STATE_NAMES)
    by_class = product(SHARINGS, OPENINGS, ("live",))
    ways = [(*way, "listed", GENERAL) for way in by_state]
    ways += [(*way, listed, GENERAL) for way, listed in product(by_class, ("none", "listed"))]
    assert list(disagreements(OPEN_DOORS, ways)) == []


@pytest.mark.parametrize("action", Action)
def test_who_is_admitted_at_all_is_what_the_matrix_says(action):
    """Who is not named in it is refused for that, whatever the mode; who is has rows at the doors alone."""
    about = one_item(SharingClass.UNCONDITIONAL, GENERAL, "live")
    for principal, mode in product(EVERYBODY, (*Mode, None)):
        named = {principal.kind}
        if principal.kind is PrincipalKind.OFFICER:
            named |= principal.roles
        case = Case(principal=principal, action=action, mode=mode, dataset=about, now=NOW)
        decision = decide(case)
        if named.isdisjoint(WHO[action]):
            assert decision.rule == "role-not-admitted", principal
        elif (action, mode) not in oracle.DOORS:
            assert decision.rule == "mode-not-granted", principal


def test_the_tables_name_every_kind_of_caller_and_the_requesters_written_by_hand():
    assert {oracle.caller_of(each) for each in EVERYBODY} == set(oracle.CALLER_TABLE)
    rows = {oracle.requester_of(each, PROVIDER) for each in EVERYBODY}
    beside = {"opening_system", "opening_provider", "authorized"}
    assert rows == set(PRINCIPALS) - beside
    assert {each.organization_kind for each in EVERYBODY} == {*OrganizationKind, None}
