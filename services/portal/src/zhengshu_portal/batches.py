"""A dataset's batches, and an officer's upload of a file: checked first, then taken."""

from pathlib import PurePath

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, Response
from zhengshu import Refused
from zhengshu_contracts.catalog import BatchList, BatchOut, EntryOut, RowProblem
from zhengshu_contracts.problem import Problem
from zhengshu_contracts.roles import Action
from zhengshu_contracts.vocabulary import BatchMode, DatasetId

from zhengshu_portal.forms import Form, Upload
from zhengshu_portal.office import InOffice, Officer, OwnForm
from zhengshu_portal.showing import Shown

router = APIRouter(include_in_schema=False)
MEDIA = {
    ".csv": "text/csv",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".json": "application/json",
    ".ndjson": "application/x-ndjson",
    ".parquet": "application/vnd.apache.parquet",
}
SHOWN = 200
"""As many bad rows as a page shows; the report holds them all."""


def media_of(file: Upload) -> str:
    """Return a file's media type by its name: browsers do not agree on these."""
    return MEDIA.get(PurePath(file.name).suffix.lower(), file.media)


@router.get("/my/catalogue/{dataset}/batches")
def show(dataset: DatasetId, by: InOffice) -> HTMLResponse:
    """数据批次与上传。"""
    return page(by, dataset, Form([]))


@router.post("/my/catalogue/{dataset}/batches", response_model=None)
def upload(dataset: DatasetId, said: OwnForm, by: InOffice) -> Response:
    """检查一个文件,或把检查过的文件入库。"""
    file = said.file("file")
    if file is None:
        return page(by, dataset, said, notice="请选择文件。")
    dry = said.get("do") != "push"
    if not dry and said.get("checked") != file.digest:
        return page(by, dataset, said, notice="这不是刚才检查过的文件,请重新检查。")
    try:
        batch = BatchOut.model_validate(push(by, dataset, file, said, dry=dry))
    except Refused as refused:
        return page(by, dataset, said, refused=refused)
    return page(by, dataset, said, batch=batch, checked=file.digest if dry else "")


def push(by: Officer, dataset: str, file: Upload, said: Form, *, dry: bool) -> object:
    """Push the file as it is; a check leaves nothing behind."""
    headers = {"Content-Type": media_of(file)}
    if said.get("lenient") == "true":
        headers["Prefer"] = "handling=lenient"
    params = {"mode": said.get("mode", ""), "dry_run": "true" if dry else "false"}
    return by.send(
        "POST",
        f"/v1/datasets/{dataset}/batches",
        None,
        said,
        params=params,
        content=file.content,
        headers=headers,
    )


def bad_rows(problem: Problem) -> list[RowProblem]:
    """Return the rows that a refusal tells of."""
    told = (problem.model_extra or {}).get("problems") or []
    return [RowProblem.model_validate(one) for one in told]


def page(
    by: Officer,
    dataset: str,
    said: Form,
    *,
    batch: BatchOut | None = None,
    checked: str = "",
    notice: str = "",
    refused: Refused | None = None,
) -> HTMLResponse:
    """Return the page of a dataset's batches."""
    entry = EntryOut.model_validate(by.node.get(f"/v1/entries/{dataset}"))
    found = BatchList.model_validate(by.node.get(f"/v1/datasets/{dataset}/batches", limit=50))
    problems = bad_rows(refused.problem) if refused else batch.problems if batch else []
    shown = Shown(BatchOut, by.names())
    return by.page(
        "batches.html",
        refused.status if refused else 422 if notice else 200,
        refused=refused.problem if refused else None,
        entry=entry,
        batches=found.batches,
        untaken=found.untaken,
        batch=batch,
        told=shown.pairs(batch.model_dump(mode="json"), skip=("problems", "receipt"))
        if batch
        else [],
        problems=problems[:SHOWN],
        checked=checked,
        notice=notice,
        said=said,
        modes=list(BatchMode),
        pushes=by.may(Action.DATASET_PUSH) and entry.provider == by.me.organization,
    )
