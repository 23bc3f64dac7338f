"""The story's made-up organisations, entries and rows; real township divisions where they lie near.

Every made-up row says so in its own words (示例).
"""

import csv
import io
from pathlib import Path
from typing import Any

ORGANIZATIONS: dict[str, dict[str, Any]] = {
    "civil": {"code": "11350123003615100P", "name": "罗源县民政局", "kind": "department"},
    "education": {"code": "11350123003615101T", "name": "罗源县教育局", "kind": "department"},
    "statistics": {"code": "11350123003615102X", "name": "罗源县统计局", "kind": "department"},
    "market": {"code": "113501230036151031", "name": "罗源县市场监督管理局", "kind": "department"},
    "water": {
        "code": "91350123MA0000000Y",
        "name": "罗源县自来水公司(示例)",
        "kind": "public_service_enterprise",
    },
}
RESEARCH = {
    "code": "12350100MB1234567K",
    "name": "福州城市研究院(示例)",
    "kind": "research_institution",
}
COMPANY = {"code": "91350100MA76543219", "name": "某普通公司(示例)", "kind": "other"}

ASSESSED = {"on": "2026-03-02", "by": "示例", "conclusion": "不涉密,风险可控"}
CONSENT = {"by": "示例负责人", "on": "2026-03-03", "document": "示例〔2026〕1号"}
STATISTICS_LAW = {
    "level": "law",
    "title": "中华人民共和国统计法",
    "article": "关于单个统计调查对象资料保密的规定",
    "reason": "能够识别或者推断单个统计调查对象身份的资料,不得对外提供、泄露",
}
AID_CONDITION = {"scope": "承担救助、监管职责的部门", "purpose": "业务协同与数据核验"}


def item(name: str, title: str, type_: str, /, **more: Any) -> dict[str, Any]:
    """Return an item; unconditional and open to all unless said otherwise."""
    return {
        "name": name,
        "title": title,
        "type": type_,
        "sharing": "unconditional",
        "opening": "general",
    } | more


def entry(category: str, title: str, abstract: str, items: list[dict[str, Any]]) -> dict[str, Any]:
    """Return an entry with its assessments and consent."""
    return {
        "category": category,
        "title": title,
        "abstract": abstract,
        "format": "database",
        "update_cycle": "monthly",
        "items": items,
        "modes": ["verify", "query", "export", "subscribe"],
        "state_secret": False,
        "work_secret": False,
        "secrecy_assessment": ASSESSED,
        "privacy_assessment": ASSESSED,
        "head_consent": CONSENT,
    }


CLOSED = {"opening": "closed"}
CONDITIONAL = {"sharing": "conditional", "condition": AID_CONDITION, "opening": "closed"}
WITHHELD = {"sharing": "withheld", "citation": STATISTICS_LAW, "opening": "closed"}
AUTHORIZED = {"opening": "authorized"}

TOWNS = entry(
    "307350123001",
    "乡镇级行政区划",
    "乡级行政区划代码与名称",
    [
        item("code", "区划代码", "C", length=12, key=True, nullable=False, pattern=r"^\d{9}$"),
        item("name", "名称", "C", length=60, nullable=False),
        item("area_code", "县级代码", "C", length=6, nullable=False),
        item("province_code", "省级代码", "C", length=2),
        item("city_code", "地级代码", "C", length=4),
    ],
)
SCHOOLS = entry(
    "307350123002",
    "学校名录",
    "全县中小学校名称、类别与地址",
    [
        item("code", "学校标识码", "C", length=10, key=True, nullable=False),
        item("name", "学校名称", "C", length=60, nullable=False),
        item("kind", "类别", "C", length=10, codes=["小学", "初中", "高中", "完全中学"]),
        item("address", "地址", "C", length=100),
        item("pupils", "在校生数", "I"),
    ],
)
AID = entry(
    "307350123001",
    "低保对象",
    "最低生活保障对象,按户",
    [
        item("case_no", "证号", "C", length=20, key=True, nullable=False, **CLOSED),
        item("town", "所在乡镇", "C", length=20, nullable=False, **CLOSED),
        item("household", "人口数", "I", **CLOSED),
        item("name", "户主姓名", "C", length=40, sensitivity="personal", **CONDITIONAL),
        item("amount", "月保障金", "Y", length=12, precision=2, **CONDITIONAL),
        item("bank_account", "代发账号", "C", length=30, sensitivity="personal", **CONDITIONAL),
    ],
)
SURVEY = entry(
    "307350123003",
    "统计调查个体资料",
    "统计调查中获得的单个调查对象资料",
    [
        item("respondent", "调查对象编码", "C", length=20, key=True, nullable=False, **WITHHELD),
        item("income", "收入", "N", length=14, precision=2, **WITHHELD),
    ],
)
OUTAGES = entry(
    "307350123005",
    "停水通知",
    "计划与临时停水的范围和时间",
    [
        item("notice_no", "通知编号", "C", length=20, key=True, nullable=False, **AUTHORIZED),
        item("area", "影响范围", "C", length=100, nullable=False, **AUTHORIZED),
        item("starts", "停水时间", "T", nullable=False, **AUTHORIZED),
        item("ends", "恢复时间", "T", **AUTHORIZED),
        item("reason", "原因", "C", length=100, **AUTHORIZED),
    ],
)
DATASETS = {
    "towns": ("civil", TOWNS),
    "schools": ("education", SCHOOLS),
    "aid": ("civil", AID),
    "survey": ("statistics", SURVEY),
    "outages": ("water", OUTAGES),
}
"""The story's name of each dataset, its provider and its entry."""

LUOYUAN = [
    ("350123100", "凤山镇"),
    ("350123101", "松山镇"),
    ("350123102", "起步镇"),
    ("350123103", "中房镇"),
    ("350123104", "飞竹镇"),
    ("350123105", "鉴江镇"),
    ("350123200", "白塔乡"),
    ("350123201", "洪洋乡"),
    ("350123202", "西兰乡"),
    ("350123203", "霍口畲族乡"),
    ("350123204", "碧里乡"),
]
SCHOOL_ROWS: list[list[Any]] = [
    ["S350123001", "示例第一小学", "小学", "凤山镇示例路1号", 812],
    ["S350123002", "示例实验小学", "小学", "松山镇示例路2号", 640],
    ["S350123003", "示例第一中学", "完全中学", "凤山镇示例路3号", 2310],
]
BAD_SCHOOL_ROWS: list[list[Any]] = [
    ["S350123004", "示例第二中学", "大学", "起步镇示例路4号", 900],
    ["S350123005", "", "初中", "中房镇示例路5号", "很多"],
]
AID_ROWS: list[list[Any]] = [
    ["DB2026001", "凤山镇", 3, "示例甲", "1560.00", "示例账号1"],
    ["DB2026002", "凤山镇", 1, "示例乙", "780.00", "示例账号2"],
    ["DB2026003", "松山镇", 4, "示例丙", "2010.50", "示例账号3"],
]
SURVEY_ROWS: list[list[Any]] = [["示例R001", "52000.00"], ["示例R002", "61000.00"]]
OUTAGE_ROWS: list[list[Any]] = [
    [
        "T2026-001",
        "凤山镇示例片区",
        "2026-11-25T08:00:00+08:00",
        "2026-11-25T18:00:00+08:00",
        "管网检修",
    ]
]


def table(entry_: dict[str, Any], rows: list[list[Any]]) -> bytes:
    """Return rows as CSV under the entry's item names."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([each["name"] for each in entry_["items"]])
    writer.writerows(rows)
    return out.getvalue().encode()


def towns(shared: Path) -> tuple[bytes, int, str]:
    """Return the township divisions as CSV, how many, and where they are from."""
    source = shared / "streets.csv"
    if not source.exists():
        own = [[code, name, "350123", "35", "3501"] for code, name in LUOYUAN]
        return table(TOWNS, own), len(own), "本项目自带的罗源县十一个乡镇"
    with source.open(encoding="utf-8", newline="") as file:
        rows = [
            [r["code"], r["name"], r["areaCode"], r["provinceCode"], r["cityCode"]]
            for r in csv.DictReader(file)
        ]
    return table(TOWNS, rows), len(rows), "全国乡级行政区划(国家统计局,2023)"
