"""Injected losses found, and false alarms, of the token witness and of its estimate.

python bench/run.py witness [--keep] [--enforce]

The requests are the recordings of `tests/golden/corpus`: true bodies, and what is
rebuilt from their telemetry. Stand-in providers made up the recorded counts, so both
sides are counted here, by a real vocabulary and a simplified frame (`counter.py`): the
true body for the recorded call, what the control would be sent for the replay. No
count of a real provider is in the figures.
"""

import argparse
import json
import random
import sys
import tomllib
from collections import Counter as Tally
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

_ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(_ROOT), str(_ROOT / "bench"), str(_ROOT / "tests")]

from measure.recordings import from_archive  # noqa: E402
from measure.table import Line, measure  # noqa: E402

from collector.recognise.estimate.suspicion import LOST, suspicion  # noqa: E402
from replayd.config import WitnessConfig  # noqa: E402
from replayd.model import (  # noqa: E402
    ArmAnswer,
    ArmOutcome,
    PairAnswers,
    PairResult,
    TokenWitness,
)
from replayd.providers import PROVIDERS  # noqa: E402
from replayd.providers.contract import Overrides, Refusal  # noqa: E402
from replayd.providers.wire.encode import media_refs  # noqa: E402
from replayd.witness.compare import compare  # noqa: E402
from replayd.witness.row import Row  # noqa: E402
from replayd.witness.standing import standings  # noqa: E402
from replayd.witness.tally import WitnessTally  # noqa: E402
from snaptrace.snapshot.model import Json, Snapshot, Usage  # noqa: E402
from witness.counter import Counter  # noqa: E402
from witness.losses import LOSSES  # noqa: E402

_HERE = Path(__file__).parent
VOCABULARIES = ("o200k_base", "cl100k_base")
LEAST_LOSS = 20  # tokens, of an injected loss
BULK = (100, 300, 1_000, 3_000, 10_000)  # tokens, of a loss before the estimate
ROWS, ROW_CASES, ROW_LOSS = 400, 200, 0.1
MODEL = "m-1"


class Counted(NamedTuple):
    """One request: the snapshot with its true count, and what its replay counts."""

    outcome: str
    snapshot: Snapshot
    recorded: int
    replayed: int
    losses: dict[str, tuple[int, bool]]  # kind -> tokens of the lossy replay, suspected


def main(argv: list[str]) -> int:
    """Measure; 1 where a budget of the case is not met and `--enforce` is given."""
    parser = argparse.ArgumentParser()
    parser.add_argument("case")
    parser.add_argument("--keep", action="store_true")
    parser.add_argument("--enforce", action="store_true")
    given = parser.parse_args(argv)
    case = tomllib.loads((_HERE.parent / "cases" / f"{given.case}.toml").read_text())
    lines = list(_lines())
    found = {name: _measured(lines, Counter(name)) for name in VOCABULARIES}
    result = {"case": given.case, "goal": case["goal"], "vocabularies": found}
    text = json.dumps(result, indent=1)
    sys.stdout.write(text + "\n")
    if given.keep:
        (_HERE.parent / "results" / f"{given.case}.json").write_text(text + "\n")
    return int(given.enforce and not _within(found, case["budget"]))


def _within(found: dict[str, Any], budgets: list[dict[str, Any]]) -> bool:
    kept = True
    for budget in budgets:
        for name, figures in found.items():
            value = figures[budget["metric"]]
            low, high = budget.get("at_least", 0.0), budget.get("at_most", 1.0)
            if not low <= value <= high:
                sys.stderr.write(f"{name} {budget['metric']}: {value} not met\n")
                kept = False
    return kept


def _lines() -> Iterator[Line]:
    for archive in sorted((_ROOT / "tests" / "golden" / "corpus").glob("*.tar.zst")):
        for line in measure(from_archive(archive)):
            if line.truth is not None and line.call is not None:
                yield line


def _measured(lines: list[Line], counter: Counter) -> dict[str, Any]:
    cases = [case for line in lines if (case := _counted(line, counter)) is not None]
    exact = [case for case in cases if case.outcome == "exact"]
    clean = [case.recorded - case.replayed for case in exact]
    config = WitnessConfig()
    losses: dict[str, Tally[str]] = {kind: Tally() for kind in LOSSES}
    for case in exact:
        for kind, (tokens, suspected) in case.losses.items():
            if case.replayed - tokens < LEAST_LOSS:
                continue
            gap = abs(case.recorded - tokens)
            losses[kind]["injected"] += 1
            losses[kind]["found"] += gap >= config.least_difference
            losses[kind]["suspected"] += suspected
    injected = sum(tally["injected"] for tally in losses.values())
    return {
        "requests": dict(Tally(case.outcome for case in cases)),
        "equal": _share(clean, lambda gap: gap == 0),
        "near": _share(clean, lambda gap: 0 < abs(gap) < config.least_difference),
        "false_alarms": _share(clean, lambda gap: abs(gap) >= config.least_difference),
        "declared": _declared(cases, config),
        "injected": injected,
        "found": _part(sum(t["found"] for t in losses.values()), injected),
        "by_loss": {
            kind: {
                "injected": tally["injected"],
                "found": _part(tally["found"], tally["injected"]),
                "suspected_at_capture": _part(tally["suspected"], tally["injected"]),
            }
            for kind, tally in losses.items()
        },
        "suspected_at_capture": _part(
            sum(t["suspected"] for t in losses.values()), injected
        ),
        "suspected_falsely": _part(
            sum(
                _suspected(case.snapshot, case.snapshot.request.body) for case in exact
            ),
            len(exact),
        ),
        "suspected_by_tokens_lost": {
            str(lost): _part(
                sum(_suspected_beyond(case, lost) for case in exact), len(exact)
            )
            for lost in BULK
        },
        **_rows(exact),
    }


def _suspected_beyond(case: Counted, lost: int) -> bool:
    """Tell whether the estimate sees that so many more tokens were sent."""
    usage = Usage(input_tokens=case.recorded + lost)
    answer = msgspec.structs.replace(case.snapshot.answer, usage=usage)
    snapshot = msgspec.structs.replace(case.snapshot, answer=answer)
    return _suspected(snapshot, snapshot.request.body)


def _declared(cases: list[Counted], config: WitnessConfig) -> dict[str, float]:
    """Return what becomes of requests whose difference the snapshot names itself."""
    found: Tally[str] = Tally()
    for case in cases:
        if case.outcome != "declared":
            continue
        gap, witness = case.recorded - case.replayed, _witness(case)
        differs = abs(gap) >= config.least_difference
        named = "named" if witness.named and gap > 0 else "different"
        found[witness.none or (named if differs else "near" if gap else "equal")] += 1
    return {word: _part(count, found.total()) for word, count in sorted(found.items())}


def _witness(case: Counted) -> TokenWitness:
    usage = Usage(input_tokens=case.replayed)
    control = ArmAnswer(outcome="answered", served_model=MODEL, usage=usage)
    answers = PairAnswers(number=0, snapshot_id="", canary=control, control=control)
    return compare(case.snapshot, answers)


def _counted(line: Line, counter: Counter) -> Counted | None:
    """Return a line's counts; None where nothing would be sent."""
    assert line.call is not None
    assert line.truth is not None
    snapshot, truth = line.call.snapshot, line.truth.body
    if line.outcome not in ("exact", "declared") or not isinstance(truth, dict):
        return None
    if snapshot.operation != "chat" or snapshot.request.body is None:
        return None
    recorded = counter.count(truth)
    usage = Usage(input_tokens=recorded)
    answer = msgspec.structs.replace(snapshot.answer, usage=usage, model=MODEL)
    snapshot = msgspec.structs.replace(snapshot, answer=answer)
    replayed = _replayed(snapshot, snapshot.request.body, line.call.blobs, counter)
    if replayed is None:
        return None
    losses = {}
    for kind, lose in LOSSES.items():
        lossy = lose(snapshot.request.body)
        if lossy is None:
            continue
        tokens = _replayed(snapshot, lossy, line.call.blobs, counter)
        if tokens is not None:
            losses[kind] = tokens, _suspected(snapshot, lossy)
    return Counted(line.outcome, snapshot, recorded, replayed, losses)


def _replayed(
    snapshot: Snapshot, body: Json, blobs: dict[int, bytes], counter: Counter
) -> int | None:
    provider = PROVIDERS.get(snapshot.request.api)
    if provider is None:
        return None
    request = msgspec.structs.replace(snapshot.request, body=body)
    made = provider.request(
        msgspec.structs.replace(snapshot, request=request),
        blobs,
        snapshot.request.model or MODEL,
        Overrides(),
    )
    if isinstance(made, Refusal) or not made.content_type.endswith("json"):
        return None
    return counter.count(json.loads(made.body))


def _suspected(snapshot: Snapshot, body: Json) -> bool:
    # What is lost of a body is not among a snapshot's media either.
    kept = {ref.index for ref in media_refs(body)}
    gone = {ref.index for ref in media_refs(snapshot.request.body)} - kept
    reason = suspicion(
        api=snapshot.request.api,
        operation=snapshot.operation,
        body=body,
        media=tuple(m for i, m in enumerate(snapshot.media) if i not in gone),
        usage=snapshot.answer.usage,
        recorded_bytes=0,
    )
    return reason == LOST


def _rows(exact: list[Counted]) -> dict[str, Any]:
    """Return how rows fare that are drawn from these requests, whole or losing some."""
    rng = random.Random(20_261_130)
    words: dict[str, Tally[str]] = {"whole": Tally(), "losing": Tally()}
    losing = [case for case in exact if _worst(case) is not None]
    for _ in range(ROWS):
        for kind, tally in words.items():
            drawn = WitnessTally()
            for number in range(ROW_CASES):
                lost = kind == "losing" and rng.random() < ROW_LOSS
                case = rng.choice(losing if lost else exact)
                worst = _worst(case) if lost else case.replayed
                drawn.fold(_result(number, case, worst or 0))
            standing = standings(drawn.rows, WitnessConfig())
            tally[next(iter(standing.values())).word] += 1
    return {
        "rows": {
            "cases": ROW_CASES,
            "lost": ROW_LOSS,
            **{k: dict(v) for k, v in words.items()},
        },
        "rows_lowered_falsely": _part(words["whole"]["differs"], ROWS),
        "rows_lowered": _part(words["losing"]["differs"], ROWS),
    }


def _worst(case: Counted) -> int | None:
    """Return the count after the smallest loss that counts; None if there is none."""
    tokens = [
        tokens
        for tokens, _ in case.losses.values()
        if case.replayed - tokens >= LEAST_LOSS
    ]
    return max(tokens, default=None)


def _result(number: int, case: Counted, replayed: int) -> PairResult:
    """Return the pair as replayd would commit it, in one row and one model."""
    row = Row("bench", "1", "chat", "openai_chat", "text")
    return PairResult(
        number=number,
        snapshot_id=f"{number:032x}",
        modality="text",
        lane="traffic",
        slices=(),
        recorded_at_ns=0,
        committed_at_ns=number,
        control=ArmOutcome(
            outcome="answered", served_model=MODEL, input_tokens=replayed
        ),
        route=str(number % 7),
        witness=msgspec.structs.replace(_witness(case), row=row, named=False),
    )


def _share(values: list[int], wanted: Any) -> float:  # noqa: ANN401 - a predicate
    return _part(sum(map(bool, map(wanted, values))), len(values))


def _part(some: int, of: int) -> float:
    return round(some / of, 4) if of else 0.0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
