"""Cases written by hand in `written/*.toml`: a recording, same and worse answers.

A case names its task, its language and what is asked; `same` and `worse` hold answers
by the kind of change. A line `CALL name {json}` of an answer is a tool call.
"""

import asyncio
import json
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from replayd.scoring import INVARIANTS, SCORERS
from replayd.scoring.choice import choose
from replayd.scoring.contract import Said, Scorer, ScoringCase
from snaptrace.snapshot.conversation import (
    Conversation,
    MediaPart,
    Message,
    Part,
    TextPart,
    Tool,
    ToolResultPart,
)
from snaptrace.snapshot.model import (
    Answer,
    Fidelity,
    MediaKind,
    Request,
    Snapshot,
    ToolCall,
)

_CASES = Path(__file__).parent / "written"
CALL = "CALL "
Case = dict[str, Any]  # as TOML reads it
_MEDIA: dict[str, MediaKind] = {
    "image": "image",
    "audio": "audio",
    "video": "video",
    "document": "document",
}


class Scored(NamedTuple):
    """One answer: what a reader says of it, and what the scorers do."""

    task: str
    language: str
    kind: str
    same: bool
    quality: float | None  # None: no rule applies
    worst: float  # of quality and invariants
    rule: str
    reason: str
    text: str


def written() -> Iterator[Case]:
    """Yield the cases of all files, in order."""
    for file in sorted(_CASES.glob("*.toml")):
        yield from tomllib.loads(file.read_text())["case"]


def answer_of(text: str) -> Answer:
    """Return an answer whose lines of calls are tool calls."""
    lines: list[str] = []
    calls: list[ToolCall] = []
    for line in text.split("\n"):
        if not line.startswith(CALL):
            lines.append(line)
            continue
        name, _, arguments = line.removeprefix(CALL).partition(" ")
        calls.append(ToolCall(name=name, arguments=arguments, id=f"c{len(calls)}"))
    return Answer(text="\n".join(lines), tool_calls=tuple(calls))


def case_of(made: Case) -> ScoringCase:
    """Return what the answers of a case are scored against."""
    recorded = answer_of(made["recorded"])
    modality = made.get("modality", "text")
    snapshot = Snapshot(
        snapshot_id="0" * 32,
        trace_id="0" * 32,
        span_id="0" * 16,
        service="bench",
        operation=made.get("operation", "chat"),
        modality=modality,
        request=Request(api="openai_chat"),
        fidelity=Fidelity(level="exact"),
        answer=recorded,
    )
    return ScoringCase(
        snapshot=snapshot,
        conversation=_conversation(made, modality),
        reference=recorded,
    )


def _conversation(made: Case, modality: str) -> Conversation:
    messages = []
    if made.get("system"):
        messages.append(Message(role="system", parts=(TextPart(text=made["system"]),)))
    for turn in made.get("history", ()):
        role, _, text = turn.partition(": ")
        messages.append(Message(role=role, parts=(TextPart(text=text),)))
    parts: list[Part] = [TextPart(text=made["ask"])] if made.get("ask") else []
    if modality in _MEDIA:
        parts.append(MediaPart(kind=_MEDIA[modality], url="https://example.com/m"))
    messages.append(Message(role="user", parts=tuple(parts)))
    if made.get("tool_result"):
        result = ToolResultPart(content=(TextPart(text=made["tool_result"]),))
        messages.append(Message(role="tool", parts=(result,)))
    tools = tuple(
        Tool(name=tool["name"], parameters=tool["parameters"])
        for tool in json.loads(made.get("tools", "[]"))
    )
    return Conversation(model="m", messages=tuple(messages), tools=tools)


async def _value(rule: Scorer, case: ScoringCase, said: Said) -> tuple[float, str]:
    score = await rule.score(case, said)
    return (1.0 if score.value is None else score.value), score.reason


def scored(made: Case) -> Iterator[Scored]:
    """Yield every answer of a case with the values of quality and invariants."""
    case = case_of(made)
    choice = choose(case, case, SCORERS, INVARIANTS)
    for same in (True, False):
        for kind, text in made["same" if same else "worse"].items():
            said = Said(answer_of(text))
            rule = choice.quality
            quality, reason = None, "no rule"
            if rule is not None:
                quality, reason = asyncio.run(_value(rule, case, said))
            worst = 1.0 if quality is None else quality
            for kept in choice.invariants:
                value, why = asyncio.run(_value(kept, case, said))
                if value < worst:
                    worst, reason = value, f"{kept.name}: {why}"
            yield Scored(
                made["task"],
                made["lang"],
                kind,
                same,
                quality,
                worst,
                rule.name if rule else "",
                reason,
                text,
            )
