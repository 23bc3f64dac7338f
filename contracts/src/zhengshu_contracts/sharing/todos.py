"""To-dos: what waits for the caller in sharing, worked out when it is asked for; nothing is stored."""

from pydantic import Field

from zhengshu_contracts.base import ApiModel
from zhengshu_contracts.sharing.clocks import Deadline
from zhengshu_contracts.vocabulary import DatasetId, Labelled


class TodoKind(Labelled):
    """What is to be done."""

    ENDORSEMENT = "endorsement", "初审共享申请"
    SUPPLEMENT = "supplement", "补正申请材料"
    OPINION = "opinion", "答复征求意见"
    EXTENSION = "extension", "审核延期"
    PROVISION = "provision", "提供已授权的数据"
    RECTIFICATION = "rectification", "报告整改情况"
    RESUMPTION = "resumption", "复核整改情况"
    DISPOSAL = "disposal", "登记数据处置"
    CORRECTION = "correction", "办理数据校核"
    OBJECTION = "objection", "办理共享属性异议"
    DISPUTE = "dispute", "办理争议"
    DEMAND = "demand", "办理数据需求"
    ANNUAL_REPORT = "annual_report", "报送年度报告"
    CATALOGUE_REVIEW = "catalogue_review", "审核目录"
    CATALOGUE_UPDATE = "catalogue_update", "更新目录"


class TodoOut(Deadline):
    """One thing that waits for the caller."""

    kind: TodoKind = Field(description="要办的事")
    kind_label: str = Field(description="要办的事的名称")
    matter: str = Field(
        description="所涉共享申请、意见征求、授权、校核、异议、争议、数据需求或目录条目的标识"
    )
    title: str = Field(description="编号、数据名称或事由")
    dataset: DatasetId | None = Field(default=None, description="所涉数据集")


class TodoList(ApiModel):
    """What waits, the most urgent first; what has no deadline comes last."""

    todos: list[TodoOut]
    more: bool = Field(
        default=False, description="是否另有未列出的;办结已列出的后,再次查询即可看到"
    )
