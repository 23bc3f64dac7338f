"""Why an entry is not saved, submitted, reviewed or shown. Each names its article and the way on."""

from collections.abc import Iterable, Sequence

from zhengshu_chassis.errors import Conflict, Forbidden, Invalid, NotFound
from zhengshu_contracts.basis import Basis
from zhengshu_contracts.catalog import AffectedGrant, ClassChange
from zhengshu_contracts.vocabulary import EntryState


class EntryNotFound(NotFound):
    """No such entry, or none this caller may see."""

    slug = "entry-not-found"
    title = "目录条目不存在"

    def __init__(self, entry: str) -> None:
        super().__init__(f"没有目录条目 {entry},或尚未发布")


class SecretRefused(Forbidden):
    """State and work secrets are no government data for sharing; nothing of the entry is kept."""

    slug = "secret-refused"
    title = "涉密内容不得登记"

    def __init__(self, rule: str) -> None:
        super().__init__(
            "国家秘密、工作秘密不属于可登记的政务数据;本次内容未保存,仅记录了拒绝这一事实",
            basis=Basis.DECREE_3.label,
            next="请按保密规定另行管理;去除涉密内容后可重新编制",
        )
        self.rule = rule


class CategoryNotNational(Invalid):
    """Codes of the county's own follow the guide; others' own codes are for the municipal copy."""

    slug = "category-not-national"
    title = "分类代码不是国家编码"

    def __init__(self, category: str) -> None:
        super().__init__(
            f"{category} 是地方自编代码",
            basis=Basis.GUIDE_2017.label,
            next="请按类(1 位)、项(2 位)、目(3 位)、细目编制,例如 307350123001",
            pointers=[("/category", self.slug, "应以 1、2、3 开头,全为数字")],
        )


class ItemRefused(Invalid):
    """Some items break a rule; subclasses say which."""

    basis: Basis
    remedy: str

    def __init__(self, items: Iterable[tuple[int, str]]) -> None:
        wrong = list(items)
        super().__init__(
            f"{self.title}:{'、'.join(name for _, name in wrong)}",
            basis=self.basis.label,
            next=self.remedy,
            pointers=[(f"/items/{index}", self.slug, self.title) for index, _ in wrong],
        )


class ItemNameReserved(ItemRefused):
    """The name is a word of the row grammar or of PostgreSQL."""

    slug = "item-name-reserved"
    title = "信息项英文名是查询保留字"
    basis = Basis.GUIDE_2017
    remedy = "请改用其他英文名,例如加上前缀"


class ItemNameRepeated(ItemRefused):
    """Two items bear one name."""

    slug = "item-name-repeated"
    title = "信息项英文名重复"
    basis = Basis.GUIDE_2017
    remedy = "请为每个信息项使用不同的英文名"


class PatternInvalid(ItemRefused):
    """The pattern is no regular expression."""

    slug = "item-pattern-invalid"
    title = "信息项格式不是正确的正则表达式"
    basis = Basis.GUIDE_2017
    remedy = "请修改格式"


class CitationRequired(ItemRefused):
    """Withheld without a reason and a citation."""

    slug = "citation-required"
    title = "不予共享缺少依据或理由"
    basis = Basis.DECREE_15
    remedy = "请写明理由,并引用法律、行政法规或国务院决定的具体条款;部门文件不能作为依据"


class ConditionRequired(ItemRefused):
    """Conditional without scope and purpose."""

    slug = "condition-required"
    title = "有条件共享缺少共享范围或使用用途"
    basis = Basis.DECREE_15
    remedy = "请列明共享范围和使用用途"


class ClassContradicted(ItemRefused):
    """A condition on what is not conditional, or a citation on what is not withheld."""

    slug = "class-contradicted"
    title = "共享属性与所填条件或依据不一致"
    basis = Basis.DECREE_15
    remedy = "共享条件只用于有条件共享,不予共享依据只用于不予共享"


class OpeningNotAllowed(ItemRefused):
    """Withheld data or core data cannot be opened."""

    slug = "opening-not-allowed"
    title = "不予共享或核心数据的信息项不得开放"
    basis = Basis.MEASURES_OPENING
    remedy = "请将开放属性改为“不开放”"


class AssessmentRequired(Conflict):
    """An assessment is due before submission."""

    slug = "assessment-required"
    title = "缺少评估"

    def __init__(self, names: Iterable[str]) -> None:
        super().__init__(
            f"提交前须完成:{'、'.join(names)}",
            basis=Basis.DECREE_13.label,
            next="请补充评估的日期、负责人和结论后再提交",
        )


class ConsentRequired(Conflict):
    """The head has not consented."""

    slug = "consent-required"
    title = "缺少部门负责人审核同意"

    def __init__(self) -> None:
        super().__init__(
            "提交前须经部门负责人审核同意",
            basis=Basis.DECREE_13.label,
            next="请填写同意人和日期后再提交;一份文件可以覆盖多个目录条目",
        )


class ModesRequired(Conflict):
    """What is shared must say how (Decree 809 Art. 13)."""

    slug = "modes-required"
    title = "缺少共享方式"

    def __init__(self) -> None:
        super().__init__(
            "有无条件共享或有条件共享的信息项,须写明共享方式",
            basis=Basis.DECREE_13.label,
            next="请在 modes 中填写:核验 verify、查询 query、批量导出 export、订阅 subscribe",
        )


class StateNotAllowed(Conflict):
    """The entry is in another state."""

    slug = "entry-state-not-allowed"
    title = "目录条目当前状态不允许此操作"

    def __init__(self, state: EntryState, remedy: str) -> None:
        super().__init__(f"当前状态为“{state.label}”", basis=Basis.DECREE_16.label, next=remedy)


class CategoryFixed(Conflict):
    """A code once given does not change."""

    slug = "category-fixed"
    title = "分类代码不能修改"

    def __init__(self, category: str) -> None:
        super().__init__(
            f"信息资源代码已按分类 {category} 赋予",
            basis=Basis.GUIDE_2017.label,
            next="需要更换分类的,请另行编制目录条目",
        )


class NotProvider(Forbidden):
    """Only the provider compiles and submits."""

    slug = "not-provider"
    title = "只有提供单位可以编制和提交"

    def __init__(self) -> None:
        super().__init__(basis=Basis.DECREE_11.label, next="请联系提供单位")


class MunicipalReadOnly(Forbidden):
    """The municipal catalogue's copy is not changed here."""

    slug = "municipal-read-only"
    title = "市级目录只读"

    def __init__(self) -> None:
        super().__init__(
            "市级目录条目由市大数据委维护",
            basis=Basis.DECREE_12.label,
            next="请向市大数据委反映",
        )


class SelfReview(Forbidden):
    """Nobody reviews their own entry."""

    slug = "self-review"
    title = "不得审核自己的目录条目"

    def __init__(self) -> None:
        super().__init__(
            "编制、提交和审核须由不同的人完成",
            basis=Basis.DECREE_16.label,
            next="请由主管部门的其他审核员审核",
        )


class OutcomeNotAllowed(Invalid):
    """A review agrees or returns; it does not reject."""

    slug = "outcome-not-allowed"
    title = "审核结果只能是同意或退回修改"

    def __init__(self) -> None:
        super().__init__(
            basis=Basis.DECREE_16.label,
            next="需要修改的,请选择退回修改并写明意见",
            pointers=[("/outcome", self.slug, "只能是 agree 或 return")],
        )


class SecurityReviewRequired(Conflict):
    """A looser class needs a security review of its own."""

    slug = "security-review-required"
    title = "放宽属性须经安全审查"

    def __init__(self, loosened: Iterable[ClassChange]) -> None:
        told = (f"“{one.title}”{one.before}→{one.after}" for one in loosened)
        super().__init__(
            "、".join(told),
            basis=Basis.MEASURES_SECURITY.label,
            next="请补充本次放宽的安全审查(日期、负责人、结论)后再提交",
        )


class GrantsUnseen(Conflict):
    """The number of grants that would be touched was not confirmed, or has changed since."""

    slug = "affected-grants-unseen"
    title = "受影响的授权尚未核对"

    def __init__(self, touched: Sequence[AffectedGrant]) -> None:
        super().__init__(
            f"同意将影响 {len(touched)} 项有效授权",
            basis=Basis.DECREE_27.label,
            next=f"请核对 affected 所列授权,并以 grants_seen={len(touched)} 再次提交",
        )
        self.extra["affected"] = [grant.model_dump(mode="json") for grant in touched]
