"""What a node knows before its first request: the competent department, its officer, opening's system.

Knows who they are; catalog stores them.
"""

from zhengshu_local.credentials import Secrets

COMPETENT = {
    "code": "113501230036150002",
    "name": "罗源县发展和改革局",
    "kind": "competent",
    "office": {"name": "罗源县政务数据共享工作机构", "head": "机构负责人（示例）"},
}
OFFICER = {"name": "主管部门经办人（示例）", "roles": ["administrator", "competent_officer"]}
SYSTEM = {"name": "公共数据开放系统", "description": "读取准予开放的数据，生成开放快照"}


def document(secrets: Secrets) -> dict[str, object]:
    """Build what `python -m zhengshu_catalog seed` reads on its standard input."""
    owner = {"organization": COMPETENT["code"]}
    return {
        "organization": COMPETENT,
        "officer": owner | OFFICER | secrets.pair("clients", "officer"),
        "system": owner | SYSTEM | secrets.pair("clients", "opening"),
    }
