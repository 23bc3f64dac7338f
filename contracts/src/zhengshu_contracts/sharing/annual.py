"""Annual reports: how a department used shared data in a year, by the end of February (国发〔2016〕51号)."""

from typing import ClassVar, Literal

from pydantic import Field

from zhengshu_contracts.base import ApiModel, Page
from zhengshu_contracts.sharing.matters import MatterFiled, MatterMoved, MatterOut
from zhengshu_contracts.vocabulary import Labelled, UsageKind


class AnnualReportState(Labelled):
    """Life of an annual report."""

    OWED = "owed", "待报送"
    FILED = "filed", "已报送"


class RecordCount(ApiModel):
    """How many usage records of a kind there are."""

    kind: UsageKind = Field(description="记录种类")
    count: int = Field(description="条数")


class YearOfUse(ApiModel):
    """What the node knows of a department's use in a year."""

    title: str = Field(description="报告名称")
    year: int = Field(description="年度")
    grants: int = Field(description="当年有效的授权数")
    datasets: int = Field(description="所涉数据集数")
    records: list[RecordCount] = Field(description="使用记录")


class AnnualReportStep(ApiModel):
    """What the department reports."""

    move: Literal["file"] = Field(description="file 报送")
    opinion: str = Field(
        min_length=20, max_length=5000, description="使用情况,包括用途、成效、问题与建议"
    )


class AnnualReportOut(YearOfUse, MatterOut):
    """A report that is owed, or was filed."""

    state: AnnualReportState


class AnnualReportList(Page):
    """A page of annual reports."""

    reports: list[AnnualReportOut]


class AnnualReportOpened(MatterFiled):
    """A year is over, and a department that used shared data owes its report."""

    subject: ClassVar[str] = "zhengshu.sharing.annual_report.opened.v1"

    year: int


class AnnualReportFiled(MatterMoved):
    """A department filed its report."""

    subject: ClassVar[str] = "zhengshu.sharing.annual_report.filed.v1"
