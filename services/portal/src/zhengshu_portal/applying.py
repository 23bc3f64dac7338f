"""Applying for data: items ticked by their class, terms, consent; again from an earlier case or a grant."""

import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from zhengshu import Refused
from zhengshu_contracts.catalog import EntryOut
from zhengshu_contracts.sharing import ApplicationIn, PartIn
from zhengshu_contracts.vocabulary import DatasetId, offered

from zhengshu_portal.fields import Asked, handed
from zhengshu_portal.forms import Form
from zhengshu_portal.office import InOffice, Officer, OwnForm
from zhengshu_portal.things import hand_over, told_plainly

router = APIRouter(include_in_schema=False)
TERMS = Asked(ApplicationIn, skip=("parts", "renews"))
PART = Asked(PartIn, skip=("dataset", "items"))
"""A part's own members; which items is ticked in the table of the entry."""
PLACE = re.compile(r"parts\.(\d{1,2})\.dataset$")
MOST = 20
FOUND = 8
"""How many datasets are offered for words that name none."""


@router.get("/my/apply")
def begin(
    by: InOffice,
    dataset: Annotated[list[DatasetId] | None, Query(max_length=MOST)] = None,
    repeat: Annotated[str, Query(max_length=60, pattern=r"^[\w-]*$")] = "",
    renew: Annotated[str, Query(max_length=60, pattern=r"^[\w-]*$")] = "",
) -> HTMLResponse:
    """申请共享:勾选信息项,填写使用依据、场景、范围、方式、时限。"""
    if repeat:
        return page(by, by.node.get(f"/v1/applications/{repeat}/repetition"))
    if renew:
        return page(by, by.node.get(f"/v1/grants/{renew}/renewal"))
    return page(by, {"parts": [{"dataset": one} for one in dataset or []]})


@router.post("/my/apply", response_model=None)
def apply(said: OwnForm, by: InOffice) -> Response:
    """提交申请,或再加一个数据集。"""
    try:
        hand_over(said, by)
        if said.get("do") != "apply":
            return add(said, by)
        asked = handed(body_of(said))
        asked["parts"] = [part for part in asked["parts"] if part["items"]]
        made = by.send("POST", "/v1/applications", asked, said)
    except Refused as refused:
        return page(by, body_of(said), refused)
    return RedirectResponse(f"/my/applications/{made['id']}?done=apply", 303)


def add(said: Form, by: Officer) -> HTMLResponse:
    """Show the form with one more dataset, or with those that words find."""
    draft, sought = body_of(said), said.get("more", "").strip()
    wanted = said.get("pick") or sought.replace("/", "-")
    if any(part["dataset"] == wanted for part in draft["parts"]) or not wanted:
        return page(by, draft)
    if not by.entry(wanted):
        asked = {"q": sought[:80], "state": "published", "limit": FOUND}
        return page(by, draft, sought=sought, found=by.node.get("/v1/entries", **asked)["entries"])
    return page(by, draft | {"parts": [*draft["parts"], {"dataset": wanted}][:MOST]})


def body_of(said: Form) -> dict[str, Any]:
    """Return the application that a form makes."""
    places = sorted(int(found.group(1)) for name in said if (found := PLACE.match(name)))
    parts = [
        PART.body(said, f"parts.{at}.")
        | {"dataset": said[f"parts.{at}.dataset"], "items": said.all(f"parts.{at}.items")}
        for at in places
    ]
    body = TERMS.body(said) | {"parts": parts}
    return body | ({"renews": said["renews"]} if said.get("renews") else {})


def page(
    by: Officer,
    draft: Mapping[str, Any],
    refused: Refused | None = None,
    *,
    sought: str = "",
    found: Sequence[Mapping[str, Any]] = (),
) -> HTMLResponse:
    """Return the form with what has been given so far."""
    parts: Sequence[Mapping[str, Any]] = draft["parts"]
    shown = [part_of(by, at, part) for at, part in enumerate(parts)]
    return by.page(
        "apply.html",
        refused.status if refused else 200,
        refused=told_plainly(refused, Asked(ApplicationIn)),
        sought=sought,
        found=found,
        asked=shown,
        terms=TERMS.fields(draft),
        renews=draft.get("renews") or "",
    )


def part_of(by: Officer, at: int, part: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the form shows of one dataset."""
    entry = EntryOut.model_validate(by.node.get(f"/v1/entries/{part['dataset']}"))
    modes = [(mode.value, mode.label) for mode in offered(entry.modes, entry.origin)]
    return {
        "at": at,
        "entry": entry,
        "chosen": part.get("items") or [],
        "fields": PART.offering(modes=modes).fields(part, f"parts.{at}."),
    }
