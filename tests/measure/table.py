"""Runs recordings through the path of live spans, and counts per variant.

`PYTHONPATH=tests:. python -m measure.table FOLDER_OR_ARCHIVE [--show OUTCOME]
[--only VARIANT] [--believe]`; with `--believe` the evidence table is left out, so that
one sees what dialects read.
"""

import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

from measure.compare import Verdict, compare
from measure.recordings import Case, TrueRequest, from_archive, from_folder

from collector.call import Call
from collector.recognise.evidence.table import Evidence, packaged
from collector.recognise.recogniser import Recogniser

OUTCOMES = (
    "exact",
    "declared",
    "overdeclared",
    "unverified",
    "refused",
    "silent",
    "missed",
    "double",
)


class Line(NamedTuple):
    """One call of one case."""

    case: Case
    outcome: str
    verdict: Verdict | None
    fully_present: bool
    call: Call | None
    truth: TrueRequest | None = None


def believed() -> None:
    """Stand for the evidence table: every dialect's word counts."""


def measure(
    cases: Iterable[Case], evidence: Callable[[], Evidence | None] = packaged
) -> list[Line]:
    """Return one line per true request, and one per snapshot too many."""
    lines = []
    for case in cases:
        lines.extend(case_lines(case, recognise(case, evidence)))
    return lines


def recognise(
    case: Case, evidence: Callable[[], Evidence | None] = packaged
) -> list[Call]:
    """Return the calls of one case, as live spans would give them."""
    recogniser = Recogniser(evidence=evidence)
    calls = [call for export in case.exports for call in recogniser.feed(export)]
    calls.extend(recogniser.flush(0))
    calls.sort(key=lambda call: call.snapshot.started_at_ns)
    return calls


def case_lines(case: Case, calls: list[Call]) -> Iterable[Line]:
    """Yield a line per true request of a case, each beside the call nearest to it."""
    seen = case.coverage.get("llm_spans_seen", 1)
    present = not case.coverage.get("absent") and all(
        medium == "full" for medium in case.coverage.get("media", [])
    )
    found = _nearest(case.requests, calls)
    for number, truth in enumerate(case.requests):
        if number not in found:
            outcome = "missed" if seen else "invisible"
            yield Line(case, outcome, None, present, None)
            continue
        index, verdict = found[number]
        yield Line(case, verdict.outcome, verdict, present, calls[index], truth)
    taken = {index for index, _ in found.values()}
    for index, call in enumerate(calls):
        if index not in taken:
            yield Line(case, "double", None, present, call)


def routes(case: Case) -> str:
    """Return which API a case's first request went to: its path without names."""
    path = case.requests[0].path.partition("?")[0]
    words = [w for w in path.replace(":", "/").split("/") if w]
    return next((w for w in reversed(words) if w.isalpha() or "-" in w), path)


_ORDER = {name: rank for rank, name in enumerate(OUTCOMES)}


def _nearest(
    requests: list[TrueRequest], calls: list[Call]
) -> dict[int, tuple[int, Verdict]]:
    """Return each request's call: the nearest of all pairs are taken first.

    A request that was not reported would else be given the call of a later one.
    """
    pairs = [
        (number, index, compare(truth.body, call))
        for number, truth in enumerate(requests)
        for index, call in enumerate(calls)
    ]
    pairs.sort(key=lambda p: (_rank(p[2]), p[0], p[1]))
    found: dict[int, tuple[int, Verdict]] = {}
    taken: set[int] = set()
    for number, index, verdict in pairs:
        if number not in found and index not in taken:
            found[number] = index, verdict
            taken.add(index)
    return found


def _rank(verdict: Verdict) -> tuple[int, int]:
    return len(verdict.differences), _ORDER[verdict.beneath or verdict.outcome]


def table(lines: list[Line]) -> str:
    """Return the table per variant."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for line in lines:
        counts[line.case.variant][line.outcome] += 1
        if line.fully_present and line.outcome not in ("double", "invisible"):
            counts[line.case.variant]["full"] += 1
            counts[line.case.variant]["full_exact"] += line.outcome == "exact"
        if line.verdict is not None and line.verdict.beneath == "exact":
            counts[line.case.variant]["unv_exact"] += 1
    head = (*OUTCOMES, "invisible", "full", "full_exact", "unv_exact")
    rows = [f"{'variant':42}" + "".join(f"{name[:9]:>10}" for name in head)]
    total: Counter[str] = Counter()
    for variant, count in sorted(counts.items()):
        total.update(count)
        rows.append(f"{variant:42}" + "".join(f"{count[n] or '':>10}" for n in head))
    rows.append(f"{'TOTAL':42}" + "".join(f"{total[n]:>10}" for n in head))
    return "\n".join(rows)


def main(arguments: list[str]) -> None:
    """Print the table, and the lines asked for."""
    source = Path(arguments[0])
    cases = list(from_folder(source) if source.is_dir() else from_archive(source))
    only = arguments[arguments.index("--only") + 1] if "--only" in arguments else ""
    evidence = believed if "--believe" in arguments else packaged
    lines = measure((c for c in cases if c.variant.startswith(only)), evidence)
    sys.stdout.write(table(lines) + "\n")
    if "--show" in arguments:
        wanted = arguments[arguments.index("--show") + 1].split(",")
        for line in lines:
            if line.outcome in wanted:
                name = f"{line.case.variant}/{line.case.name}"
                verdict = line.verdict
                what = verdict and (
                    verdict.undeclared
                    or verdict.overdeclared
                    or verdict.reasons
                    or verdict.differences
                )
                sys.stdout.write(f"{line.outcome} {name} {what}\n")


if __name__ == "__main__":
    main(sys.argv[1:])
