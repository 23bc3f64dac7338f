"""The desk: where a person at the Commission decides by hand, and where faults are switched."""

from datetime import date
from typing import Any

from fastapi import Depends
from pydantic import Field
from zhengshu_chassis.transaction import Router
from zhengshu_contracts.base import ApiModel
from zhengshu_contracts.limits import ItemMask, Quota
from zhengshu_contracts.vocabulary import ItemName, Mode, Outcome

from zhengshu_commission import operations
from zhengshu_commission.door import InStore, at_desk
from zhengshu_commission.repository import write_switches
from zhengshu_commission.switches import Switches

router = Router(prefix="/desk", tags=["办理台"], dependencies=[Depends(at_desk)])


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


class Withdrawal(ApiModel):
    """Why a service registration is withdrawn."""

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


@router.get("/filings", summary="报件列表")
async def filings(
    store: InStore, state: str | None = None, kind: str | None = None
) -> list[dict[str, Any]]:
    """最近 200 件,可按状态(waiting 可作决定的全部、pending 待办、consulting 征求意见中)和种类筛选。"""
    return [
        {
            "ref": row.ref,
            "number": operations.acceptance(row).number,
            "kind": row.kind,
            "about": row.about,
            "state": row.state,
            "received_at": row.received_at,
            "body": row.body,
        }
        for row in await store.filings(state, kind)
    ]


@router.post("/filings/{ref}/decision", summary="作出决定", status_code=204)
async def decide(ref: str, body: Decision, store: InStore) -> None:
    """对待办报件作出决定:同意(可缩小范围)、不同意,共享申请还可一次性退回补正;由签名回调送达县级节点。"""
    operations.decide(store, await store.filing(ref), **dict(body))


@router.get("/datasets/{dataset}", summary="已收数据")
async def holding(dataset: str, store: InStore) -> dict[str, Any]:
    """已收到的版本、行数和挂接代码。"""
    held, entry = await store.holding(dataset), await store.entry(dataset)
    return {
        "epoch": held.epoch if held else None,
        "to": held.to if held else None,
        "rows": await store.count_rows(dataset),
        "service_code": entry.service_code if entry else None,
    }


@router.post("/datasets/{dataset}/registration", summary="准予挂接", status_code=204)
async def register(dataset: str, store: InStore) -> None:
    """准予节点代表市级平台提供该数据。"""
    await operations.register_service(store, dataset)


@router.post("/datasets/{dataset}/withdrawal", summary="撤销挂接", status_code=204)
async def withdraw(dataset: str, body: Withdrawal, store: InStore) -> None:
    """撤销后节点立即停止提供。"""
    await operations.withdraw_service(store, dataset, body.reason)
