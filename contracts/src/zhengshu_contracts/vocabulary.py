"""The words of the field: one name per concept, each with its Chinese label.

Values are what travels and what is stored; labels are what people read. `docs/glossary.md` is
checked against this module.
"""

from collections.abc import Collection
from typing import Annotated

from pydantic import Field

from zhengshu_contracts.classification import Theme as Theme  # noqa: PLC0414 - passed on, and said so
from zhengshu_contracts.labelled import Labelled as Labelled  # noqa: PLC0414 - likewise

OrganizationCode = Annotated[
    str,
    Field(pattern=r"^[0-9A-HJ-NPQRTUWXY]{18}$", description="统一社会信用代码(GB 32100-2015)"),
]
DatasetId = Annotated[
    str,
    Field(
        pattern=r"^([1-3][0-9]{5,27}|[A-Z]{1,4}[0-9]{2,24})-[0-9]{1,9}$",
        description="数据集标识:目录代码中的“/”换为“-”;字母开头的为地方平台自编代码",
    ),
]
ItemName = Annotated[
    str, Field(pattern=r"^[a-z][a-z0-9_]{0,47}$", description="信息项英文名,用作列名")
]


class SharingClass(Labelled):
    """共享属性 (Decree 809 Art. 14)."""

    UNCONDITIONAL = "unconditional", "无条件共享"
    CONDITIONAL = "conditional", "有条件共享"
    WITHHELD = "withheld", "不予共享"


class OpeningClass(Labelled):
    """开放属性 (county Measures ch. 4)."""

    GENERAL = "general", "普遍开放"
    AUTHORIZED = "authorized", "授权开放"
    CLOSED = "closed", "不开放"


class Mode(Labelled):
    """共享方式: a grant names the modes it opens; none opens another."""

    VERIFY = "verify", "核验"
    QUERY = "query", "查询"
    EXPORT = "export", "批量导出"
    SUBSCRIBE = "subscribe", "订阅"


class Origin(Labelled):
    """Where an entry comes from."""

    COUNTY = "county", "本县"
    MUNICIPAL = "municipal", "市级目录"


def offered(modes: Collection[Mode], origin: Origin) -> tuple[Mode, ...]:
    """Return the modes of an entry that can be had: it names them, or it names none and excludes none.

    Of municipal rows only queries are brokered.
    """
    if origin is Origin.MUNICIPAL:
        return (Mode.QUERY,)
    return tuple(mode for mode in Mode if not modes or mode in modes)


class EntryState(Labelled):
    """Life of a catalogue entry."""

    DRAFT = "draft", "草稿"
    SUBMITTED = "submitted", "待审核"
    RETURNED = "returned", "退回修改"
    PUBLISHED = "published", "已发布"
    RETIRED = "retired", "已停用"


class SystemStage(Labelled):
    """Life of a business system (信息化系统登记汇聚)."""

    PLANNED = "planned", "规划"
    BUILT = "built", "已建成"
    CONNECTED = "connected", "已接入"
    ACCEPTED = "accepted", "已验收"
    OPERATING = "operating", "运行"
    RETIRED = "retired", "已停用"


class LegacyState(Labelled):
    """Life of an old exchange system (原有跨部门信息共享交换系统)."""

    REGISTERED = "registered", "已登记"
    MAPPED = "mapped", "已对应目录"
    DUAL_RUNNING = "dual_running", "双轨运行"
    CUT_OVER = "cut_over", "已切换至市级平台"
    RETIRED = "retired", "已停用"


class ClassDirection(Labelled):
    """Which way a revision moves a class."""

    TIGHTENED = "tightened", "收紧"
    LOOSENED = "loosened", "放宽"


class ImportOutcome(Labelled):
    """What importing a line of a workbook does."""

    DRAFT = "draft", "新增草稿"
    STOCK = "stock", "存量登记"
    REVISION = "revision", "修订草稿"
    UNCHANGED = "unchanged", "无变化"
    REFUSED = "refused", "不予导入"


class ServiceRegistrationState(Labelled):
    """挂接: the municipal platform's permission to serve a dataset on its behalf."""

    ABSENT = "absent", "未挂接"
    LIVE = "live", "已挂接"
    WITHDRAWN = "withdrawn", "已撤销挂接"


class OrganizationKind(Labelled):
    """Who an organisation is before the law."""

    COMPETENT = "competent", "政务数据主管部门"
    DEPARTMENT = "department", "政务部门"
    TOWNSHIP = "township", "乡镇(街道)"
    PUBLIC_SERVICE_ENTERPRISE = "public_service_enterprise", "公共服务企业"
    GOVERNMENT = "government", "县政府"
    FINANCE = "finance", "财政局"
    SECURITY_REGULATOR = "security_regulator", "网络信息安全监管部门"


class PrincipalKind(Labelled):
    """What kind of caller stands behind a request."""

    SYSTEM = "system", "业务系统"
    OFFICER = "officer", "工作人员"
    APPLICANT = "applicant", "开放申请人"
    PUBLIC = "public", "公众"
    COMMISSION_WORKER = "commission_worker", "转报进程"
    COMMISSION = "commission", "市大数据委"
    GATEWAY = "gateway", "网关"


class Role(Labelled):
    """What an officer may be, per organisation. Management, operation and audit never meet in one person."""

    ADMINISTRATOR = "administrator", "系统管理员"
    DEPARTMENT_ADMINISTRATOR = "department_administrator", "单位管理员"
    COMPETENT_OFFICER = "competent_officer", "主管部门审核员"
    DATA_OFFICER = "data_officer", "数据专员"
    OFFICE_HEAD = "office_head", "共享工作机构负责人"
    SUPERVISOR = "supervisor", "监督员"
    OPERATOR = "operator", "运维员"
    AUDITOR = "auditor", "审计员"


class ItemType(Labelled):
    """数据类型 of the 2017 catalogue guide."""

    CHARACTER = "C", "字符型"
    NUMERIC = "N", "数值型"
    CURRENCY = "Y", "货币型"
    DATE = "D", "日期型"
    DATETIME = "T", "日期时间型"
    LOGICAL = "L", "逻辑型"
    MEMO = "M", "备注型"
    GENERAL = "G", "通用型"
    DOUBLE = "B", "双精度型"
    INTEGER = "I", "整型"
    FLOAT = "F", "浮点型"


SQL_TYPES: dict[ItemType, str] = {
    ItemType.CHARACTER: "text",
    ItemType.MEMO: "text",
    ItemType.GENERAL: "text",
    ItemType.NUMERIC: "numeric",
    ItemType.CURRENCY: "numeric",
    ItemType.INTEGER: "bigint",
    ItemType.DOUBLE: "double precision",
    ItemType.FLOAT: "double precision",
    ItemType.DATE: "date",
    ItemType.DATETIME: "timestamptz",
    ItemType.LOGICAL: "boolean",
}
"""What an item's values are held and compared as: lengths and precisions are checked at the push, so that
widening one never rewrites a table."""


class UpdateCycle(Labelled):
    """更新周期."""

    REALTIME = "realtime", "实时"
    DAILY = "daily", "每日"
    WEEKLY = "weekly", "每周"
    TENDAY = "tenday", "每旬"
    MONTHLY = "monthly", "每月"
    QUARTERLY = "quarterly", "每季度"
    YEARLY = "yearly", "每年"
    IRREGULAR = "irregular", "不定期"


class Grade(Labelled):
    """数据分级 (GB/T 43697-2024); an entry's grade is its highest item's."""

    GENERAL = "general", "一般数据"
    IMPORTANT = "important", "重要数据"
    CORE = "core", "核心数据"


class Sensitivity(Labelled):
    """Whether a value tells of a person."""

    NONE = "none", "不含个人信息"
    PERSONAL = "personal", "个人信息"
    SENSITIVE = "sensitive", "敏感个人信息"


class ResourceFormat(Labelled):
    """信息资源格式."""

    DATABASE = "database", "数据库"
    SPREADSHEET = "spreadsheet", "电子表格"
    DOCUMENT = "document", "电子文件"
    IMAGE = "image", "图形图像"
    STREAM = "stream", "流媒体"
    SELF_DESCRIBING = "self_describing", "自描述格式"
    SERVICE = "service", "服务接口"


class LawLevel(Labelled):
    """Level of a citation; only these three can withhold data (Decree 809 Art. 14)."""

    LAW = "law", "法律"
    REGULATION = "administrative_regulation", "行政法规"
    STATE_COUNCIL = "state_council_decision", "国务院决定"


class BatchMode(Labelled):
    """What a push does with its rows."""

    APPEND = "append", "追加"
    UPSERT = "upsert", "更新或新增"
    REPLACE = "replace", "整体替换"
    DELETE = "delete", "删除"


class Audience(Labelled):
    """Who may hear of a dataset's events: the loosest class of its items."""

    DEPARTMENTS = "departments", "各部门"
    GRANTED = "granted", "被授权部门"
    WITHHELD = "withheld", "不予共享"


class ApplicationState(Labelled):
    """Life of a sharing application's part; labels are fixed here once."""

    SUBMITTED = "submitted", "待初审"
    SUPPLEMENTING = "supplementing", "退回补正"
    ENDORSED = "endorsed", "待转报市大数据委"
    FORWARDED = "forwarded", "已转报市大数据委"
    CONSULTING = "consulting", "征求提供单位意见"
    REVIEWING = "reviewing", "市级审核中"
    GRANTED = "granted", "已授权"
    REFUSED = "refused", "不予授权"
    WITHDRAWN = "withdrawn", "已撤回"


class GrantState(Labelled):
    """Life of a grant."""

    ACTIVE = "active", "已授权"
    SUSPENDED = "suspended", "已暂停"
    RECTIFIED = "rectified", "已整改待复核"
    EXPIRED = "expired", "已到期待处置"
    REVOKED = "revoked", "已撤销"
    RENEWED = "renewed", "已续期"
    DISPOSED = "disposed", "已处置"


class DisposalMethod(Labelled):
    """What was done with the data of a grant that is over (Decree 809 Art. 27)."""

    DELETED = "deleted", "已删除销毁"
    RETURNED = "returned", "已退还后删除"
    ANONYMIZED = "anonymized", "已匿名化留存"
    NONE_KEPT = "none_kept", "使用中未留存"


class OpinionState(Labelled):
    """A provider's opinion, asked for by the Commission."""

    REQUESTED = "requested", "待提供单位反馈"
    AGREED = "agreed", "同意"
    REFUSED = "refused", "不同意"
    LAPSED = "lapsed", "不再征求"


class ObjectionState(Labelled):
    """Life of an objection against a sharing class."""

    FILED = "filed", "已提出"
    ACCEPTED = "accepted", "提供单位同意调整"
    MAINTAINED = "maintained", "提供单位维持原属性"
    UPHELD = "upheld", "异议成立"
    DISMISSED = "dismissed", "异议不成立"
    WITHDRAWN = "withdrawn", "已撤回"


class CorrectionState(Labelled):
    """Life of a correction (校核); the dataset is in doubt (存疑) while it is filed."""

    FILED = "filed", "待核实"
    CORRECTED = "corrected", "已更正"
    CONFIRMED = "confirmed", "核实无误"
    WITHDRAWN = "withdrawn", "已撤回"


class DisputeState(Labelled):
    """Life of a dispute, in three steps (Decree 809 Art. 28)."""

    NEGOTIATING = "negotiating", "双方协商"
    COORDINATING = "coordinating", "主管部门协调"
    REFERRED = "referred", "报共同上级主管部门协调"
    COORDINATED = "coordinated", "已提出协调意见"
    ADJUDICATING = "adjudicating", "县政府决定中"
    SETTLED = "settled", "已达成一致"
    ADJUDICATED = "adjudicated", "县政府已决定"
    WITHDRAWN = "withdrawn", "已撤回"


class DemandState(Labelled):
    """Life of a demand (供需对接)."""

    FILED = "filed", "待主管部门研判"
    ASSIGNED = "assigned", "待提供单位答复"
    MATCHED = "matched", "已对接"
    UNMET = "unmet", "暂不能满足"
    WITHDRAWN = "withdrawn", "已撤回"


class UsageKind(Labelled):
    """The five kinds of record a user keeps (Decree 809 Art. 29)."""

    SCENARIO = "scenario", "使用场景"
    PROCESS = "process", "使用过程"
    EFFECT = "effect", "应用成效"
    STORAGE = "storage", "存储情况"
    DESTRUCTION = "destruction", "销毁情况"


class ProposalState(Labelled):
    """Life of an opening proposal."""

    SUBMITTED = "submitted", "待审核"
    RETURNED = "returned", "退回修改"
    APPROVED = "approved", "待市级开放平台登记"
    REGISTERED = "registered", "已登记"
    REFUSED = "refused", "市级开放平台不予登记"


class ListingState(Labelled):
    """Whether an opened dataset can be had."""

    BUILDING = "building", "快照生成中"
    LISTED = "listed", "已开放"
    WITHDRAWN = "withdrawn", "已下架"


class ApplicantKind(Labelled):
    """Who applies for authorised-open data; only the first two are eligible (Measures ch. 4)."""

    DOMESTIC_ENTERPRISE = "domestic_enterprise", "内资控股法人企业"
    RESEARCH_INSTITUTION = "research_institution", "科研机构"
    OTHER = "other", "其他组织"


class Outcome(Labelled):
    """How somebody who was asked answered."""

    AGREE = "agree", "同意"
    REFUSE = "refuse", "不同意"
    RETURN = "return", "退回补正"
