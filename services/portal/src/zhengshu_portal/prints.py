"""Files and printable forms that the node made, passed on to the officer who asked."""

from urllib.parse import quote

from fastapi import APIRouter
from fastapi.responses import Response

from zhengshu_portal.office import InOffice, PageNotFound, relay

router = APIRouter(include_in_schema=False)
PLACES: dict[str, tuple[str, str | None]] = {
    "forms": ("/v1/forms/{id}", None),
    "statements": ("/v1/statements/{id}/print", None),
    "attachments": ("/v1/attachments/{id}", None),
    "reports": ("/v1/batches/{id}/report", "report-{id}.csv"),
}
"""Where the node keeps what is passed on, and what a file is saved as where the node does not say."""


@router.get("/my/prints/template")
def template(by: InOffice) -> Response:
    """下载目录导入模板。"""
    return relay(by.node.call("GET", "/v1/import-template"), name="catalogue-template.xlsx")


@router.get("/my/prints/receipts/{batch}")
def receipt(batch: str, by: InOffice) -> Response:
    """下载一个批次的签名回执,可离线验证。"""
    found = by.node.get(f"/v1/batches/{quote(batch, safe='')}")
    signed = (found.get("batch") or {}).get("receipt")
    if not signed:
        raise PageNotFound(f"批次 {batch} 没有回执")
    headers = {"Content-Disposition": f'attachment; filename="receipt-{quote(batch)}.jws"'}
    return Response(signed, media_type="application/jose", headers=headers)


@router.get("/my/prints/{place}/{thing}")
def pass_on(place: str, thing: str, by: InOffice) -> Response:
    """打印或下载节点出具的文件。"""
    if place not in PLACES:
        raise PageNotFound("没有这个文件")
    path, name = PLACES[place]
    safe = quote(thing, safe="")
    answer = by.node.call("GET", path.format(id=safe))
    return relay(answer, name=name.format(id=safe) if name else None)
