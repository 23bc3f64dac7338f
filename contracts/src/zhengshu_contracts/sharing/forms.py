"""Printable forms of a case, each issue with its own check code."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from zhengshu_contracts.base import ApiModel
from zhengshu_contracts.vocabulary import Mode


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


class FormPart(ApiModel):
    """What a part of the case is about, and where it stands now."""

    title: str = Field(description="数据集名称")
    provider: str = Field(description="提供单位名称")
    items: list[str] = Field(description="信息项")
    modes: list[Mode] = Field(description="共享方式")
    filter: str = Field(description="行条件")
    state_label: str = Field(description="现在的办理状态")
    granted: str | None = Field(default=None, description="准予的内容,可能少于申请的")


class FormCheck(FormOut):
    """That a paper was issued here, to be held against it: no opinion and nobody's name."""

    applicant: str = Field(description="申请单位名称")
    submitted_at: datetime
    parts: list[FormPart]
