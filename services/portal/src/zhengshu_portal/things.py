"""Lists, details and acts of every kind of thing, from its data. What is allowed the node decides."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Query
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from zhengshu import Refused
from zhengshu_contracts.problem import Problem
from zhengshu_contracts.vocabulary import DatasetId

from zhengshu_portal.fields import Asked, handed
from zhengshu_portal.forms import Form
from zhengshu_portal.kinds import KINDS
from zhengshu_portal.kinds.shape import Act, Kind
from zhengshu_portal.naming import Naming
from zhengshu_portal.office import InOffice, Officer, OwnForm, PageNotFound
from zhengshu_portal.open_data import PublicUrl
from zhengshu_portal.showing import Shown
from zhengshu_portal.using import commands, settled

router = APIRouter(include_in_schema=False)
Known = Annotated[str | None, Query(max_length=60, pattern=r"^[\w-]+$")]
"""What a form is begun from elsewhere with."""
Cursor = Annotated[str | None, Query(max_length=2000)]
UNSAID = ("id", "moves", "due", "state_label")
"""Members of a thing that its page tells otherwise."""
HEADINGS = ("title", "name", "number", "kind_label")
"""What a thing is called, the first that it has."""
ELSEWHERE = {"apply": "提交申请"}
"""Acts that have a page of their own."""
SOUGHT = 2000
"""How far a list is searched for a thing that cannot be read by itself."""


@router.get("/my/{kind}")
def show_list(
    kind: str,
    by: InOffice,
    cursor: Cursor = None,
    dataset: DatasetId | None = None,
    done: str = "",
) -> HTMLResponse:
    """一类事项的列表。"""
    found = known(kind, by)
    asked = {"cursor": cursor, "dataset": dataset}
    page = by.node.get(found.path, limit=50, **{k: v for k, v in asked.items() if v})
    shown = Shown(found.model, Naming(by).names(*page[found.member]))
    following = {"cursor": page.get("next"), "dataset": dataset}
    return by.page(
        "list.html",
        kind=found,
        done=label_of(found, done),
        heads=[shown.label(name) for name in found.columns],
        rows=[row_of(found, shown, one, by) for one in page[found.member]],
        news=[act for act in found.news if by.may(act.action)],
        following=urlencode({k: v for k, v in following.items() if v}) if page.get("next") else "",
    )


@router.get("/my/{kind}/new/{name}")
def show_new(
    kind: str,
    name: str,
    by: InOffice,
    dataset: DatasetId | None = None,
    about: Known = None,
    grant: Known = None,
) -> HTMLResponse:
    """一张新的表单。"""
    act = offered(known(kind, by).news, name)
    given = {"dataset": dataset, "about": about, "grant": grant}
    return _new(KINDS[kind], act, by, {name: value for name, value in given.items() if value})


@router.post("/my/{kind}/new/{name}", response_model=None)
def make(kind: str, name: str, fields: OwnForm, by: InOffice) -> Response:
    """提交一张新的表单。"""
    found = known(kind, by)
    act = offered(found.news, name)
    about = {"dataset": quote(fields["dataset"], safe="")} if fields.get("dataset") else {}
    try:
        answer = perform(act, about, fields, by)
    except Refused as refused:
        return _new(found, act, by, answered(act, about, fields, by), refused)
    if act.answer:
        return told(found, act, answer, by)
    there = f"/{answer[found.key]}" if found.key in answer and found.single else ""
    return RedirectResponse(f"/my/{kind}{there}?done={act.name}", 303)


@router.get("/my/{kind}/{thing}")
def show_one(
    kind: str, thing: str, by: InOffice, public_url: PublicUrl, done: str = ""
) -> HTMLResponse:
    """一件事项:内容、办理过程、可以办理的动作。"""
    found = known(kind, by)
    one = read(found, thing, by)
    held = found.held and one.get("holder") == by.me.organization
    used = commands(one, by.entry(one["dataset"]), public_url) if held else []
    stopped = settled(by.node, one) if found.held else ""
    return _one(found, one, by, done=label_of(found, done), used=used, stopped=stopped)


@router.post("/my/{kind}/{thing}/{name}", response_model=None)
def act_on(kind: str, thing: str, name: str, fields: OwnForm, by: InOffice) -> Response:
    """办理一个动作。"""
    found = known(kind, by)
    act, one = offered(found.acts, name), read(found, thing, by)
    try:
        answer = perform(act, one, fields, by)
    except Refused as refused:
        values = {name: answered(act, one, fields, by)}
        return _one(found, one, by, values=values, refused=refused)
    if act.printed:
        return RedirectResponse(act.printed.format(**answer), 303)
    if act.answer:
        return told(found, act, answer, by)
    return RedirectResponse(f"/my/{kind}/{quote(thing, safe='')}?done={act.name}", 303)


def label_of(kind: Kind, act: str) -> str:
    """Return what an act that was just done is called."""
    labels = {one.name: one.label for one in (*kind.acts, *kind.news)}
    return (labels | ELSEWHERE).get(act, "")


def known(kind: str, by: Officer) -> Kind:
    """Return a kind that this officer may look at."""
    found = KINDS.get(kind)
    if found is None or not by.may(found.read):
        raise PageNotFound("没有这个页面,或您的角色看不到它", next="请从“待办”进入")
    return found


def offered(acts: tuple[Act, ...], name: str) -> Act:
    """Return one of the acts."""
    found = next((act for act in acts if act.name == name), None)
    if found is None:
        raise PageNotFound("没有这个办理动作")
    return found


def read(kind: Kind, thing: str, by: Officer) -> dict[str, Any]:
    """Return one thing, from its list where it cannot be read by itself, with what belongs to it."""
    found = by.node.get(f"{kind.path}/{quote(thing, safe='')}") if kind.single else None
    if found is None:
        listed = by.pages(kind.path, kind.member, most=SOUGHT)
        found = next((one for one in listed if one[kind.key] == thing), None)
    if found is None:
        raise PageNotFound(f"没有 {thing},或您看不到它")
    return {**found, **(kind.more(found, by) if kind.more else {})}


def asked_of(act: Act, one: Mapping[str, Any], by: Officer) -> Asked | None:
    """Return what an act's form asks for."""
    if act.model is None:
        return None
    return Asked(act.model, choices=act.choices(one, by), skip=act.skip)


def answered(act: Act, one: Mapping[str, Any], fields: Form, by: Officer) -> dict[str, Any]:
    """Return what a form of the act says."""
    asked = asked_of(act, one, by)
    return asked.body(fields) if asked else {}


def perform(act: Act, one: Mapping[str, Any], fields: Form, by: Officer) -> Any:
    """Do it: the files first, then what the form says."""
    hand_over(fields, by)
    body = handed(answered(act, one, fields, by)) if act.model else None
    told = {"id": one.get("id", ""), **(body or {} if act.placed else {})}
    path = act.path.format(**{name: quote(str(value), safe="") for name, value in told.items()})
    return by.send(act.method, path, None if act.placed else body, fields)


def told_plainly(refused: Refused | None, asked: Asked | None) -> Problem | None:
    """Return a refusal whose errors name the fields as the form does."""
    if refused is None or asked is None or not refused.problem.errors:
        return refused.problem if refused else None
    errors = [
        one.model_copy(update={"pointer": asked.label(one.pointer)})
        for one in refused.problem.errors
    ]
    return refused.problem.model_copy(update={"errors": errors})


def hand_over(fields: Form, by: Officer) -> None:
    """Hand the files over and let the form name them, so that a refusal loses none."""
    for field, files in list(fields.files.items()):
        for at, file in enumerate(files):
            sent = Form([("file", f"{field} {at}"), ("once", fields.get("once", ""))])
            sent.files = {field: [file]}
            answer = by.send(
                "POST",
                "/v1/attachments",
                None,
                sent,
                params={"name": file.name},
                content=file.content,
                headers={"Content-Type": file.media},
            )
            fields.add(field, f"{answer['id']}/{file.name}")
        del fields.files[field]


def row_of(kind: Kind, shown: Shown, one: Mapping[str, Any], by: Officer) -> dict[str, Any]:
    """Return a line of a list."""
    told = {**one, **Naming(by).cells(one, kind.columns)}
    return {
        "link": f"/my/{kind.name}/{quote(str(one[kind.key]), safe='')}",
        "due": one.get("due") if one.get("due_party") == by.me.organization else None,
        "cells": [shown.one(told, name) for name in kind.columns],
    }


def told(kind: Kind, act: Act, answer: Mapping[str, Any], by: Officer) -> HTMLResponse:
    """Show an answer that is told once."""
    assert act.answer is not None
    pairs = Shown(act.answer, by.names()).pairs(answer)
    return by.page("told.html", kind=kind, act=act, pairs=pairs)


def _new(
    kind: Kind, act: Act, by: Officer, values: Mapping[str, Any], refused: Refused | None = None
) -> HTMLResponse:
    asked = asked_of(act, values, by)
    return by.page(
        "new.html",
        refused.status if refused else 200,
        refused=told_plainly(refused, asked),
        kind=kind,
        act=act,
        about=by.entry(values["dataset"]).get("title") if values.get("dataset") else None,
        fields=asked.fields(values) if asked else [],
    )


def _one(
    kind: Kind,
    one: dict[str, Any],
    by: Officer,
    *,
    done: str = "",
    used: Sequence[tuple[str, str]] = (),
    stopped: str = "",
    values: Mapping[str, Any] | None = None,
    refused: Refused | None = None,
) -> HTMLResponse:
    acts = [act for act in kind.acts if by.may(act.action) and act.when(one, by)]
    tried = next((act for act in acts if act.name in (values or {})), None)
    names = Naming(by).names(one)
    return by.page(
        "detail.html",
        refused.status if refused else 200,
        refused=told_plainly(refused, asked_of(tried, one, by) if tried else None),
        kind=kind,
        one=one,
        party=names.get(one.get("due_party") or "", ""),
        done=done,
        used=used,
        stopped=stopped,
        heading=next((str(one[n]) for n in HEADINGS if one.get(n)), kind.title),
        key=one[kind.key],
        pairs=Shown(kind.shown or kind.model, names).pairs(Naming(by).thing(one), skip=UNSAID),
        acts=[(act, _fields(act, one, by, (values or {}).get(act.name))) for act in acts],
        opened=next(iter(values), "") if values else "",
        links=[(label, path.format(**one)) for label, path, when in kind.links if when(one, by)],
    )


def _fields(act: Act, one: dict[str, Any], by: Officer, values: Any) -> list[Any]:
    asked = asked_of(act, one, by)
    if asked is None:
        return []
    if values is None and act.known:
        values = by.node.get(act.known.format(**one))
    return asked.fields(values)
