"""An entry, its revision and its rows as the node tells them, and the form that compiles it."""

from portal.desk import CIVIL, COMPETENT, ME, proofs, sample
from zhengshu_contracts import catalog
from zhengshu_portal.schemas import schema_of

ENTRY = "307350123001-000002"
FREE = {"name": "town", "title": "所在乡镇", "type": "C", "length": 20, "opening": "closed"}
ITEMS = [
    FREE | {"sharing": "unconditional"},
    FREE
    | {
        "name": "amount",
        "title": "月保障金",
        "sharing": "conditional",
        "condition": {"scope": "救助部门", "purpose": "核验"},
    },
    FREE
    | {
        "name": "secret",
        "title": "调查资料",
        "sharing": "withheld",
        "citation": {
            "level": "law",
            "title": "统计法",
            "article": "第九条",
            "reason": "个体<资料>",
        },
    },
]
CONTENT = {
    "category": "307350123001",
    "title": "低保对象",
    "abstract": "最低生活保障对象",
    "format": "database",
    "update_cycle": "monthly",
    "items": ITEMS,
    "state_secret": False,
    "work_secret": False,
}
HELD = sample(schema_of(catalog.EntryOut)) | {
    **CONTENT,
    "id": ENTRY,
    "code": "307350123001/000002",
    "provider": CIVIL,
    "provider_name": "罗源县民政局",
    "origin": "county",
    "state": "published",
    "state_label": "已发布",
    "revision": 1,
    "revising": None,
    "sharing": "conditional",
    "grade": "general",
    "registration": "live",
    "retirement": None,
    "mend_by": None,
    "quality": None,
    "secrecy_assessment": None,
    "privacy_assessment": None,
    "head_consent": None,
    "security_review": None,
}
REVISION = {
    "number": 1,
    "state": "published",
    "state_label": "已发布",
    "content": CONTENT,
    "sharing": "conditional",
    "grade": "general",
    "compiled_at": "2026-11-22T00:00:00Z",
}
ALIKE = {
    "entry": "307350123002-000001",
    "entry_title": "学校名录",
    "provider": CIVIL,
    "provider_name": "罗源县教育局",
    "item": "town",
    "title": "乡镇",
    "type": "C",
    "score": 0.93,
    "source": True,
}
ELSEWHERE = ME | {"organization": COMPETENT, "organization_name": "别的单位"}
BATCH = sample(schema_of(catalog.BatchOut)) | {
    "id": "b-1",
    "dataset": ENTRY,
    "mode": "upsert",
    "received": 2,
    "refused": 0,
    "version": "1.2",
    "problems": [],
    "receipt": "ey.sig.ned",
}
UNTAKEN = {
    "id": "b-9",
    "dataset": ENTRY,
    "mode": "append",
    "state": "refused",
    "at": "2026-11-22T00:00:00Z",
    "problem": {"type": "/problems/batch-rows-refused", "title": "部分行<不>合格", "status": 422},
}


def known(node, *, alike: list[dict[str, object]] | None = None) -> None:
    """Let the node know the entry, and what looks alike."""
    node.get(f"/v1/entries/{ENTRY}").respond(json=HELD)
    node.get(f"/v1/entries/{ENTRY}/revisions").respond(json={"revisions": [REVISION]})
    node.get(f"/v1/entries/{ENTRY}/suspensions").respond(json={"suspensions": []})
    node.get("/v1/extension-schema").respond(json={"version": 0, "definition": {"type": "object"}})
    node.get("/v1/similar-items").respond(json={"items": alike or []})
    batches = {"batches": [BATCH], "untaken": [UNTAKEN], "next": None}
    node.get(f"/v1/datasets/{ENTRY}/batches").respond(json=batches)


def typed(page: str) -> dict[str, str]:
    """Return the entry's own members as a form sends them, with one item."""
    plain = {name: value for name, value in CONTENT.items() if isinstance(value, str)}
    item = {f"items.0.{name}": str(value) for name, value in ITEMS[0].items()}
    secrets = {"state_secret": "false", "work_secret": "false", "items.0.nullable": "true"}
    return proofs(page) | plain | item | secrets
