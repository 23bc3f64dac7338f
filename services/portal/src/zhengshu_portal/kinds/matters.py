"""Matters between departments and usage records as pages."""

from pydantic import BaseModel
from zhengshu_contracts import sharing
from zhengshu_contracts.roles import Action

from zhengshu_portal.kinds.shape import Act, Kind, Narrowed, Thing, organizations
from zhengshu_portal.office import Officer


def items_of(one: Thing, by: Officer) -> Narrowed:
    """Offer the items of the dataset that a matter is about, once it is known, and every organisation."""
    entry = by.entry(one["dataset"]) if one.get("dataset") else {}
    items = [(each["name"], each["title"]) for each in entry.get("items", [])]
    key = [(each["name"], each["title"]) for each in entry.get("items", []) if each.get("key")]
    known = {"items": items, "key": key}
    return organizations(one, by) | {name: found for name, found in known.items() if found}


def own_grants(one: Thing, by: Officer) -> Narrowed:
    """Offer the grants that the officer's organisation holds of a dataset, once it is known."""
    if not one.get("dataset"):
        return {}
    found = by.pages("/v1/grants", "grants", most=200, dataset=one["dataset"])
    mine = [grant for grant in found if grant["holder"] == by.me.organization]
    return {
        "grant": [(grant["id"], f"{grant['purpose']}({grant['state_label']})") for grant in mine]
    }


def moves(one: Thing, by: Officer) -> Narrowed:
    """Offer the moves that the node says are open."""
    return organizations(one, by) | {
        "move": [(each["move"], each["label"]) for each in one["moves"]]
    }


def movable(one: Thing, _by: Officer) -> bool:
    """Test whether the node says that the officer has a move."""
    return bool(one["moves"])


def matter(
    name: str,
    title: str,
    models: tuple[type[BaseModel], type[BaseModel], type[BaseModel]],
    columns: tuple[str, ...],
    member: str | None = None,
) -> Kind:
    """Return a kind of matter between departments: filed, then moved as the node says."""
    filed, out, step = models
    word = name.removesuffix("s")
    file = Act(
        "new", f"提出{title}", f"/v1/{name}", Action(f"{word}.file"), filed, choices=items_of
    )
    handle = Action(f"{word}.handle")
    return Kind(
        name=name,
        title=title,
        path=f"/v1/{name}",
        member=member or name,
        model=out,
        read=Action(f"{word}.read"),
        columns=("number", *columns, "organization", "state_label", "due"),
        acts=(
            Act(
                "steps",
                "提交办理意见",
                f"/v1/{name}/{{id}}/steps",
                handle,
                step,
                movable,
                choices=moves,
            ),
        ),
        news=(file,),
    )


CORRECTIONS = matter(
    "corrections",
    "数据校核",
    (sharing.CorrectionIn, sharing.CorrectionOut, sharing.CorrectionStep),
    ("dataset", "problem"),
)
DISPUTES = matter(
    "disputes",
    "争议",
    (sharing.DisputeIn, sharing.DisputeOut, sharing.DisputeStep),
    ("claim", "against"),
)
OBJECTIONS = matter(
    "objections",
    "共享属性异议",
    (sharing.ObjectionIn, sharing.ObjectionOut, sharing.ObjectionStep),
    ("dataset", "reason"),
)
DEMANDS = matter(
    "demands",
    "数据需求",
    (sharing.DemandIn, sharing.DemandOut, sharing.DemandStep),
    ("title", "provider"),
)
BASIS_CHANGES = matter(
    "basis-changes",
    "目录依据变化",
    (sharing.BasisChangeIn, sharing.BasisChangeOut, sharing.BasisChangeStep),
    ("dataset", "on", "change"),
    member="changes",
)
ANNUAL_REPORTS = Kind(
    name="annual-reports",
    title="年度报告",
    path="/v1/annual-reports",
    member="reports",
    model=sharing.AnnualReportOut,
    read=Action.ANNUAL_REPORT_READ,
    columns=("number", "title", "organization", "state_label", "due"),
    acts=(
        Act(
            "steps",
            "报送",
            "/v1/annual-reports/{id}/steps",
            Action.ANNUAL_REPORT_HANDLE,
            sharing.AnnualReportStep,
            movable,
            choices=moves,
        ),
    ),
)
USAGE = Kind(
    name="usage",
    title="使用记录",
    path="/v1/usage",
    member="usage",
    model=sharing.UsageOut,
    read=Action.USAGE_READ,
    columns=("on", "kind", "dataset", "organization", "text"),
    news=(
        Act(
            "new",
            "登记使用记录",
            "/v1/usage",
            Action.USAGE_RECORD,
            sharing.UsageIn,
            choices=own_grants,
        ),
    ),
    single=False,
)
