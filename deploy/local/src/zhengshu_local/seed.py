"""What a node knows before its first request: the competent department, its officer, opening's system.

Knows who they are; catalog stores them.
"""

from collections.abc import Mapping

from zhengshu_local.credentials import Secrets


def competent(code: str, name: str) -> dict[str, object]:
    """Describe the competent department; who heads its sharing office is entered later."""
    office = {"name": f"{name}政务数据共享工作机构", "head": "机构负责人（示例）"}
    return {"code": code, "name": name, "kind": "competent", "office": office}


COMPETENT = competent("113501230036150002", "罗源县发展和改革局")
OFFICER = {"name": "主管部门经办人（示例）", "roles": ["administrator", "competent_officer"]}
SYSTEM = {"name": "公共数据开放系统", "description": "读取准予开放的数据，生成开放快照"}


def document(secrets: Secrets, department: Mapping[str, object] = COMPETENT) -> dict[str, object]:
    """Build what `python -m zhengshu_catalog seed` reads."""
    owner = {"organization": department["code"]}
    return {
        "organization": department,
        "officer": owner | OFFICER | secrets.pair("clients", "officer"),
        "system": owner | SYSTEM | secrets.pair("clients", "opening"),
    }
