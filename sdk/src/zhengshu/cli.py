"""The `zhengshu` command: what a department's engineer does from a terminal."""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer
from pydantic import BaseModel
from zhengshu_verify.receipt import InvalidReceipt

from zhengshu import ledger, offline
from zhengshu.client import Client, Use
from zhengshu.errors import Refused

app = typer.Typer(
    help="罗源县政务数据节点客户端", no_args_is_help=True, pretty_exceptions_enable=False
)
proof = typer.Typer(help="离线验证:回执与账本", no_args_is_help=True)
app.add_typer(proof, name="proof")

Url = Annotated[str, typer.Option(envvar="ZHENGSHU_URL", help="节点地址")]
Id = Annotated[str, typer.Option(envvar="ZHENGSHU_CLIENT_ID", help="客户端标识")]
Secret = Annotated[str, typer.Option(envvar="ZHENGSHU_CLIENT_SECRET", help="客户端密钥")]
Dataset = Annotated[str, typer.Argument(help="数据集标识")]
Purpose = Annotated[str | None, typer.Option(help="本次使用的用途,与授权一致")]
Under = Annotated[str | None, typer.Option("--grant", help="所用授权的标识")]

MEDIA = {
    ".csv": "text/csv",
    ".json": "application/json",
    ".ndjson": "application/x-ndjson",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".parquet": "application/vnd.apache.parquet",
}
state: dict[str, str] = {}


@app.callback()
def options(url: Url = "", client_id: Id = "", client_secret: Secret = "") -> None:
    """地址与凭证可写在环境变量 ZHENGSHU_URL、ZHENGSHU_CLIENT_ID、ZHENGSHU_CLIENT_SECRET 中。"""
    state.update(url=url, client_id=client_id, client_secret=client_secret)


def client() -> Client:
    """Return the client that the options describe."""
    if not state["url"]:
        raise typer.BadParameter("请用 --url 或 ZHENGSHU_URL 指明节点地址")
    return Client(state["url"], state["client_id"] or None, state["client_secret"])


def show(value: object) -> None:
    """Print a document as JSON."""
    plain = value.model_dump(mode="json") if isinstance(value, BaseModel) else value
    print(json.dumps(plain, ensure_ascii=False, indent=2))


@app.command()
def entries(q: Annotated[str, typer.Option(help="查找的词")] = "") -> None:
    """列出目录条目。"""
    with client() as node:
        for entry in node.entries(**({"q": q} if q else {})):
            print(f"{entry.id}\t{entry.title}\t{entry.sharing.label}\t{entry.provider_name}")


@app.command()
def push(
    dataset: Dataset,
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="数据文件")],
    mode: Annotated[str, typer.Option(help="append、upsert、replace 或 delete")] = "upsert",
    key: Annotated[str | None, typer.Option(help="幂等键:同一批重复推送只生效一次")] = None,
    lenient: Annotated[bool, typer.Option(help="收下合格行,报告不合格行")] = False,
    dry_run: Annotated[bool, typer.Option(help="只检查,不写入")] = False,
    later: Annotated[bool, typer.Option(help="大文件:节点先收下,等它处理完")] = False,
) -> None:
    """推送一个文件,打印结果与签名回执。"""
    media = MEDIA.get(file.suffix.lower(), "application/octet-stream")
    if later and dry_run:
        raise typer.BadParameter("--later 与 --dry-run 不能同时使用")
    with client() as node, file.open("rb") as body:
        if later:
            kept = node.push_later(dataset, body, mode=mode, media=media, key=key, lenient=lenient)
            print(f"批次 {kept.id} 已收下,等待处理", file=sys.stderr)
            show(node.wait(kept.id))
            return
        show(
            node.push(
                dataset, body, mode=mode, media=media, key=key, lenient=lenient, dry_run=dry_run
            )
        )


@app.command()
def batch(batch: Annotated[str, typer.Argument(help="批次标识")]) -> None:
    """查看一个批次的进度或结果。"""
    with client() as node:
        show(node.batch(batch))


@app.command()
def report(
    batch: Annotated[str, typer.Argument(help="批次标识")],
    to: Annotated[Path | None, typer.Option(help="写入的文件,默认标准输出")] = None,
) -> None:
    """下载一个批次的不合格明细(CSV)。"""
    with client() as node:
        out = to.open("wb") if to else sys.stdout.buffer
        for chunk in node.report(batch):
            out.write(chunk)
        out.flush()


@app.command()
def rows(
    dataset: Dataset,
    where: Annotated[list[str] | None, typer.Argument(help="条件,如 town=eq.凤山镇")] = None,
    purpose: Purpose = None,
    grant: Under = None,
) -> None:
    """逐行打印可见的数据。"""
    filters = dict(each.split("=", 1) for each in where or [])
    with client() as node:
        for row in node.rows(dataset, Use(purpose, grant), **filters):
            print(json.dumps(row, ensure_ascii=False))


@app.command()
def export(
    dataset: Dataset,
    to: Annotated[Path | None, typer.Option(help="写入的文件,默认标准输出")] = None,
    form: Annotated[str, typer.Option("--format", help="csv、ndjson、xlsx 或 parquet")] = "csv",
    purpose: Purpose = None,
    grant: Under = None,
) -> None:
    """导出一个快照。"""
    with client() as node:
        out = to.open("wb") if to else sys.stdout.buffer
        for chunk in node.export(dataset, Use(purpose, grant), format=form):
            out.write(chunk)
        out.flush()


@app.command()
def grants() -> None:
    """列出本单位的授权。"""
    with client() as node:
        for grant in node.grants():
            items = "、".join(grant.items)
            print(
                f"{grant.id}\t{grant.state_label}\t{grant.title}\t{items}\t至 {grant.ends:%Y-%m-%d}"
            )


@app.command("ledger")
def save_ledger(folder: Annotated[Path, typer.Argument(help="保存到的文件夹")]) -> None:
    """把账本保存成文件,供离线验证。"""
    with client() as node:
        checkpoint = ledger.save(node, folder)
    print(f"已保存 {checkpoint.size} 条记录及检查点到 {folder}")


@proof.command("receipt")
def check_receipt(
    receipt: Annotated[Path, typer.Argument(exists=True, help="回执文件")],
    keys: Annotated[Path, typer.Option(exists=True, help="节点公钥集(jwks.json)")],
) -> None:
    """验证推送回执。"""
    try:
        show(offline.verify_receipt(receipt.read_text(), json.loads(keys.read_text())))
    except InvalidReceipt as error:
        raise SystemExit(f"回执无效:{error}") from error


@proof.command("ledger")
def check_ledger(
    folder: Annotated[Path, typer.Argument(exists=True, help="保存账本的文件夹")],
    log: Annotated[Path, typer.Option(exists=True, help="账本公钥(JWK 文件)")],
    witness: Annotated[Path | None, typer.Option(help="市大数据委见证公钥(JWK 文件)")] = None,
) -> None:
    """验证保存下来的账本。"""
    seen = witness.read_text() if witness else None
    verdict = offline.verify_folder(folder, log=log.read_text(), witness=seen)
    if verdict.difference is not None:
        raise SystemExit(f"账本不符:{verdict.difference.reason}")
    print(f"账本无误:{verdict.size} 条记录" + (",市大数据委已见证" if verdict.cosigned else ""))


def main() -> None:
    """Run the command; refusals are told in one line."""
    try:
        app()
    except Refused as refusal:
        raise SystemExit(f"节点拒绝:{refusal}") from refusal
