"""For everybody, without signing in: open data, the ledger's newest checkpoint, papers to be checked."""

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Depends, Query
from fastapi.responses import HTMLResponse
from zhengshu import Client, Refused
from zhengshu_chassis.resources import Held
from zhengshu_contracts.audit import CheckpointOut
from zhengshu_contracts.opening import ListingList, ListingOut
from zhengshu_contracts.sharing import FormCheck
from zhengshu_contracts.vocabulary import DatasetId, OpeningClass

from zhengshu_portal.pages import render
from zhengshu_portal.settings import PortalSettings

router = APIRouter(include_in_schema=False)


async def node(held: Held) -> Client:
    """Return the public API as an anonymous visitor sees it."""
    found: Client = held.extra["node"]
    return found


async def public_url(held: Held) -> str:
    """Return the node's address as citizens reach it."""
    settings = held.settings
    assert isinstance(settings, PortalSettings)
    return settings.public_url


Node = Annotated[Client, Depends(node)]
PublicUrl = Annotated[str, Depends(public_url)]


@router.get("/")
def search(
    node: Node,
    q: Annotated[str, Query(max_length=100)] = "",
    cursor: Annotated[str | None, Query(max_length=2000)] = None,
) -> HTMLResponse:
    """公共数据开放首页:查找数据集。"""
    params = {"q": q} if q else {}
    found = ListingList.model_validate(
        node.get("/v1/open/datasets", limit=20, **params, **({"cursor": cursor} if cursor else {}))
    )
    return render("search.html", q=q, found=found)


@router.get("/datasets/{dataset}")
def dataset(dataset: DatasetId, node: Node, public_url: PublicUrl) -> HTMLResponse:
    """一个开放数据集:说明、信息项、下载与接口用法。"""
    listing = ListingOut.model_validate(node.get(f"/v1/open/datasets/{dataset}"))
    general = listing.opening is OpeningClass.GENERAL
    return render("dataset.html", listing=listing, general=general, public_url=public_url)


@router.get("/ledger")
def ledger(node: Node) -> HTMLResponse:
    """账本最新检查点与离线验证方法。"""
    try:
        newest = CheckpointOut.model_validate(
            node.get("/v1/ledger/checkpoint", countersigned="true")
        )
    except Refused as refused:
        if refused.status != 404:
            raise
        newest = None
    return render("ledger.html", newest=newest)


@router.get("/forms")
def check_form(
    node: Node,
    number: Annotated[str, Query(max_length=100)] = "",
    code: Annotated[str, Query(max_length=40)] = "",
) -> HTMLResponse:
    """核对纸件:凭编号与校验码查看是否本节点签发。"""
    found, refused = None, None
    if number.strip() and code.strip():
        path = f"/v1/forms/{quote(code.strip(), safe='')}/verification"
        try:
            found = FormCheck.model_validate(node.get(path, number=number))
        except Refused as why:
            if why.status != 404:
                raise
            refused = why.problem
    return render("check.html", number=number, code=code, found=found, refused=refused)
