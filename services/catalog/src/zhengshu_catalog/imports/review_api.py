"""HTTP of imports once they are made: their reports, and the review of what is to be taken over."""

from typing import Annotated

from fastapi import Query
from zhengshu_chassis.auth import allowed
from zhengshu_chassis.problems import problems
from zhengshu_chassis.requests import By, Now, Paged
from zhengshu_chassis.transaction import Router, Session
from zhengshu_contracts.catalog import ImportList, ImportOut, ReviewIn
from zhengshu_contracts.roles import Action

from zhengshu_catalog.entries.errors import OutcomeNotAllowed, SelfReview
from zhengshu_catalog.entries.operations import Unit
from zhengshu_catalog.imports import operations, reviewing
from zhengshu_catalog.imports.errors import ImportNotFound, NothingWaits

router = Router(prefix="/v1/imports", tags=["目录导入"])


@router.get("", response_model=ImportList, dependencies=[allowed(Action.IMPORT_READ)])
async def list_imports(
    session: Session,
    place: Paged,
    by: By,
    waiting: Annotated[bool, Query(description="只列等待主管部门审核的")] = False,
) -> ImportList:
    """列出导入;主管部门可见各单位已确认的,其他单位只见自己的"""
    found, places, more = await reviewing.page(
        session, by, place.after, place.limit, waiting=waiting
    )
    return ImportList(imports=found, next=place.following(places, more=more))


@router.get(
    "/{token}",
    response_model=ImportOut,
    dependencies=[allowed(Action.IMPORT_READ)],
    responses=problems(ImportNotFound),
)
async def read_import(token: str, session: Session, by: By) -> ImportOut:
    """查看导入报告"""
    return await operations.read(session, token, by=by)


@router.post(
    "/{token}/review",
    response_model=ImportOut,
    dependencies=[allowed(Action.IMPORT_REVIEW)],
    responses=problems(ImportNotFound, NothingWaits, SelfReview, OutcomeNotAllowed),
)
async def review_import(
    token: str, body: ReviewIn, session: Session, by: By, now: Now
) -> ImportOut:
    """审核存量登记:同意即按原状发布,或整批退回"""
    return await reviewing.review(Unit.of(session), token, body, by=by, at=now)
