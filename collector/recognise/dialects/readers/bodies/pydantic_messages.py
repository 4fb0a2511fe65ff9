"""Pydantic AI's own messages, as others note its models' arguments, in OTel's words.

MLflow wraps the method that asks a model and writes what it was given; the framework's
own spans say the same in OpenTelemetry's convention, whose reader knows the wire.
"""

from typing import Any

from collector.recognise.dialects.readers.json_values import (
    as_dict,
    as_list,
    as_text,
    dumps,
    loads,
)
from collector.recognise.record import Value
from snaptrace.snapshot.model import Json

_PARAMETERS = "model_request_parameters"
_SETTINGS = (
    "temperature",
    "top_p",
    "top_k",
    "max_tokens",
    "seed",
    "stop_sequences",
    "presence_penalty",
    "frequency_penalty",
)
_URLS = {
    "image-url": "image",
    "audio-url": "audio",
    "video-url": "video",
    "document-url": "document",
}


def is_request(body: dict[str, Any]) -> bool:
    """Return whether these are the arguments of one of its models."""
    return _PARAMETERS in body and isinstance(body.get("messages"), list)


def in_attributes(
    body: dict[str, Any], provider: str, model: str, output: Json
) -> dict[str, Value]:
    """Return the attributes of a chat span that says what the arguments say."""
    turns = [as_dict(raw) for raw in as_list(body["messages"])]
    told = {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": provider,
        "gen_ai.request.model": model,
        "gen_ai.input.messages": dumps([m for raw in turns for m in _turns(raw)]),
        _PARAMETERS: dumps(_in_mode(as_dict(body[_PARAMETERS]))),
    }
    if instructions := _instructions(turns):
        system = [{"type": "text", "content": instructions}]
        told["gen_ai.system_instructions"] = dumps(system)
    settings = as_dict(body.get("model_settings"))
    found: dict[str, Value] = {
        f"gen_ai.request.{name}": settings[name]
        for name in _SETTINGS
        if settings.get(name) is not None
    }
    if answer := list(_turns({**as_dict(output), "kind": "response"})):
        told["gen_ai.output.messages"] = dumps(answer)
    return {**told, **found}


def _in_mode(asked: dict[str, Any]) -> dict[str, Any]:
    """Return the parameters as the model settles them: `auto` asks by tools."""
    if asked.get("output_mode") == "auto" and as_list(asked.get("output_tools")):
        return {**asked, "output_mode": "tool", "allow_text_output": False}
    return asked


def _instructions(turns: list[dict[str, Any]]) -> str:
    """Return the instructions of the last request that has any."""
    told = (as_text(raw.get("instructions")) for raw in reversed(turns))
    return next((text for text in told if text), "")


def _turns(raw: dict[str, Any]) -> list[dict[str, Any]]:
    """Return a message's turns: one of a response, of a request one per role."""
    if raw.get("kind") == "response":
        parts = [_said(as_dict(part)) for part in as_list(raw.get("parts"))]
        return [{"role": "assistant", "parts": parts}] if parts else []
    turns: list[dict[str, Any]] = []
    for part in map(as_dict, as_list(raw.get("parts"))):
        role = "system" if part.get("part_kind") == "system-prompt" else "user"
        if not turns or turns[-1]["role"] != role:
            turns.append({"role": role, "parts": []})
        turns[-1]["parts"] += _given(part)
    return turns


def _given(part: dict[str, Any]) -> list[dict[str, Any]]:
    kind, content = part.get("part_kind"), part.get("content")
    if kind == "tool-return":
        return [
            {
                "type": "tool_call_response",
                "id": part.get("tool_call_id"),
                "name": part.get("tool_name"),
                "result": content,
            }
        ]
    if kind not in ("system-prompt", "user-prompt"):
        return [{"type": as_text(kind)}]  # a retry's words are the framework's
    return [_block(block) for block in as_list(content) or [content]]


def _block(block: Json) -> dict[str, Any]:
    if isinstance(block, str):
        return {"type": "text", "content": block}
    own = as_dict(block)
    kind = as_text(own.get("kind"))
    if kind in _URLS:
        return {"type": "uri", "modality": _URLS[kind], "uri": own.get("url")}
    return {"type": kind}  # bytes are printed as Python prints them


def _said(part: dict[str, Any]) -> dict[str, Any]:
    kind = part.get("part_kind")
    if kind == "text":
        return {"type": "text", "content": part.get("content")}
    if kind == "tool-call":
        given = part.get("args")
        return {
            "type": "tool_call",
            "id": part.get("tool_call_id"),
            "name": part.get("tool_name"),
            "arguments": loads(given).value if isinstance(given, str) else given,
        }
    return {"type": as_text(kind)}
