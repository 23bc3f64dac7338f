"""Figures are not measured by tests, but what measures them is kept in step with the code."""

import subprocess
import sys

from architecture.deployables import ROOT


def test_the_bench_still_fits_the_code():
    run = subprocess.run(
        [sys.executable, "-m", "performance", "--help"],
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT / "tests")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    assert "--pieces" in run.stdout
