"""Requesters of the tables are everybody there is; each role of an officer alone reads no rows."""

import pytest
from support.policy_cases import ID, NOW, PRINCIPALS, PROVIDER, READER, officer
from support.policy_tables import DOORS, OPEN
from zhengshu_contracts.vocabulary import (
    EntryState,
    OpeningClass,
    OrganizationKind,
    Origin,
    PrincipalKind,
    Role,
    ServiceRegistrationState,
    SharingClass,
)
from zhengshu_gateway.case import Case
from zhengshu_gateway.facts import Dataset, Item
from zhengshu_gateway.policy import decide

PLAIN = Dataset(
    id=ID,
    title="数据",
    provider=PROVIDER,
    origin=Origin.COUNTY,
    state=EntryState.PUBLISHED,
    revision=1,
    items=(Item("it", "项", SharingClass.UNCONDITIONAL, OpeningClass.GENERAL),),
    registration=ServiceRegistrationState.LIVE,
)
"""Whoever reads anything at all reads this one."""


def test_every_kind_of_caller_and_of_organisation_is_a_requester():
    people = PRINCIPALS.values()
    assert {each.kind for each in people} == set(PrincipalKind)
    systems = {each.organization_kind for each in people if each.kind is PrincipalKind.SYSTEM}
    assert systems == {*OrganizationKind, None}


@pytest.mark.parametrize("role", Role)
def test_no_role_alone_reads_rows_through_the_doors_of_sharing(role):
    for kind in OrganizationKind:
        for organization in (READER, PROVIDER):
            changes = {"roles": frozenset({role}), "organization_kind": kind}
            principal = officer(organization).model_copy(update=changes)
            case = Case(principal=principal, action=None, mode=None, dataset=PLAIN, now=NOW)
            for (action, mode), door in DOORS.items():
                decision = decide(case._replace(action=action, mode=mode))
                assert not decision.allowed, (kind, action, mode)
                expected = "listing-unknown" if door == OPEN else "role-not-admitted"
                assert decision.rule == expected
