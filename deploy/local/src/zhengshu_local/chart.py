"""What the Helm chart takes from the code: rights in NATS and PostgreSQL, and which settings there are.

`python -m zhengshu_local.chart [--check] deploy/k8s/zhengshu` brings the chart's generated parts up to date.
"""

import importlib
import inspect
import json
import sys
from pathlib import Path
from typing import Any

from annotated_types import Ge
from pydantic import SecretStr
from pydantic.fields import FieldInfo
from zhengshu_chassis.settings import ProcessSettings

from zhengshu_local import databases, nats
from zhengshu_local.deployables import DEPLOYABLES
from zhengshu_local.kubernetes import WITHOUT_LOGIN, login_roles

SCHEMA = "values.schema.json"
# Optional settings that the chart itself decides.
DECIDED = {
    *("host", "port", "metrics_port", "mode", "log_level", "replica", "stream_replicas"),
    *("store_url", "public_url", "calendar_file", "published_keys", "migration_url"),
    "integrators_tls",
}
TYPES = {int: "integer", float: "number", bool: "boolean"}
WIDTH = 118


def rights() -> dict[str, str]:
    """Return the files with the rights in NATS and the preparation of each database."""
    passwords = {user: f"$NATS_{user.upper()}" for user in nats.rights()}
    server = nats.configuration(4222, Path("/data"), passwords, "$NATS_ISSUER")
    for local in ("listen", "server_name"):  # the chart says where
        server.pop(local)
    prepared = {name: preparation(name) for name in databases.DATABASES}
    files = {"nats.json": server, "databases.json": prepared}
    return {f"files/{name}": json.dumps(value, indent=1) + "\n" for name, value in files.items()}


def preparation(name: str) -> dict[str, object]:
    """Tell what a superuser does for one database before its migrations."""
    return {
        "login": login_roles(name),
        "members": {role: databases.MEMBERS.get(role, []) for role in login_roles(name)},
        "others": sorted(WITHOUT_LOGIN & set(databases.roles(name))),
        "closed": databases.CLOSED_BY_OPERATOR,
        "sql": [*databases.outside(name, name), *databases.inside(name)],
    }


def schema(text: str) -> str:
    """Put the settings that each component has into the schema of the values."""
    values = json.loads(text)
    components = values["properties"]["components"]["properties"]
    for one in DEPLOYABLES:
        own = components[one.name]["properties"]["settings"]["properties"]
        own.clear()
        own.update(settable(one.module))
    return laid_out(values) + "\n"


def settable(module: str) -> dict[str, dict[str, object]]:
    """Return the settings of a deployable that values may set: optional, not secret, not the chart's."""
    settings = importlib.import_module(f"{module}.settings")
    found = [
        kind
        for _, kind in inspect.getmembers(settings, inspect.isclass)
        if issubclass(kind, ProcessSettings) and kind.__module__ == settings.__name__
    ]
    return {
        name: described(field)
        for name, field in sorted(found[0].model_fields.items())
        if not field.is_required() and name not in DECIDED and not secret(field)
    }


def described(field: FieldInfo) -> dict[str, object]:
    """Return a setting's type and least value: what its own says, else nothing below nought."""
    kind = TYPES.get(field.annotation, "string")  # type: ignore[arg-type]  # any other type: a text
    least = next((told.ge for told in field.metadata if isinstance(told, Ge)), 0)
    limits: dict[str, dict[str, object]] = {
        "integer": {"minimum": least},
        "number": {"exclusiveMinimum": 0},
    }
    return {"type": kind, **limits.get(kind, {})}


def secret(field: FieldInfo) -> bool:
    """Tell whether a setting holds a secret."""
    return "SecretStr" in str(field.annotation) or field.annotation is SecretStr


def laid_out(value: Any, indent: int = 0) -> str:
    """Write JSON with what is short on one line, so that a person can read it."""
    line = json.dumps(value, ensure_ascii=False)
    if len(line) + indent <= WIDTH or not isinstance(value, dict | list) or not value:
        return line
    pad, last = " " * (indent + 2), " " * indent
    if isinstance(value, list):
        return "[\n" + ",\n".join(pad + laid_out(one, indent + 2) for one in value) + f"\n{last}]"
    members = (f"{pad}{json.dumps(key)}: {laid_out(one, indent + 2)}" for key, one in value.items())
    return "{\n" + ",\n".join(members) + f"\n{last}}}"


def main(arguments: list[str]) -> int:
    """Write the generated parts, or say which of them are not current."""
    chart = Path(arguments[-1])
    wanted = rights() | {SCHEMA: schema((chart / SCHEMA).read_text(encoding="utf-8"))}
    if "--check" not in arguments:
        for name, text in wanted.items():
            (chart / name).write_text(text, encoding="utf-8")
        return 0
    wrong = [name for name in wanted if (chart / name).read_text("utf-8") != wanted[name]]
    if wrong:
        print(f"{', '.join(wrong)} is not current: run `make chart`")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
