"""HTTP of theme databases."""

from typing import Annotated

from fastapi import Query
from zhengshu_chassis.auth import allowed
from zhengshu_chassis.problems import problems
from zhengshu_chassis.requests import By, Now, Paged
from zhengshu_chassis.transaction import Router
from zhengshu_contracts.catalog import ThemeConsentIn, ThemeIn, ThemeList, ThemeOut
from zhengshu_contracts.roles import Action
from zhengshu_contracts.vocabulary import DatasetId

from zhengshu_catalog.entries import content as rules
from zhengshu_catalog.entries.api import CONTENT, InUnit
from zhengshu_catalog.entries.errors import CategoryFixed, NotProvider, StateNotAllowed
from zhengshu_catalog.themes import operations, repository
from zhengshu_catalog.themes.errors import (
    ConsentNotDue,
    ThemeInvalid,
    ThemeItemWithheld,
    ThemeMemberUnavailable,
    ThemeNotFound,
)
from zhengshu_catalog.themes.operations import Shown

router = Router(prefix="/v1/themes", tags=["主题数据库"])

MADE = (*CONTENT, ThemeInvalid, ThemeItemWithheld, ThemeMemberUnavailable)
"""What a theme may be refused for."""


@router.post(
    "",
    status_code=201,
    response_model=ThemeOut,
    dependencies=[allowed(Action.ENTRY_COMPILE)],
    responses=problems(*MADE),
)
async def compile_theme(body: ThemeIn, unit: InUnit, by: By, now: Now) -> ThemeOut:
    """编制主题数据库(草稿),由本单位牵头

    它就是一个目录条目:信息项与共享属性由成员得出,提交、审核、停用与其他目录条目相同;
    提交之前须经每个成员的提供单位同意。
    """
    return _view(await operations.compile_theme(unit, body, by=by, at=now))


@router.get("", response_model=ThemeList, dependencies=[allowed(Action.ENTRY_READ)])
async def list_themes(
    unit: InUnit,
    place: Paged,
    by: By,
    waiting: Annotated[bool, Query(description="只列等待本单位同意的")] = False,
) -> ThemeList:
    """列出主题数据库;草稿只有牵头部门、成员提供单位和主管部门可见"""
    ids, more = await repository.page(unit.session, by, place.after, place.limit, waiting=waiting)
    themes = [_view(await operations.read_theme(unit, one, reader=by)) for one in ids]
    return ThemeList(themes=themes, next=place.following(ids, more=more))


@router.get(
    "/{theme}",
    response_model=ThemeOut,
    dependencies=[allowed(Action.ENTRY_READ)],
    responses=problems(ThemeNotFound),
)
async def read_theme(theme: DatasetId, unit: InUnit, by: By) -> ThemeOut:
    """查看主题数据库"""
    return _view(await operations.read_theme(unit, theme, reader=by))


@router.put(
    "/{theme}",
    response_model=ThemeOut,
    dependencies=[allowed(Action.ENTRY_COMPILE)],
    responses=problems(*MADE, ThemeNotFound, NotProvider, StateNotAllowed, CategoryFixed),
)
async def revise_theme(theme: DatasetId, body: ThemeIn, unit: InUnit, by: By, now: Now) -> ThemeOut:
    """修改草稿或编制下一版次;成员提供单位须重新同意"""
    return _view(await operations.revise_theme(unit, theme, body, by=by, at=now))


@router.post(
    "/{theme}/consents",
    status_code=201,
    response_model=ThemeOut,
    dependencies=[allowed(Action.THEME_CONSENT)],
    responses=problems(ThemeNotFound, ConsentNotDue),
)
async def agree_to_theme(
    theme: DatasetId, body: ThemeConsentIn, unit: InUnit, by: By, now: Now
) -> ThemeOut:
    """成员提供单位同意本单位的信息项列入主题数据库"""
    return _view(await operations.agree(unit, theme, body, by=by, at=now))


def _view(shown: Shown) -> ThemeOut:
    entry, revision, row = shown.entry, shown.revision, shown.row
    state = entry.state if revision.number <= entry.revision else revision.state
    given = ThemeIn.model_validate(row.definition)
    return ThemeOut(
        **dict(given),
        id=entry.id,
        lead=entry.provider,
        lead_name=entry.provider_name,
        state=state,
        state_label=state.label,
        revision=entry.revision,
        items=revision.content.items,
        sharing=rules.sharing_class(revision.content.items),
        consents=repository.consents(row),
        waiting=[code for code in row.providers if code not in row.consents],
        registration=entry.registration,
    )
