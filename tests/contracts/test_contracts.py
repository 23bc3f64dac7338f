"""The contracts agree with themselves: every action has its people, every subject its stream."""

from fnmatch import fnmatch

import pytest
from zhengshu_contracts.asyncapi import document
from zhengshu_contracts.base import Envelope
from zhengshu_contracts.catalog import DatasetUpdated
from zhengshu_contracts.commission import CALLBACK_OWNER, FILINGS, Answer, DispatchKind
from zhengshu_contracts.roles import ASSIGNMENTS, WHO, Action, admitted, assignable, may_assign
from zhengshu_contracts.subjects import EVENTS, STREAMS
from zhengshu_contracts.vocabulary import OrganizationKind, PrincipalKind, Role


def test_every_action_says_who_may() -> None:
    assert set(WHO) == set(Action)


def test_every_subject_lies_on_exactly_one_stream() -> None:
    for subject in EVENTS:
        on = [
            s.name
            for s in STREAMS
            if any(fnmatch(subject, p.replace(">", "*")) for p in s.subjects)
        ]
        assert len(on) == 1, subject


def test_every_subject_is_versioned_and_in_the_past_tense() -> None:
    for subject, event in EVENTS.items():
        verb, version = subject.split(".")[-2:]
        assert verb.endswith("ed") or verb in {"given", "withdrawn"}, subject
        assert version == "v1"
        assert event.__doc__, subject


def test_every_dispatch_has_a_filing_and_every_answer_an_owner() -> None:
    kinds = {each.model_fields["kind"].default for each in Answer.__origin__.__args__}
    assert set(FILINGS) == set(DispatchKind)
    assert set(CALLBACK_OWNER) == kinds


def test_an_officer_needs_one_of_the_roles_and_a_system_none() -> None:
    assert admitted(Action.ENTRY_REVIEW, PrincipalKind.OFFICER, [Role.COMPETENT_OFFICER])
    assert not admitted(Action.ENTRY_REVIEW, PrincipalKind.OFFICER, [Role.DATA_OFFICER])
    assert not admitted(Action.ENTRY_REVIEW, PrincipalKind.SYSTEM, [Role.COMPETENT_OFFICER])
    assert admitted(Action.DATASET_QUERY, PrincipalKind.SYSTEM, [])


@pytest.mark.parametrize(
    ("roles", "kind", "may"),
    [
        ([Role.DATA_OFFICER, Role.OFFICE_HEAD], OrganizationKind.DEPARTMENT, True),
        ([Role.COMPETENT_OFFICER], OrganizationKind.DEPARTMENT, False),
        ([Role.COMPETENT_OFFICER, Role.AUDITOR], OrganizationKind.COMPETENT, False),
        ([Role.OPERATOR, Role.AUDITOR], OrganizationKind.COMPETENT, False),
        ([Role.ADMINISTRATOR, Role.OPERATOR], OrganizationKind.COMPETENT, False),
        ([Role.AUDITOR], OrganizationKind.COMPETENT, True),
        ([Role.AUDITOR], OrganizationKind.SECURITY_REGULATOR, True),
        ([Role.SUPERVISOR], OrganizationKind.GOVERNMENT, True),
        ([Role.AUDITOR], OrganizationKind.DEPARTMENT, False),
        ([Role.SUPERVISOR], OrganizationKind.TOWNSHIP, False),
        ([Role.SUPERVISOR, Role.AUDITOR], OrganizationKind.COMPETENT, False),
        ([], OrganizationKind.DEPARTMENT, False),
    ],
)
def test_management_operation_and_audit_never_meet(
    roles: list[Role], kind: OrganizationKind, may: bool
) -> None:
    assert assignable(roles, kind) is may


def test_every_role_has_somebody_who_gives_it_and_none_gives_itself_what_is_above() -> None:
    assert set(ASSIGNMENTS) == set(Role)
    given = {role for role in Role if may_assign([Role.DEPARTMENT_ADMINISTRATOR], [role])}
    assert given == {Role.DEPARTMENT_ADMINISTRATOR, Role.DATA_OFFICER, Role.OFFICE_HEAD}
    others = set(Role) - {Role.ADMINISTRATOR, Role.DEPARTMENT_ADMINISTRATOR}
    assert not any(may_assign(others, [role]) for role in Role)
    assert all(may_assign([Role.ADMINISTRATOR], [role]) for role in Role)


def test_an_envelope_carries_subject_and_sequence() -> None:
    event = DatasetUpdated(
        audience="departments",
        dataset="307350123001-000001",
        epoch=1,
        version=7,
        batch="b",
        mode="append",
        inserted=1,
        updated=0,
        deleted=0,
        rows=1,
        digest="d",
    )
    envelope = Envelope.wrap(event, source="catalog", about=event.dataset)
    assert envelope.type == "zhengshu.dataset.departments.307350123001-000001.updated.v1"
    assert envelope.sequence == 7


def test_the_asyncapi_document_names_every_event() -> None:
    channels = document()["channels"]
    assert {each["address"] for each in channels.values()} == set(EVENTS)
