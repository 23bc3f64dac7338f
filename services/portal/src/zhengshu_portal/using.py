"""How a grant is used, as commands to copy: with the grant, the purpose, and the granted items and modes."""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from zhengshu import Client
from zhengshu_contracts.settlement import SettlementOut
from zhengshu_contracts.vocabulary import GrantState, Mode

from zhengshu_portal.pages import beijing

PATHS = {
    Mode.QUERY: "rows?select={items}&limit=100",
    Mode.EXPORT: "exports?select={items}&format=csv",
    Mode.SUBSCRIBE: "changes?since={since}&select={items}",
    Mode.VERIFY: "verification",
}
"""Where each mode is asked for."""


def commands(
    grant: Mapping[str, Any], entry: Mapping[str, Any], public_url: str
) -> list[tuple[str, str]]:
    """Return what a developer runs, each with what it is for; nothing while the grant opens nothing."""
    if grant["state"] != GrantState.ACTIVE:
        return []
    node = public_url.rstrip("/")
    data = f"{node}/v1/datasets/{grant['dataset']}"
    proof = (
        '-H "Authorization: Bearer $TOKEN"'
        f" \\\n  -H 'Zhengshu-Grant: {grant['id']}'"
        f" \\\n  -H 'Zhengshu-Purpose: {quote(grant['purpose'])}'"
    )
    token = (
        f'TOKEN=$(curl -s -u "$ID:$SECRET" -d grant_type=client_credentials {node}/oauth2/token'
        ' | sed \'s/.*"access_token":"\\([^"]*\\)".*/\\1/\')'
    )
    asked = {
        mode: path.format(items=",".join(grant["items"]), since=entry.get("version") or "1.0")
        for mode, path in PATHS.items()
    }
    told = [("业务系统用自己的编号和密钥取得令牌(15 分钟有效)", token)]
    for mode in map(Mode, grant["modes"]):
        body = f" \\\n  {question(grant, entry)}" if mode is Mode.VERIFY else ""
        told.append((mode.label, f"curl -s '{data}/{asked[mode]}' {proof}{body}"))
    return told


def question(grant: Mapping[str, Any], entry: Mapping[str, Any]) -> str:
    """Return the body of a verification: the whole key, and one granted item."""
    keys = [item["name"] for item in entry.get("items", []) if item.get("key")]
    values = [name for name in grant["items"] if name not in keys][:1]
    body = {part: dict.fromkeys(names, "…") for part, names in (("key", keys), ("values", values))}
    said = json.dumps(body, ensure_ascii=False)
    return f"-H 'Content-Type: application/json' -d '{said}'"


def settled(node: Client, grant: Mapping[str, Any]) -> str:
    """Say whether what a grant opened has stopped everywhere, and since when; nothing while it is active."""
    if grant["state"] == GrantState.ACTIVE:
        return ""
    told = SettlementOut.model_validate(node.get(f"/v1/grants/{grant['id']}/revocation"))
    if told.active:
        return ""
    if not told.settled:
        return f"正在停止提供,尚有 {len(told.waiting)} 个网关副本未确认,请稍后刷新。"
    since = f"已于 {beijing(told.at, '%Y-%m-%d %H:%M:%S')} " if told.at else "已"
    return f"{since}在各网关副本全部停止提供。"
