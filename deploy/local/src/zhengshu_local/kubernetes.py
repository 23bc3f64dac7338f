"""What an operator of the Helm chart is given: Secrets, and a script for a PostgreSQL of one's own.

Knows names of Secrets and their keys as the chart refers to them, nothing of the objects in the chart.
"""

import json
from collections.abc import Mapping
from typing import Any

from zhengshu_local import databases
from zhengshu_local.credentials import Secrets

Keys = Mapping[str, str]
# Roles that nobody signs in as: they own tables and are taken on by others.
WITHOUT_LOGIN = {"catalog_rows"}


def opaque(secrets: Secrets, seed: Mapping[str, object]) -> dict[str, Keys]:
    """Return every Secret of the chart that is not a database role, by component, with its keys."""
    pair = secrets.pair
    services: dict[str, Keys] = {
        name: {"nats-password": secrets("nats", name), "internal-key": secrets("internal", name)}
        for name in ("catalog", "sharing", "opening", "audit")
    }
    services["catalog"] = {
        **services["catalog"],
        "receipt-key": pair("ed25519", "catalog_receipts")["private"],
        "receipt-public-key": pair("ed25519", "catalog_receipts")["public"],
        "row-id-key": secrets("hmac", "rows"),
        "cursor-key": secrets("hmac", "cursor"),
    }
    services["opening"] = {
        **services["opening"],
        "client-id": pair("clients", "opening")["client_id"],
        "client-secret": pair("clients", "opening")["client_secret"],
    }
    services["audit"] = {
        **services["audit"],
        "checkpoint-key": pair("ed25519", "audit_checkpoint")["private"],
        "checkpoint-public-key": pair("ed25519", "audit_checkpoint")["public"],
    }
    return services | {
        "gateway": {
            "nats-password": secrets("nats", "gateway"),
            "token-key": pair("ed25519", "gateway_tokens")["private"],
            "integrators-key": pair("nkeys", "integrators")["seed"],
            "integrators-public-key": pair("nkeys", "integrators")["public"],
        },
        "commission": {
            "shared-key": secrets("hmac", "commission"),
            "desk-token": secrets("hmac", "desk"),
            "witness-key": pair("ed25519", "commission_witness")["private"],
            "witness-public-key": pair("ed25519", "commission_witness")["public"],
        },
        "nats": {
            "operator-password": secrets("nats", "operator"),
            "routes-password": secrets("nats", "routes"),
        },
        "seed": {
            "seed.json": json.dumps(seed, ensure_ascii=False),
            "client-id": pair("clients", "officer")["client_id"],
            "client-secret": pair("clients", "officer")["client_secret"],
        },
    }


def manifests(
    secrets: Secrets, seed: Mapping[str, object], *, prefix: str, namespace: str
) -> dict[str, Any]:
    """Return a List of every Secret the chart refers to, named `<prefix>-<what>`."""

    def manifest(name: str, kind: str, values: Keys) -> dict[str, Any]:
        metadata = {"name": f"{prefix}-{name}", "namespace": namespace}
        described = {"apiVersion": "v1", "kind": "Secret", "type": kind}
        return {**described, "metadata": metadata, "stringData": dict(values)}

    items = [manifest(name, "Opaque", keys) for name, keys in opaque(secrets, seed).items()]
    for database in databases.DATABASES:
        for role in login_roles(database):
            values = {"username": role, "password": secrets("databases", role)}
            name = role.replace("_", "-")
            items.append(manifest(name, "kubernetes.io/basic-auth", values))
    return {"apiVersion": "v1", "kind": "List", "items": items}


def script(secrets: Secrets) -> str:
    """Return what a superuser runs with psql on a PostgreSQL that is not the chart's; may run twice."""
    lines = ["\\set ON_ERROR_STOP on", *(f"{statement};" for statement in databases.CLOSED)]
    for name in databases.DATABASES:
        lines += [
            f"SELECT 'CREATE ROLE {role}' WHERE to_regrole('{role}') IS NULL \\gexec"
            for role in databases.roles(name)
        ]
        lines += [
            f"ALTER ROLE {role} LOGIN PASSWORD '{secrets('databases', role)}';"
            for role in login_roles(name)
        ]
        lines += [
            f"SELECT 'CREATE DATABASE {name} OWNER {name}_owner TEMPLATE template0'"  # noqa: S608 - ours
            f" WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = '{name}') \\gexec",
            f"\\connect {name}",
            *(f"{one};" for one in [*databases.outside(name, name), *databases.inside(name)]),
        ]
    return "\n".join(lines)


def login_roles(database: str) -> list[str]:
    """Return the roles of a database that sign in."""
    return [role for role in databases.roles(database) if role not in WITHOUT_LOGIN]
