"""Run the acceptance table on the product's own arithmetic and keep the result.

    python -m bench.calibrate --runs 2000

Seeded: the same seed, runs and versions give the same figures, except for times.
Exits 1 if a limit does not hold. Rows of `--only` are chosen by a part of a name.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import zlib
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeElapsedColumn

from bench.calibrate import changes, delays, promises, verdicts
from bench.calibrate.row import Measured, Row, Tools

FEWEST_RUNS = 40
KEPT = Path(__file__).parents[1] / "results"
MARKS = {True: "holds", False: "BROKEN", None: "kept"}


def runs_of(row: Row, runs: int) -> int:
    """Return how many runs a row makes; rows that need none make one."""
    if row.of_runs == 0.0:
        return 1
    return max(min(FEWEST_RUNS, runs), round(runs * row.of_runs))


def measure(row: Row, runs: int, seed: int, progress: Progress) -> Measured:
    """Run one row under its own seed, so that rows do not depend on each other."""
    task = progress.add_task(row.name[:60], total=runs)
    rng = np.random.default_rng([seed, zlib.crc32(row.name.encode())])
    found = row.measure(Tools(rng, runs, lambda: progress.advance(task)))
    progress.remove_task(task)
    mark = MARKS[found.holds]
    progress.console.print(f"{mark:>6}  {row.name}  {found.figures}", highlight=False)
    return found


def surroundings() -> dict[str, str | int | None]:
    """Return what the figures were measured with."""
    commit = subprocess.run(
        ["git", "rev-parse", "--short=12", "HEAD"],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parent,
    ).stdout.strip()
    return {
        "commit": commit,
        "python": platform.python_version(),
        "numpy": np.__version__,
        "machine": platform.machine(),
        "cores": os.cpu_count(),
    }


def main() -> int:
    """Run the table; return the exit code."""
    parser = argparse.ArgumentParser(prog="bench.calibrate", description=__doc__)
    parser.add_argument("--runs", type=int, default=2_000)
    parser.add_argument("--seed", type=int, default=20_261_123)
    parser.add_argument("--only", default="", help="part of a row's name")
    parser.add_argument("--out", type=Path, default=KEPT / "calibrate.json")
    options = parser.parse_args()
    table = [
        *promises.rows(),
        *delays.rows(),
        *verdicts.rows(),
        *changes.rows(),
    ]
    chosen = [row for row in table if options.only in row.name]
    console = Console(stderr=True)
    bar = (
        "[progress.description]{task.description}",
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    made_with = surroundings()  # before the run: the tree may move on meanwhile
    kept = []
    with Progress(*bar, console=console) as progress:
        whole = progress.add_task("all rows", total=len(chosen))
        for row in chosen:
            runs = runs_of(row, options.runs)
            found = measure(row, runs, options.seed, progress)
            progress.advance(whole)
            kept.append(
                {
                    "row": row.name,
                    "limit": row.limit,
                    "runs": runs,
                    "figures": found.figures,
                    "holds": found.holds,
                }
            )
    if not options.only:
        options.out.parent.mkdir(parents=True, exist_ok=True)
        result = {"seed": options.seed, **made_with, "rows": kept}
        options.out.write_text(json.dumps(result, indent=1) + "\n")
        console.print(f"kept in {options.out.name}")
    broken = [row["row"] for row in kept if row["holds"] is False]
    console.print(f"{len(kept)} rows, {len(broken)} broken")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
