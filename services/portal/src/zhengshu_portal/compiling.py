"""Compiling and revising an entry in a form without a script: rows, pasting, a file, duplicates."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from zhengshu import Refused
from zhengshu_contracts.catalog import EntryIn, SimilarItem, SimilarItems
from zhengshu_contracts.vocabulary import DatasetId

from zhengshu_portal.batches import media_of
from zhengshu_portal.catalogue import revisions
from zhengshu_portal.fields import Asked
from zhengshu_portal.forms import Form, Upload
from zhengshu_portal.items import Given, fields, pasted, rows
from zhengshu_portal.office import InOffice, Officer, OwnForm

router = APIRouter(include_in_schema=False)
COMPILED = Asked(EntryIn, skip=("items", "extensions"))
SPARE = 3
MORE = 10
COMPARED = 60
"""As many new items as are compared with other entries in one go."""
LIKELY = 5
"""As many likely duplicates as are shown of one item."""


@dataclass(frozen=True, slots=True)
class Likeness:
    """An item being written, and what others have that may be the same."""

    title: str
    found: Sequence[SimilarItem]


@router.get("/my/catalogue/new")
def begin(by: InOffice) -> HTMLResponse:
    """编制目录条目。"""
    return page(by, None, {}, spare=MORE)


@router.post("/my/catalogue/new", response_model=None)
def compile_entry(said: OwnForm, by: InOffice) -> Response:
    """保存新的目录条目,或在保存之前加行、粘贴、从文件取得信息项、查重。"""
    return take(by, None, said)


@router.get("/my/catalogue/{entry}/edit")
def edit(entry: DatasetId, by: InOffice) -> HTMLResponse:
    """修改草稿,或编制下一版次。"""
    return page(by, entry, held(by, entry))


@router.post("/my/catalogue/{entry}/edit", response_model=None)
def revise(entry: DatasetId, said: OwnForm, by: InOffice) -> Response:
    """保存修改。"""
    return take(by, entry, said)


def held(by: Officer, entry: str) -> dict[str, Any]:
    """Return the content that is being worked on, or the published one."""
    return revisions(entry, by)[0].content.model_dump(mode="json")


def take(by: Officer, entry: str | None, said: Form) -> Response:
    """Do what the pressed button says with what the form holds."""
    content = COMPILED.body(said) | {"items": rows(said)}
    if extended := extensions(by):
        content["extensions"] = extended.body(said, "extensions.")
    step = said.get("do", "save")
    try:
        if step != "save":
            return prepare(by, entry, content, said, step)
        return save(by, entry, content, said)
    except Refused as refused:
        return page(by, entry, content, refused=refused)


def prepare(
    by: Officer, entry: str | None, content: dict[str, Any], said: Form, step: str
) -> HTMLResponse:
    """Show the form again with more rows, pasted items, a file's items, or what looks alike."""
    items: list[Given] = content["items"]
    if step == "paste":
        items = [*items, *pasted(said.get("paste", ""))]
    if step == "draft" and (file := said.file("sample")):
        items = [*items, *drafted(by, file, said)]
    content = content | {"items": items}
    alike = likenesses(by, entry, items) if step in {"alike", "paste", "draft"} else []
    return page(
        by, entry, content, alike=alike, spare=MORE if step == "rows" else SPARE, asked=step
    )


def drafted(by: Officer, file: Upload, said: Form) -> list[Given]:
    """Return the items that a file suggests; classes are for whoever compiles."""
    headers = {"Content-Type": media_of(file)}
    found = by.send("POST", "/v1/item-drafts", None, said, content=file.content, headers=headers)
    return list(found["items"])


def save(by: Officer, entry: str | None, content: dict[str, Any], said: Form) -> Response:
    """Keep the content, once likely duplicates of new items have been seen."""
    known = {item["title"] for item in held(by, entry)["items"]} if entry else set()
    new = [item for item in content["items"] if item.get("title") not in known]
    alike = likenesses(by, entry, new)
    if alike and said.get("seen") != seen(alike):
        return page(by, entry, content, alike=alike, asked="save")
    if entry:
        by.send("PUT", f"/v1/entries/{entry}", content, said)
    else:
        entry = by.send("POST", "/v1/entries", content, said)["id"]
    return RedirectResponse(f"/my/catalogue/{entry}", 303)


def likenesses(by: Officer, entry: str | None, items: Sequence[Given]) -> list[Likeness]:
    """Return what other entries have that may be the same datum: collect once (一数一源)."""
    asked = [item for item in items if item.get("title")][:COMPARED]
    found = []
    for item in asked:
        params = {"title": item["title"], "name": item.get("name", ""), "type": item.get("type")}
        told = {name: value for name, value in {**params, "entry": entry}.items() if value}
        alike = SimilarItems.model_validate(by.node.get("/v1/similar-items", **told)).items
        if alike:
            found.append(Likeness(item["title"], alike[:LIKELY]))
    return found


def seen(alike: Sequence[Likeness]) -> str:
    """Return a mark of exactly these likely duplicates."""
    told = [(one.title, each.entry, each.item) for one in alike for each in one.found]
    return hashlib.sha256(repr(told).encode()).hexdigest()[:16]


def extensions(by: Officer) -> Asked | None:
    """Return what extended metadata is asked for, if any was defined."""
    definition = by.node.get("/v1/extension-schema")["definition"]
    return Asked(definition) if definition.get("properties") else None


def page(
    by: Officer,
    entry: str | None,
    content: Mapping[str, Any],
    *,
    alike: Sequence[Likeness] = (),
    spare: int = SPARE,
    asked: str = "",
    refused: Refused | None = None,
) -> HTMLResponse:
    """Return the form with what has been given so far."""
    extended = extensions(by)
    return by.page(
        "edit.html",
        refused.status if refused else 200,
        refused=refused.problem if refused else None,
        entry=entry,
        fields=COMPILED.fields(content),
        extended=extended.fields(content.get("extensions"), "extensions.") if extended else [],
        items=fields(content.get("items", []), spare),
        alike=alike,
        seen=seen(alike) if alike else "",
        asked=asked,
    )
