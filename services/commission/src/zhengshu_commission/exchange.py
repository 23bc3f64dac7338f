"""The exchange: what the county's node files, and how it asks what became of it."""

from typing import Annotated, Any

from fastapi import Body, Depends, Request
from pydantic import ValidationError
from zhengshu_chassis.transaction import Router
from zhengshu_contracts.commission import (
    Acceptance,
    DispatchKind,
    FilingStatus,
    MunicipalCatalogue,
    UnpromptedAnswers,
    UploadFiling,
)

from zhengshu_commission import operations, uploads
from zhengshu_commission.door import InStore, InWitness, faulty, signed
from zhengshu_commission.errors import FilingMalformed, FilingUnknown

LARGEST_UPLOAD = 4 << 30
"""Bytes of one upload; it is taken in line by line, never held whole."""

router = Router(
    prefix="/exchange/v1", tags=["交换"], dependencies=[Depends(signed), Depends(faulty)]
)


@router.get("/catalogue", summary="市级目录变更", response_model=MunicipalCatalogue)
async def catalogue(store: InStore, after: int = 0) -> MunicipalCatalogue:
    """按变更序号返回之后的条目。"""
    return MunicipalCatalogue(entries=await store.catalogue(after))


@router.get("/answers", summary="未经报件的答复", response_model=UnpromptedAnswers)
async def answers(store: InStore, after: int = 0) -> UnpromptedAnswers:
    """按序号返回之后的挂接与撤销挂接,供回调丢失时取回。"""
    return UnpromptedAnswers(answers=await store.unprompted(after))


@router.put(
    "/upload/{ref}",
    summary="数据上报",
    status_code=202,
    response_model=Acceptance,
    max_body_size=LARGEST_UPLOAD,
)
async def upload(ref: str, request: Request, store: InStore) -> Acceptance:
    """逐行接收版本区间的变更(NDJSON);同一标识重复上报不再生效。"""
    known = await store.find(ref)
    if known is not None:
        return operations.acceptance(known)
    filing = _filing(DispatchKind.UPLOAD, _range(request))
    assert isinstance(filing, UploadFiling)
    fresh = await operations.check_range(store, filing)
    announced = request.headers.get("content-digest", "")
    body = request.stream()
    changes, digest = await uploads.take_in(store, filing, body, announced, fresh=fresh)
    return await operations.accept_upload(store, ref, filing, changes, digest)


@router.put("/{kind}/{ref}", summary="报件", status_code=202, response_model=Acceptance)
async def file(
    kind: DispatchKind,
    ref: str,
    store: InStore,
    witness: InWitness,
    body: Annotated[dict[str, Any], Body()],
) -> Acceptance:
    """受理一个报件;同一标识重复报送不再生效。"""
    return await operations.file(store, witness, kind, ref, _filing(kind, body))


@router.get("/{kind}/{ref}", summary="查询报件", response_model=FilingStatus)
async def status(kind: DispatchKind, ref: str, store: InStore) -> FilingStatus:
    """返回受理号和已作出的全部答复。"""
    row = await store.filing(ref)
    if row.kind != kind:
        raise FilingUnknown(f"{ref} 不是{kind.label}")
    number = operations.acceptance(row).number
    return FilingStatus(number=number, callbacks=await store.callbacks(ref))


def _range(request: Request) -> dict[str, str]:
    """Return the upload's metadata from its headers."""
    names = ("dataset", "epoch", "since", "to")
    return {name: request.headers.get(f"zhengshu-{name}", "") for name in names}


def _filing(kind: DispatchKind, body: object) -> Any:
    try:
        return operations.filing_of(kind, body)
    except ValidationError as error:
        places = [
            ("/" + "/".join(str(at) for at in each["loc"]), each["type"], each["msg"])
            for each in error.errors(include_input=False, include_url=False)
        ]
        raise FilingMalformed(f"{kind.label}的内容不合约定", pointers=places) from error
