"""Cases that a scorer is checked on: shipped ones, or an author's JSON lines."""

import json
from pathlib import Path
from typing import Any

from msgspec import Struct

from snaptrace.scorers.contract import ScorerCase
from snaptrace.snapshot.conversation import Conversation, Message, TextPart, Tool
from snaptrace.snapshot.model import Answer, Fidelity, Request, Snapshot, ToolCall


class CheckedCase(Struct, frozen=True):
    """One case, with answers known to be right and wrong where its author says so."""

    case: ScorerCase
    right: tuple[Answer, ...] = ()
    wrong: tuple[Answer, ...] = ()


def shipped() -> list[CheckedCase]:
    """Return the shipped cases: prose, numbers, JSON, tools, other scripts."""
    return [_case(row) for row in _ROWS]


def of_file(path: Path) -> list[CheckedCase]:
    """Return an author's cases: one JSON object per line, as docs/scorers.md shows.

    Raises:
        ValueError: a line is no such object.
    """
    lines = path.read_text(encoding="utf-8").splitlines()
    return [_case(json.loads(line)) for line in lines if line.strip()]


def _case(row: dict[str, Any]) -> CheckedCase:
    recorded = _answer(row.get("recorded", ""), row.get("calls", ()))
    asked = Message(role="user", parts=(TextPart(text=str(row.get("question", ""))),))
    told = Message(role="system", parts=(TextPart(text=str(row.get("system", ""))),))
    tools = tuple(Tool(name=call["name"]) for call in row.get("calls", ()))
    conversation = Conversation(
        model="a-model",
        messages=(told, asked) if row.get("system") else (asked,),
        tools=tools,
    )
    snapshot = Snapshot(
        snapshot_id="0" * 32,
        trace_id="0" * 32,
        span_id="0" * 16,
        service=str(row.get("service", "shop")),
        operation="chat",
        modality=row.get("modality", "text"),
        request=Request(api="openai_chat"),
        answer=recorded,
        fidelity=Fidelity(level="exact"),
        attributes=row.get("attributes", {}),
    )
    return CheckedCase(
        ScorerCase(
            snapshot=snapshot,
            conversation=conversation,
            reference=recorded,
            task=str(row.get("task", "")),
        ),
        tuple(_answer(text) for text in row.get("right", ())),
        tuple(_answer(text) for text in row.get("wrong", ())),
    )


def _answer(text: str, calls: Any = ()) -> Answer:  # noqa: ANN401 - parsed JSON
    return Answer(
        text=text,
        finish_reason="stop",
        tool_calls=tuple(
            ToolCall(name=call["name"], arguments=json.dumps(call.get("arguments", {})))
            for call in calls
        ),
    )


_ROWS: tuple[dict[str, Any], ...] = (
    {
        "question": "When does the library open on Saturdays?",
        "recorded": "The library opens at 10:00 on Saturdays and closes at 16:30.",
        "task": "prose",
    },
    {
        "question": "How much is the invoice, shipping included?",
        "recorded": "1,284.50 EUR",
        "task": "short_answer",
    },
    {
        "question": "Return the order as JSON.",
        "recorded": '{"order": "A-1093", "items": [{"sku": "K2", "count": 3}]}',
        "task": "structured",
    },
    {
        "question": "Is the basement light on?",
        "recorded": "",
        "calls": [{"name": "light_state", "arguments": {"room": "basement"}}],
        "task": "tool_use",
    },
    {
        "question": "Which label: complaint, praise or question?",
        "recorded": "complaint",
        "task": "classification",
    },
    {
        "question": "Wie lange ist die Garantie?",
        "recorded": "Die Garantie gilt zwei Jahre ab dem Kaufdatum.",
        "task": "prose",
    },
    {
        "question": "東京の次の駅はどこですか。",
        "recorded": "次の駅は有楽町です。",
        "task": "prose",
    },
    {
        "question": "Write a function that doubles a number.",
        "recorded": "```python\ndef double(x):\n    return 2 * x\n```",
        "task": "code",
    },
    {
        "question": "What does the chart show for March?",
        "recorded": "| Month | Sales |\n|---|---|\n| March | 412 |",
        "modality": "image",
        "task": "table",
    },
)
