"""The command `zhengshu-local`: up, down, status, demo.

Knows how to talk to a person; what runs and in which order is the node's.
"""

import importlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from zhengshu_local import supervisor
from zhengshu_local.credentials import load
from zhengshu_local.deployables import PORTS
from zhengshu_local.kubernetes import manifests, script
from zhengshu_local.node import (
    SERVERS,
    Node,
    end_leftovers,
    inherited,
    is_running,
    read_state,
)
from zhengshu_local.processes import end, started_at
from zhengshu_local.seed import competent, document

STOP_PATIENCE = 90.0

app = typer.Typer(help="在一台机器上运行整个节点", no_args_is_help=True, add_completion=False)


@app.command()
def up(
    foreground: Annotated[bool, typer.Option("--foreground", help="日志输出到终端")] = False,
) -> None:
    """启动节点：PostgreSQL、NATS 和全部程序。"""
    directory, port_base = supervisor.configured()
    if is_running(directory):
        typer.echo("节点已在运行：")
        show(directory)
        return
    if foreground:
        node = Node(directory, port_base, report=supervisor.say)
        raise typer.Exit(supervisor.supervise(node, follow=True, since=supervisor.began()))
    if not start_in_background(directory):
        raise typer.Exit(1)


@app.command()
def down() -> None:
    """停止节点。"""
    directory, _ = supervisor.configured()
    if not is_running(directory):
        end_leftovers(directory, typer.echo)
        typer.echo("节点没有运行")
        return
    os.kill(read_state(directory)["supervisor"], signal.SIGTERM)
    deadline = time.monotonic() + STOP_PATIENCE
    while is_running(directory):
        if time.monotonic() > deadline:
            typer.echo("节点仍未停止，请查看 logs/supervisor.log", err=True)
            raise typer.Exit(1)
        time.sleep(0.1)
    typer.echo("节点已停止")


@app.command()
def status() -> None:
    """显示正在运行的程序。"""
    directory, _ = supervisor.configured()
    if not is_running(directory):
        typer.echo("节点没有运行")
        raise typer.Exit(1)
    show(directory)


@app.command()
def demo(
    leave: Annotated[bool, typer.Option("--exit", help="演示结束后停止节点")] = False,
) -> None:
    """演示：从部门推送数据到公众下载，每一步都在账本中。"""
    directory, port_base = supervisor.configured()
    if not is_running(directory) and not start_in_background(directory):
        raise typer.Exit(1)
    node = Node(directory, read_state(directory).get("port_base", port_base))
    try:
        code = int(importlib.import_module("zhengshu_local.demo").main(node) or 0)
    finally:
        if leave:
            down()
    raise typer.Exit(code)


Kept = Annotated[Path, typer.Option("--keep", help="保存机密的文件夹，务必离线妥善保管")]


@app.command()
def secrets(
    keep: Kept,
    department: Annotated[str, typer.Option(help="主管部门，写作“统一社会信用代码=名称”")],
    release: Annotated[str, typer.Option(help="Helm 发布的全名，机密名以它开头")] = "zhengshu",
    namespace: Annotated[str, typer.Option(help="命名空间")] = "zhengshu",
) -> None:
    """输出 Kubernetes 安装所需的全部 Secret 清单（重复运行给出相同的机密，只补缺少的）。"""
    code, _, name = department.partition("=")
    if len(code) != 18 or not name:
        raise typer.BadParameter("应为“统一社会信用代码=名称”", param_hint="--department")
    made = load(keep)
    seed = document(made, competent(code, name))
    given = manifests(made, seed, prefix=release, namespace=namespace)
    typer.echo(json.dumps(given, ensure_ascii=False, indent=1))


@app.command()
def database_sql(keep: Kept) -> None:
    """输出在外部 PostgreSQL 上建库、建角色的 psql 脚本（含口令，可重复执行）。"""
    typer.echo(script(load(keep)))


def start_in_background(directory: Path) -> bool:
    """Start a supervisor that outlives this command; relay what it says until all is ready."""
    log = directory / "logs" / "supervisor.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    began = log.stat().st_size if log.exists() else 0
    with log.open("ab") as output:
        child = subprocess.Popen(
            [sys.executable, "-m", "zhengshu_local.supervisor"],
            env=inherited() | ours(directory),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        for line in lines(log, began, child):
            typer.echo(line)
    except KeyboardInterrupt:
        end(child.pid, signal.SIGTERM, STOP_PATIENCE)
        raise
    return child.poll() is None


def ours(directory: Path) -> dict[str, str]:
    """The settings of this program, which the supervisor needs too."""
    kept = {key: value for key, value in os.environ.items() if key.startswith("ZHENGSHU_LOCAL_")}
    own = {"ZHENGSHU_LOCAL_DIR": str(directory.absolute())}
    return kept | own | {"ZHENGSHU_LOCAL_BEGAN": str(supervisor.began())}


def lines(log: Path, began: int, child: subprocess.Popen[bytes]) -> Iterator[str]:
    """Yield what the supervisor says until the node is ready or the supervisor has ended."""
    with log.open(encoding="utf-8", errors="replace") as said:
        said.seek(began)
        while True:
            ended = child.poll() is not None
            line = said.readline()
            if line:
                yield line.rstrip("\n")
                if line.startswith("全部就绪"):
                    return
            elif ended:
                return
            else:
                time.sleep(0.1)


def show(directory: Path) -> None:
    """Print what runs, where, and how long the start took."""
    state = read_state(directory)
    base = state["port_base"]
    for name, (pid, began) in state.get("children", {}).items():
        scheme = "" if name in SERVERS else "http://"
        alive = "运行中" if started_at(pid) == began else "已退出"
        typer.echo(f"  {name:<11}{alive}  {scheme}127.0.0.1:{base + PORTS[name]}  pid {pid}")
    if "seconds" in state:
        typer.echo(f"  启动用时 {state['seconds']} 秒")
