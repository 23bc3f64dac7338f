"""How a grant is used, as commands to copy: with the grant, the purpose, and the granted items and modes."""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from zhengshu_contracts.vocabulary import GrantState, Mode

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
