"""The municipal catalogue the stand-in begins with: made-up enterprises, and who may have what of them."""

import json
from typing import Any

from sqlalchemy import Connection, text
from zhengshu_contracts.catalog import Item, MunicipalEntry
from zhengshu_contracts.policy import Condition
from zhengshu_contracts.vocabulary import (
    ItemType,
    OpeningClass,
    Sensitivity,
    SharingClass,
    UpdateCycle,
)

CODE = "FZ3501000001"
CONDITION = Condition(scope="承担登记、监管、救助职责的部门", purpose="业务协同与数据核验")


def item(name: str, title: str, length: int, *, key: bool = False) -> Item:
    """Return an unconditional item of text."""
    return Item(
        name=name,
        title=title,
        type=ItemType.CHARACTER,
        length=length,
        key=key,
        nullable=not key,
        sharing=SharingClass.UNCONDITIONAL,
        opening=OpeningClass.CLOSED,
    )


def conditional(name: str, title: str, length: int) -> Item:
    """Return a conditional item that tells of a person."""
    more = {"sharing": SharingClass.CONDITIONAL, "condition": CONDITION}
    return item(name, title, length).model_copy(update=more | {"sensitivity": Sensitivity.PERSONAL})


ENTERPRISES = MunicipalEntry(
    id="307350100001-000001",
    code="307350100001/000001",
    municipal_code=CODE,
    revision=1,
    sequence=1,
    title="企业登记基本信息",
    abstract="全市经营主体登记基本信息",
    provider="113501000036152003",
    provider_name="福州市市场监督管理局",
    update_cycle=UpdateCycle.DAILY,
    items=[
        item("code", "统一社会信用代码", 18, key=True),
        item("name", "名称", 100),
        item("district", "所在县区", 20),
        conditional("legal_person", "法定代表人", 40),
    ],
)
ROWS: list[dict[str, Any]] = [
    {
        "code": "91350123MA0000000Y",
        "name": "罗源县示例商行",
        "district": "罗源县",
        "legal_person": "示例丁",
    },
    {
        "code": "91350123MA0000001X",
        "name": "罗源湾示例船厂",
        "district": "罗源县",
        "legal_person": "示例戊",
    },
    {
        "code": "91350102MA0000002N",
        "name": "鼓楼示例贸易公司",
        "district": "鼓楼区",
        "legal_person": "示例己",
    },
]


def seed(connection: Connection) -> None:
    """Store the first municipal entry and the rows behind its service."""
    entry = ENTERPRISES
    values = {
        "id": entry.id,
        "sequence": entry.sequence,
        "code": CODE,
        "entry": entry.model_dump_json(),
    }
    connection.execute(
        text("INSERT INTO municipal_entries VALUES (:id, :sequence, :code, CAST(:entry AS jsonb))"),
        values,
    )
    rows = [{"code": CODE, "row": json.dumps(row, ensure_ascii=False)} for row in ROWS]
    connection.execute(
        text("INSERT INTO service_rows (municipal_code, row) VALUES (:code, CAST(:row AS jsonb))"),
        rows,
    )
