"""Time of a sensitivity certificate, and its rows, over the canaries' material.

python -m bench.run drills              or, with a table of the rows:
python bench/drills drills --table
"""

import argparse
import asyncio
import json
import platform
import sys
import time
import tomllib
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parents[1]), str(HERE.parent)]

from rich.console import Console  # noqa: E402

from drills.material import stored  # noqa: E402
from replayd.config import ReplaydConfig  # noqa: E402
from replayd.drills.offline import drill_offline  # noqa: E402
from replayd.drills.sensitivity import Orders  # noqa: E402
from replayd.scoring.worker import judged  # noqa: E402
from snaptrace.cli.drills.table import certificate_lines  # noqa: E402


def main(argv: list[str]) -> int:
    """Run the case; 1 where its budget is not met and `--enforce` was given."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("case", nargs="?", default="drills")
    parser.add_argument("--table", action="store_true", help="print the certificate")
    parser.add_argument("--keep", action="store_true", help="write bench/results")
    parser.add_argument("--enforce", action="store_true", help="fail over the budget")
    arguments = parser.parse_args(argv)
    case = tomllib.loads((HERE.parent / "cases" / f"{arguments.case}.toml").read_text())
    load = case["load"]
    orders = Orders(count=load["orders"], most_pairs=load["most_pairs"])
    began, began_cpu = time.perf_counter(), time.process_time()
    made = asyncio.run(
        drill_offline(
            stored(load["pairs"], load["seed"]),
            ReplaydConfig(),
            judged,
            made_at_ns=0,
            orders=orders,
        )
    )
    result = {
        "case": arguments.case,
        "goal": case["goal"],
        "python": platform.python_version(),
        "load": load,
        "seconds": round(time.perf_counter() - began, 1),
        "cpu_seconds": round(time.process_time() - began_cpu, 1),
        "drills": len({(row.fault, row.rate) for row in made.rows}),
        "rows": len(made.rows),
        "raised_by_twins": sum(
            row.caught_share > 0 for row in made.rows if row.harmless
        ),
    }
    if arguments.table:
        Console(width=80, highlight=False).print(certificate_lines(made, ()))
    print(json.dumps(result, indent=1))
    if arguments.keep:
        file = HERE.parent / "results" / f"{arguments.case}.json"
        file.write_text(json.dumps(result, indent=1) + "\n")
    met = result["cpu_seconds"] <= case["budget"]["cpu_seconds"]
    return int(arguments.enforce and not met)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
