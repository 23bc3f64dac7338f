"""The table of routes: read, checked and compiled at start. What it does not name does not exist."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from importlib.resources import files
from types import MappingProxyType
from typing import Any, Self

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError, model_validator
from zhengshu_chassis.problems import MethodNotAllowed, NoSuchPath
from zhengshu_contracts.roles import WHO, Action
from zhengshu_contracts.vocabulary import Mode, PrincipalKind

from zhengshu_gateway.policy import MODES

SERVICES = frozenset({"catalog", "sharing", "opening", "audit"})
GATEWAY = "gateway"
SEGMENT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._~-]{0,127}|\.well-known")
"""What a part of a path may look like: identifiers need nothing that would have to be decoded."""
REMEMBERED = 5_000
PLACE = re.compile(r"\{([a-z]+)\}")
ROUTE = re.compile(r"(GET|POST|PUT|PATCH|DELETE) (/\S+)")


class Kind(StrEnum):
    """How a route is treated. The last five are answered by the gateway itself."""

    CONTROL = "control"
    """Authenticated; the role matrix decides; forwarded."""
    PUBLIC = "public"
    """As control, and anonymous callers are let in."""
    DATA = "data"
    """Rows leave: the policy decides, the record is accepted first, then forwarded."""
    TOKEN = "token"  # noqa: S105 - a kind of route, not a secret
    SIGN_IN = "sign-in"
    KEYS = "keys"
    DECISION = "decision"
    SETTLEMENT = "settlement"
    CALLBACK = "callback"


OWN = frozenset(
    {Kind.TOKEN, Kind.SIGN_IN, Kind.KEYS, Kind.DECISION, Kind.SETTLEMENT, Kind.CALLBACK}
)
BARE = frozenset({Kind.TOKEN, Kind.SIGN_IN, Kind.KEYS, Kind.CALLBACK})
"""Kinds that carry another proof than an access token, or need none."""


class BadRoutes(ValueError):
    """The table of routes is not fit to start with."""


class Route(BaseModel):
    """One route, as written in the table."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    route: str
    to: str
    action: Action
    kind: Kind
    title: str
    mode: Mode | None = None
    admit_stale: bool = False
    """Let in on the last known client record when the feed is stale: the service judges by its own."""

    @property
    def method(self) -> str:
        """The method."""
        return self.route.split(" ", 1)[0]

    @property
    def path(self) -> str:
        """The path with its places."""
        return self.route.split(" ", 1)[1]

    @property
    def anonymous(self) -> bool:
        """Whether somebody without a token may come this far."""
        public = PrincipalKind.PUBLIC in WHO[self.action]
        return public and self.kind in {Kind.PUBLIC, Kind.DATA}

    @model_validator(mode="after")
    def _is_sound(self) -> Self:
        for ok, fault in self._conditions():
            if not ok:
                raise ValueError(f"{self.route}: {fault}")
        return self

    def _conditions(self) -> Iterable[tuple[bool, str]]:
        yield ROUTE.fullmatch(self.route) is not None, "not METHOD /path"
        yield (
            all(_is_segment(part) for part in _parts(self.path)),
            "a part of the path is not plain",
        )
        yield not self.path.startswith("/internal"), "internal paths are not for the outside"
        yield (self.to == GATEWAY) == (self.kind in OWN), "who answers this kind?"
        yield self.to in SERVICES | {GATEWAY}, f"no service is called {self.to}"
        yield (
            self.action in WHO and self.action is not Action.INTERNAL,
            "the role matrix has no such action",
        )
        yield (
            (self.action in MODES) == (self.kind is Kind.DATA),
            "rows leave only by routes of kind data",
        )
        yield (
            self.kind is not Kind.DATA or self.mode in MODES.get(self.action, ()),
            "mode and action disagree",
        )
        yield self.kind is not Kind.DATA or "{dataset}" in self.path, "data of which dataset?"
        yield self.kind is Kind.DATA or self.mode is None, "a mode means something for data alone"
        yield (
            self.kind is not Kind.PUBLIC or self.anonymous,
            "the role matrix does not admit the public",
        )
        yield (
            not self.admit_stale or self.action is Action.DATASET_PUSH,
            "only a push is admitted stale",
        )


@dataclass
class _Node:
    children: dict[str, "_Node"] = field(default_factory=dict)
    place: "_Node | None" = None
    methods: dict[str, tuple[Route, tuple[str, ...]]] = field(default_factory=dict)


class Routes:
    """The compiled table."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self.all = tuple(routes)
        self._root = _Node()
        self._found: dict[tuple[str, str], tuple[Route, Mapping[str, str]]] = {}
        for route in self.all:
            self._insert(route)

    def match(self, method: str, path: str) -> tuple[Route, Mapping[str, str]]:
        """Return the one route of a request and what its places hold; NoSuchPath, MethodNotAllowed."""
        found = self._found.get((method, path))
        if found is None:
            found = self._search(method, path)
            if len(self._found) >= REMEMBERED:
                self._found.clear()
            self._found[method, path] = found
        return found

    def _search(self, method: str, path: str) -> tuple[Route, Mapping[str, str]]:
        values: list[str] = []
        node: _Node | None = self._root
        for part in _parts(path):
            if node is None or SEGMENT.fullmatch(part) is None:
                raise NoSuchPath
            following = node.children.get(part)
            if following is None:
                following = node.place
                values.append(part)
            node = following
        if node is None or not node.methods:
            raise NoSuchPath
        route, names = node.methods.get(method, (None, ()))
        if method == "HEAD" and "GET" in node.methods:
            # Asked for its head alone (RFC 9110 section 9.3.2): where that is not a whole export.
            route, names = node.methods["GET"]
            route = route if route.mode is Mode.QUERY else None
        if route is None:
            raise MethodNotAllowed(headers={"Allow": ", ".join(sorted(node.methods))})
        return route, MappingProxyType(dict(zip(names, values, strict=True)))

    def _insert(self, route: Route) -> None:
        node, names = self._root, []
        for part in _parts(route.path):
            place = PLACE.fullmatch(part)
            if place:
                names.append(place[1])
                node.place = node.place or _Node()
                node = node.place
            else:
                node = node.children.setdefault(part, _Node())
        if route.method in node.methods:
            raise BadRoutes(f"{route.route} is there twice")
        node.methods[route.method] = (route, tuple(names))
        self._refuse_ambiguity()

    def _refuse_ambiguity(self) -> None:
        """Refuse a fixed part beside a place: a request could mean either."""
        waiting = [self._root]
        while waiting:
            node = waiting.pop()
            if node.place is not None and node.children:
                raise BadRoutes(f"ambiguous: {{…}} beside {sorted(node.children)}")
            waiting += [*node.children.values(), *([node.place] if node.place else [])]


def load(text: str | None = None) -> Routes:
    """Read the table that is shipped with the package, or another; BadRoutes when it is unsound."""
    document = yaml.safe_load(text or files(__package__).joinpath("routes.yaml").read_text("utf-8"))
    if not isinstance(document, dict) or set(document) != {"routes"}:
        raise BadRoutes("expected one list, `routes`")
    return Routes(_read(each) for each in document["routes"])


def _read(written: Any) -> Route:
    try:
        return Route.model_validate(written)
    except ValidationError as error:
        raise BadRoutes(str(error)) from error


def _parts(path: str) -> list[str]:
    return path.split("/")[1:]


def _is_segment(part: str) -> bool:
    return PLACE.fullmatch(part) is not None or SEGMENT.fullmatch(part) is not None
