"""Reads the sources without running them: every refusal there is, and where each article of law is named."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

SERVICES = ("catalog", "sharing", "opening", "audit", "commission", "portal")
FOLDERS = ("chassis/src", "gateway/src", *(f"services/{name}/src" for name in SERVICES))
POLICY = "zhengshu_gateway/refusals.py"
ERRORS = "zhengshu_gateway/errors.py"
Definition = ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Refusal:
    """One problem type, as far as the code says it before any particular case."""

    slug: str
    owner: str
    status: int
    title: str
    next: str
    articles: tuple[str, ...]
    """Names of members of `Basis`."""


@dataclass(frozen=True)
class Place:
    """A piece of code that names articles, with what it says of itself."""

    module: str
    name: str
    says: str
    articles: tuple[str, ...]


class Sources:
    """Every module of the deployables and the chassis."""

    def __init__(self, root: Path) -> None:
        self.modules = {
            path.relative_to(root / folder).as_posix(): ast.parse(path.read_text(encoding="utf-8"))
            for folder in FOLDERS
            for path in sorted((root / folder).rglob("*.py"))
        }
        self.classes = {
            (module, node.name): node
            for module, tree in self.modules.items()
            for node in tree.body
            if isinstance(node, ast.ClassDef)
        }
        self._said = {name: list(_calls(tree)) for name, tree in self.modules.items()}

    def refusals(self) -> list[Refusal]:
        """Return every refusal: classes with a slug, and those that the policy decides."""
        found = [*self._classes(), *self._decided()]
        return sorted(set(found), key=lambda each: (each.slug, each.owner))

    def places(self) -> Iterator[Place]:
        """Yield what names an article: a function, a class, or a constant."""
        for module, tree in self.modules.items():
            for node in tree.body:
                articles = articles_in(node)
                if not articles:
                    continue
                for inner, told in _parts(node) or [(node, articles)]:
                    yield Place(module, _name(inner), _says(inner), told)

    def _classes(self) -> Iterator[Refusal]:
        for module, tree in self.modules.items():
            for node in tree.body:
                slug = self._constant(module, node, "slug", inherit=False)
                if isinstance(node, ast.ClassDef) and slug:
                    yield Refusal(
                        slug=slug,
                        owner=owner_of(module),
                        status=int(self._constant(module, node, "status")),
                        title=self._constant(module, node, "title"),
                        next=self._next(node, module),
                        articles=articles_in(node),
                    )

    def _decided(self) -> Iterator[Refusal]:
        """What the gateway's policy refuses: functions that return a decision without a view."""
        policy = self.classes[ERRORS, "PolicyRefused"]
        titles, unseen = _titles(policy), _strings(policy, "_NOT_FOUND")
        for node in ast.walk(self.modules[POLICY]):
            if _called(node) == "Decision" and isinstance(node, ast.Call) and node.args:
                slug = _text(node.args[0])
                yield Refusal(
                    slug=slug,
                    owner="gateway",
                    status=_decided_status(slug, unseen),
                    title=titles.get(slug, "不予提供"),
                    next=_keyword(node, "next"),
                    articles=articles_in(node),
                )

    def _constant(self, module: str, node: ast.AST, name: str, *, inherit: bool = True) -> str:
        """Return a constant that a class sets, or the class it builds on."""
        if not isinstance(node, ast.ClassDef):
            return ""
        for statement in node.body:
            if name in _targets(statement) and isinstance(statement, ast.Assign | ast.AnnAssign):
                return _text(statement.value)
        for base in node.bases if inherit else ():
            home = self._home(module, base.id) if isinstance(base, ast.Name) else None
            if home is not None:
                return self._constant(home[0], self.classes[home], name)
        return ""

    def _home(self, module: str, name: str) -> tuple[str, str] | None:
        """Return where a class that a module speaks of is defined."""
        if (module, name) in self.classes:
            return module, name
        for node in self.modules[module].body:
            if isinstance(node, ast.ImportFrom) and name in [each.name for each in node.names]:
                found = (f"{(node.module or '').replace('.', '/')}.py", name)
                return found if found in self.classes else None
        return None

    def _next(self, node: ast.ClassDef, module: str) -> str:
        """Return what a class tells to do next, else what those tell who raise it."""
        if own := next((text for call in _calls(node) if (text := _keyword(call, "next"))), ""):
            return own
        for name, calls in self._said.items():
            if owner_of(name) == owner_of(module):
                for call in calls:
                    if _called(call) == node.name and (text := _keyword(call, "next")):
                        return text
        return ""


def owner_of(module: str) -> str:
    """Return the deployable that a module belongs to."""
    return module.split("/", 1)[0].removeprefix("zhengshu_")


def articles_in(node: ast.AST) -> tuple[str, ...]:
    """Return the articles named in a piece of code, in their order, once each."""
    found = [
        each.attr
        for each in ast.walk(node)
        if isinstance(each, ast.Attribute)
        and isinstance(each.value, ast.Name)
        and each.value.id == "Basis"
        and each.attr.isupper()
    ]
    return tuple(dict.fromkeys(found))


def _parts(node: ast.AST) -> list[tuple[ast.AST, tuple[str, ...]]]:
    """Return the methods of a class that name articles; of an error class there is but the class."""
    if not isinstance(node, ast.ClassDef):
        return []
    methods = [one for one in node.body if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef)]
    return [(one, told) for one in methods if one.name != "__init__" and (told := articles_in(one))]


def _name(node: ast.AST) -> str:
    if isinstance(node, Definition):
        return node.name
    return next(iter(_targets(node)), "")


def _says(node: ast.AST) -> str:
    text = ast.get_docstring(node) if isinstance(node, Definition) else None
    return (text or "").partition("\n")[0]


def _targets(node: ast.AST) -> list[str]:
    targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
    return [each.id for each in targets if isinstance(each, ast.Name)]


def _calls(node: ast.AST) -> Iterator[ast.Call]:
    return (each for each in ast.walk(node) if isinstance(each, ast.Call))


def _called(node: ast.AST) -> str:
    return node.func.id if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) else ""


def _keyword(call: ast.Call, name: str) -> str:
    return next((_text(each.value) for each in call.keywords if each.arg == name), "")


def _titles(node: ast.ClassDef) -> dict[str, str]:
    for each in ast.walk(node):
        if isinstance(each, ast.Dict) and all(each.keys):
            return {
                _text(key): _text(value)
                for key, value in zip(each.keys, each.values, strict=True)
                if key
            }
    return {}


def _strings(node: ast.ClassDef, name: str) -> set[str]:
    """Return the texts in what a class sets."""
    found = [
        each
        for statement in node.body
        if name in _targets(statement)
        for each in ast.walk(statement)
    ]
    return {str(each.value) for each in found if isinstance(each, ast.Constant)}


def _decided_status(slug: str, unseen: set[str]) -> int:
    return 429 if slug == "quota-exhausted" else 404 if slug in unseen else 403


def _text(node: ast.expr | None) -> str:
    """Return a constant as text; what only a case can fill in is `…`."""
    if isinstance(node, ast.Constant):
        return "" if node.value is None else str(node.value)
    if isinstance(node, ast.JoinedStr):
        return "".join(
            _text(each) if isinstance(each, ast.Constant) else "…" for each in node.values
        )
    return ""
