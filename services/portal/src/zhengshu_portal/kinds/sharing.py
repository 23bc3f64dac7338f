"""Sharing as pages: notices, clocks, applications, opinions, grants, openings."""

from zhengshu_contracts import opening, sharing
from zhengshu_contracts.catalog import ReviewIn
from zhengshu_contracts.clocks import PERIODS, Term
from zhengshu_contracts.roles import Action
from zhengshu_contracts.vocabulary import ApplicationState, GrantState, Mode

from zhengshu_portal.kinds.shape import (
    Act,
    Kind,
    Narrowed,
    Thing,
    When,
    both,
    either,
    may,
    oversees,
    own,
    regulates,
    state,
)
from zhengshu_portal.office import Officer

A, G = ApplicationState, GrantState
UNDECIDED = frozenset(
    {A.SUBMITTED, A.SUPPLEMENTING, A.ENDORSED, A.FORWARDED, A.CONSULTING, A.REVIEWING}
)
AT_CITY = frozenset({A.ENDORSED, A.FORWARDED, A.CONSULTING, A.REVIEWING})
OF_OPINIONS = frozenset({Term.REPLY_UNCONDITIONAL, Term.REPLY_CONDITIONAL})
LIVE = frozenset({G.ACTIVE, G.SUSPENDED, G.RECTIFIED})


def some_part(*states: str) -> When:
    """Test whether a part of an application is in one of the states."""
    return lambda one, _by: any(part["state"] in states for part in one["parts"])


def titled(one: Thing, by: Officer) -> list[tuple[str, str]]:
    """Return the items of an opinion or of a part by their titles."""
    known = {item["name"]: item["title"] for item in by.entry(one["dataset"]).get("items", [])}
    return [(name, known.get(name, name)) for name in one["items"]]


def masks(one: Thing, by: Officer) -> Narrowed:
    """Offer an opinion's items to be masked."""
    return {"item": titled(one, by)}


def parts(one: Thing, by: Officer) -> Narrowed:
    """Offer the parts of an application that the Commission has."""
    held = [(part, titled(part, by)) for part in one["parts"] if part["state"] in AT_CITY]
    named = [
        (part["id"], f"{part['title']}:{'、'.join(title for _, title in items)}")
        for part, items in held
    ]
    columns = list(dict(pair for _, items in held for pair in items).items())
    asked = {mode for part, _ in held for mode in part["modes"]}
    modes = [(mode.value, mode.label) for mode in Mode if mode in asked]
    return {"part": named, "item": columns, "items": columns, "modes": modes}


def disputable(member: str) -> When:
    """Test whether the officer may bring a dispute for the organisation that a member names."""
    return both(own(member), may(Action.DISPUTE_FILE))


def unread(one: Thing, _by: Officer) -> bool:
    """Test whether nobody of the organisation has read a notice."""
    return not one.get("read_at")


def extension_open(one: Thing, _by: Officer) -> bool:
    """Test whether an extension waits to be decided."""
    asked = one.get("extension") or {"outcome": "none"}
    return not asked.get("outcome")


def extendable(one: Thing, _by: Officer) -> bool:
    """Test whether more time can be asked for here: an opinion's where the opinion is."""
    term = Term(one["term"])
    longer = PERIODS[term].extension and term not in OF_OPINIONS
    return bool(longer and not one.get("extension"))


NOTICES = Kind(
    name="notifications",
    title="通知",
    path="/v1/notifications",
    member="notifications",
    model=sharing.NoticeOut,
    read=Action.NOTICE_READ,
    columns=("kind", "title", "term_label", "due", "at", "read_at"),
    acts=(
        Act(
            "reading",
            "标为已读",
            "/v1/notifications/{id}/reading",
            Action.NOTICE_READ,
            when=unread,
        ),
    ),
    single=False,
)
CLOCKS = Kind(
    name="clocks",
    title="办理时限",
    path="/v1/clocks",
    member="clocks",
    model=sharing.ClockOut,
    read=Action.CLOCK_READ,
    columns=("term_label", "matter", "party", "received", "due", "overdue", "paused"),
    acts=(
        Act(
            "extension",
            "申请延长期限",
            "/v1/clocks/{id}/extension",
            Action.CLOCK_EXTEND,
            sharing.ExtensionIn,
            both(own("party"), extendable),
        ),
        Act(
            "extension-decision",
            "审核延长期限",
            "/v1/clocks/{id}/extension/decision",
            Action.EXTENSION_DECIDE,
            sharing.ExtensionDecision,
            both(extension_open, lambda one, _by: one["term"] not in OF_OPINIONS),
        ),
    ),
    single=False,
)
APPLICATIONS = Kind(
    name="applications",
    title="共享申请",
    path="/v1/applications",
    member="applications",
    model=sharing.ApplicationOut,
    read=Action.APPLICATION_READ,
    columns=("number", "purpose", "organization", "submitted_at", "state_label", "due"),
    acts=(
        Act(
            "endorsement",
            "初审",
            "/v1/applications/{id}/endorsement",
            Action.APPLICATION_ENDORSE,
            sharing.EndorsementIn,
            some_part(A.SUBMITTED),
        ),
        Act(
            "supplement",
            "补正材料",
            "/v1/applications/{id}/supplement",
            Action.APPLICATION_SUBMIT,
            sharing.SupplementIn,
            both(own("organization"), some_part(A.SUPPLEMENTING)),
        ),
        Act(
            "decision",
            "录入纸质批复",
            "/v1/applications/{id}/decision",
            Action.DECISION_ENTER,
            sharing.PaperDecisionIn,
            some_part(*AT_CITY),
            choices=parts,
        ),
        Act(
            "withdrawal",
            "撤回申请",
            "/v1/applications/{id}/withdrawal",
            Action.APPLICATION_WITHDRAW,
            sharing.ReasonIn,
            both(own("organization"), some_part(*UNDECIDED)),
        ),
        Act(
            "forms",
            "打印申请表、审批表",
            "/v1/applications/{id}/forms",
            Action.FORM_ISSUE,
            sharing.FormIn,
            printed="/my/prints/forms/{code}",
        ),
    ),
    links=(
        ("以此为底再次申请", "/my/apply?repeat={id}", own("organization")),
        ("提出争议", "/my/disputes/new/new?about={id}", disputable("organization")),
    ),
)
OPINIONS = Kind(
    name="opinions",
    title="征求意见",
    path="/v1/opinions",
    member="opinions",
    model=sharing.OpinionOut,
    read=Action.OPINION_READ,
    columns=("title", "applicant", "purpose", "requested_at", "state_label", "due"),
    acts=(
        Act(
            "answer",
            "答复",
            "/v1/opinions/{id}",
            Action.OPINION_GIVE,
            sharing.OpinionIn,
            both(own("provider"), state("requested")),
            choices=masks,
        ),
        Act(
            "extension",
            "申请延期答复",
            "/v1/opinions/{id}/extension",
            Action.OPINION_GIVE,
            sharing.ExtensionIn,
            both(own("provider"), state("requested"), lambda one, _by: not one.get("extension")),
        ),
        Act(
            "extension-decision",
            "审核延期",
            "/v1/opinions/{id}/extension/decision",
            Action.EXTENSION_DECIDE,
            sharing.ExtensionDecision,
            both(state("requested"), extension_open),
        ),
    ),
)
GRANTS = Kind(
    name="grants",
    title="授权",
    path="/v1/grants",
    member="grants",
    model=sharing.GrantOut,
    read=Action.GRANT_READ,
    columns=("title", "holder", "provider", "purpose", "ends", "state_label"),
    acts=(
        Act(
            "rectification",
            "报告整改情况",
            "/v1/grants/{id}/rectification",
            Action.GRANT_RECTIFY,
            sharing.RectificationIn,
            both(own("holder"), state(G.SUSPENDED)),
        ),
        Act(
            "disposal",
            "登记数据处置",
            "/v1/grants/{id}/disposal",
            Action.GRANT_DISPOSE,
            sharing.DisposalIn,
            both(own("holder"), state(G.EXPIRED, G.REVOKED)),
        ),
        Act(
            "suspension",
            "暂停授权",
            "/v1/grants/{id}/suspension",
            Action.GRANT_SUSPEND,
            sharing.ReasonIn,
            both(either(oversees, regulates, own("provider")), state(G.ACTIVE, G.RECTIFIED)),
        ),
        Act(
            "resumption",
            "恢复授权",
            "/v1/grants/{id}/resumption",
            Action.GRANT_SUSPEND,
            sharing.ReasonIn,
            either(
                both(oversees, state(G.SUSPENDED, G.RECTIFIED)),
                both(own("suspended_by"), state(G.RECTIFIED)),
            ),
        ),
        Act(
            "stop",
            "预告停止服务",
            "/v1/grants/{id}/stop",
            Action.GRANT_STOP,
            sharing.StopIn,
            both(own("provider"), state(*LIVE), lambda one, _by: not one.get("stop")),
        ),
        Act(
            "revocation",
            "撤销授权",
            "/v1/grants/{id}/revocation",
            Action.GRANT_REVOKE,
            sharing.ReasonIn,
            both(either(oversees, own("holder"), own("suspended_by")), state(*LIVE)),
        ),
    ),
    held=True,
    links=(
        ("申请续期", "/my/apply?renew={id}", both(own("holder"), state(G.ACTIVE))),
        (
            "登记使用记录",
            "/my/usage/new/new?dataset={dataset}&grant={id}",
            both(own("holder"), may(Action.USAGE_RECORD)),
        ),
        (
            "提出争议",
            "/my/disputes/new/new?dataset={dataset}&about={id}",
            either(disputable("holder"), disputable("provider")),
        ),
    ),
)


PROPOSALS = Kind(
    name="proposals",
    title="开放建议",
    path="/v1/open/proposals",
    member="proposals",
    model=opening.ProposalOut,
    read=Action.PROPOSAL_READ,
    columns=("title", "provider", "opening", "proposed_at", "state_label"),
    acts=(
        Act(
            "review",
            "审核",
            "/v1/open/proposals/{id}/review",
            Action.PROPOSAL_REVIEW,
            ReviewIn,
            state("submitted"),
            skip=("grants_seen",),
        ),
    ),
    news=(
        Act(
            "new", "提出开放建议", "/v1/open/proposals", Action.PROPOSAL_SUBMIT, opening.ProposalIn
        ),
    ),
    waits=both(may(Action.PROPOSAL_REVIEW), state("submitted")),
)
