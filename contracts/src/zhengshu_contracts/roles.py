"""Who may do what: the role × action matrix, as data.

The gateway checks it before forwarding and each service again on arrival; the policy's table test
runs over it. Data actions (`dataset.*`, `open.read`) are only *admitted* here: which rows and columns
they yield is decided by the gateway's policy.
"""

from collections.abc import Iterable
from enum import StrEnum
from typing import NamedTuple

from zhengshu_contracts.vocabulary import OrganizationKind, PrincipalKind, Role

READERS = frozenset(
    {
        OrganizationKind.DEPARTMENT,
        OrganizationKind.TOWNSHIP,
        OrganizationKind.GOVERNMENT,
        OrganizationKind.FINANCE,
        OrganizationKind.SECURITY_REGULATOR,
    }
)
"""政务部门 (Decree 809 Art. 2) that read what others provide, and apply for it; no other kind does."""


class Action(StrEnum):
    """Everything a caller can ask the node to do."""

    TOKEN_ISSUE = "token.issue"  # noqa: S105  # an action's name, not a secret
    KEYS_READ = "keys.read"
    ORGANIZATION_REGISTER = "organization.register"
    ORGANIZATION_READ = "organization.read"
    SYSTEM_REGISTER = "system.register"
    SYSTEM_READ = "system.read"
    OFFICER_REGISTER = "officer.register"
    OFFICER_DEPUTE = "officer.depute"
    OFFICER_DEPART = "officer.depart"
    CLIENT_MANAGE = "client.manage"
    ME_READ = "me.read"
    ENTRY_COMPILE = "entry.compile"
    ENTRY_SUBMIT = "entry.submit"
    ENTRY_REVIEW = "entry.review"
    ENTRY_READ = "entry.read"
    ENTRY_IMPORT = "entry.import"
    IMPORT_READ = "import.read"
    IMPORT_REVIEW = "import.review"
    ENTRY_RETIRE = "entry.retire"
    ENTRY_SUSPEND = "entry.suspend"
    THEME_CONSENT = "theme.consent"
    LEGACY_MANAGE = "legacy.manage"
    LEGACY_ADVANCE = "legacy.advance"
    LEGACY_READ = "legacy.read"
    EXTENSION_DEFINE = "extension.define"
    SOURCE_NAME = "source.name"
    ORGANIZATION_CHANGE = "organization.change"
    CLIENT_LOCK = "client.lock"
    CLIENT_REISSUE = "client.reissue"
    VENDOR_ENTRUST = "vendor.entrust"
    VENDOR_END = "vendor.end"
    VENDOR_READ = "vendor.read"
    SYSTEM_PLAN = "system.plan"
    SYSTEM_ADVANCE = "system.advance"
    STATEMENT_ISSUE = "statement.issue"
    STATEMENT_READ = "statement.read"
    DATASET_PUSH = "dataset.push"
    BATCH_READ = "batch.read"
    DATASET_RECONCILE = "dataset.reconcile"
    DATASET_EXAMPLE = "dataset.example"
    DATASET_QUERY = "dataset.query"
    DATASET_CHANGES = "dataset.changes"
    DATASET_EXPORT = "dataset.export"
    DATASET_VERIFY = "dataset.verify"
    DATASET_SUBSCRIBE = "dataset.subscribe"
    DATASET_UPLOAD = "dataset.upload"
    APPLICATION_SUBMIT = "application.submit"
    APPLICATION_READ = "application.read"
    APPLICATION_ENDORSE = "application.endorse"
    APPLICATION_WITHDRAW = "application.withdraw"
    OPINION_READ = "opinion.read"
    OPINION_GIVE = "opinion.give"
    EXTENSION_DECIDE = "extension.decide"
    GRANT_READ = "grant.read"
    GRANT_REVOKE = "grant.revoke"
    GRANT_SUSPEND = "grant.suspend"
    GRANT_RECTIFY = "grant.rectify"
    GRANT_STOP = "grant.stop"
    GRANT_DISPOSE = "grant.dispose"
    ATTACHMENT_ADD = "attachment.add"
    ATTACHMENT_READ = "attachment.read"
    DECISION_ENTER = "decision.enter"
    FORM_ISSUE = "form.issue"
    FORM_READ = "form.read"
    FORM_VERIFY = "form.verify"
    OBJECTION_FILE = "objection.file"
    OBJECTION_READ = "objection.read"
    OBJECTION_HANDLE = "objection.handle"
    CORRECTION_FILE = "correction.file"
    CORRECTION_READ = "correction.read"
    CORRECTION_HANDLE = "correction.handle"
    DISPUTE_FILE = "dispute.file"
    DISPUTE_READ = "dispute.read"
    DISPUTE_HANDLE = "dispute.handle"
    DEMAND_FILE = "demand.file"
    DEMAND_READ = "demand.read"
    DEMAND_HANDLE = "demand.handle"
    BASIS_CHANGE_FILE = "basis-change.file"
    BASIS_CHANGE_READ = "basis-change.read"
    BASIS_CHANGE_HANDLE = "basis-change.handle"
    ANNUAL_REPORT_READ = "annual-report.read"
    ANNUAL_REPORT_HANDLE = "annual-report.handle"
    USAGE_RECORD = "usage.record"
    USAGE_READ = "usage.read"
    NOTICE_READ = "notice.read"
    TODO_READ = "todo.read"
    CLOCK_READ = "clock.read"
    CLOCK_EXTEND = "clock.extend"
    PROPOSAL_SUBMIT = "proposal.submit"
    PROPOSAL_REVIEW = "proposal.review"
    PROPOSAL_READ = "proposal.read"
    APPLICANT_REGISTER = "applicant.register"
    OPEN_APPLY = "open.apply"
    OPEN_APPLICATION_READ = "open.application.read"
    OPEN_SEARCH = "open.search"
    OPEN_READ = "open.read"
    LEDGER_READ = "ledger.read"
    LEDGER_PROVE = "ledger.prove"
    LEDGER_CHECKPOINT = "ledger.checkpoint"
    ACCESS_READ = "access.read"
    DECISION_EXPLAIN = "decision.explain"
    PARKED_READ = "parked.read"
    PARKED_RETRY = "parked.retry"
    CALLBACK_DELIVER = "callback.deliver"
    INTERNAL = "internal"


OFFICER = PrincipalKind.OFFICER
SYSTEM = PrincipalKind.SYSTEM
ANYBODY: frozenset[PrincipalKind] = frozenset(PrincipalKind)
PEOPLE: frozenset[PrincipalKind | Role] = frozenset({SYSTEM, *Role})
"""Every authenticated department, whether a system or an officer of any role."""

READS_MATTERS: frozenset[PrincipalKind | Role] = frozenset(
    {
        Role.DATA_OFFICER,
        Role.OFFICE_HEAD,
        Role.COMPETENT_OFFICER,
        Role.SUPERVISOR,
        Role.AUDITOR,
    }
)
HANDLES_MATTERS: frozenset[PrincipalKind | Role] = READS_MATTERS - {Role.AUDITOR}
"""Which step is whose the state machine says."""

WHO: dict[Action, frozenset[PrincipalKind | Role]] = {
    Action.TOKEN_ISSUE: frozenset(ANYBODY),
    Action.KEYS_READ: frozenset(ANYBODY),
    Action.ORGANIZATION_REGISTER: frozenset({Role.ADMINISTRATOR}),
    Action.ORGANIZATION_READ: PEOPLE,
    Action.SYSTEM_REGISTER: frozenset({Role.ADMINISTRATOR}),
    # An office head entrusts a vendor with its department's systems.
    Action.SYSTEM_READ: frozenset(
        {Role.ADMINISTRATOR, Role.DATA_OFFICER, Role.OFFICE_HEAD, Role.AUDITOR}
    ),
    Action.OFFICER_REGISTER: frozenset({Role.ADMINISTRATOR, Role.DEPARTMENT_ADMINISTRATOR}),
    Action.OFFICER_DEPUTE: frozenset({Role.ADMINISTRATOR, Role.DEPARTMENT_ADMINISTRATOR}),
    Action.OFFICER_DEPART: frozenset({Role.ADMINISTRATOR, Role.DEPARTMENT_ADMINISTRATOR}),
    Action.CLIENT_MANAGE: frozenset({Role.ADMINISTRATOR, Role.DEPARTMENT_ADMINISTRATOR}),
    Action.ME_READ: frozenset({OFFICER}),
    Action.ENTRY_COMPILE: frozenset({Role.DATA_OFFICER}),
    Action.ENTRY_SUBMIT: frozenset({Role.DATA_OFFICER, Role.OFFICE_HEAD}),
    Action.ENTRY_REVIEW: frozenset({Role.COMPETENT_OFFICER}),
    Action.ENTRY_READ: PEOPLE,
    Action.ENTRY_IMPORT: frozenset({Role.DATA_OFFICER}),
    Action.IMPORT_READ: frozenset({Role.DATA_OFFICER, Role.COMPETENT_OFFICER}),
    Action.IMPORT_REVIEW: frozenset({Role.COMPETENT_OFFICER}),
    Action.ENTRY_RETIRE: frozenset({Role.DATA_OFFICER, Role.OFFICE_HEAD}),
    Action.ENTRY_SUSPEND: frozenset({Role.SUPERVISOR, Role.COMPETENT_OFFICER}),
    Action.THEME_CONSENT: frozenset({Role.OFFICE_HEAD}),
    Action.LEGACY_MANAGE: frozenset({Role.DATA_OFFICER}),
    Action.LEGACY_ADVANCE: frozenset({Role.DATA_OFFICER, Role.COMPETENT_OFFICER}),
    Action.LEGACY_READ: frozenset(Role),
    Action.EXTENSION_DEFINE: frozenset({Role.COMPETENT_OFFICER}),
    Action.SOURCE_NAME: frozenset({Role.COMPETENT_OFFICER}),
    Action.ORGANIZATION_CHANGE: frozenset({Role.ADMINISTRATOR}),
    Action.CLIENT_LOCK: frozenset({Role.ADMINISTRATOR, Role.DEPARTMENT_ADMINISTRATOR}),
    Action.CLIENT_REISSUE: frozenset({Role.ADMINISTRATOR, Role.DEPARTMENT_ADMINISTRATOR}),
    Action.VENDOR_ENTRUST: frozenset({Role.OFFICE_HEAD}),
    Action.VENDOR_END: frozenset({Role.OFFICE_HEAD, Role.COMPETENT_OFFICER}),
    Action.VENDOR_READ: frozenset(Role),
    Action.SYSTEM_PLAN: frozenset({Role.DATA_OFFICER}),
    Action.SYSTEM_ADVANCE: frozenset({Role.DATA_OFFICER, Role.COMPETENT_OFFICER}),
    Action.STATEMENT_ISSUE: frozenset({Role.DATA_OFFICER, Role.COMPETENT_OFFICER}),
    Action.STATEMENT_READ: frozenset(Role),
    Action.DATASET_PUSH: frozenset({SYSTEM, Role.DATA_OFFICER}),
    Action.BATCH_READ: PEOPLE,
    Action.DATASET_RECONCILE: frozenset({Role.DATA_OFFICER, Role.COMPETENT_OFFICER}),
    Action.DATASET_EXAMPLE: PEOPLE,
    Action.DATASET_QUERY: frozenset({SYSTEM}),
    Action.DATASET_CHANGES: frozenset({SYSTEM}),
    Action.DATASET_EXPORT: frozenset({SYSTEM}),
    Action.DATASET_VERIFY: frozenset({SYSTEM}),
    Action.DATASET_SUBSCRIBE: frozenset({SYSTEM}),
    Action.DATASET_UPLOAD: frozenset({PrincipalKind.COMMISSION_WORKER}),
    Action.APPLICATION_SUBMIT: frozenset({Role.DATA_OFFICER}),
    Action.APPLICATION_READ: frozenset(Role),
    Action.APPLICATION_ENDORSE: frozenset({Role.COMPETENT_OFFICER}),
    Action.APPLICATION_WITHDRAW: frozenset({Role.DATA_OFFICER}),
    Action.OPINION_READ: frozenset({Role.DATA_OFFICER, Role.OFFICE_HEAD, Role.COMPETENT_OFFICER}),
    Action.OPINION_GIVE: frozenset({Role.DATA_OFFICER, Role.OFFICE_HEAD}),
    Action.EXTENSION_DECIDE: frozenset({Role.COMPETENT_OFFICER}),
    Action.GRANT_READ: PEOPLE,
    Action.GRANT_REVOKE: frozenset({Role.COMPETENT_OFFICER, Role.DATA_OFFICER}),
    Action.GRANT_SUSPEND: frozenset({Role.COMPETENT_OFFICER, Role.DATA_OFFICER, Role.SUPERVISOR}),
    Action.GRANT_RECTIFY: frozenset({Role.DATA_OFFICER}),
    Action.GRANT_STOP: frozenset({Role.DATA_OFFICER}),
    Action.GRANT_DISPOSE: frozenset({Role.DATA_OFFICER}),
    Action.ATTACHMENT_ADD: HANDLES_MATTERS,
    Action.ATTACHMENT_READ: READS_MATTERS,
    Action.FORM_ISSUE: HANDLES_MATTERS,
    Action.FORM_READ: READS_MATTERS,
    Action.FORM_VERIFY: frozenset(ANYBODY),
    Action.DECISION_ENTER: frozenset({Role.COMPETENT_OFFICER}),
    Action.OBJECTION_FILE: frozenset({Role.DATA_OFFICER}),
    Action.OBJECTION_READ: READS_MATTERS,
    Action.OBJECTION_HANDLE: HANDLES_MATTERS,
    Action.CORRECTION_FILE: frozenset({Role.DATA_OFFICER}),
    Action.CORRECTION_READ: READS_MATTERS,
    Action.CORRECTION_HANDLE: HANDLES_MATTERS,
    Action.DISPUTE_FILE: frozenset({Role.DATA_OFFICER}),
    Action.DISPUTE_READ: READS_MATTERS,
    Action.DISPUTE_HANDLE: HANDLES_MATTERS,
    Action.DEMAND_FILE: frozenset({Role.DATA_OFFICER}),
    Action.DEMAND_READ: READS_MATTERS,
    Action.DEMAND_HANDLE: HANDLES_MATTERS,
    Action.BASIS_CHANGE_FILE: frozenset(
        {Role.DATA_OFFICER, Role.OFFICE_HEAD, Role.COMPETENT_OFFICER}
    ),
    Action.BASIS_CHANGE_READ: READS_MATTERS,
    Action.BASIS_CHANGE_HANDLE: HANDLES_MATTERS,
    Action.ANNUAL_REPORT_READ: READS_MATTERS,
    Action.ANNUAL_REPORT_HANDLE: frozenset({Role.DATA_OFFICER, Role.OFFICE_HEAD}),
    Action.USAGE_RECORD: frozenset({SYSTEM, Role.DATA_OFFICER}),
    Action.USAGE_READ: READS_MATTERS,
    Action.NOTICE_READ: frozenset(Role),
    Action.TODO_READ: frozenset(Role),
    Action.CLOCK_READ: frozenset(Role),
    Action.CLOCK_EXTEND: frozenset({Role.DATA_OFFICER, Role.OFFICE_HEAD}),
    Action.PROPOSAL_SUBMIT: frozenset({Role.DATA_OFFICER}),
    Action.PROPOSAL_REVIEW: frozenset({Role.COMPETENT_OFFICER}),
    Action.PROPOSAL_READ: frozenset(Role),
    Action.APPLICANT_REGISTER: frozenset(ANYBODY),
    Action.OPEN_APPLY: frozenset({PrincipalKind.APPLICANT}),
    Action.OPEN_APPLICATION_READ: frozenset({PrincipalKind.APPLICANT, Role.COMPETENT_OFFICER}),
    Action.OPEN_SEARCH: frozenset(ANYBODY),
    Action.OPEN_READ: frozenset(ANYBODY),
    Action.LEDGER_READ: frozenset({Role.AUDITOR, Role.SUPERVISOR, Role.COMPETENT_OFFICER}),
    # Proofs are hashes alone.
    Action.LEDGER_PROVE: PEOPLE,
    Action.LEDGER_CHECKPOINT: frozenset(ANYBODY),
    # Each organisation of its own data and of its own use alone; the whole ledger is LEDGER_READ's.
    Action.ACCESS_READ: frozenset({Role.DATA_OFFICER, Role.OFFICE_HEAD, Role.AUDITOR}),
    Action.DECISION_EXPLAIN: PEOPLE,
    Action.PARKED_READ: frozenset({Role.OPERATOR, Role.COMPETENT_OFFICER, Role.AUDITOR}),
    Action.PARKED_RETRY: frozenset({Role.OPERATOR}),
    Action.CALLBACK_DELIVER: frozenset({PrincipalKind.COMMISSION}),
    Action.INTERNAL: frozenset({PrincipalKind.GATEWAY}),
}

_EVERYWHERE = frozenset(OrganizationKind)
_COMPETENT = frozenset({OrganizationKind.COMPETENT})
_SEES_ALL = frozenset(
    {
        OrganizationKind.COMPETENT,
        OrganizationKind.GOVERNMENT,
        OrganizationKind.SECURITY_REGULATOR,
    }
)
_NODE = frozenset({Role.ADMINISTRATOR})
_ADMINISTRATORS = frozenset({Role.ADMINISTRATOR, Role.DEPARTMENT_ADMINISTRATOR})


class Assignment(NamedTuple):
    """Who may give a role to somebody, and in which kinds of organisation it can be held."""

    by: frozenset[Role]
    within: frozenset[OrganizationKind]


ASSIGNMENTS: dict[Role, Assignment] = {
    Role.ADMINISTRATOR: Assignment(_NODE, _COMPETENT),
    Role.COMPETENT_OFFICER: Assignment(_NODE, _COMPETENT),
    Role.SUPERVISOR: Assignment(_NODE, _SEES_ALL),
    Role.AUDITOR: Assignment(_NODE, _SEES_ALL),
    Role.OPERATOR: Assignment(_NODE, _EVERYWHERE),
    Role.DEPARTMENT_ADMINISTRATOR: Assignment(_ADMINISTRATORS, _EVERYWHERE),
    Role.DATA_OFFICER: Assignment(_ADMINISTRATORS, _EVERYWHERE),
    Role.OFFICE_HEAD: Assignment(_ADMINISTRATORS, _EVERYWHERE),
}
"""A role that is missing here can be given by nobody."""


def admitted(action: Action, kind: PrincipalKind, roles: Iterable[Role]) -> bool:
    """Tell whether a caller of this kind, with these roles, may ask for the action at all.

    An action missing from the matrix admits nobody.
    """
    who = WHO.get(action, frozenset())
    return kind in who or (kind is OFFICER and not who.isdisjoint(roles))


def assignable(roles: Iterable[Role], organization: OrganizationKind) -> bool:
    """Tell whether these roles can be held together in such an organisation (GB/T 39477)."""
    held = frozenset(roles)
    if any(
        role not in ASSIGNMENTS or organization not in ASSIGNMENTS[role].within for role in held
    ):
        return False
    management = held - {Role.OPERATOR, Role.AUDITOR}
    groups = [management, held & {Role.OPERATOR}, held & {Role.AUDITOR}]
    return bool(held) and sum(1 for group in groups if group) == 1


def may_assign(by: Iterable[Role], roles: Iterable[Role]) -> bool:
    """Tell whether somebody with some roles may give others these, or manage who holds them."""
    assigner = frozenset(by)
    return all(
        role in ASSIGNMENTS and not assigner.isdisjoint(ASSIGNMENTS[role].by) for role in roles
    )
