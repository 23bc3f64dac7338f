"""Contracts as JSON schemas: references followed, members named in Chinese. Knows no form and no page."""

import re
from functools import cache
from typing import Any, TypeAlias

from pydantic import BaseModel
from zhengshu_contracts.vocabulary import Labelled

Schema: TypeAlias = dict[str, Any]

LABELS = {
    "against": "对方单位",
    "applicant": "申请单位",
    "dataset": "数据集",
    "holder": "使用单位",
    "items": "信息项",
    "masks": "脱敏",
    "modes": "共享方式",
    "organization": "单位",
    "outcome": "结论",
    "part": "申请的部分",
    "provider": "提供单位",
    "department": "委托部门",
    "entry": "目录条目标识",
    "move": "办理动作",
    "client_secret": "客户端密钥",
    "text": "记录内容",
    "title": "名称",
    "name": "名称",
    "mode": "方式",
    "at": "时间",
    "actor": "办理单位",
    "what": "事项",
    "officer": "办理人",
    "version": "版本",
    "purpose": "使用用途",
    "until": "时限",
    "sharing": "共享属性",
    "opening": "开放属性",
    "basis": "使用依据",
    "scenario": "使用场景",
    "scope": "使用范围",
    "filter": "行条件",
    "quota": "每日用量",
    "grant": "授权",
    "reason": "理由",
    "starts": "生效时间",
    "ends": "到期时间",
    "filed_at": "提出时间",
    "submitted_at": "提交时间",
    "requested_at": "征求时间",
    "recorded_at": "登记时间",
    "announced_at": "预告时间",
    "state_label": "状态",
    "number": "编号",
    "id": "标识",
    "key": "主键",
    "mask": "脱敏方式",
    "locked": "已停用",
    "stop": "停止服务预告",
    "due": "期限",
    "consultation": "与使用单位协商",
    "opened_at": "开始时间",
    "method": "处置方式",
    "note": "说明",
    "uploaded_at": "上传时间",
    "disposal": "数据处置",
    "parts": "申请的数据",
    "timeline": "办理过程",
    "application": "所属申请",
    "renews": "所续期的授权",
    "rectification": "整改情况",
    "proposed_at": "提出时间",
    "opinion": "意见",
    "claim": "争议事项与主张",
    "about": "所涉事项",
    "organization_kind": "单位类型",
    "document": "文件号",
    "client_id": "客户端标识",
    "level": "依据层级",
    "grade": "数据级别",
    "ordered_at": "暂停时间",
    "ordered_by": "作出单位",
    "lifted_at": "恢复时间",
    "lifted_reason": "恢复的原因",
    "article": "条款",
    "attachments": "附件",
    "scan": "扫描件",
    "credentials": "凭证",
    "roles": "角色",
    "size": "大小",
    "days": "工作日数",
    "asked_at": "提出时间",
    "code": "代码",
    "media": "文件类型",
    "item": "信息项",
    "calls": "调用次数",
    "rows": "行数",
    "first": "前几位",
    "last": "后几位",
    "length": "长度",
    "unit": "单位",
    "width": "区间宽度",
    "kind": "种类",
    "on": "日期",
    "read_at": "已读时间",
    "matter": "所涉事项",
    "suspended_by": "暂停的单位",
}
"""What a member is called where its contract does not say, or says more than a label holds."""
OVERRULED = frozenset(
    {
        "against",
        "attachments",
        "dataset",
        "due",
        "entry",
        "grade",
        "grant",
        "item",
        "matter",
        "mode",
        "organization",
        "provider",
        "scan",
        "sharing",
        "version",
    }
)
"""Members whose contract describes their form and not what they are."""


@cache
def word_list(name: str) -> type[Labelled] | None:
    """Return a closed list of the vocabulary by its name."""
    return next((each for each in Labelled.__subclasses__() if each.__name__ == name), None)


@cache
def schema_of(model: type[BaseModel]) -> Schema:
    """Return a contract's JSON schema."""
    return model.model_json_schema()


def solid(schema: Schema, node: Schema) -> Schema:
    """Follow references, forget that a member may be null; `word` is the name of what was referred to."""
    if options := node.get("anyOf"):
        chosen: Schema = next((one for one in options if one.get("type") != "null"), {})
        return solid(schema, {**chosen, **{k: v for k, v in node.items() if k != "anyOf"}})
    if "$ref" in node:
        word = node["$ref"].rpartition("/")[2]
        own = {name: value for name, value in node.items() if name != "$ref"}
        return {**schema["$defs"][word], "description": "", "word": word, **own}
    return node


def words(node: Schema, told: str) -> list[tuple[str, str]]:
    """Return the words of a closed list as this member's contract, or the vocabulary, labels them."""
    here = dict(re.findall(r"(?:^|;)\s*([a-z_]+) ([^;]+)", told))
    known = word_list(node.get("word", ""))
    values = node.get("enum", [])
    if here:
        return [(value, here[value]) for value in values if value in here]
    return [(value, known(value).label if known else value) for value in values]


def wording(name: str, told: str) -> tuple[str, str]:
    """Return the label of a member and what else its contract says of it."""
    told, moved = re.subn(r"^[a-z]+:", "", told)  # asked for by one move alone
    head, mark, rest = re.match(r"([^,;:(]*)([,;:(]?)(.*)", told, re.DOTALL).groups()  # type: ignore[union-attr]
    if (name in OVERRULED and not moved) or not head or re.match(r"[a-z]+ ", told):
        return LABELS.get(name, head or name), ""
    return head, rest.replace(")", "", 1) if mark == "(" else rest
