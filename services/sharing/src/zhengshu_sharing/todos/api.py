"""Routes of to-dos: HTTP in, HTTP out."""

from typing import Annotated

from fastapi import Query
from zhengshu_chassis.auth import allowed
from zhengshu_chassis.requests import By, Now
from zhengshu_chassis.transaction import Router
from zhengshu_contracts.beijing import day_of
from zhengshu_contracts.roles import Action
from zhengshu_contracts.sharing import TodoList

from zhengshu_sharing.todos import operations
from zhengshu_sharing.unit import InUnit

router = Router(prefix="/v1/todos", tags=["待办"])


@router.get("", response_model=TodoList, dependencies=[allowed(Action.TODO_READ)])
async def list_todos(
    by: By,
    unit: InUnit,
    now: Now,
    limit: Annotated[int, Query(ge=1, le=500, description="至多列出几项")] = 200,
) -> TodoList:
    """列出等待本人(按角色和单位,含所代理的)办理的事项,最紧迫的在前"""
    found = await operations.waiting(unit, by=by, today=day_of(now))
    return TodoList(todos=found[:limit], more=len(found) > limit)
