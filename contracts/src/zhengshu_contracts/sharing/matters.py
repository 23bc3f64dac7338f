"""Matters between departments: corrections, disputes, objections, demands."""

from datetime import date, datetime
from typing import ClassVar, Literal

from pydantic import Field

from zhengshu_contracts.base import ApiModel, Event, Name, Page
from zhengshu_contracts.sharing.applications import Step
from zhengshu_contracts.sharing.clocks import Deadline
from zhengshu_contracts.vocabulary import (
    CorrectionState,
    DatasetId,
    DemandState,
    DisputeState,
    ItemName,
    Labelled,
    ObjectionState,
    OrganizationCode,
)


class NextMove(ApiModel):
    """A move that the caller could make now."""

    move: str = Field(description="办理动作,见办理接口的 move")
    label: str = Field(description="名称")


class MatterOut(Deadline):
    """What all matters show."""

    id: str
    number: str = Field(description="编号")
    organization: str = Field(description="提出单位")
    counterpart: str | None = Field(default=None, description="对方单位")
    filed_at: datetime
    state_label: str
    timeline: list[Step] = Field(description="办理过程")
    moves: list[NextMove] = Field(default=[], description="调用方此时可以作出的办理动作")


class StepIn(ApiModel):
    """Common member of every step: what is said."""

    opinion: str = Field(min_length=2, max_length=2000, description="意见、理由或办理情况")


class CorrectionIn(ApiModel):
    """Somebody who uses data finds them wrong or incomplete (Decree 809 Art. 26)."""

    dataset: DatasetId
    items: list[ItemName] = Field(min_length=1, max_length=500, description="有疑义的信息项")
    key: dict[ItemName, str] = Field(default={}, max_length=10, description="所涉记录的主键")
    usage: str = Field(min_length=2, max_length=1000, description="使用情况")
    problem: str = Field(min_length=2, max_length=1000, description="疑义、错误说明")


class CorrectionStep(StepIn):
    """What the provider found, or that the filer gives up."""

    move: Literal["correct", "confirm", "withdraw"] = Field(
        description="correct 已更正;confirm 核实无误;withdraw 撤回"
    )


class CorrectionOut(CorrectionIn, MatterOut):
    """A correction."""

    state: CorrectionState


class CorrectionList(Page):
    """A page of corrections."""

    corrections: list[CorrectionOut]


class DisputeIn(ApiModel):
    """Two departments disagree (Decree 809 Art. 28)."""

    against: OrganizationCode
    dataset: DatasetId | None = None
    about: str | None = Field(default=None, max_length=60, description="所涉申请、授权或校核的标识")
    claim: str = Field(min_length=2, max_length=2000, description="争议事项与主张")


class DisputeStep(StepIn):
    """What comes next in a dispute."""

    move: Literal["settle", "escalate", "refer", "coordinate", "appeal", "adjudicate", "withdraw"]


class DisputeOut(DisputeIn, MatterOut):
    """A dispute."""

    state: DisputeState


class DisputeList(Page):
    """A page of disputes."""

    disputes: list[DisputeOut]


class ObjectionIn(ApiModel):
    """An objection against an item's class (共享属性异议)."""

    dataset: DatasetId
    items: list[ItemName] = Field(default=[], max_length=500, description="有异议的信息项;空为全部")
    reason: str = Field(min_length=2, max_length=1000, description="理由")


class ObjectionStep(StepIn):
    """What the provider says, what the competent department decides."""

    move: Literal["accept", "maintain", "uphold", "dismiss", "withdraw"]


class ObjectionOut(ObjectionIn, MatterOut):
    """An objection."""

    state: ObjectionState


class ObjectionList(Page):
    """A page of objections."""

    objections: list[ObjectionOut]


class DemandIn(ApiModel):
    """A department needs data that it does not find (供需对接, Decree 809 Art. 20)."""

    title: str = Field(min_length=2, max_length=100, description="需要的数据")
    items: list[Name] = Field(default=[], max_length=200, description="需要的信息项")
    basis: str = Field(min_length=2, max_length=500, description="使用依据")
    scenario: str = Field(min_length=2, max_length=500, description="使用场景")
    provider: OrganizationCode | None = Field(default=None, description="可能的提供单位")


class DemandStep(StepIn):
    """Who is asked, and what it answers."""

    move: Literal["assign", "match", "return", "close", "withdraw"]
    provider: OrganizationCode | None = Field(default=None, description="assign:由哪个单位答复")
    dataset: DatasetId | None = Field(default=None, description="match:可申请的数据集")


class DemandOut(DemandIn, MatterOut):
    """A demand."""

    dataset: DatasetId | None = Field(default=None, description="对接的数据集")
    state: DemandState


class DemandList(Page):
    """A page of demands."""

    demands: list[DemandOut]


class BasisChangeState(Labelled):
    """Life of a report that what an entry rests on has changed (Decree 809 Art. 17)."""

    REPORTED = "reported", "待更新目录"
    UPDATED = "updated", "目录已更新"
    UNFOUNDED = "unfounded", "无须更新目录"
    WITHDRAWN = "withdrawn", "已撤回"


class ChangedBasis(Labelled):
    """What an entry rests on, of which a change obliges to update it (Decree 809 Art. 17)."""

    LAW = "law", "法律、法规、规章"
    DECISION = "decision", "国务院决定"
    DUTIES = "duties", "部门职责"


class BasisChangeIn(ApiModel):
    """What an entry rests on has changed, so that it has to be updated (Decree 809 Art. 17)."""

    dataset: DatasetId
    changed: ChangedBasis = Field(description="何种依据变化")
    on: date = Field(description="变化之日;更新期限自次日起算")
    change: str = Field(min_length=2, max_length=1000, description="变化内容,写明文件与条款")


class BasisChangeStep(StepIn):
    """That nothing has to be updated, or that the filer was mistaken."""

    move: Literal["dismiss", "withdraw"] = Field(
        description="dismiss 认定无须更新;withdraw 撤回;目录更新发布后自动办结"
    )


class BasisChangeOut(BasisChangeIn, MatterOut):
    """A basis change."""

    state: BasisChangeState


class BasisChangeList(Page):
    """A page of basis changes."""

    changes: list[BasisChangeOut]


class MatterFiled(Event):
    """Common members of a matter's beginning."""

    matter: str
    organization: str
    counterpart: str | None = None
    dataset: str | None = None


class MatterMoved(MatterFiled):
    """Common members of a matter's steps."""

    move: str
    state: str


class CorrectionFiled(MatterFiled):
    """Data are said to be wrong."""

    subject: ClassVar[str] = "zhengshu.sharing.correction.filed.v1"


class CorrectionMoved(MatterMoved):
    """A correction was answered or withdrawn."""

    subject: ClassVar[str] = "zhengshu.sharing.correction.moved.v1"


class DisputeFiled(MatterFiled):
    """Two departments disagree."""

    subject: ClassVar[str] = "zhengshu.sharing.dispute.filed.v1"


class DisputeMoved(MatterMoved):
    """A dispute came to its next step."""

    subject: ClassVar[str] = "zhengshu.sharing.dispute.moved.v1"


class ObjectionMoved(MatterMoved):
    """An objection was answered, decided or withdrawn."""

    subject: ClassVar[str] = "zhengshu.sharing.objection.moved.v1"


class DemandFiled(MatterFiled):
    """A department needs data."""

    subject: ClassVar[str] = "zhengshu.sharing.demand.filed.v1"


class DemandMoved(MatterMoved):
    """A demand was assigned, answered or closed."""

    subject: ClassVar[str] = "zhengshu.sharing.demand.moved.v1"


class BasisChangeFiled(MatterFiled):
    """What an entry rests on is said to have changed."""

    subject: ClassVar[str] = "zhengshu.sharing.basis_change.filed.v1"

    on: date


class BasisChangeMoved(MatterMoved):
    """An entry was updated after its basis changed, or need not be."""

    subject: ClassVar[str] = "zhengshu.sharing.basis_change.moved.v1"


class DatasetDoubted(Event):
    """A dataset is in doubt (存疑) from now on; its holders are to know."""

    subject: ClassVar[str] = "zhengshu.sharing.dataset.doubted.v1"

    dataset: str
    items: tuple[str, ...]
    holders: tuple[str, ...]


class DatasetCleared(Event):
    """No correction of a dataset is open any more."""

    subject: ClassVar[str] = "zhengshu.sharing.dataset.cleared.v1"

    dataset: str
    holders: tuple[str, ...]
