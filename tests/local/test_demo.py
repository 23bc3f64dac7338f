"""The command `demo`: its exit code tells how the story went, and the node is left as the person asked."""

from dataclasses import dataclass, field
from pathlib import Path

import pytest
from support.servers import free_base
from typer.testing import CliRunner
from zhengshu_local import cli, demo
from zhengshu_local.demo.doors import Doors
from zhengshu_local.demo.teller import NotAsTold
from zhengshu_local.node import is_running

# The command leaves its supervisor behind, as it should; only here does its own process live on.
pytestmark = pytest.mark.filterwarnings("ignore:subprocess .* is still running:ResourceWarning")
STUB = str(Path(__file__).parent / "stub")
STEPS = {
    "catalogue": ["register", "compile_entries", "publish", "push", "serve"],
    "sharing": ["read_by_class", "apply", "municipal", "withheld"],
    "events": ["connect", "hears_live", "subscribe"],
    "opening": ["open_up"],
    "proof": ["prove"],
}
"""Every step of the story, by its module."""


@dataclass
class Told:
    """A story whose steps do nothing but note that they were taken, and fail where it is planted."""

    failing: str = ""
    steps: list[str] = field(default_factory=list)

    def step(self, name: str) -> None:
        self.steps.append(name)
        if name == self.failing:
            raise NotAsTold("没有按约定")


@pytest.fixture
def told(monkeypatch, tmp_path):
    """The command in this process, with a node that has a stub for its deployables."""
    monkeypatch.setenv("PYTHONPATH", STUB)
    monkeypatch.setenv("ZHENGSHU_LOCAL_DIR", str(tmp_path))
    monkeypatch.setenv("ZHENGSHU_LOCAL_PORT", str(free_base()))
    monkeypatch.setattr(Doors, "commission", lambda *_: None)
    story = Told()
    for module, names in STEPS.items():
        for name in names:
            monkeypatch.setattr(getattr(demo, module), name, lambda *_, name=name: story.step(name))
    yield story
    if is_running(tmp_path):
        CliRunner().invoke(cli.app, ["down"])


def test_a_failed_step_is_told_by_the_exit_code_and_leaves_the_node_running(told, tmp_path):
    told.failing = "withheld"
    done = CliRunner().invoke(cli.app, ["demo"])
    assert (done.exit_code, told.steps[-1]) == (1, "withheld")
    assert is_running(tmp_path)
    told.steps.clear()
    done = CliRunner().invoke(cli.app, ["demo", "--exit"])
    assert (done.exit_code, told.steps[-1]) == (1, "withheld")
    assert not is_running(tmp_path)


def test_a_whole_story_exits_with_zero_and_leaves_the_node_as_asked(told, tmp_path):
    done = CliRunner().invoke(cli.app, ["demo"])
    assert (done.exit_code, is_running(tmp_path)) == (0, True)
    assert set(told.steps) == {name for names in STEPS.values() for name in names}
    done = CliRunner().invoke(cli.app, ["demo", "--exit"])
    assert (done.exit_code, is_running(tmp_path)) == (0, False)
