"""Shapes of exports, a row of JSON lines each.

`snapshot` is everything that is stored. The others have the fields that a dataset
importer of that tool reads; what has no field there stands under its metadata.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final, Literal

import msgspec

from snaptrace.export.exported import Exported, decoded, with_media
from snaptrace.snapshot.apis.openai_chat import render_tool
from snaptrace.snapshot.conversation import (
    MediaPart,
    Message,
    Part,
    TextPart,
    ToolCallPart,
    ToolResultPart,
)
from snaptrace.snapshot.model import Snapshot

Shape = Literal[
    "snapshot",
    "langfuse",
    "phoenix",
    "inspect",
    "promptfoo",
    "deepeval",
    "openai",
    "openai_finetuning",
]


def row(
    snapshot: Snapshot,
    shape: Shape,
    *,
    probability: float | None = None,
    blobs: Mapping[int, bytes] | None = None,
) -> dict[str, Any]:
    """Return one row. Media are written into it if `blobs` contains them."""
    return SHAPES[shape](Exported(snapshot, probability, blobs or {}))


def _snapshot(call: Exported) -> dict[str, Any]:
    body = with_media(call.snapshot, call.blobs)
    request = msgspec.structs.replace(call.snapshot.request, body=body)
    plain: dict[str, Any] = msgspec.to_builtins(
        msgspec.structs.replace(call.snapshot, request=request)
    )
    return {**plain, "inclusion_probability": call.probability}


def _answer(call: Exported) -> dict[str, Any]:
    calls = [
        {"name": c.name, "arguments": c.arguments}
        for c in call.snapshot.answer.tool_calls
    ]
    return {
        "role": "assistant",
        "content": call.answer_text,
        **({"tool_calls": calls} if calls else {}),
    }


def _langfuse(call: Exported) -> dict[str, Any]:
    return {
        "id": call.snapshot.snapshot_id,
        "input": with_media(call.snapshot, call.blobs),
        "expectedOutput": _answer(call),
        "metadata": call.metadata(),
        "sourceTraceId": call.snapshot.trace_id,
    }


def _phoenix(call: Exported) -> dict[str, Any]:
    """Inputs, outputs and metadata of `client.datasets.create_dataset`."""
    return {
        "input": {"messages": call.chat_messages()},
        "output": _answer(call),
        "metadata": call.metadata(),
    }


def _inspect(call: Exported) -> dict[str, Any]:
    """A `Sample` of inspect_ai, as `json_dataset` reads it."""
    return {
        "id": call.snapshot.snapshot_id,
        "input": [
            written
            for message in call.conversation.messages
            for written in _inspect_message(call, message)
        ],
        "target": call.answer_text,
        "metadata": call.metadata(),
    }


def _inspect_message(call: Exported, message: Message) -> list[dict[str, Any]]:
    results = [p for p in message.parts if isinstance(p, ToolResultPart)]
    if results:
        return [
            {
                "role": "tool",
                "tool_call_id": part.id,
                "function": part.name or None,
                "content": "".join(
                    each.text for each in part.content if isinstance(each, TextPart)
                ),
            }
            for part in results
        ]
    calls = [
        {
            "id": part.id,
            "function": part.name,
            "arguments": decoded(part.arguments),
            "type": "function",
        }
        for part in message.parts
        if isinstance(part, ToolCallPart)
    ]
    content: Any = [c for part in message.parts if (c := _inspect_part(call, part))]
    if all(each["type"] == "text" for each in content):
        content = "".join(each["text"] for each in content)
    role = "system" if message.role == "developer" else message.role
    return [
        {"role": role, "content": content, **({"tool_calls": calls} if calls else {})}
    ]


def _inspect_part(call: Exported, part: Part) -> dict[str, Any] | None:
    if isinstance(part, TextPart):
        return {"type": "text", "text": part.text}
    if not isinstance(part, MediaPart):
        return None
    where = call.address(part)
    if where is None:
        return {"type": "text", "text": call.placeholder(part)}
    found = {"type": part.kind, part.kind: where}
    if part.kind in ("audio", "video"):
        found["format"] = call.format(part)
    return found


def _promptfoo(call: Exported) -> dict[str, Any]:
    """A test; a tool call is looked for by name, an answer's facts by a grader.

    Without assertions promptfoo passes whatever is answered.
    """
    facts = [{"type": "factuality", "value": call.answer_text}]
    names = [
        {"type": "contains", "value": c.name} for c in call.snapshot.answer.tool_calls
    ]
    return {
        "description": call.snapshot.snapshot_id,
        "vars": {"messages": call.chat_messages(), "expected": call.answer_text},
        "assert": names or (facts if call.answer_text else []),
        "metadata": call.metadata(),
    }


def _deepeval(call: Exported) -> dict[str, Any]:
    """A `Golden` of deepeval; its media stand under the metadata."""
    media = [
        {"kind": part.kind, "url": where}
        for message in call.conversation.messages
        for part in message.parts
        if isinstance(part, MediaPart) and (where := call.address(part)) is not None
    ]
    return {
        "input": call.question,
        "actual_output": None,
        "expected_output": call.answer_text,
        "expected_tools": [
            {"name": each.name, "input_parameters": decoded(each.arguments)}
            for each in call.snapshot.answer.tool_calls
        ],
        "additional_metadata": {**call.metadata(), "media": media},
    }


def _openai(call: Exported) -> dict[str, Any]:
    """An item of the Evals API's data source."""
    item = {
        "messages": call.chat_messages(),
        "ideal": call.answer_text,
        **call.metadata(),
    }
    return {"item": item}


def _openai_finetuning(call: Exported) -> dict[str, Any]:
    """An example of the fine-tuning API: what was asked, and what production said."""
    calls = call.tool_calls
    content = call.answer_text or (None if calls else "")
    answer = {
        "role": "assistant",
        "content": content,
        **({"tool_calls": calls} if calls else {}),
    }
    tools = [render_tool(tool) for tool in call.conversation.tools]
    return {
        "messages": [*call.chat_messages(), answer],
        **({"tools": tools} if tools else {}),
    }


SHAPES: Final[dict[Shape, Callable[[Exported], dict[str, Any]]]] = {
    "snapshot": _snapshot,
    "langfuse": _langfuse,
    "phoenix": _phoenix,
    "inspect": _inspect,
    "promptfoo": _promptfoo,
    "deepeval": _deepeval,
    "openai": _openai,
    "openai_finetuning": _openai_finetuning,
}
