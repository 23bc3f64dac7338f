"""A department's catalogue from a workbook: the difference first, then the import, with a report per line."""

from urllib.parse import quote

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from zhengshu import Refused
from zhengshu_contracts.catalog import ImportOut
from zhengshu_contracts.roles import Action
from zhengshu_contracts.vocabulary import ImportOutcome

from zhengshu_portal.batches import MEDIA
from zhengshu_portal.office import InOffice, Officer, OwnForm, PageNotFound

router = APIRouter(include_in_schema=False)


@router.get("/my/imports")
def show_form(by: InOffice) -> HTMLResponse:
    """从 Excel 导入目录:下载模板、上传文件。"""
    return page(by)


@router.post("/my/imports", response_model=None)
def upload(said: OwnForm, by: InOffice) -> Response:
    """上传目录文件并预览差异。"""
    file = said.file("file")
    if file is None:
        return RedirectResponse("/my/imports", 303)
    headers = {"Content-Type": MEDIA[".xlsx"]}
    try:
        told = by.send("POST", "/v1/imports", None, said, content=file.content, headers=headers)
    except Refused as refused:
        return page(by, refused=refused)
    return RedirectResponse(f"/my/imports/{quote(told['token'], safe='')}", 303)


@router.get("/my/imports/{token}")
def show(token: str, by: InOffice) -> HTMLResponse:
    """导入预览或报告。"""
    return page(by, token)


@router.post("/my/imports/{token}/{step}", response_model=None)
def act(token: str, step: str, said: OwnForm, by: InOffice) -> Response:
    """确认导入,或审核其中的存量登记。"""
    if step not in {"confirmation", "review"}:
        raise PageNotFound("没有这个办理动作")
    told = {"outcome": said.get("outcome", ""), "opinion": said.get("opinion", "")}
    safe = quote(token, safe="")
    try:
        by.send("POST", f"/v1/imports/{safe}/{step}", told if step == "review" else None, said)
    except Refused as refused:
        return page(by, token, refused=refused)
    return RedirectResponse(f"/my/imports/{safe}", 303)


def page(by: Officer, token: str | None = None, refused: Refused | None = None) -> HTMLResponse:
    """Return one import, or the form for the next with those before it."""
    found = token and by.node.get(f"/v1/imports/{quote(token, safe='')}")
    before = [] if token else by.pages("/v1/imports", "imports", most=200)
    return by.page(
        "import.html",
        refused.status if refused else 200,
        refused=refused.problem if refused else None,
        found=ImportOut.model_validate(found) if found else None,
        before=[ImportOut.model_validate(one) for one in reversed(before)],
        names=by.names(),
        outcomes=ImportOutcome,
        imports=by.may(Action.ENTRY_IMPORT),
        reviews=by.may(Action.IMPORT_REVIEW),
    )
