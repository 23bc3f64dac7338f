"""The routes of every kind of matter: filed, listed, read, moved on. A kind says how it is called."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Path, Query
from pydantic import BaseModel
from zhengshu_chassis.auth import allowed
from zhengshu_chassis.errors import DomainError
from zhengshu_chassis.problems import problems
from zhengshu_chassis.requests import By, CursorInvalid, Now, Paged
from zhengshu_chassis.transaction import Router
from zhengshu_contracts.identity import Principal
from zhengshu_contracts.roles import Action
from zhengshu_contracts.vocabulary import DatasetId

from zhengshu_sharing.access import scope
from zhengshu_sharing.matters import operations
from zhengshu_sharing.matters.domain import Matter
from zhengshu_sharing.matters.errors import (
    MatterNotFound,
    MatterNotInState,
    NotThisPartysMove,
    OwnMatter,
)
from zhengshu_sharing.matters.machine import Machine
from zhengshu_sharing.unit import InUnit, Unit

Refusals = tuple[type[DomainError], ...]
STEP_REFUSALS: Refusals = (MatterNotFound, MatterNotInState, NotThisPartysMove, OwnMatter)


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of matter as callers know it."""

    machine: Machine
    title: str
    several: str
    """Its name in addresses, `corrections`."""
    taken: type[BaseModel]
    stepped: type[BaseModel]
    shown: type[BaseModel]
    listed: type[BaseModel]
    file: Callable[..., Awaitable[Matter]]
    step: Callable[..., Awaitable[Matter]]
    file_refusals: Refusals
    step_refusals: Refusals = ()
    filing: str = "提出{title}"
    stepping: str = "办理{title}:由本环节的单位作出下一步"

    def guard(self, verb: str) -> list[Any]:
        """Return who may do this with such a matter, as a route's dependencies."""
        return [allowed(Action(f"{self.machine.kind.replace('_', '-')}.{verb}"))]

    async def one(self, unit: Unit, matter: Matter, by: Principal) -> BaseModel:
        """Return a matter as it is shown."""
        return (await self.several_shown(unit, [matter], by))[0]

    async def several_shown(
        self, unit: Unit, matters: Sequence[Matter], by: Principal
    ) -> list[BaseModel]:
        """Return matters as they are shown."""
        found = await operations.shown(unit, self.machine, matters, by=by)
        return [self.shown(**one) for one in found]


def routes(kind: Kind) -> Router:
    """Return the router of a kind."""
    router = Router(prefix=f"/v1/{kind.several}", tags=[kind.title])
    for add in (_file, _list, _read, _step):
        add(router, kind)
    return router


def _file(router: Router, kind: Kind) -> None:
    @router.post(
        "",
        status_code=201,
        name=f"file_{kind.machine.kind}",
        description=kind.filing.format(title=kind.title),
        response_model=kind.shown,
        responses=problems(*kind.file_refusals),
        dependencies=kind.guard("file"),
    )
    async def file(
        body: kind.taken,  # type: ignore[name-defined] # FastAPI reads it when the route is made
        by: By,
        unit: InUnit,
        now: Now,
    ) -> Any:
        return await kind.one(unit, await kind.file(unit, body, by=by, now=now), by)


def _list(router: Router, kind: Kind) -> None:
    [member] = set(kind.listed.model_fields) - {"next"}
    states = kind.machine.states

    @router.get(
        "",
        name=f"list_{kind.several.replace('-', '_')}",
        description=f"查询{kind.title}(本单位提出或办理的;主管部门与县政府可见全部)",
        response_model=kind.listed,
        responses=problems(CursorInvalid),
        dependencies=kind.guard("read"),
    )
    async def page(
        by: By,
        unit: InUnit,
        place: Paged,
        state: Annotated[states | None, Query(description="状态")] = None,  # type: ignore[valid-type]
        dataset: Annotated[DatasetId | None, Query(description="只看这个数据集")] = None,
    ) -> Any:
        found, more = await unit.matters.page(
            kind.machine.kind,
            organization=scope(by),
            state=state,
            dataset=dataset,
            after=place.after,
            limit=place.limit,
        )
        following = place.following([one.id for one in found], more=more)
        return {member: await kind.several_shown(unit, found, by), "next": following}


def _read(router: Router, kind: Kind) -> None:
    @router.get(
        f"/{{{kind.machine.kind}_id}}",
        name=f"read_{kind.machine.kind}",
        description=f"查看{kind.title}与办理过程",
        response_model=kind.shown,
        responses=problems(MatterNotFound),
        dependencies=kind.guard("read"),
    )
    async def read(
        matter: Annotated[str, Path(alias=f"{kind.machine.kind}_id")], by: By, unit: InUnit
    ) -> Any:
        found = await operations.read(unit, kind.machine, matter, by=by)
        return await kind.one(unit, found, by)


def _step(router: Router, kind: Kind) -> None:
    @router.post(
        f"/{{{kind.machine.kind}_id}}/steps",
        name=f"take_{kind.machine.kind}_step",
        description=kind.stepping.format(title=kind.title),
        response_model=kind.shown,
        responses=problems(*STEP_REFUSALS, *kind.step_refusals),
        dependencies=kind.guard("handle"),
    )
    async def step(
        matter: Annotated[str, Path(alias=f"{kind.machine.kind}_id")],
        body: kind.stepped,  # type: ignore[name-defined] # see _file
        by: By,
        unit: InUnit,
        now: Now,
    ) -> Any:
        return await kind.one(unit, await kind.step(unit, matter, body, by=by, now=now), by)
