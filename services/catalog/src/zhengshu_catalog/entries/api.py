"""HTTP of the catalogue: entries, their review and revisions, and the municipal catalogue's copy."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import Depends, Query, Request, Response
from zhengshu_chassis.auth import allowed
from zhengshu_chassis.problems import problems, render
from zhengshu_chassis.requests import By, Now, Paged
from zhengshu_chassis.transaction import Router, Session
from zhengshu_contracts.catalog import (
    EntryIn,
    EntryList,
    EntryOut,
    MunicipalCopy,
    RetirementIn,
    RetirementOut,
    ReviewIn,
    RevisionList,
    RevisionOut,
)
from zhengshu_contracts.identity import Principal
from zhengshu_contracts.roles import Action
from zhengshu_contracts.vocabulary import (
    DatasetId,
    EntryState,
    Grade,
    Origin,
    SharingClass,
    Theme,
    UpdateCycle,
)

from zhengshu_catalog.aggregation.quality import quality_of
from zhengshu_catalog.entries import content, domain, operations, retiring
from zhengshu_catalog.entries.copying import copy_municipal
from zhengshu_catalog.entries.domain import Entry
from zhengshu_catalog.entries.errors import (
    AssessmentRequired,
    CategoryFixed,
    CategoryNotNational,
    CitationRequired,
    ClassContradicted,
    ConditionRequired,
    ConsentRequired,
    EntryNotFound,
    GrantsUnseen,
    ItemNameRepeated,
    ItemNameReserved,
    ModesRequired,
    MunicipalReadOnly,
    NotProvider,
    OpeningNotAllowed,
    OutcomeNotAllowed,
    PatternInvalid,
    SecretRefused,
    SecurityReviewRequired,
    SelfReview,
    StateNotAllowed,
)
from zhengshu_catalog.entries.listing import Asking
from zhengshu_catalog.entries.listing import list_entries as list_found
from zhengshu_catalog.entries.operations import Compared, Shown, Unit
from zhengshu_catalog.extensions.errors import ExtensionsInvalid
from zhengshu_catalog.grants.consumers import live
from zhengshu_catalog.search.finding import Reader, Search
from zhengshu_catalog.themes.errors import ThemeConsentsMissing, ThemeDerived, ThemeMoved

router = Router(tags=["目录"])
municipal = Router(prefix="/internal/municipal", tags=["市级目录"])

CONTENT = (
    SecretRefused,
    CategoryNotNational,
    ItemNameReserved,
    ItemNameRepeated,
    PatternInvalid,
    CitationRequired,
    ConditionRequired,
    ClassContradicted,
    OpeningNotAllowed,
    ExtensionsInvalid,
)
"""What a compiled content may be refused for."""


async def unit(session: Session) -> Unit:
    """Return what an operation may touch."""
    return Unit.of(session)


InUnit = Annotated[Unit, Depends(unit)]


async def asked(
    q: Annotated[str, Query(max_length=80, description="词语或词语的一部分,以空格分隔")] = "",
    provider: Annotated[str | None, Query(max_length=18, description="提供方代码")] = None,
    origin: Annotated[Origin | None, Query(description="来源")] = None,
    state: Annotated[EntryState | None, Query(description="状态;含修订中的版次")] = None,
    theme: Annotated[Theme | None, Query(description="目录分类(类、项)")] = None,
    sharing: Annotated[SharingClass | None, Query(description="共享属性")] = None,
    grade: Annotated[Grade | None, Query(description="数据级别")] = None,
    update_cycle: Annotated[UpdateCycle | None, Query(description="更新周期")] = None,
    mending: Annotated[bool, Query(description="只列需要补齐的存量目录")] = False,
    retiring: Annotated[
        bool, Query(description="只列待主管部门审核停用的;其他单位的不可见")
    ] = False,
    facets: Annotated[bool, Query(description="同时给出分面统计")] = False,
) -> Asking:
    """Return what a list is asked for."""
    words = q.strip()
    narrowed = (provider, origin, state, theme, sharing, grade, update_cycle)
    search = Search(words, *narrowed, mending=mending, retiring=retiring)
    return Asking(search, facets=facets)


Asked = Annotated[Asking, Depends(asked)]


@router.post(
    "/v1/entries",
    status_code=201,
    response_model=EntryOut,
    dependencies=[allowed(Action.ENTRY_COMPILE)],
    responses=problems(*CONTENT),
)
async def compile_entry(
    body: EntryIn, request: Request, unit: InUnit, by: By, now: Now
) -> EntryOut | Response:
    """编制目录条目(草稿)"""
    made = await operations.compile_entry(unit, body, by=by, at=now)
    return await _answer(request, unit, made, by)


@router.get("/v1/entries", response_model=EntryList, dependencies=[allowed(Action.ENTRY_READ)])
async def list_entries(unit: InUnit, place: Paged, by: By, asked: Asked) -> EntryList:
    """查找目录条目;草稿只有提供单位和主管部门可见

    有词语时按相关程度排列:名称、信息项、摘要、提供单位与代码中含有全部词语的条目,没有时列出含有部分词语的。
    """
    reader = Reader(by.organization, everything=domain.is_competent(by))
    listing = await list_found(unit, asked, reader, place.after, place.limit)
    shown = listing.shown
    versions = await unit.entries.versions([one.entry.id for one in shown])
    return EntryList(
        entries=[_view(one, versions, by) for one in shown],
        next=place.following([listing.last], more=listing.more),
        partly=listing.partly,
        total=listing.total,
        facets=listing.facets,
    )


@router.get(
    "/v1/entries/{entry}",
    response_model=EntryOut,
    dependencies=[allowed(Action.ENTRY_READ)],
    responses=problems(EntryNotFound),
)
async def read_entry(entry: DatasetId, unit: InUnit, by: By) -> EntryOut:
    """查看目录条目:已发布的版次,尚未发布的为草稿"""
    return await _show(unit, await operations.read_entry(unit, entry, reader=by), by)


@router.put(
    "/v1/entries/{entry}",
    response_model=EntryOut,
    dependencies=[allowed(Action.ENTRY_COMPILE)],
    responses=problems(
        *CONTENT,
        EntryNotFound,
        NotProvider,
        MunicipalReadOnly,
        StateNotAllowed,
        CategoryFixed,
        ThemeDerived,
    ),
)
async def revise_entry(
    entry: DatasetId, body: EntryIn, request: Request, unit: InUnit, by: By, now: Now
) -> EntryOut | Response:
    """修改草稿,或为已发布的条目编制下一版次"""
    made = await operations.revise_entry(unit, entry, body, by=by, at=now)
    return await _answer(request, unit, made, by)


@router.post(
    "/v1/entries/{entry}/submission",
    response_model=EntryOut,
    dependencies=[allowed(Action.ENTRY_SUBMIT)],
    responses=problems(
        EntryNotFound,
        NotProvider,
        MunicipalReadOnly,
        StateNotAllowed,
        AssessmentRequired,
        ConsentRequired,
        ModesRequired,
        SecurityReviewRequired,
        ThemeConsentsMissing,
        ThemeMoved,
    ),
)
async def submit_entry(entry: DatasetId, unit: InUnit, by: By, now: Now) -> EntryOut:
    """提交主管部门审核"""
    return await _show(unit, await operations.submit_entry(unit, entry, by=by, at=now), by)


@router.post(
    "/v1/entries/{entry}/review",
    response_model=EntryOut,
    dependencies=[allowed(Action.ENTRY_REVIEW)],
    responses=problems(
        EntryNotFound,
        StateNotAllowed,
        SelfReview,
        OutcomeNotAllowed,
        GrantsUnseen,
        ThemeConsentsMissing,
        ThemeMoved,
    ),
)
async def review_entry(
    entry: DatasetId, body: ReviewIn, unit: InUnit, by: By, now: Now
) -> EntryOut:
    """审核:同意即发布,或退回修改"""
    return await _show(unit, await operations.review_entry(unit, entry, body, by=by, at=now), by)


@router.get(
    "/v1/entries/{entry}/revisions",
    response_model=RevisionList,
    dependencies=[allowed(Action.ENTRY_READ)],
    responses=problems(EntryNotFound),
)
async def list_revisions(entry: DatasetId, unit: InUnit, by: By, now: Now) -> RevisionList:
    """列出版次及其与上一版次的差异,新的在前;未发布的版次只有提供单位和主管部门可见"""
    found = await operations.read_revisions(unit, entry, reader=by, at=now)
    return RevisionList(revisions=[_revision(one) for one in found])


@router.post(
    "/v1/entries/{entry}/retirement",
    response_model=EntryOut,
    dependencies=[allowed(Action.ENTRY_RETIRE)],
    responses=problems(EntryNotFound, NotProvider, MunicipalReadOnly, StateNotAllowed),
)
async def propose_retirement(
    entry: DatasetId, body: RetirementIn, unit: InUnit, by: By, now: Now
) -> EntryOut:
    """申请停用目录条目;主管部门同意之前照常提供"""
    return await _show(
        unit, await retiring.propose_retirement(unit, entry, body, by=by, at=now), by
    )


@router.post(
    "/v1/entries/{entry}/retirement/review",
    response_model=EntryOut,
    dependencies=[allowed(Action.ENTRY_REVIEW)],
    responses=problems(EntryNotFound, StateNotAllowed, SelfReview, OutcomeNotAllowed, GrantsUnseen),
)
async def review_retirement(
    entry: DatasetId, body: ReviewIn, unit: InUnit, by: By, now: Now
) -> EntryOut:
    """审核停用:同意即停止提供;须核对受影响的有效授权"""
    return await _show(unit, await retiring.review_retirement(unit, entry, body, by=by, at=now), by)


@municipal.get("/copy", response_model=MunicipalCopy, dependencies=[allowed(Action.INTERNAL)])
async def read_municipal_copy(unit: InUnit) -> MunicipalCopy:
    """市级目录副本的进度"""
    return MunicipalCopy(sequence=await unit.entries.last_sequence())


@municipal.put("/entries", response_model=MunicipalCopy, dependencies=[allowed(Action.INTERNAL)])
async def copy_municipal_entries(
    body: list[dict[str, Any]], unit: InUnit, now: Now
) -> MunicipalCopy:
    """更新市级目录副本

    逐条检验(各成员见 MunicipalEntry):不合要求的记入日志和指标并略过,不影响其余条目。
    """
    return MunicipalCopy(sequence=await copy_municipal(unit, body, at=now))


async def _answer(
    request: Request, unit: Unit, made: Shown | SecretRefused, by: Principal
) -> EntryOut | Response:
    """Show what was made; a refused secret is rendered here so that its record is committed."""
    if isinstance(made, SecretRefused):
        return render(made, request.url.path)
    return await _show(unit, made, by)


async def _show(unit: Unit, shown: Shown, reader: Principal) -> EntryOut:
    versions = await unit.entries.versions([shown.entry.id])
    measured = await quality_of(unit.session, shown.entry.id, datetime.now(UTC))
    view = _view(shown, versions, reader).model_copy(update={"quality": measured})
    if shown.entry.retiring_at is None or not domain.sees_drafts(reader, shown.entry.provider):
        return view
    return view.model_copy(update={"retirement": await _retirement(unit, shown.entry)})


async def _retirement(unit: Unit, entry: Entry) -> RetirementOut:
    assert entry.retiring_at, "only an entry whose retirement is asked for"
    return RetirementOut(
        reason=entry.retiring_reason or "",
        proposed_at=entry.retiring_at,
        affected=await live(unit.session, entry.id, at=datetime.now(UTC)),
    )


def _view(shown: Shown, versions: Mapping[str, str], reader: Principal) -> EntryOut:
    entry, revision = shown.entry, shown.revision
    state = entry.state if revision.number <= entry.revision else revision.state
    return EntryOut(
        **dict(revision.content),
        id=entry.id,
        code=entry.code,
        provider=entry.provider,
        provider_name=entry.provider_name,
        origin=entry.origin,
        state=state,
        state_label=state.label,
        revision=entry.revision,
        sharing=content.sharing_class(revision.content.items),
        grade=content.grade(revision.content.items),
        municipal_code=entry.municipal_code,
        registration=entry.registration,
        version=versions.get(entry.id),
        opinion=revision.opinion if domain.sees_drafts(reader, entry.provider) else None,
        published_at=entry.published_at,
        revising=entry.revising if domain.sees_drafts(reader, entry.provider) else None,
        mend_by=entry.mend_by,
        missing=content.missing(revision.content) if entry.mend_by else [],
    )


def _revision(compared: Compared) -> RevisionOut:
    revision = compared.revision
    items = revision.content.items
    return RevisionOut(
        number=revision.number,
        state=revision.state,
        state_label=revision.state.label,
        content=revision.content,
        sharing=content.sharing_class(items),
        grade=content.grade(items),
        opinion=revision.opinion,
        compiled_at=revision.compiled_at,
        submitted_at=revision.submitted_at,
        published_at=revision.published_at,
        changes=compared.changes,
        class_changes=compared.class_changes,
        affected=compared.affected,
    )
