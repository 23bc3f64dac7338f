"""Why an application cannot be taken or cannot go on."""

from collections.abc import Iterable
from datetime import date

from zhengshu_chassis.errors import Conflict, Forbidden, Invalid, NotFound
from zhengshu_contracts.basis import Basis
from zhengshu_contracts.grounds import RefusalGround
from zhengshu_contracts.vocabulary import ApplicationState, Mode


class ApplicationNotFound(NotFound):
    """There is no such application, or none this caller may see."""

    slug = "application-not-found"
    title = "未找到该申请"

    def __init__(self, application: str) -> None:
        super().__init__(f"未找到申请 {application}")


class EnterpriseDoesNotRead(Forbidden):
    """A public-service enterprise provides data and reads none."""

    slug = "enterprise-does-not-read"
    title = "公共服务企业不得申请政务数据"

    def __init__(self) -> None:
        super().__init__(
            "公共服务企业按办法提供数据,不作为政务数据的使用方",
            basis=Basis.MEASURES_ENTERPRISE.label,
            next="可使用已向社会开放的数据:GET /v1/open/datasets",
        )


class CompetentReadsNoRows(Forbidden):
    """Who endorses applications makes none."""

    slug = "competent-reads-no-rows"
    title = "主管部门不作为数据使用方"

    def __init__(self) -> None:
        super().__init__(
            "主管部门负责审核转报,不能为自己申请数据", basis=Basis.MEASURES_SHARING.label
        )


class KindDoesNotApply(Forbidden):
    """Only an organisation whose kind is known may apply."""

    slug = "kind-does-not-apply"
    title = "该类单位不能申请"

    def __init__(self) -> None:
        super().__init__("单位类型不明,不能申请共享数据", basis=Basis.MEASURES_SHARING.label)


class ItemsWithheld(Forbidden):
    """Everything applied for is withheld; the citations say by what law."""

    slug = "items-withheld"
    title = "不予共享"

    def __init__(self, reason: str, basis: str) -> None:
        super().__init__(
            reason, basis=basis, next="如认为共享属性有误,可提出异议:POST /v1/objections"
        )


class DatasetRepeated(Invalid):
    """A dataset is applied for twice in one application."""

    slug = "dataset-repeated"
    title = "同一数据集重复申请"

    def __init__(self, dataset: str) -> None:
        super().__init__(f"数据集 {dataset} 在一份申请中只能出现一次")


class ModeNotOffered(Invalid):
    """The entry names the modes its provider offers, and this is none of them."""

    slug = "mode-not-offered"
    title = "提供单位不提供该共享方式"

    def __init__(self, dataset: str, mode: Mode, offered: Iterable[Mode]) -> None:
        names = "、".join(f"{one.value}({one.label})" for one in offered)
        super().__init__(
            f"数据集 {dataset} 不以“{mode.label}”方式提供",
            basis=Basis.DECREE_13.label,
            next=f"请改用目录所列的方式:{names};确需“{mode.label}”的,请提出数据需求(POST /v1/demands)",
        )


class KeyNotAskedFor(Invalid):
    """Rows are verified one by one, each named by its whole key."""

    slug = "key-not-asked-for"
    title = "核验须有完整的主键项"

    def __init__(self, dataset: str, missing: Iterable[str]) -> None:
        names = "、".join(missing)
        super().__init__(
            f"数据集 {dataset} 按主键项逐条核验,"
            + (f"申请没有包括主键项:{names}" if names else "但没有主键项"),
            next="请一并申请主键项(不予共享的除外),或改用其他共享方式",
        )


class FilterNotAllowed(Invalid):
    """The row filter cannot be read, or names columns it must not name."""

    slug = "filter-not-allowed"
    title = "行条件不符合要求"

    def __init__(self, dataset: str, reason: str) -> None:
        super().__init__(
            f"数据集 {dataset} 的行条件:{reason}", next="写法同查询接口,如 town=eq.凤山镇"
        )


class TermsSettled(Conflict):
    """Other parts of the case were consented to under these terms."""

    slug = "terms-settled"
    title = "使用条件已被据以审核"

    def __init__(self, application: str) -> None:
        super().__init__(
            f"申请 {application} 的其他部分已按原使用依据、场景、范围、用途与时限审核,不能再改",
            basis=Basis.DECREE_25.label,
            next="请以补正说明和附件补正;需要变更使用条件的,请撤回后另行申请",
        )


class NothingLeft(Invalid):
    """A decision that agrees to nothing that was applied for, or can be had, is no grant."""

    slug = "nothing-left"
    title = "批复没有可以授权的内容"

    def __init__(self, why: str) -> None:
        super().__init__(why, next="请核对批复准予的信息项、共享方式、时限与脱敏要求")


class BeyondApplication(Invalid):
    """A decision narrows what was applied for; what it names beyond was entered wrongly."""

    slug = "beyond-application"
    title = "批复超出申请范围"

    def __init__(self, part: str, names: Iterable[str]) -> None:
        super().__init__(
            f"{part} 没有申请:{'、'.join(sorted(names))}",
            basis=Basis.DECREE_25.label,
            next="批复只能缩小申请的范围,请核对信息项与共享方式;需要更多的由申请单位另行申请",
        )


class PeriodNotAllowed(Invalid):
    """The period asked for is over or too long."""

    slug = "period-not-allowed"
    title = "使用时限不符合要求"

    def __init__(self, until: date, latest: date) -> None:
        super().__init__(
            f"使用时限 {until} 应晚于今天,且不晚于 {latest}",
            basis=Basis.DECREE_20.label,
            pointers=[("/until", "period-not-allowed", f"应晚于今天,且不晚于 {latest}")],
        )


class ConsentNotGiven(Invalid):
    """A consent dated in the future is none yet."""

    slug = "consent-not-given"
    title = "共享工作机构负责人尚未同意"

    def __init__(self, on: date) -> None:
        super().__init__(
            f"同意日期 {on} 在今天之后",
            basis=Basis.DECREE_20.label,
            next="请在本单位共享工作机构负责人同意之后提交",
            pointers=[("/consent/on", "in-the-future", "同意日期不能晚于今天")],
        )


class OwnApplication(Forbidden):
    """Nobody decides their own application."""

    slug = "own-application"
    title = "不能办理本人或本单位的申请"

    def __init__(self, application: str) -> None:
        super().__init__(
            f"申请 {application} 由本人或本单位提出,应由他人办理", basis=Basis.DECREE_20.label
        )


class DecisionInFuture(Invalid):
    """A paper is entered once it is there."""

    slug = "decision-in-future"
    title = "批复日期有误"


class NotPossibleNow(Conflict):
    """The application's state does not allow the step."""

    slug = "not-possible-now"
    title = "申请当前状态不允许此操作"

    def __init__(self, application: str, state: ApplicationState) -> None:
        super().__init__(f"申请 {application} 当前状态为“{state.label}”")


class AlreadyReturned(Conflict):
    """The one supplement notice was already sent."""

    slug = "already-returned"
    title = "已一次性告知补正"

    def __init__(self, application: str) -> None:
        super().__init__(
            f"申请 {application} 已经一次性告知过需补正的材料,不能再次退回补正",
            basis=Basis.DECREE_21.label,
            next="请同意转报,或说明理由不予同意",
        )


class GroundMissing(Invalid):
    """A refusal names one of the grounds the law knows."""

    slug = "ground-missing"
    title = "未写明不同意的法定理由"

    def __init__(self) -> None:
        grounds = "、".join(f"{ground.value}({ground.label})" for ground in RefusalGround)
        super().__init__(
            "不同意应当写明法定理由;材料不全不得直接不同意",
            basis=Basis.DECREE_21.label,
            next=f"请在 ground 中选择:{grounds};材料不全的请一次性告知补正(return)",
            pointers=[("/ground", "missing", "不同意时必填")],
        )


class IncompletenessIsNoGround(Invalid):
    """What is incomplete is returned, once and completely; it is never refused."""

    slug = "incompleteness-is-no-ground"
    title = "材料不全不得直接不同意"

    def __init__(self) -> None:
        super().__init__(
            "列出了需补正的材料,应当一次性告知补正,不得直接不同意",
            basis=Basis.DECREE_21.label,
            next="请改为 outcome=return;已告知过补正的,请同意转报或写明其他法定理由",
            pointers=[("/missing", "not-with-refuse", "不同意时不能列出需补正的材料")],
        )


class MissingNotNamed(Invalid):
    """A supplement notice names everything that is missing."""

    slug = "missing-not-named"
    title = "未列出需补正的材料"

    def __init__(self) -> None:
        super().__init__(
            "退回补正应一次性告知需要补正的全部材料",
            basis=Basis.DECREE_21.label,
            pointers=[("/missing", "empty", "请逐项列出需补正的材料")],
        )
