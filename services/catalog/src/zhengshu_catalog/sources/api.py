"""HTTP of collecting once: likely duplicates while an item is written, and naming a source."""

from typing import Annotated

from fastapi import Query
from zhengshu_chassis.auth import allowed
from zhengshu_chassis.errors import NotFound
from zhengshu_chassis.outbox import Outbox
from zhengshu_chassis.problems import problems
from zhengshu_chassis.requests import By, Now, Paged
from zhengshu_chassis.transaction import Router, Session
from zhengshu_contracts.basis import Basis
from zhengshu_contracts.catalog import (
    ItemSourceNamed,
    SimilarItems,
    SourceIn,
    SourceList,
    SourceOut,
)
from zhengshu_contracts.roles import Action
from zhengshu_contracts.vocabulary import DatasetId, ItemType

from zhengshu_catalog.sources import repository
from zhengshu_catalog.sources.likeness import Datum

router = Router(tags=["一数一源"])


class ItemNotFound(NotFound):
    """No such item in a published entry."""

    slug = "item-not-found"
    title = "没有这个已发布的信息项"

    def __init__(self, entry: str, item: str) -> None:
        super().__init__(
            f"{entry} 没有信息项 {item},或尚未发布",
            basis=Basis.DECREE_19.label,
            next="请在已发布的目录条目中选择信息项",
        )


@router.get(
    "/v1/similar-items",
    response_model=SimilarItems,
    dependencies=[allowed(Action.ENTRY_READ)],
)
async def find_similar_items(
    session: Session,
    title: Annotated[str, Query(min_length=1, max_length=80, description="信息项中文名称")],
    name: Annotated[str, Query(max_length=48, description="信息项英文名")] = "",
    type: Annotated[ItemType | None, Query(description="数据类型")] = None,  # noqa: A002 - the name on the wire
    entry: Annotated[DatasetId | None, Query(description="正在编制的目录条目,不与自己比较")] = None,
) -> SimilarItems:
    """编写信息项时查找其他目录条目中可能重复的信息项;已确定的数源排在最前"""
    wanted = Datum(title, name, type.value if type else "")
    return SimilarItems(items=await repository.similar(session, wanted, besides=entry or ""))


@router.post(
    "/v1/item-sources",
    status_code=201,
    response_model=SourceOut,
    dependencies=[allowed(Action.SOURCE_NAME)],
    responses=problems(ItemNotFound),
)
async def name_source(body: SourceIn, session: Session, by: By, now: Now) -> SourceOut:
    """确定一个共享信息项的数源部门;同名信息项此前的数源由它取代"""
    found = await repository.find_item(session, body.entry, body.item)
    if found is None:
        raise ItemNotFound(body.entry, body.item)
    item, entry = found
    named = SourceOut(
        **dict(body),
        title=item.title,
        provider=entry.provider,
        provider_name=entry.provider_name,
        named_at=now,
    )
    await repository.name(session, named, by=by.id)
    event = ItemSourceNamed(
        entry=entry.id, item=item.name, title=item.title, provider=entry.provider, by=by.id
    )
    Outbox(session, "catalog").add(event, aggregate=entry.id)
    return named


@router.get(
    "/v1/item-sources", response_model=SourceList, dependencies=[allowed(Action.ENTRY_READ)]
)
async def list_sources(session: Session, place: Paged) -> SourceList:
    """列出已确定的数源"""
    found, places, more = await repository.page(session, place.after, place.limit)
    return SourceList(sources=found, next=place.following(places, more=more))
