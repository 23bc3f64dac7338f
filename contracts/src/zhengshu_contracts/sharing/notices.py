"""Notices: what an organisation is told of, apart from what waits for it. No personal data in any."""

from datetime import date, datetime

from pydantic import Field

from zhengshu_contracts.base import ApiModel, Page
from zhengshu_contracts.clocks import Term
from zhengshu_contracts.vocabulary import Labelled


class NoticeKind(Labelled):
    """What a notice is about."""

    OPINION_ASKED = "opinion_asked", "征求本单位意见"
    SUPPLEMENT_ASKED = "supplement_asked", "一次性告知补正"
    DECISION_ARRIVED = "decision_arrived", "申请已有结果"
    EXTENSION_DECIDED = "extension_decided", "延期审核结果"
    GRANT_EXPIRING = "grant_expiring", "授权即将到期"
    GRANT_SUSPENDED = "grant_suspended", "授权已暂停"
    STOP_ANNOUNCED = "stop_announced", "提供单位预告停止服务"
    DATASET_DOUBTED = "dataset_doubted", "数据存疑"
    DATASET_CLEARED = "dataset_cleared", "数据存疑已消除"
    DATASET_SUSPENDED = "dataset_suspended", "数据被责令暂停提供"
    DATASET_RESUMED = "dataset_resumed", "数据恢复提供"
    RETIREMENT_ASKED = "retirement_asked", "提供单位申请停用数据"
    DATASET_RETIRED = "dataset_retired", "数据已停用"
    UPDATE_OWED = "update_owed", "目录依据变化,应予更新"
    REPORT_OWED = "report_owed", "应报送年度报告"
    CLOCK_HALF = "clock_half", "办理期限过半"
    CLOCK_NEAR = "clock_near", "办理期限将至"
    CLOCK_MISSED = "clock_missed", "办理期限已过"


class NoticeOut(ApiModel):
    """One notice."""

    id: str
    kind: NoticeKind
    kind_label: str
    title: str = Field(default="", description="内容:所涉事项的编号、数据名称或用途")
    matter: str = Field(description="所涉申请、意见征求、授权、事项或数据集的标识")
    term: Term | None = Field(default=None, description="所涉期限")
    term_label: str | None = Field(default=None, description="期限名称")
    dataset: str | None = None
    due: date | None = Field(default=None, description="与之有关的日期:办理期限、到期或停止日期")
    at: datetime
    read_at: datetime | None = None


class NoticeList(Page):
    """A page of notices, the newest first."""

    notifications: list[NoticeOut]
