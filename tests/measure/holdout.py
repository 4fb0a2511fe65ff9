"""What becomes of recordings that the evidence has never seen.

`PYTHONPATH=tests:. python -m measure.holdout` leaves parts of the golden recordings out
of the table in several ways, judges them by the rest, and prints a line per way. The
exit code is 1 if a request that would gate is silently different in any of them.
With the path of an archive it judges those of its cases that the tree does not hold by
the whole table: recordings that no reader was written for.
"""

import hashlib
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec
from measure.compare import compare
from measure.evidence import Witness, by_dialect, reading_of, row_of, witnesses
from measure.recordings import Case, from_archive, golden
from measure.table import Line, believed, measure, routes

from collector.call import Call
from collector.recognise.estimate.suspicion import suspicion
from collector.recognise.evidence.contract import Row
from collector.recognise.evidence.features import features, undeclared
from collector.recognise.evidence.table import Evidence, Judgement, Reading
from collector.recognise.fidelity import unseen
from snaptrace.snapshot.model import Usage

_FOLDS = 5
_OUTCOMES = ("exact", "declared", "unverified", "refused", "silent", "missed", "double")
# Clients and frameworks whose calls were recorded, the longer names first.
_LIBRARIES = (
    "openai-agents",
    "pydantic-ai",
    "google-genai",
    "langchain",
    "anthropic",
    "openai",
)


class Seen(NamedTuple):
    """One recorded case as read without the table, and what it shows."""

    case: Case
    lines: list[Line]
    witnesses: list[Witness]


def read(cases: Iterable[Case]) -> list[Seen]:
    """Return every case as the dialects alone read it."""
    found = []
    for case in cases:
        lines = measure([case], believed)
        found.append(Seen(case, lines, witnesses(lines)))
    return found


def _digest(*names: str) -> int:
    text = "/".join(names).encode()
    return int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), "big")


def library(variant: str) -> str:
    """Return which client or framework a variant's calls were made with."""
    rest = variant.partition("--")[2] or variant
    known = (name for name in _LIBRARIES if name in rest)
    return next(known, rest.partition("-")[2].partition(".")[0] or rest)


def _drawn(seed: str) -> Callable[[Seen], object]:
    return lambda one: _digest(seed, one.case.variant, one.case.name) % _FOLDS


def _integration(one: Seen) -> object:
    """Return who told of most calls of a case: nothing of its own is left then."""
    told = Counter(w.reading[:2] + w.reading[6:] for w in one.witnesses)
    return max(told, key=lambda key: (told[key], key), default=())


def _scope(one: Seen) -> object:
    told = Counter(w.reading[:2] for w in one.witnesses)
    return max(told, key=lambda key: (told[key], key), default=())


# What is left out together.
SPLITS: dict[str, Callable[[Seen], object]] = {
    "one scope": _scope,
    "one integration": _integration,
    "one variant": lambda one: one.case.variant,
    "one library": lambda one: library(one.case.variant),
    "one API": lambda one: routes(one.case),
    "one case name": lambda one: one.case.name,
    "a fifth of the case names": lambda one: _digest(one.case.name) % _FOLDS,
    "a fifth of the cases": _drawn("first"),
    "another fifth of the cases": _drawn("second"),
    "a third fifth of the cases": _drawn("third"),
}


def held_out(seen: list[Seen], key: Callable[[Seen], object]) -> list[Line]:
    """Judge each group of cases by a table made of all the others."""
    groups: dict[object, list[Seen]] = defaultdict(list)
    witnessed: dict[Reading, list[Witness]] = defaultdict(list)
    for one in seen:
        groups[key(one)].append(one)
        for witness in one.witnesses:
            witnessed[witness.reading].append(witness)
    rows = {reading: row_of(reading, group) for reading, group in witnessed.items()}
    found: list[Line] = []
    for mine in groups.values():
        table = _without(mine, witnessed, rows)
        found.extend(judged(line, table) for one in mine for line in one.lines)
    return found


def _without(
    left_out: list[Seen],
    witnessed: dict[Reading, list[Witness]],
    rows: dict[Reading, Row],
) -> Evidence:
    """Return the table of all but some cases: only the rows that had them change."""
    gone = {id(witness) for one in left_out for witness in one.witnesses}
    kept = dict(rows)
    changed = {witness.reading for one in left_out for witness in one.witnesses}
    for reading in changed:
        others = [one for one in witnessed[reading] if id(one) not in gone]
        if others:
            kept[reading] = row_of(reading, others)
        else:
            del kept[reading]
    return Evidence(by_dialect(kept))


def judged(line: Line, evidence: Evidence) -> Line:
    """Return a line that was read without the table as `evidence` rates it.

    The same as measuring with that table, without reading the spans again.
    """
    call, verdict = line.call, line.verdict
    if call is None or verdict is None or line.truth is None:
        return line
    body = call.snapshot.request.body
    if body is None or verdict.outcome in ("refused", "unverified"):
        return line
    fidelity = call.snapshot.fidelity
    declared = fidelity.missing + fidelity.unobserved
    found = undeclared(features(body), declared)
    judgement = evidence.judge(reading_of(call), found)
    lost = _suspected(call, declared + judgement.lost)
    if judgement.doubts or call.source == "guess" or lost:
        reasons = judgement.doubts or ((lost,) if lost else ("api_guessed",))
        verdict = verdict._replace(
            outcome="unverified", reasons=reasons, beneath=verdict.outcome
        )
    elif judgement.lost:
        call = _with_losses(call, judgement)
        verdict = compare(line.truth.body, call)
    return line._replace(outcome=verdict.outcome, verdict=verdict, call=call)


def _suspected(call: Call, declared: tuple[str, ...]) -> str:
    """Return the doubt that recognition has where it holds readings to the table.

    Token counts stay out: fake providers made them up.
    """
    snapshot = call.snapshot
    return suspicion(
        api=snapshot.request.api,
        operation=snapshot.operation,
        body=snapshot.request.body,
        media=snapshot.media,
        usage=Usage(),
        recorded_bytes=0,
        called=tuple(call.name for call in snapshot.answer.tool_calls),
        declared=declared,
        answered=snapshot.answer.observed and snapshot.answer.outcome != "error",
    )


def _with_losses(call: Call, judgement: Judgement) -> Call:
    snapshot = call.snapshot
    fidelity = snapshot.fidelity
    lost = tuple(f"!{path}" for path in judgement.lost)
    more = unseen(snapshot.request.api, lost, snapshot.request.body)
    kept = tuple(path for path in more if path not in fidelity.missing)
    fidelity = msgspec.structs.replace(fidelity, unobserved=fidelity.unobserved + kept)
    snapshot = msgspec.structs.replace(snapshot, fidelity=fidelity)
    return msgspec.structs.replace(call, snapshot=snapshot)


def row(name: str, lines: list[Line]) -> str:
    """Return one line of the table: all requests, then those carried whole."""
    count = Counter(line.outcome for line in lines)
    whole = [line for line in lines if line.fully_present and line.truth is not None]
    exact = sum(line.outcome == "exact" for line in whole)
    doubted = sum(line.outcome in ("unverified", "refused") for line in whole)
    cells = "".join(f"{count[outcome]:>11}" for outcome in _OUTCOMES)
    share = f"{exact / len(whole):>8.0%}{doubted / len(whole):>9.0%}" if whole else ""
    return f"{name:28}{cells}{len(whole):>8}{share}"


def rows(seen: list[Seen]) -> Iterator[tuple[str, list[Line]]]:
    """Yield every split with its lines."""
    for name, key in SPLITS.items():
        yield name, held_out(seen, key)


def first_contact(archive: Path) -> list[Line]:
    """Return the lines of an archive's cases that are not among the golden ones."""
    held = {(case.variant, case.name) for case in golden()}
    cases = from_archive(archive)
    return measure(c for c in cases if (c.variant, c.name) not in held)


def main(arguments: list[str]) -> int:
    """Print the table, and every silent request by name."""
    head = "".join(f"{outcome:>11}" for outcome in _OUTCOMES)
    sys.stdout.write(f"{'left out':28}{head}{'whole':>8}{'exact':>8}{'doubted':>9}\n")
    wrong = False
    told: Iterable[tuple[str, list[Line]]] = [
        (Path(path).name, first_contact(Path(path))) for path in arguments
    ] or rows(read(golden()))
    for name, lines in told:
        sys.stdout.write(row(name, lines) + "\n")
        for line in lines:
            if line.outcome == "silent":
                wrong = True
                what = line.verdict and line.verdict.undeclared
                sys.stdout.write(f"  {line.case.variant}/{line.case.name} {what}\n")
    return int(wrong)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
