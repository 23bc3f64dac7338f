"""What happens to an entry after its first publication: changed classes, retirement, extended metadata."""

from datetime import datetime
from typing import Any

from pydantic import Field

from zhengshu_contracts.base import ApiModel
from zhengshu_contracts.vocabulary import ClassDirection


class ClassChange(ApiModel):
    """An item whose sharing or opening class a revision changes."""

    item: str = Field(description="信息项英文名")
    title: str = Field(description="信息项中文名称")
    kind: str = Field(description="共享属性或开放属性")
    before: str = Field(description="原属性")
    after: str = Field(description="新属性;删除信息项时为“删除”")
    direction: ClassDirection = Field(description="收紧或放宽")


class AffectedGrant(ApiModel):
    """A live grant that a changed class, or retirement, would touch."""

    grant: str = Field(description="授权标识")
    holder: str = Field(description="使用单位代码")
    items: list[str] = Field(description="受影响的信息项")
    ends: datetime = Field(description="到期时间")


class RetirementIn(ApiModel):
    """A provider's wish to retire an entry."""

    reason: str = Field(min_length=1, max_length=500, description="停用理由")


class RetirementOut(ApiModel):
    """A retirement that waits for the competent department."""

    reason: str = Field(description="停用理由")
    proposed_at: datetime = Field(description="提出时间")
    affected: list[AffectedGrant] = Field(description="受影响的有效授权")


class ExtensionSchema(ApiModel):
    """What extended metadata may hold: a JSON schema (2020-12) of an object."""

    version: int = Field(description="版本,每次修改加一;0 表示尚未规定")
    definition: dict[str, Any] = Field(description="JSON Schema")


class ExtensionSchemaIn(ApiModel):
    """A new definition of extended metadata."""

    definition: dict[str, Any] = Field(description="JSON Schema(2020-12),类型为 object")
