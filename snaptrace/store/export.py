"""Export of snapshots as JSON lines.

`snapshot` is everything that is stored. The others have the fields that a dataset
importer of that tool reads; what has no field there stands under its metadata.
"""

import base64
from collections.abc import Callable, Mapping
from typing import Any, Literal

import msgspec

from snaptrace.snapshot.apis import APIS
from snaptrace.snapshot.conversation import Conversation, TextPart
from snaptrace.snapshot.model import Json, MediaRef, Snapshot

Shape = Literal["snapshot", "langfuse", "inspect", "promptfoo", "deepeval", "openai"]


def row(
    snapshot: Snapshot,
    shape: Shape,
    *,
    probability: float | None = None,
    blobs: Mapping[int, bytes] | None = None,
) -> dict[str, Any]:
    """Return one row. Media are inlined into the request if `blobs` contains them."""
    return _SHAPES[shape](snapshot, probability, dict(blobs or {}))


def with_media(snapshot: Snapshot, blobs: Mapping[int, bytes]) -> Json:
    """Return the request body with inline media, or their digest where absent."""

    def filled(value: Json) -> Json:
        if isinstance(value, MediaRef):
            medium = snapshot.media[value.index]
            data = blobs.get(value.index)
            if data is None:
                return f"snaptrace:media:{medium.digest or medium.state}"
            text = base64.b64encode(data).decode()
            if value.form == "data_url":
                return f"data:{medium.mime};base64,{text}"
            return text
        if isinstance(value, dict):
            return {key: filled(item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [filled(item) for item in value]
        return value

    return filled(snapshot.request.body)


def _snapshot(
    snapshot: Snapshot, probability: float | None, blobs: dict[int, bytes]
) -> dict[str, Any]:
    body = with_media(snapshot, blobs)
    request = msgspec.structs.replace(snapshot.request, body=body)
    plain: dict[str, Any] = msgspec.to_builtins(
        msgspec.structs.replace(snapshot, request=request)
    )
    return {**plain, "inclusion_probability": probability}


def _metadata(snapshot: Snapshot, probability: float | None) -> dict[str, Any]:
    return {
        "snapshot_id": snapshot.snapshot_id,
        "trace_id": snapshot.trace_id,
        "service": snapshot.service,
        "modality": snapshot.modality,
        "model": snapshot.answer.model or snapshot.request.model,
        "recorded_at_ns": snapshot.ended_at_ns,
        "fidelity": snapshot.fidelity.level,
        "inclusion_probability": probability,
        "redaction_version": snapshot.redaction.version,
    }


def _answer(snapshot: Snapshot) -> dict[str, Any]:
    answer = snapshot.answer
    calls = [{"name": c.name, "arguments": c.arguments} for c in answer.tool_calls]
    return {
        "role": "assistant",
        "content": answer.text or answer.refusal,
        **({"tool_calls": calls} if calls else {}),
    }


def _conversation(snapshot: Snapshot) -> Conversation:
    api = APIS.get(snapshot.request.api)
    if api is None or snapshot.request.body is None:
        return Conversation(model=snapshot.request.model, messages=())
    return api.parse(snapshot.request.body)


def _plain_messages(snapshot: Snapshot) -> list[dict[str, str]]:
    return [
        {
            "role": "system" if message.role == "developer" else message.role,
            "content": "".join(
                p.text for p in message.parts if isinstance(p, TextPart)
            ),
        }
        for message in _conversation(snapshot).messages
    ]


def _newest_user_text(snapshot: Snapshot) -> str:
    messages = _plain_messages(snapshot)
    return next((m["content"] for m in reversed(messages) if m["role"] == "user"), "")


def _langfuse(
    snapshot: Snapshot, probability: float | None, blobs: dict[int, bytes]
) -> dict[str, Any]:
    return {
        "id": snapshot.snapshot_id,
        "input": with_media(snapshot, blobs),
        "expectedOutput": _answer(snapshot),
        "metadata": _metadata(snapshot, probability),
        "sourceTraceId": snapshot.trace_id,
    }


def _inspect(
    snapshot: Snapshot, probability: float | None, _blobs: dict[int, bytes]
) -> dict[str, Any]:
    return {
        "id": snapshot.snapshot_id,
        "input": _plain_messages(snapshot),
        "target": snapshot.answer.text or snapshot.answer.refusal,
        "metadata": _metadata(snapshot, probability),
    }


def _promptfoo(
    snapshot: Snapshot, probability: float | None, _blobs: dict[int, bytes]
) -> dict[str, Any]:
    expected = snapshot.answer.text or snapshot.answer.refusal
    return {
        "description": snapshot.snapshot_id,
        "vars": {"messages": _plain_messages(snapshot), "expected": expected},
        "metadata": _metadata(snapshot, probability),
    }


def _deepeval(
    snapshot: Snapshot, probability: float | None, _blobs: dict[int, bytes]
) -> dict[str, Any]:
    calls = snapshot.answer.tool_calls
    return {
        "input": _newest_user_text(snapshot),
        "actual_output": None,
        "expected_output": snapshot.answer.text or snapshot.answer.refusal,
        "expected_tools": [{"name": call.name} for call in calls],
        "additional_metadata": _metadata(snapshot, probability),
    }


def _openai(
    snapshot: Snapshot, probability: float | None, _blobs: dict[int, bytes]
) -> dict[str, Any]:
    return {
        "item": {
            "messages": _plain_messages(snapshot),
            "ideal": snapshot.answer.text or snapshot.answer.refusal,
            **_metadata(snapshot, probability),
        }
    }


_SHAPES: dict[
    Shape, Callable[[Snapshot, float | None, dict[int, bytes]], dict[str, Any]]
] = {
    "snapshot": _snapshot,
    "langfuse": _langfuse,
    "inspect": _inspect,
    "promptfoo": _promptfoo,
    "deepeval": _deepeval,
    "openai": _openai,
}
