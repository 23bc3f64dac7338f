"""Pages of docs that are generated from code: the catalogue of errors, the articles of law, the settings."""

import ast
import inspect
import textwrap
from collections import defaultdict
from collections.abc import Iterable, Sequence
from importlib import import_module
from itertools import pairwise
from pathlib import Path

from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings
from zhengshu_chassis.settings import ProcessSettings
from zhengshu_contracts.basis import Basis
from zhengshu_contracts.subjects import EVENTS

from zhengshu_local.deployables import DEPLOYABLES
from zhengshu_local.sources import Place, Refusal, Sources, owner_of

ROOT = Path(__file__).parents[4]
GENERATED = "<!-- 由 `make contracts` 从代码生成,请勿手工修改。 -->"
USUAL = {
    400: "请核对请求后再试",
    401: "请先取得有效的访问令牌",
    403: "请由有此权限的单位、角色办理",
    404: "请核对标识;也可能是无权看到",
    405: "请核对请求方法",
    408: "请检查网络后重试",
    409: "请查看当前状态,再决定是否需要此操作",
    410: "请重新取得后再试",
    412: "请取得最新版本,改后再提交",
    413: "请减小内容,分次提交",
    415: "请改用所支持的格式",
    422: "请按 `errors` 逐项改正后重新提交",
    429: "请按 `Retry-After` 稍后再试",
    431: "请减小请求头",
    500: "请把 `trace_id` 告诉运维人员",
    502: "请把 `trace_id` 告诉运维人员",
    503: "请按 `Retry-After` 稍后重试",
}
"""What to do about a status when the refusal itself does not say it more precisely."""


def pages(root: Path = ROOT) -> dict[Path, str]:
    """Return every generated page by its path below the docs folder."""
    sources = Sources(root)
    return {
        Path("errors.md"): errors(sources.refusals()),
        Path("regulation.md"): regulation(sources),
        Path("settings.md"): settings(),
        Path("subjects.md"): subjects(),
    }


def errors(refusals: Iterable[Refusal]) -> str:
    """Return the catalogue of errors, by slug."""
    merged: dict[tuple[str, int, str], list[Refusal]] = defaultdict(list)
    for each in refusals:
        merged[each.slug, each.status, each.title].append(each)
    rows = []
    for (slug, status, title), found in sorted(merged.items()):
        owners = "、".join(dict.fromkeys(each.owner for each in found))
        articles = dict.fromkeys(name for each in found for name in each.articles)
        cited = ";".join(Basis[name].label for name in articles)
        told = next((each.next for each in found if each.next), USUAL.get(status, ""))
        rows.append([f"`{slug}`", str(status), title, told, cited, owners])
    head = ["代码", "状态", "名称", "怎么办", "依据", "出自"]
    return page("错误目录", ERRORS, table(head, rows))


ERRORS = """每个错误都是 `application/problem+json`(RFC 9457):`type` 是 `/problems/<代码>`,代码的含义永不改变;
`detail` 说明具体情况,`basis` 写明依据的条款,`next` 说下一步。下表的“怎么办”是代码里写明的下一步
(“…”处因事而异);没有写明的按状态码给出通行做法。`chassis` 一栏的错误各程序都可能给出。"""


def regulation(sources: Sources) -> str:
    """Return where each article is enforced."""
    places: dict[str, list[Place]] = defaultdict(list)
    for place in sources.places():
        for article in place.articles:
            places[article].append(place)
    sections = []
    for article in Basis:
        rows = [
            [
                f"`{owner_of(place.module)}`",
                f"`{place.module.split('/', 1)[1]}`",
                f"`{place.name}`",
                place.says,
            ]
            for place in places[article.name]
        ]
        body = (
            table(["程序", "模块", "名称", "做什么"], rows)
            if rows
            else "(仅在契约中列出,尚无代码引用)"
        )
        sections.append(f"## {article.label}\n\n{body}")
    return page("条款在哪里执行", REGULATION, "\n".join(sections))


REGULATION = """规则在代码中写明所依据的条款(`contracts/src/zhengshu_contracts/basis.py`),拒绝时随答复给出。
下面按条款列出引用它的代码;“做什么”是该处代码的说明原文。"""


def subjects() -> str:
    """Return every event by its subject."""
    rows = [
        [
            f"`{subject}`",
            f"`{event.__name__}`",
            (event.__doc__ or "").partition("\n")[0],
            "、".join(f"`{name}`" for name in event.model_fields),
        ]
        for subject, event in sorted(EVENTS.items())
    ]
    head = ["主题", "事件", "发生了什么(代码原文)", "数据项"]
    return page("事件主题", SUBJECTS, table(head, rows))


SUBJECTS = """节点内部的全部事件,CloudEvents 1.0,位于 JetStream 流 `EVENTS` 与 `ACCESS`。
`{…}` 处填入所指的值。集成商只能收到 `zhengshu.dataset.…`,见[订阅指南](events.md);
完整的结构见 `contracts/asyncapi/zhengshu.json`。"""


def settings() -> str:
    """Return every setting of every deployable."""
    sections = []
    for one in DEPLOYABLES:
        kind = settings_of(one.module)
        prefix = f"ZHENGSHU_{one.name.upper()}_"
        said = meanings(kind)
        rows = [
            [f"`{prefix}{name.upper()}`", kind_of(field), default_of(field), said.get(name, "")]
            for name, field in kind.model_fields.items()
        ]
        sections.append(
            f"## {one.name}\n\n{table(['变量', '类型', '默认值', '含义(代码原文)'], rows)}"
        )
    return page("设置", SETTINGS, "\n".join(sections))


SETTINGS = """每个程序只从环境变量取得设置,启动时逐项检查,写错的变量名会被拒绝。没有默认值的必须给出;
机密一律没有默认值。单机的取值见 `deploy/local`,集群中由 Helm chart 给出。"""


def settings_of(module: str) -> type[BaseSettings]:
    """Return the settings class of a deployable."""
    found = import_module(f"{module}.settings")
    return next(
        kind
        for _, kind in inspect.getmembers(found, inspect.isclass)
        if issubclass(kind, ProcessSettings) and kind.__module__ == found.__name__
    )


def meanings(kind: type[BaseSettings]) -> dict[str, str]:
    """Return what the code says below each setting, its own class first."""
    found: dict[str, str] = {}
    for base in kind.__mro__:
        if issubclass(base, ProcessSettings):
            (node,) = ast.parse(textwrap.dedent(inspect.getsource(base))).body
            body = node.body if isinstance(node, ast.ClassDef) else []
            for before, after in pairwise(body):
                text = _string(after)
                if (
                    text
                    and isinstance(before, ast.AnnAssign)
                    and isinstance(before.target, ast.Name)
                ):
                    found.setdefault(before.target.id, " ".join(text.split()))
    return found


def _string(node: ast.stmt) -> str:
    value = node.value if isinstance(node, ast.Expr) else None
    return str(value.value) if isinstance(value, ast.Constant) else ""


def kind_of(field: FieldInfo) -> str:
    """Return a setting's type as people read it."""
    if "SecretStr" in str(field.annotation):
        return "机密"
    name = getattr(field.annotation, "__name__", str(field.annotation)).removesuffix(" | None")
    return {"int": "整数", "float": "数", "bool": "是否"}.get(name, "文本")


def default_of(field: FieldInfo) -> str:
    """Return a setting's default; nothing where it must be given."""
    if field.is_required():
        return "**必须给出**"
    if field.default_factory is not None:
        return "随主机"
    return "–" if field.default in (None, (), "") else f"`{field.default}`"


def page(title: str, intro: str, body: str) -> str:
    """Lay out one page."""
    return f"# {title}\n\n{GENERATED}\n\n{intro}\n\n{body.rstrip()}\n"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Lay out one table."""
    lines = [head, ["---"] * len(head), *rows]
    return "".join("| " + " | ".join(_cell(each) for each in line) + " |\n" for line in lines)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
