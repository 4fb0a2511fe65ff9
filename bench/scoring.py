"""Accuracy of the default scorers on the project's own cases, per task.

python bench/scoring.py scoring [--keep] [--enforce]

Every case is a question, a recorded answer, and answers that a reader would call the
same or worse: templates filled by a seeded generator (`scoring_cases.py`,
`scoring_tables.py`), and cases
written by hand (`written/*.toml`); nothing is taken from anywhere. Found: a worse
answer loses at least .3 to the recording. False: a same one loses more than .1. AUC:
chance that a same answer scores above a worse one. Doing worse than the kept result
fails the bench.
"""

import argparse
import asyncio
import json
import random
import sys
import tomllib
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import scoring_written
from scoring_cases import TASKS
from scoring_tables import tables

from replayd.scoring import SCORERS
from replayd.scoring.choice import primary
from replayd.scoring.contract import Said, ScoringCase
from snaptrace.snapshot.conversation import Conversation, Message, TextPart, Tool
from snaptrace.snapshot.model import Answer, Fidelity, Request, Snapshot

_HERE = Path(__file__).parent
FOUND, FALSE, ALLOWED_DROP = 0.3, 0.1, 0.005
EACH = 140  # cases of one task
WRITTEN = "written"  # begins the rows of cases written by hand


def answer_of(said: object) -> Answer:
    """Return an answer of text or of tool calls."""
    if isinstance(said, tuple):
        return Answer(tool_calls=said)
    return Answer(text=str(said))


def case_of(made: dict) -> ScoringCase:
    """Return what the answers of a made case are scored against."""
    recorded = answer_of(made["recorded"])
    conversation = Conversation(
        model="m",
        messages=(Message(role="user", parts=(TextPart(text=made["question"]),)),),
        tools=(Tool(name="weather", parameters={"type": "object"}),),
    )
    snapshot = Snapshot(
        snapshot_id="0" * 32,
        trace_id="0" * 32,
        span_id="0" * 16,
        service="bench",
        operation="chat",
        modality=made.get("modality", "text"),
        request=Request(api="openai_chat"),
        fidelity=Fidelity(level="exact"),
        answer=recorded,
    )
    return ScoringCase(snapshot=snapshot, conversation=conversation, reference=recorded)


def scored(made: dict) -> Iterator[tuple[bool, float | None]]:
    """Yield whether each answer is the same, and its value."""
    case = case_of(made)
    rule = primary(case, SCORERS)
    for same, answers in ((True, made["same"]), (False, made["worse"])):
        for said in answers:
            value = None
            if rule is not None:
                value = asyncio.run(rule.score(case, Said(answer_of(said)))).value
            yield same, value


def measured() -> dict:
    """Return found, false and AUC per task and language."""
    rows: dict[str, list[tuple[bool, float | None]]] = defaultdict(list)
    cases = 0
    made_of = {**TASKS, "table": (tables, ("en", "de"))}
    for task, (make, languages) in made_of.items():
        for language in languages:
            rng = random.Random(f"{task} {language}")
            for _ in range(EACH // 2):
                rows[f"{task}_{language}"] += scored(make(rng, language))
                cases += 1
    kinds: dict[str, list[tuple[bool, float | None]]] = defaultdict(list)
    for made in scoring_written.written():
        cases += 1
        for each in scoring_written.scored(made):
            value = None if each.quality is None else each.worst
            rows[f"{WRITTEN} {each.task}"].append((each.same, value))
            side = "same" if each.same else "worse"
            kinds[f"{each.task}: {side}, {each.kind}"].append((each.same, value))
    return {
        "cases": cases,
        "tasks": {name: _row(found) for name, found in sorted(rows.items())},
        "misjudged": sorted(kind for kind, found in kinds.items() if _fails(found)),
    }


def _fails(found: list[tuple[bool, float | None]]) -> bool:
    """Whether an answer of a kind is valued otherwise than a reader would."""
    return any(
        _lost(value) > FALSE if same else _lost(value) < FOUND for same, value in found
    )


def _lost(value: float | None) -> float:
    return 0.0 if value is None else 1.0 - value


def _row(found: list[tuple[bool, float | None]]) -> dict[str, float]:
    known = [(same, 1.0 if value is None else value) for same, value in found]
    right = [value for same, value in known if same]
    wrong = [value for same, value in known if not same]
    above = sum((a > b) + 0.5 * (a == b) for a in right for b in wrong)
    return {
        "answers": len(found),
        "scored": round(sum(v is not None for _, v in found) / len(found), 4),
        "found": round(sum(1.0 - v >= FOUND for v in wrong) / len(wrong), 4),
        "false": round(sum(1.0 - v > FALSE for v in right) / len(right), 4),
        "auc": round(above / (len(right) * len(wrong)), 4),
    }


def worse_than(kept: dict, now: dict) -> list[str]:
    """Return the tasks that do worse than the kept result."""
    return [
        name
        for name, row in kept.get("tasks", {}).items()
        if (new := now["tasks"].get(name)) is None
        or new["found"] < row["found"] - ALLOWED_DROP
        or new["auc"] < row["auc"] - ALLOWED_DROP
        or new["false"] > row["false"] + ALLOWED_DROP
    ]


def main(argv: list[str]) -> int:
    """Print a table; 1 where a task does worse than the kept result or its budget."""
    parser = argparse.ArgumentParser()
    parser.add_argument("case")
    parser.add_argument("--keep", action="store_true")
    parser.add_argument("--enforce", action="store_true")
    arguments = parser.parse_args(argv)
    case = tomllib.loads((_HERE / "cases" / f"{arguments.case}.toml").read_text())
    file = _HERE / "results" / f"{arguments.case}.json"
    result = measured()
    for name, row in result["tasks"].items():
        print(f"{name:24}" + "".join(f" {k} {v:<8}" for k, v in row.items()))
    failed = worse_than(json.loads(file.read_text()), result) if file.exists() else []
    for budget in case.get("budget", []):
        for name, row in result["tasks"].items():
            if name.startswith(WRITTEN):
                continue  # held to what is kept, not to a budget
            value = row[budget["metric"]]
            if not budget.get("at_least", 0) <= value <= budget.get("at_most", 1):
                failed.append(f"{name}: {budget['metric']} {value}")
    print("worse:", ", ".join(failed) or "none", "of", result["cases"], "cases")
    if arguments.keep and not failed:
        file.write_text(json.dumps(result, indent=1) + "\n")
    return int(bool(failed) and arguments.enforce)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
