"""HTTP of a client's lock and secret."""

from fastapi import Response
from zhengshu_chassis.auth import allowed
from zhengshu_chassis.problems import problems
from zhengshu_chassis.requests import By, Now
from zhengshu_chassis.transaction import Router
from zhengshu_contracts.catalog import ClientState, CredentialReissued, LockIn, ReissueIn
from zhengshu_contracts.roles import Action

from zhengshu_catalog.officers.errors import Departed
from zhengshu_catalog.organizations import credentials
from zhengshu_catalog.organizations.api import InUnit, show_once
from zhengshu_catalog.organizations.errors import (
    ClientNotFound,
    OwnLock,
    RolesNotYours,
    SystemRetired,
)

router = Router(prefix="/v1/clients/{client}", tags=["客户端"])


@router.post(
    "/lock",
    response_model=ClientState,
    dependencies=[allowed(Action.CLIENT_LOCK)],
    responses=problems(ClientNotFound, OwnLock, RolesNotYours),
)
async def lock_client(client: str, body: LockIn, unit: InUnit, by: By) -> ClientState:
    """停用客户端,一秒之内生效"""
    await credentials.check_reach(unit, client, by)
    return await credentials.lock(unit, client, body, by=by.id)


@router.post(
    "/unlock",
    response_model=ClientState,
    dependencies=[allowed(Action.CLIENT_LOCK)],
    responses=problems(ClientNotFound, SystemRetired, Departed, RolesNotYours),
)
async def unlock_client(client: str, unit: InUnit, by: By) -> ClientState:
    """恢复客户端"""
    await credentials.check_reach(unit, client, by)
    return await credentials.unlock(unit, client, by=by.id)


@router.post(
    "/credential",
    response_model=CredentialReissued,
    dependencies=[allowed(Action.CLIENT_REISSUE)],
    responses=problems(ClientNotFound, SystemRetired, Departed, RolesNotYours),
)
async def reissue_credential(
    client: str, body: ReissueIn, unit: InUnit, by: By, now: Now, response: Response
) -> CredentialReissued:
    """换发密钥;新密钥只在本次答复中出现,旧密钥在重叠期内继续有效"""
    show_once(response)
    await credentials.check_reach(unit, client, by)
    return await credentials.reissue(unit, client, body, by=by.id, at=now)
