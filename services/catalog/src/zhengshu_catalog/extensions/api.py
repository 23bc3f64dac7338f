"""HTTP of the definition of extended metadata."""

from zhengshu_chassis.auth import allowed
from zhengshu_chassis.problems import problems
from zhengshu_chassis.requests import By, Now
from zhengshu_chassis.transaction import Router, Session
from zhengshu_contracts.catalog import ExtensionSchema, ExtensionSchemaIn
from zhengshu_contracts.roles import Action

from zhengshu_catalog.extensions import repository
from zhengshu_catalog.extensions.errors import DefinitionInvalid
from zhengshu_catalog.extensions.schema import check_definition

router = Router(prefix="/v1/extension-schema", tags=["扩展元数据"])


@router.get("", response_model=ExtensionSchema, dependencies=[allowed(Action.ENTRY_READ)])
async def read_extension_schema(session: Session) -> ExtensionSchema:
    """查看扩展元数据规范"""
    return await repository.current(session)


@router.put(
    "",
    response_model=ExtensionSchema,
    dependencies=[allowed(Action.EXTENSION_DEFINE)],
    responses=problems(DefinitionInvalid),
)
async def define_extension_schema(
    body: ExtensionSchemaIn, session: Session, by: By, now: Now
) -> ExtensionSchema:
    """规定扩展元数据;此后编制和修订的目录条目须符合,不影响已有内容"""
    check_definition(body.definition)
    return await repository.define(session, body.definition, by=by.id, at=now)
