"""What operators' own objects may look like: the fields that the chart uses, as their documentation has them.

Written by hand, so narrower than the real definitions: a field that is not here is refused until somebody has
looked it up. Of CloudNativePG 1.29, Gateway API v1 and the Prometheus Operator's monitoring.coreos.com/v1.
"""

from typing import Any

import jsonschema

Schema = dict[str, Any]

TEXT: Schema = {"type": "string", "minLength": 1}
FLAG: Schema = {"type": "boolean"}
TEXTS: Schema = {"type": "object", "additionalProperties": {"type": "string"}}
DURATION: Schema = {"type": "string", "pattern": r"^([0-9]{1,5}(h|m|s|ms)){1,4}$"}
QUANTITY: Schema = {"type": "string", "pattern": r"^[0-9.]+(m|[KMGT]i?)?$"}


def one(*needed: str, **fields: Schema) -> Schema:
    """An object with these fields and no others."""
    return {
        "type": "object",
        "properties": fields,
        "required": list(needed),
        "additionalProperties": False,
    }


def many(of: Schema, least: int = 1) -> Schema:
    """A list that is not empty."""
    return {"type": "array", "items": of, "minItems": least}


NAMED = one("name", name=TEXT)
AMOUNTS = {"type": "object", "additionalProperties": QUANTITY}
INITDB = one(
    *("database", "owner"),
    database=TEXT,
    owner=TEXT,
    secret=NAMED,
    encoding=TEXT,
    localeProvider={"enum": ["builtin", "icu", "libc"]},
    builtinLocale=TEXT,
    postInitSQL=many(TEXT),
    postInitApplicationSQL=many(TEXT),
)
ROLE = one(
    "name",
    name=TEXT,
    ensure={"enum": ["present", "absent"]},
    login=FLAG,
    inRoles=many(TEXT, 0),
    passwordSecret=NAMED,
)
CLUSTER = one(
    *("instances", "storage"),
    instances={"type": "integer", "minimum": 1},
    imageName=TEXT,
    imagePullSecrets=many(NAMED),
    priorityClassName=TEXT,
    affinity=one(nodeSelector=TEXTS, tolerations=many({"type": "object"})),
    enableSuperuserAccess=FLAG,
    enablePDB=FLAG,
    seccompProfile=one("type", type={"enum": ["RuntimeDefault", "Localhost", "Unconfined"]}),
    storage=one("size", size=QUANTITY, storageClass=TEXT),
    resources=one(requests=AMOUNTS, limits=AMOUNTS),
    postgresql=one(parameters=TEXTS),
    bootstrap=one(initdb=INITDB),
    managed=one(roles=many(ROLE)),
)
ROUTE = one(
    *("parentRefs", "rules"),
    parentRefs=many(one("name", name=TEXT, namespace=TEXT, sectionName=TEXT)),
    hostnames=many(TEXT),
    rules=many(
        one(
            matches=many(one(path=one(type={"enum": ["PathPrefix", "Exact"]}, value=TEXT))),
            timeouts=one(request=DURATION, backendRequest=DURATION),
            backendRefs=many(one("name", "port", name=TEXT, port={"type": "integer"})),
        )
    ),
)
MONITOR = one(
    *("selector", "endpoints"),
    selector=one(matchLabels=TEXTS),
    endpoints=many(one("port", port=TEXT, path=TEXT, interval=DURATION)),
)
ALERT = one(
    *("alert", "expr"), alert=TEXT, expr=TEXT, **{"for": DURATION}, labels=TEXTS, annotations=TEXTS
)
RULES = one("groups", groups=many(one("name", "rules", name=TEXT, rules=many(ALERT))))
FOREIGN: dict[tuple[str, str], Schema] = {
    ("postgresql.cnpg.io/v1", "Cluster"): CLUSTER,
    ("gateway.networking.k8s.io/v1", "HTTPRoute"): ROUTE,
    ("monitoring.coreos.com/v1", "ServiceMonitor"): MONITOR,
    ("monitoring.coreos.com/v1", "PrometheusRule"): RULES,
}


def is_foreign(thing: Schema) -> bool:
    """Whether an object is of an operator, whose definition Kubernetes does not know."""
    return (thing["apiVersion"], thing["kind"]) in FOREIGN


def validate_foreign(thing: Schema) -> None:
    """Raise unless an operator would take the object."""
    assert set(thing) == {"apiVersion", "kind", "metadata", "spec"}
    jsonschema.validate(thing["spec"], FOREIGN[(thing["apiVersion"], thing["kind"])])
