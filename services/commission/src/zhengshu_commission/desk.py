"""The desk: where a person at the Commission decides by hand, and where faults are switched."""

from datetime import date, datetime
from typing import Any

from fastapi import Depends
from pydantic import Field
from zhengshu_chassis.problems import problems
from zhengshu_chassis.transaction import Router
from zhengshu_contracts.base import ApiModel
from zhengshu_contracts.commission import DispatchKind
from zhengshu_contracts.limits import ItemMask, Quota
from zhengshu_contracts.vocabulary import ItemName, Mode, Outcome

from zhengshu_commission import operations
from zhengshu_commission.door import InStore, InWitness, at_desk
from zhengshu_commission.errors import DeskClosed, FilingUnknown, NotDecidable
from zhengshu_commission.repository import Store, number, write_switches
from zhengshu_commission.switches import Switches

router = Router(
    prefix="/desk",
    tags=["办理台"],
    dependencies=[Depends(at_desk)],
    responses=problems(DeskClosed),
)
REFUSED = problems(NotDecidable)


class Decision(ApiModel):
    """What the desk decides; members other than outcome, reason and until are an application's."""

    outcome: Outcome
    reason: str = ""
    items: list[ItemName] | None = Field(default=None, description="准予的信息项")
    modes: list[Mode] | None = Field(default=None, description="准予的共享方式")
    filter: str = Field(default="", max_length=2000, description="另加的行条件")
    until: date | None = Field(default=None, description="准予的使用时限")
    masks: tuple[ItemMask, ...] = Field(default=(), description="要求脱敏的信息项")
    quota: Quota | None = Field(default=None, description="每日用量上限")
    missing: tuple[str, ...] = Field(
        default=(), max_length=50, description="退回补正时:需补正的全部材料"
    )


class FilingShown(ApiModel):
    """A filing as the desk sees it."""

    ref: str = Field(description="报件标识")
    number: str = Field(description="受理号")
    kind: DispatchKind
    about: str = Field(description="所涉对象的标识")
    state: str = Field(description="状态")
    received_at: datetime
    body: dict[str, Any] = Field(description="报件内容")


class Holding(ApiModel):
    """What is held of a county's dataset."""

    dataset: str
    epoch: int | None = Field(description="已收到的纪元")
    to: int | None = Field(description="已收到的版本")
    rows: int = Field(description="行数")
    service_code: str | None = Field(description="挂接代码;没有挂接时为空")


class Withdrawal(ApiModel):
    """Why a service registration, or a decision, is withdrawn."""

    reason: str


@router.get("/switches", summary="读取开关", response_model=Switches)
async def read(store: InStore) -> Switches:
    """当前的办理方式与故障开关。"""
    return store.switches


@router.put("/switches", summary="设置开关", response_model=Switches)
async def write(body: Switches, store: InStore) -> Switches:
    """未写明的开关恢复默认值。"""
    await write_switches(store.session, body)
    return body


@router.get("/filings", summary="报件列表", response_model=list[FilingShown])
async def filings(
    store: InStore, state: str | None = None, kind: str | None = None
) -> list[dict[str, Any]]:
    """最近 200 件,可按状态(waiting 可作决定的全部、pending 待办、consulting 征求意见中)和种类筛选。"""
    return [
        {
            "ref": row.ref,
            "number": number(row),
            "kind": row.kind,
            "about": row.about,
            "state": row.state,
            "received_at": row.received_at,
            "body": row.body,
        }
        for row in await store.filings(state, kind)
    ]


@router.post(
    "/filings/{ref}/decision",
    summary="作出决定",
    status_code=204,
    responses=problems(FilingUnknown, NotDecidable),
)
async def decide(ref: str, body: Decision, store: InStore, witness: InWitness) -> None:
    """对待办报件作出决定:同意(可缩小范围)、不同意,共享申请还可一次性退回补正;由签名回调送达县级节点。"""
    row = await store.filing(ref)
    if row.kind == DispatchKind.CHECKPOINT:
        await operations.restart(store, witness, row, body.outcome)
    else:
        operations.decide(store, row, **dict(body))


@router.post(
    "/filings/{ref}/withdrawal",
    summary="收回同意",
    status_code=204,
    responses=problems(FilingUnknown, NotDecidable),
)
async def take_back(ref: str, body: Withdrawal, store: InStore) -> None:
    """收回对共享申请已作出的同意,县级节点据此撤销授权。"""
    await operations.take_back(store, await store.filing(ref), body.reason)


@router.get("/datasets", summary="已登记的目录", response_model=list[Holding])
async def holdings(store: InStore) -> list[Holding]:
    """县级节点登记的全部目录,及各自已收到的数据。"""
    return [await _held(store, each) for each in await store.registered()]


@router.get("/datasets/{dataset}", summary="已收数据", response_model=Holding)
async def holding(dataset: str, store: InStore) -> Holding:
    """已收到的版本、行数和挂接代码。"""
    return await _held(store, dataset)


async def _held(store: Store, dataset: str) -> Holding:
    held, entry = await store.holding(dataset), await store.entry(dataset)
    return Holding(
        dataset=dataset,
        epoch=held.epoch if held else None,
        to=held.to if held else None,
        rows=await store.count_rows(dataset),
        service_code=entry.service_code if entry else None,
    )


@router.post(
    "/datasets/{dataset}/registration", summary="准予挂接", status_code=204, responses=REFUSED
)
async def register(dataset: str, store: InStore) -> None:
    """准予节点代表市级平台提供该数据。"""
    await operations.register_service(store, dataset)


@router.post(
    "/datasets/{dataset}/withdrawal", summary="撤销挂接", status_code=204, responses=REFUSED
)
async def withdraw(dataset: str, body: Withdrawal, store: InStore) -> None:
    """撤销后节点立即停止提供。"""
    await operations.withdraw_service(store, dataset, body.reason)
