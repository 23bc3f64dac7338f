"""The exchange: what the county's node files, and how it asks what became of it."""

from typing import Annotated, Any

from fastapi import Body, Depends, Header, Path, Query, Request
from zhengshu_chassis.errors import DomainError
from zhengshu_chassis.problems import problems
from zhengshu_chassis.transaction import Router
from zhengshu_contracts.base import BIGGEST, ApiModel
from zhengshu_contracts.commission import (
    FILINGS,
    Acceptance,
    DispatchKind,
    FilingStatus,
    MunicipalCatalogue,
    UnpromptedAnswers,
    UploadChange,
    UploadFiling,
)

from zhengshu_commission import operations, uploads
from zhengshu_commission.door import InStore, InWitness, faulty, signed
from zhengshu_commission.errors import (
    CheckpointRefused,
    FilingUnknown,
    Outage,
    RefTaken,
    SignatureRefused,
    UploadBroken,
    UploadGap,
)
from zhengshu_commission.repository import number

LARGEST_UPLOAD = 4 << 30
"""Bytes of one upload; it is taken in line by line, never held whole."""
CHANGES = {
    "required": True,
    "description": "自 Zhengshu-Since 之后到 Zhengshu-To 的全部变更,每行一条,每行的结构如下",
    "content": {"application/x-ndjson": {"schema": UploadChange.model_json_schema()}},
}
Ref = Annotated[
    str, Path(min_length=1, max_length=64, pattern=r"^[\w.:-]+$", description="报件标识,即幂等键")
]
After = Annotated[int, Query(ge=0, le=BIGGEST, description="此序号之后的")]
Number = Annotated[int, Header(ge=0, le=BIGGEST)]

router = Router(
    prefix="/exchange/v1",
    tags=["交换"],
    dependencies=[Depends(signed), Depends(faulty)],
    responses=problems(SignatureRefused, Outage),
)


@router.get("/catalogue", summary="市级目录变更", response_model=MunicipalCatalogue)
async def catalogue(store: InStore, after: After = 0) -> MunicipalCatalogue:
    """按变更序号返回之后的条目。"""
    return MunicipalCatalogue(entries=await store.catalogue(after))


@router.get("/answers", summary="未经报件的答复", response_model=UnpromptedAnswers)
async def answers(store: InStore, after: After = 0) -> UnpromptedAnswers:
    """按序号返回之后的挂接、撤销挂接与收回的决定,供回调丢失时取回。"""
    return UnpromptedAnswers(answers=await store.unprompted(after))


async def announced(
    zhengshu_dataset: Annotated[str, Header(max_length=80, description="数据集标识")],
    zhengshu_epoch: Number,
    zhengshu_since: Number,
    zhengshu_to: Number,
) -> UploadFiling:
    """Return the range that an upload's headers announce."""
    return UploadFiling(
        dataset=zhengshu_dataset, epoch=zhengshu_epoch, since=zhengshu_since, to=zhengshu_to
    )


@router.put(
    "/upload/{ref}",
    summary=DispatchKind.UPLOAD.label,
    status_code=202,
    response_model=Acceptance,
    responses=problems(UploadGap, RefTaken, UploadBroken),
    openapi_extra={"requestBody": CHANGES},
    max_body_size=LARGEST_UPLOAD,
)
async def upload(
    ref: Ref, request: Request, store: InStore, filing: Annotated[UploadFiling, Depends(announced)]
) -> Acceptance:
    """逐行接收版本区间的变更(NDJSON);同一标识重复上报不再生效。"""
    known = await operations.known(store, DispatchKind.UPLOAD, ref, filing)
    if known is not None:
        return operations.acceptance(known)
    fresh = await operations.check_range(store, filing)
    digest = request.headers.get("content-digest", "")
    changes, found = await uploads.take_in(store, filing, request.stream(), digest, fresh=fresh)
    return await operations.accept_upload(store, ref, filing, changes, found)


def _taking(kind: DispatchKind, model: type[ApiModel], *refusals: type[DomainError]) -> None:
    """Add the operation that takes one kind of filing in."""

    async def file(ref: Ref, store: InStore, witness: InWitness, body: Any) -> Acceptance:
        return await operations.file(store, witness, kind, ref, body)

    file.__name__ = f"file_{kind}"
    file.__annotations__["body"] = Annotated[model, Body()]
    router.put(
        f"/{kind}/{{ref}}",
        summary=kind.label,
        description="受理一个报件;同一标识、同一内容重复报送不再生效,得到同样的受理号。",
        status_code=202,
        response_model=Acceptance,
        responses=problems(RefTaken, *refusals),
    )(file)


for each, payload in FILINGS.items():
    if each is DispatchKind.CHECKPOINT:
        _taking(each, payload, CheckpointRefused)
    elif each is not DispatchKind.UPLOAD:
        _taking(each, payload)


@router.get(
    "/{kind}/{ref}",
    summary="查询报件",
    response_model=FilingStatus,
    responses=problems(FilingUnknown),
)
async def status(kind: DispatchKind, ref: Ref, store: InStore) -> FilingStatus:
    """返回受理号和已作出的全部答复。"""
    row = await store.filing(ref)
    if row.kind != kind:
        raise FilingUnknown(f"{ref} 不是{kind.label}")
    return FilingStatus(number=number(row), callbacks=await store.callbacks(row))
