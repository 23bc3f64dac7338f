"""HTTP of credentials: what administrators change, what the gateway asks."""

from typing import Annotated

from fastapi import Depends, Response
from zhengshu_chassis.auth import allowed
from zhengshu_chassis.problems import problems
from zhengshu_chassis.requests import By, Now, Paged
from zhengshu_chassis.resources import Held
from zhengshu_chassis.transaction import Router, Session
from zhengshu_contracts.catalog import ReissueIn
from zhengshu_contracts.credentials import (
    AssertionCheck,
    ClientList,
    ClientOut,
    KeySetIn,
    SignatureCheck,
    SigningKeyIssued,
    SubjectCheck,
    SubjectIn,
)
from zhengshu_contracts.roles import Action

from zhengshu_catalog.credentials import operations
from zhengshu_catalog.credentials.errors import ClientNotFound, KeyUnfit, NotASystem, SubjectTaken
from zhengshu_catalog.credentials.operations import Unit
from zhengshu_catalog.organizations.errors import CredentialsWrong, RolesNotYours
from zhengshu_catalog.settings import CatalogSettings

router = Router(tags=["客户端凭证"])


async def unit(session: Session) -> Unit:
    """Return what an operation may touch."""
    return Unit.of(session)


async def signing_secret(held: Held) -> bytes:
    """Return what systems' signing keys are made from."""
    assert isinstance(held.settings, CatalogSettings)
    return held.settings.row_id_key.get_secret_value().encode()


InUnit = Annotated[Unit, Depends(unit)]
SigningSecret = Annotated[bytes, Depends(signing_secret)]
MANAGE = [allowed(Action.CLIENT_MANAGE)]


@router.get("/v1/clients", response_model=ClientList, dependencies=MANAGE)
async def list_clients(unit: InUnit, place: Paged, by: By) -> ClientList:
    """列出业务系统和工作人员账号;单位管理员只见本单位的"""
    found, more = await unit.credentials.page(operations.reach(by), place.after, place.limit)
    return ClientList(clients=found, next=place.following([one.id for one in found], more=more))


@router.put(
    "/v1/clients/{client}/keys",
    response_model=ClientOut,
    dependencies=MANAGE,
    responses=problems(ClientNotFound, KeyUnfit, RolesNotYours),
)
async def register_keys(client: str, body: KeySetIn, unit: InUnit, by: By, now: Now) -> ClientOut:
    """登记公钥(private_key_jwt);替换原有公钥"""
    return await operations.register_keys(unit, client, body.keys, by=by, at=now)


@router.put(
    "/v1/clients/{client}/subject",
    response_model=ClientOut,
    dependencies=MANAGE,
    responses=problems(ClientNotFound, SubjectTaken, RolesNotYours),
)
async def register_subject(
    client: str, body: SubjectIn, unit: InUnit, by: By, now: Now
) -> ClientOut:
    """登记客户端在外部签发者(统一身份认证)的标识;不填标识则解除"""
    return await operations.register_subject(unit, client, body, by=by, at=now)


@router.post(
    "/v1/clients/{client}/signing-key",
    status_code=201,
    response_model=SigningKeyIssued,
    dependencies=MANAGE,
    responses=problems(ClientNotFound, NotASystem),
)
async def issue_signing_key(
    client: str,
    unit: InUnit,
    by: By,
    now: Now,
    secret: SigningSecret,
    response: Response,
    body: ReissueIn | None = None,
) -> SigningKeyIssued:
    """启用或更换国家平台请求头签名的密钥;原密钥在重叠期(默认 24 小时)内继续有效"""
    response.headers["Cache-Control"] = "no-store"
    overlap = (body or ReissueIn()).overlap_hours
    return await operations.issue_signing_key(unit, client, secret, overlap, by=by, at=now)


@router.post(
    "/internal/credentials/assertion",
    dependencies=[allowed(Action.INTERNAL)],
    responses=problems(CredentialsWrong),
)
async def check_assertion(body: AssertionCheck, unit: InUnit, now: Now) -> dict[str, str]:
    """核对客户端断言(RFC 7523),每个断言只可使用一次"""
    return {"client_id": await operations.check_assertion(unit, body, at=now)}


@router.post(
    "/internal/credentials/subject",
    dependencies=[allowed(Action.INTERNAL)],
    responses=problems(CredentialsWrong),
)
async def check_subject(body: SubjectCheck, unit: InUnit) -> dict[str, str]:
    """核对外部身份对应的客户端"""
    return {"client_id": await operations.check_subject(unit, body)}


@router.post(
    "/internal/credentials/signature",
    dependencies=[allowed(Action.INTERNAL)],
    responses=problems(CredentialsWrong),
)
async def check_signature(
    body: SignatureCheck, unit: InUnit, now: Now, secret: SigningSecret
) -> dict[str, str]:
    """核对国家平台请求头签名,每个签名只可使用一次"""
    return {"client_id": await operations.check_signature(unit, body, secret, at=now)}
