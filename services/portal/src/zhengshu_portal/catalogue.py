"""The catalogue for officers: search, an entry with its history, review of what is submitted, retirement."""

from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Query
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from zhengshu import Refused
from zhengshu_contracts.catalog import (
    EntryIn,
    EntryList,
    EntryOut,
    ResumptionIn,
    RevisionList,
    RevisionOut,
    SuspensionIn,
    SuspensionList,
)
from zhengshu_contracts.roles import Action
from zhengshu_contracts.vocabulary import (
    DatasetId,
    EntryState,
    Origin,
    SharingClass,
    Theme,
)

from zhengshu_portal.fields import Asked
from zhengshu_portal.forms import Form
from zhengshu_portal.office import InOffice, Officer, OwnForm, PageNotFound
from zhengshu_portal.showing import Pairs, Shown

router = APIRouter(include_in_schema=False)
NARROWED = ("provider", "theme", "sharing", "grade", "update_cycle", "origin", "state")
HEADINGS = {
    "provider": "提供单位",
    "theme": "目录分类",
    "sharing": "共享属性",
    "grade": "数据级别",
    "update_cycle": "更新周期",
    "origin": "来源",
}
GROUPS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("信息资源分类与代码", ("category", "code", "municipal_code", "related")),
    ("提供方", ("provider_name", "provider", "provider_office", "origin")),
    ("摘要与格式", ("abstract", "format", "update_cycle", "published_at")),
    ("共享与分级", ("sharing", "modes", "opening_condition", "grade", "registration", "version")),
    (
        "评估与同意",
        (
            "state_secret",
            "work_secret",
            "secrecy_assessment",
            "privacy_assessment",
            "head_consent",
            "security_review",
        ),
    ),
    ("扩展元数据", ("extensions",)),
    ("数据质量", ("quality",)),
)
"""The groups of the national guide (发改高技〔2017〕1272号), with what the node knows besides."""
SUSPENDED, RESUMED = Asked(SuspensionIn), Asked(ResumptionIn)
Text = Annotated[str, Query(max_length=100)]


@router.get("/my/catalogue")
def search(
    by: InOffice,
    q: Text = "",
    cursor: Annotated[str | None, Query(max_length=2000)] = None,
    provider: Text = "",
    theme: Text = "",
    sharing: Text = "",
    grade: Text = "",
    update_cycle: Text = "",
    origin: Text = "",
    state: Text = "",
) -> HTMLResponse:
    """目录检索:按词语、单位、分类、属性缩小范围。"""
    values = (provider, theme, sharing, grade, update_cycle, origin, state)
    narrowed = dict(zip(NARROWED, values, strict=True))
    asked = {name: value for name, value in {"q": q.strip(), **narrowed}.items() if value}
    page = {"cursor": cursor} if cursor else {}
    found = EntryList.model_validate(
        by.node.get("/v1/entries", facets="true", limit=20, **asked, **page)
    )
    facets = dict(found.facets) if found.facets else {}
    return by.page(
        "catalogue.html",
        q=q,
        asked=asked,
        found=found,
        headings=HEADINGS,
        facets=facets,
        link=lambda **change: link(asked, **change),
        mine=by.me.organization,
        compiles=by.may(Action.ENTRY_COMPILE),
        demands=by.may(Action.DEMAND_FILE),
        states=EntryState,
    )


def link(asked: dict[str, str], **change: str | None) -> str:
    """Return the search with one thing changed; None takes it away."""
    kept = {name: value for name, value in {**asked, **change}.items() if value}
    return f"/my/catalogue?{urlencode(kept)}"


@router.get("/my/catalogue/{entry}")
def show(entry: DatasetId, by: InOffice) -> HTMLResponse:
    """一个目录条目:元数据、信息项、版次。"""
    return _entry(entry, by)


@router.post("/my/catalogue/{entry}/{step}", response_model=None)
def act(entry: DatasetId, step: str, fields: OwnForm, by: InOffice) -> Response:
    """办理目录条目:提交、审核、申请停用、审核停用。"""
    path, body = acted(entry, step, fields)
    try:
        by.send("POST", path, body, fields)
    except Refused as refused:
        shown = _review if step == "review" else _entry
        return shown(entry, by, refused=refused, fields=fields)
    return RedirectResponse(f"/my/catalogue/{entry}", 303)


def acted(entry: str, step: str, fields: Form) -> tuple[str, dict[str, Any] | None]:
    """Return where a step goes and what it says."""
    said = {"outcome": fields.get("outcome", ""), "opinion": fields.get("opinion", "")}
    if seen := fields.get("grants_seen", ""):
        said["grants_seen"] = int(seen) if seen.isdigit() else seen  # type: ignore[assignment]
    bodies: dict[str, tuple[str, dict[str, Any] | None]] = {
        "suspension": ("suspension", SUSPENDED.body(fields)),
        "resumption": ("resumption", RESUMED.body(fields)),
        "submission": ("submission", None),
        "review": ("review", said),
        "retirement": ("retirement", {"reason": fields.get("reason", "")}),
        "retirement-review": ("retirement/review", said),
    }
    if step not in bodies:
        raise PageNotFound("没有这个办理动作")
    place, body = bodies[step]
    return f"/v1/entries/{entry}/{place}", body


@router.get("/my/catalogue/{entry}/review")
def review(entry: DatasetId, by: InOffice) -> HTMLResponse:
    """审核:提交的版次、与上一版次的差异、属性变化与受影响的授权。"""
    return _review(entry, by)


def _review(
    entry: str, by: Officer, refused: Refused | None = None, fields: Form | None = None
) -> HTMLResponse:
    """Show what is submitted, not what is published."""
    held = EntryOut.model_validate(by.node.get(f"/v1/entries/{entry}"))
    newest = revisions(entry, by)[0]
    return by.page(
        "review.html",
        refused.status if refused else 200,
        refused=refused.problem if refused else None,
        entry=held,
        revision=newest,
        submitted=newest.state is EntryState.SUBMITTED,
        groups=grouped(EntryIn, newest.content.model_dump(mode="json"), by),
        holders=by.names(),
        opinion=fields.get("opinion", "") if fields else "",
        may_review=by.may(Action.ENTRY_REVIEW),
    )


def revisions(entry: str, by: Officer) -> list[RevisionOut]:
    """Return an entry's revisions, newest first; there is at least one."""
    page = by.node.get(f"/v1/entries/{entry}/revisions")
    return RevisionList.model_validate(page).revisions


def _entry(
    entry: str, by: Officer, refused: Refused | None = None, fields: Form | None = None
) -> HTMLResponse:
    raw = by.node.get(f"/v1/entries/{entry}")
    held = EntryOut.model_validate(raw)
    mine = held.provider == by.me.organization and held.origin is Origin.COUNTY
    published = held.revision > 0 and held.state is EntryState.PUBLISHED
    working = held.revising or (None if held.revision else held.state)
    return by.page(
        "entry.html",
        refused.status if refused else 200,
        refused=refused.problem if refused else None,
        entry=held,
        theme=theme_of(held.category),
        groups=grouped(EntryOut, raw, by),
        history=revisions(entry, by) if held.origin is Origin.COUNTY else [],
        holders=by.names(),
        mine=mine,
        published=published,
        may=by.may,
        act=Action,
        editable=mine and by.may(Action.ENTRY_COMPILE) and working is not EntryState.SUBMITTED,
        submittable=mine
        and by.may(Action.ENTRY_SUBMIT)
        and working in {EntryState.DRAFT, EntryState.RETURNED},
        reviewable=working is EntryState.SUBMITTED and by.may(Action.ENTRY_REVIEW),
        applicable=published
        and not mine
        and by.may(Action.APPLICATION_SUBMIT)
        and any(item.sharing is not SharingClass.WITHHELD for item in held.items),
        said=fields or {},
        **orders(held, by, fields or Form([])),
    )


def orders(held: EntryOut, by: Officer, said: Form) -> dict[str, Any]:
    """Return the orders to stop serving an entry, and the form to give or lift one."""
    page = by.node.get(f"/v1/entries/{held.id}/suspensions") if held.revision else None
    found = page["suspensions"] if page else []
    stopped = any(not one.get("lifted_at") for one in found)
    asked = RESUMED if stopped else SUSPENDED
    return {
        "orders": Shown(SuspensionList, by.names()).one({"suspensions": found}, "suspensions"),
        "stopped": stopped,
        "order": asked.fields(asked.body(said)) if page and by.may(Action.ENTRY_SUSPEND) else [],
    }


def grouped(model: type[EntryIn], raw: dict[str, Any], by: Officer) -> list[tuple[str, Pairs]]:
    """Return the metadata in the guide's groups; empty groups are left out."""
    shown = Shown(model, by.names())
    groups = [
        (title, shown.pairs({name: raw[name] for name in members if name in raw}))
        for title, members in GROUPS
    ]
    return [(title, pairs) for title, pairs in groups if pairs]


def theme_of(category: str) -> str:
    """Return what the first three digits of a code stand for."""
    code = category[:3]
    return Theme(code).label if code in list(Theme) else ""
