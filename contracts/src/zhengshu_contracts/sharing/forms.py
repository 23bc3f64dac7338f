"""Printable forms of a case, each issue with its own check code."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from zhengshu_contracts.base import ApiModel


class FormIn(ApiModel):
    """Which form is wanted."""

    kind: Literal["application", "approval"] = Field(
        description="application 申请表;approval 审批表"
    )


class FormOut(FormIn):
    """An issued form: the paper and this record carry the same number and code."""

    code: str = Field(description="校验码;GET /v1/forms/{校验码} 取得当时签发的内容")
    number: str = Field(description="受理编号")
    issued_at: datetime
