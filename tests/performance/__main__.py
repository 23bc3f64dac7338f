"""`make bench`: figures beside the engine's own, in one run on one machine; `WRITE=1` puts them into docs."""

import argparse
import asyncio
import statistics
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from support.servers import free_base

from performance import bare, gateway, pieces, revocation, search
from performance.stage import CLIENTS, Figure, Stage, machine, staged

STAGED = ("push", "export", "page", "revocation", "growth", "memory")
PIECES = (*STAGED, *gateway.PIECES, "search")
PAGE = Path(__file__).parents[2] / "docs" / "performance.md"
MARK = "<!-- figures -->\n"


async def measure(stage: Stage, asked: argparse.Namespace, directory: Path) -> list[Figure]:
    found: list[Figure] = []
    if "push" in asked.pieces:
        found += await pieces.pushing(stage, asked.rows, asked.rounds)
    elif {"export", "page"} & set(asked.pieces):
        await pieces._fill(stage, asked.rows)
    if "export" in asked.pieces:
        found += await pieces.exporting(stage, asked.rounds)
    if "page" in asked.pieces and bare.available():
        found += await pieces.paging(
            stage, directory / "nginx", asked.rows, asked.rounds, asked.seconds
        )
    if "revocation" in asked.pieces and bare.available():
        found += await revocation.revoking(stage, 8 * asked.rounds)
    if "growth" in asked.pieces:
        found += await pieces.growing(stage, (10_000, asked.large), asked.rounds)
    if "memory" in asked.pieces:
        found += await pieces.memory(stage, asked.megabytes << 20)
    return found


def _told(values: list[float], unit: str) -> str:
    if not values:
        return "–"
    spread = f" ({min(values):.2f}–{max(values):.2f})" if len(values) > 1 else ""
    return f"{statistics.median(values):.2f}{spread} {unit}"


def _ratio(figure: Figure) -> float:
    return figure.ratio if figure.unit in {"s", "req/s"} else 1 / figure.ratio


def table(found: list[Figure]) -> str:
    lines = ["| what | ours | beside it | ratio | wanted |", "| --- | --- | --- | --- | --- |"]
    for figure in found:
        ours, theirs = _told(figure.ours, figure.unit), _told(figure.theirs, figure.unit)
        ratio = f"{_ratio(figure):.2f}" if figure.theirs else "–"
        lines.append(f"| {figure.what} | {ours} | {theirs} | {ratio} | {figure.wanted} |")
    return "\n".join(lines)


def state(asked: argparse.Namespace, before: str) -> str:
    missing = "" if bare.available() else " nginx or wrk is not installed: pages were not measured."
    return (
        f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, `python -m performance {' '.join(sys.argv[1:])}`."
        f" {asked.rows:,} rows × 6 columns, {CLIENTS} clients, batches of 10,000, medians of"
        f" {asked.rounds} rounds (lowest–highest), large table {asked.large:,} rows."
        f" Before: {before}. After: {machine()}.{missing}\n"
    )


def main() -> None:
    given = argparse.ArgumentParser(prog="performance")
    given.add_argument("--pieces", nargs="+", choices=PIECES, default=list(PIECES))
    given.add_argument("--rows", type=int, default=300_000)
    given.add_argument("--rounds", type=int, default=5)
    given.add_argument("--seconds", type=int, default=8)
    given.add_argument("--large", type=int, default=10_000_000)
    given.add_argument("--megabytes", type=int, default=1024)
    given.add_argument("--write", action="store_true")
    asked = given.parse_args()
    before = machine()
    found = asyncio.run(gateway.measure(asked.pieces, asked.rounds, asked.seconds))
    if "search" in asked.pieces:
        found += asyncio.run(search.searching(asked.rounds))
    if set(STAGED) & set(asked.pieces):
        with tempfile.TemporaryDirectory(prefix="bench") as folder:
            Path(folder).chmod(0o755)
            with staged(Path(folder) / "node", free_base()) as stage:
                found += asyncio.run(measure(stage, asked, Path(folder)))
    told = f"{state(asked, before)}\n{table(found)}\n"
    print(told)
    if asked.write:
        head, _, _ = PAGE.read_text().partition(MARK)
        PAGE.write_text(f"{head}{MARK}\n{told}")


main()
