"""Whether a canary that is wrong in one answer of ten is found, and its twin passes.

python -m bench.run canaries            or, with fewer runs or one scenario:
python bench/canaries canaries --runs 5 --only prose_flipped

Each scenario is run with seeds of its own: pairs of answers are drawn, scored by the
scorers as they are, folded and judged by the statistics as they are. `found` counts
runs in which the right modality, and no other, is `regressed` within the case's pairs;
`passed` counts runs of the twin, which only rewords, that end in `pass`.
"""

import argparse
import json
import platform
import statistics
import sys
import time
import tomllib
from pathlib import Path

MISSED, PUNISHED = 0.3, 0.1  # a drop below, of a wrong answer; above, of a reworded one
FILLS = 3  # of a case, of which one is printed
HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parents[1]), str(HERE.parent)]

from canaries.material import instances  # noqa: E402
from canaries.runs import Pairs, run  # noqa: E402


def main(argv: list[str]) -> int:
    """Run a case; 1 where its budget is not met and `--enforce` was given."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("case", nargs="?", default="canaries")
    parser.add_argument("--runs", type=int, help="instead of the case's")
    parser.add_argument("--only", action="append", help="a scenario; may be repeated")
    parser.add_argument("--explain", action="store_true", help="print what is misread")
    parser.add_argument("--keep", action="store_true", help="write bench/results")
    parser.add_argument("--enforce", action="store_true", help="fail below the budget")
    arguments = parser.parse_args(argv)
    case = tomllib.loads((HERE.parent / "cases" / f"{arguments.case}.toml").read_text())
    load, budget = case["load"], case["budget"]
    runs = arguments.runs or load["runs"]
    if arguments.explain:
        for name, row in case["scenario"].items():
            if not arguments.only or name in arguments.only:
                explain(name, pairs_of(row))
        return 0
    found = {
        name: scenario(row, load, runs)
        for name, row in case["scenario"].items()
        if not arguments.only or name in arguments.only
    }
    result = {
        "case": arguments.case,
        "goal": case["goal"],
        "python": platform.python_version(),
        "load": load,  # a scenario says how many runs it had
        "scenarios": found,
    }
    if arguments.keep:
        keep(HERE.parent / "results" / f"{arguments.case}.json", result)
    met = [report(name, row, budget) for name, row in found.items()]
    return int(arguments.enforce and not all(met))


def keep(file: Path, result: dict) -> None:
    """Write a result; scenarios that were not run keep what they came to before."""
    before = json.loads(file.read_text())["scenarios"] if file.exists() else {}
    merged = {**result, "scenarios": {**before, **result["scenarios"]}}
    file.write_text(json.dumps(merged, indent=1) + "\n")


def scenario(row: dict, load: dict, runs: int) -> dict:
    """Run one scenario and its twin `runs` times."""
    began = time.perf_counter()
    asked = pairs_of(row)
    others = [pairs_of(other) for other in row["beside"]]
    scored_ms = 1000 * (time.perf_counter() - began) / scored([asked, *others])
    wrong, twin = [], []
    for seed in range(runs):
        looks = list(
            run(
                asked,
                others,
                wrong_share=row.get("rate", load["rate"]),
                pairs=load["pairs"],
                seed=seed,
                judge=row.get("judge"),
            )
        )
        wrong.append(outcome(looks, row["modality"]))
        looks = run(
            asked,
            others,
            wrong_share=0.0,
            pairs=load["twin_pairs"],
            seed=1000 + seed,
            judge=row.get("judge"),
        )
        twin.append(outcome(list(looks), row["modality"]))
    return {
        "modality": row["modality"],
        "found": sum(r["found"] for r in wrong),
        "passed": sum(r["last"] == "pass" for r in twin),
        "falsely_found": sum(r["found"] or bool(r["elsewhere"]) for r in twin),
        "of": runs,
        "median_pairs_to_find": middle([r["at"] for r in wrong if r["found"]]),
        "median_pairs_to_pass": middle([r["passed_at"] for r in twin]),
        "scored_share": wrong[0]["scored"],
        "pair_ms": scored_ms,
        "wrong": wrong,
        "twin": twin,
    }


def pairs_of(row: dict) -> Pairs:
    """Return the scored pairs of one entry of the case."""
    kinds = frozenset(row.get("kinds", ()))
    return Pairs(instances(row["material"], row.get("wrong", "worse"), kinds))


def explain(name: str, pairs: Pairs) -> None:
    """Print answers that are scored otherwise than a reader would, one line each."""
    print(f"{name}: found in any stream, and punished for rewording")
    counts = {True: [0, 0], False: [0, 0]}
    seen = set()
    for (at, bad, left, right), result in pairs.results.items():
        dropped = max(
            (
                (score.control or 0.0) - (score.canary or 0.0)
                for score in result.streams.values()
            ),
            default=0.0,
        )
        amiss = dropped < MISSED if bad else dropped > PUNISHED
        counts[bad][0] += 1
        counts[bad][1] += amiss
        case = at // FILLS, bad, left
        if amiss and case not in seen:
            seen.add(case)
            said = pairs.said(at, bad=bad, place=left)
            against = pairs.said(at, bad=False, place=right)
            scores = {
                n: (s.scorer, s.canary, s.control, s.reason)
                for n, s in result.streams.items()
                if s.canary != s.control
            }
            print(f"  {'missed' if bad else 'punished'} {dropped:+.2f} {scores}")
            print(f"    canary:  {said[:160]!r}\n    control: {against[:160]!r}")
    found = 1 - counts[True][1] / counts[True][0]
    punished = counts[False][1] / counts[False][0]
    print(
        f"  {found:.0%} of wrong pairs found, {punished:.0%} of reworded ones punished"
    )


def scored(kinds: list[Pairs]) -> int:
    """Return how many pairs were scored for them."""
    return sum(len(kind.results) for kind in kinds)


def outcome(looks: list, modality: str) -> dict:
    """Return what one run came to."""
    last = looks[-1]
    at = next((k.pairs for k in looks if k.verdicts[modality] == "regressed"), None)
    passed = next((k.pairs for k in looks if k.verdicts[modality] == "pass"), None)
    elsewhere = sorted(
        {m for k in looks for m, w in k.verdicts.items() if w == "regressed"}
        - {modality}
    )
    return {
        "found": at is not None and not elsewhere,
        "at": at,
        "passed_at": passed,
        "last": last.verdicts[modality],
        "reason": last.view.reason,
        "deciding": last.view.deciding,
        "difference": last.view.difference,
        "scored": last.view.scored_share,
        "elsewhere": elsewhere,
    }


def middle(values: list) -> float | None:
    """Return the median of what is there."""
    known = [value for value in values if value is not None]
    return statistics.median(known) if known else None


def report(name: str, row: dict, budget: dict) -> bool:
    """Print one scenario; return whether it is within the budget."""
    least = budget["share"] * row["of"]
    met = row["found"] >= least and row["passed"] >= least
    print(
        f"{name:18} {row['modality']:6} found {row['found']:2}/{row['of']}"
        f" at {row['median_pairs_to_find'] or '-':>5}  twin passed"
        f" {row['passed']:2}/{row['of']} at {row['median_pairs_to_pass'] or '-':>5}"
        f" falsely {row['falsely_found']}  scored {row['scored_share'] or 0:.0%}"
        f"  {row['pair_ms']:.1f} ms a pair  {'met' if met else 'NOT MET'}"
    )
    if not met:
        words = [f"{r['last']}:{r['reason'] or r['deciding']}" for r in row["wrong"]]
        twins = [f"{r['last']}:{r['reason'] or r['deciding']}" for r in row["twin"]]
        for label, kinds in (("wrong", words), ("twin", twins)):
            counted = {word: kinds.count(word) for word in sorted(set(kinds))}
            print(f"{'':18} {label}: {counted}")
    return met


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
