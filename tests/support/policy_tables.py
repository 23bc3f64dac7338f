"""What design section 6 and the Measures say, written down as tables: the policy is held against them.

Nothing here calls the policy. Each cell of a table says whether one item of that class leaves.
"""

from zhengshu_contracts.identity import Principal
from zhengshu_contracts.roles import Action
from zhengshu_contracts.vocabulary import Mode, OpeningClass, PrincipalKind, SharingClass

SHARE, OPEN, UPLOAD = "share", "open", "upload"

DOORS = {
    (Action.DATASET_QUERY, Mode.QUERY): SHARE,
    (Action.DATASET_VERIFY, Mode.VERIFY): SHARE,
    (Action.DATASET_EXPORT, Mode.EXPORT): SHARE,
    (Action.DATASET_CHANGES, Mode.SUBSCRIBE): SHARE,
    (Action.DATASET_SUBSCRIBE, Mode.SUBSCRIBE): SHARE,
    (Action.DATASET_UPLOAD, Mode.SUBSCRIBE): UPLOAD,
    (Action.OPEN_READ, Mode.QUERY): OPEN,
    (Action.OPEN_READ, Mode.EXPORT): OPEN,
}
"""Every pair of action and mode that exists. Any other pair yields nothing."""

# Which item leaves through the sharing doors, by the item's sharing class; `mode` = only in the grant's
# modes; `open` = see OPENED, exports only.
SHARED = """
requester               unconditional conditional withheld unknown
provider                yes           yes         yes      yes
enterprise_provider     yes           yes         yes      yes
competent_provider      yes           yes         yes      yes
department              yes           no          no       no
township                yes           no          no       no
government              yes           no          no       no
finance                 yes           no          no       no
security_regulator      yes           no          no       no
granted_query           yes           mode        no       no
granted_verify          yes           mode        no       no
granted_export          yes           mode        no       no
granted_subscribe       yes           mode        no       no
grant_suspended         yes           no          no       no
grant_expired           yes           no          no       no
grant_revoked           yes           no          no       no
grant_ended             yes           no          no       no
grant_future            yes           no          no       no
grant_of_another        yes           no          no       no
grant_of_another_item   yes           no          no       no
enterprise              no            no          no       no
competent               no            no          no       no
opening_system          open          open        no       no
opening_provider        open          open        no       no
no_organization         no            no          no       no
no_kind                 no            no          no       no
officer                 no            no          no       no
provider_officer        no            no          no       no
public                  no            no          no       no
applicant               no            no          no       no
authorized              no            no          no       no
worker                  no            no          no       no
commission              no            no          no       no
gateway                 no            no          no       no
"""

# Which row of SHARED a caller is in who is neither granted anything nor opening's system: by kind (a
# system's also by its organisation's), and by whose data it asks for. `none` = nobody said which. The
# roles that somebody holds change nothing.
CALLERS = """
caller                            own                 others      no_organization
system.department                 provider            department  no_organization
system.township                   provider            township    no_organization
system.government                 provider            government  no_organization
system.finance                    provider            finance     no_organization
system.security_regulator         provider            security_regulator no_organization
system.public_service_enterprise  enterprise_provider enterprise  no_organization
system.competent                  competent_provider  competent   no_organization
system.none                       provider            no_kind     no_organization
officer                           provider_officer    officer     officer
applicant                         applicant           applicant   applicant
public                            public              public      public
commission_worker                 worker              worker      worker
commission                        commission          commission  commission
gateway                           gateway             gateway     gateway
"""

GRANTABLE = {"department", "township", "government", "finance", "security_regulator"}
"""Rows to which a grant, if there is one, adds."""

# What is open, by the item's opening class and its listing's; `authorized` = to the applicant alone
# whose authorisation lives. A withheld or unknown sharing class is never open.
OPENED = """
listing      general     authorized  closed unknown
general      anyone      authorized  no     no
authorized   authorized  authorized  no     no
closed       no          no          no     no
unknown      no          no          no     no
"""

# Whom a state stops: `-` nobody in that column, `stop` everybody in it; modes = everybody but in these
# modes, and but those who hold a live grant in the mode (opening's system asks for no mode of sharing).
STATES = """
state                 provider worker others open
live                  -        -      -      -
draft                 -        stop   stop   stop
submitted             -        stop   stop   stop
returned              -        stop   stop   stop
retired               -        stop   stop   stop
state_unknown         -        stop   stop   stop
unregistered          -        -      stop   stop
withdrawn             -        -      stop   stop
registration_unknown  -        -      stop   stop
suspended             -        stop   stop   stop
suspension_unknown    -        stop   stop   stop
municipal             -        stop   query  -
queries_offered       -        -      query  -
others_offered        -        -      verify+export+subscribe -
municipal_uncoded     -        stop   stop   stop
origin_unknown        -        stop   stop   stop
missing               stop     stop   stop   stop
"""

LISTED = {"listed": {"door": True, "opener": True}, "building": {"door": False, "opener": True}}
"""Listing states in which the open door, and opening's own export, work. Any other: neither."""

PROVIDERS = {"provider", "enterprise_provider", "competent_provider"}
OPENERS = {"opening_system", "opening_provider"}


def table(text: str) -> dict[str, dict[str, str]]:
    """Read a table: first line names the columns, first word of a line names the row."""
    head, *lines = text.strip().splitlines()
    return {
        row: dict(zip(head.split()[1:], cells, strict=True))
        for row, *cells in (line.split() for line in lines)
    }


SHARED_TABLE, OPENED_TABLE, STATE_TABLE = table(SHARED), table(OPENED), table(STATES)
CALLER_TABLE = table(CALLERS)
REQUESTERS = tuple(SHARED_TABLE)
STATE_NAMES = tuple(STATE_TABLE)


def word(value: SharingClass | OpeningClass | None) -> str:
    """Name a class as the tables do."""
    return value.value if value is not None else "unknown"


def caller_of(principal: Principal) -> str:
    """Name the row of CALLERS in which somebody is."""
    if principal.kind is not PrincipalKind.SYSTEM:
        return principal.kind.value
    kind = principal.organization_kind
    return f"{principal.kind.value}.{kind.value if kind else 'none'}"


def requester_of(principal: Principal, provider: str) -> str:
    """Name the row of SHARED in which somebody is who asks for a provider's data."""
    organization = principal.organization
    whose = "own" if organization == provider else "others" if organization else "no_organization"
    return CALLER_TABLE[caller_of(principal)][whose]


def expected(
    *,
    requester: str,
    action: Action,
    mode: Mode | None,
    sharing: SharingClass | None,
    opening: OpeningClass | None,
    state: str,
    listing: str,
    listed_as: OpeningClass | None,
) -> bool:
    """Say whether an item leaves."""
    door = DOORS.get((action, mode))
    if door is None or _stopped(requester, door, mode, state):
        return False
    opened = OPENED_TABLE[word(listed_as)][word(opening)]
    if word(sharing) in {"withheld", "unknown"}:
        opened = "no"
    if door == UPLOAD:
        return requester == "worker" and word(sharing) in {"unconditional", "conditional"}
    if door == OPEN:
        admitted = opened == "anyone" or (opened == "authorized" and requester == "authorized")
        return admitted and LISTED.get(listing, {}).get("door", False)
    cell = SHARED_TABLE[requester][word(sharing)]
    if cell == "open":
        exported = action is Action.DATASET_EXPORT and opened != "no"
        return exported and LISTED.get(listing, {}).get("opener", False)
    return cell == "yes" or (cell == "mode" and requester == f"granted_{mode}")


def _stopped(requester: str, door: str, mode: Mode | None, state: str) -> bool:
    cell = STATE_TABLE[state][_column(requester, door)]
    if cell in {"-", "stop"}:
        return cell == "stop"
    exempt = {*OPENERS, f"granted_{mode}", "grant_of_another_item"}
    return mode not in cell.split("+") and requester not in exempt


def _column(requester: str, door: str) -> str:
    if door == UPLOAD:
        return "worker"
    if door == OPEN:
        return "open"
    return "provider" if requester in PROVIDERS else "others"
