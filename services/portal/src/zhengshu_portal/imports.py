"""A department's catalogue from a workbook: the difference first, then the import, with a report per line."""

from urllib.parse import quote

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from zhengshu import Refused
from zhengshu_contracts.catalog import ImportOut
from zhengshu_contracts.vocabulary import ImportOutcome

from zhengshu_portal.batches import MEDIA
from zhengshu_portal.office import InOffice, OwnForm

router = APIRouter(include_in_schema=False)


@router.get("/my/imports")
def show_form(by: InOffice) -> HTMLResponse:
    """从 Excel 导入目录:下载模板、上传文件。"""
    return by.page("import.html", found=None, outcomes=ImportOutcome)


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
        return by.page(
            "import.html",
            refused.status,
            refused=refused.problem,
            found=None,
            outcomes=ImportOutcome,
        )
    return RedirectResponse(f"/my/imports/{quote(told['token'], safe='')}", 303)


@router.get("/my/imports/{token}")
def show(token: str, by: InOffice) -> HTMLResponse:
    """导入预览或报告。"""
    found = ImportOut.model_validate(by.node.get(f"/v1/imports/{quote(token, safe='')}"))
    return by.page("import.html", found=found, outcomes=ImportOutcome)


@router.post("/my/imports/{token}", response_model=None)
def confirm(token: str, said: OwnForm, by: InOffice) -> Response:
    """确认导入。"""
    safe = quote(token, safe="")
    by.send("POST", f"/v1/imports/{safe}/confirmation", None, said)
    return RedirectResponse(f"/my/imports/{safe}", 303)
