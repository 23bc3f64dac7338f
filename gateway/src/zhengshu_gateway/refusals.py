"""Words of the policy's refusals: which article, and what the caller can do. Decides nothing."""

from collections.abc import Collection, Iterable

from zhengshu_contracts.basis import Basis
from zhengshu_contracts.vocabulary import EntryState, Labelled, Mode, ServiceRegistrationState

from zhengshu_gateway.case import OPENING, SHARING, Decision
from zhengshu_gateway.facts import Grant, Item

OBJECT = "如认为共享属性不当,可提出共享属性异议(POST /v1/objections)"


def role_not_admitted() -> Decision:
    """The role matrix does not admit this caller."""
    return Decision(
        "role-not-admitted",
        Basis.DECREE_11,
        detail="当前身份不能进行此操作",
        next="请使用有相应角色的工作人员或业务系统",
    )


def dataset_unknown() -> Decision:
    """No record of this dataset."""
    return Decision(
        "dataset-unknown", Basis.DECREE_13, detail="目录中没有这项数据", next="请先查询目录"
    )


def entry_not_published(state: EntryState) -> Decision:
    """The entry is a draft, under review, or retired."""
    return Decision(
        "entry-not-published",
        Basis.DECREE_16,
        detail=f"目录条目状态为“{_label(state)}”,只有已发布的条目才能提供数据",
    )


def dataset_suspended() -> Decision:
    """A suspension is in force."""
    return Decision(
        "dataset-suspended",
        Basis.MEASURES_SECURITY,
        detail="该数据已被要求暂停提供",
        next="请向提供单位了解恢复时间",
    )


def no_service_registration(state: ServiceRegistrationState) -> Decision:
    """The municipal platform has not let this node serve the dataset."""
    return Decision(
        "no-service-registration",
        Basis.DECREE_32,
        detail=f"该数据在市级平台的挂接状态为“{_label(state)}”,本节点不得提供",
        next="请等待市级平台完成挂接",
    )


def not_uploaded() -> Decision:
    """Municipal entries are not the county's to upload."""
    return Decision("upload", Basis.MEASURES_REGISTER, detail="市级目录的数据不由本县上报")


def competent_reads_no_rows() -> Decision:
    """Who supervises does not use."""
    return Decision(
        "competent-reads-no-rows",
        Basis.MEASURES_SHARING,
        detail="政务数据主管部门负责统筹监督,不读取各单位的数据",
    )


def enterprise_does_not_read() -> Decision:
    """A public-service enterprise provides."""
    return Decision(
        "enterprise-does-not-read",
        Basis.MEASURES_ENTERPRISE,
        detail="公共服务企业提供数据,不读取其他单位的政务数据",
        next="需要已开放的数据,请通过数据开放渠道获取",
    )


def listing_unknown() -> Decision:
    """Nothing of this dataset is open."""
    return Decision(
        "listing-unknown",
        Basis.MEASURES_OPENING,
        uses=OPENING,
        detail="这项数据没有开放,或已下架",
        next="请在开放目录中查询(GET /v1/open/datasets)",
    )


def authorization_required() -> Decision:
    """Only an eligible applicant with a live authorisation."""
    return Decision(
        "authorization-required",
        Basis.MEASURES_OPENING,
        uses=OPENING,
        detail="授权开放的数据仅提供给已获授权的内资控股法人企业和科研机构",
        next="请登记为申请人(POST /v1/open/applicants)并提出申请(POST /v1/open/applications)",
    )


def items_unknown(names: Iterable[str]) -> Decision:
    """Columns that this dataset does not have."""
    return Decision(
        "items-unknown",
        Basis.DECREE_13,
        detail=f"没有这些信息项:{'、'.join(sorted(names))}",
        next="请查询目录条目中的信息项",
    )


def items_withheld(items: Iterable[Item]) -> Decision:
    """Withheld by law: the citation is the basis."""
    withheld = tuple(items)
    cited = next((item.citation for item in withheld if item.citation), None)
    return Decision(
        "items-withheld",
        cited.text() if cited else Basis.DECREE_14,
        detail=f"不予共享的信息项:{_titles(withheld)}",
        next=OBJECT,
    )


def items_conditional(items: Iterable[Item], mode: Mode | None) -> Decision:
    """To be applied for."""
    conditional = tuple(items)
    names = "、".join(item.name for item in conditional)
    way = mode.label if mode else Mode.QUERY.label
    return Decision(
        "items-conditional",
        Basis.DECREE_15,
        uses=SHARING,
        detail=f"有条件共享的信息项:{_titles(conditional)}{_condition(conditional)}",
        next=f"请提出共享申请(POST /v1/applications):信息项 {names},共享方式“{way}”",
    )


def mode_not_granted(mode: Mode | None) -> Decision:
    """A grant is there, but not for this way of using it."""
    way = f"“{mode.label}”" if mode else "所用"
    return Decision(
        "mode-not-granted",
        Basis.DECREE_20,
        uses=SHARING,
        detail=f"现有授权不包括{way}方式",
        next="请就该共享方式另行提出共享申请(POST /v1/applications)",
    )


def mode_not_offered(mode: Mode | None, offered: Collection[Mode]) -> Decision:
    """The entry does not name this way of sharing, so it can be neither used nor applied for."""
    way = f"“{mode.label}”" if mode else "所用"
    others = "、".join(f"{one.label}({one})" for one in Mode if one in offered)
    return Decision(
        "mode-not-offered",
        Basis.DECREE_13,
        uses=SHARING,
        detail=f"该数据不提供{way}方式",
        next=f"请改用目录所列的共享方式:{others};确有需要的,请提出数据需求(POST /v1/demands)",
    )


def use_not_registered() -> Decision:
    """The county wants a stated use first; it is granted at once."""
    return Decision(
        "use-not-registered",
        Basis.DECREE_21,
        uses=SHARING,
        detail="读取无条件共享的数据前,应先登记使用依据、场景、范围、用途与时限",
        next="请提交共享申请(POST /v1/applications),登记后即时授权",
    )


def grant_not_named(grants: Iterable[Grant]) -> Decision:
    """Several grants would do; their rows and purposes differ, so the caller says which it uses."""
    choices = ";".join(f"{grant.id}({grant.purpose})" for grant in grants)
    return Decision(
        "grant-not-named",
        Basis.DECREE_20,
        uses=SHARING,
        detail="有多项授权可用,须写明本次使用哪一项",
        next=f"请在请求头 Zhengshu-Grant 写明授权标识,或在 Zhengshu-Purpose 写明用途:{choices}",
    )


def purpose_not_granted(grants: Iterable[Grant]) -> Decision:
    """The purpose that was stated is none of those granted."""
    choices = ";".join(f"{grant.purpose}({grant.id})" for grant in grants)
    return Decision(
        "purpose-not-granted",
        Basis.DECREE_20,
        uses=SHARING,
        detail="请求头 Zhengshu-Purpose 写明的用途不在授权范围内",
        next=f"请按已获授权的用途使用:{choices};其他用途请另行提出共享申请(POST /v1/applications)",
    )


def quota_exhausted(decision: Decision, what: str) -> Decision:
    """What the grant allows for one day has been read."""
    return Decision(
        "quota-exhausted",
        Basis.DECREE_20,
        uses=decision.uses,
        grant=decision.grant,
        detail=f"授权 {decision.grant} 的当日配额已用完:{what}",
        next="配额于北京时间次日零时重新计算;需要更多请另行提出共享申请(POST /v1/applications)",
    )


def _label(word: Labelled) -> str:
    """Name a state; one that is not in the vocabulary stays unnamed, and refused."""
    return word.label if isinstance(word, Labelled) else "不明"


def _titles(items: Iterable[Item]) -> str:
    return "、".join(f"{item.title}({item.name})" for item in items)


def _condition(items: Iterable[Item]) -> str:
    found = next((item.condition for item in items if item.condition), None)
    return f";共享范围:{found.scope};使用用途:{found.purpose}" if found else ""
