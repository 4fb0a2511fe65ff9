"""Amazon Bedrock: Converse, and InvokeModel for the families it serves."""

import base64
import json
import struct
import zlib
from typing import Any

from recording.stand_in import anthropic_api
from recording.stand_in.contract import (
    TEXT,
    TOKENS_IN,
    TOKENS_OUT,
    Json,
    Route,
    said,
)

_USAGE = {
    "inputTokens": TOKENS_IN,
    "outputTokens": TOKENS_OUT,
    "totalTokens": TOKENS_IN + TOKENS_OUT,
}
_STRING = 7  # type of a header's value


def _converse(body: Json, _path: str) -> Json:
    tools = [
        (spec["name"], spec["inputSchema"].get("json"))
        for tool in (body.get("toolConfig") or {}).get("tools") or ()
        if (spec := tool.get("toolSpec"))
    ]
    told = said(body, tools)
    content: list[Json] = [{"text": told.text}]
    if told.tool:
        used = {"toolUseId": "tooluse_1", "name": told.tool, "input": told.arguments}
        content = [{"toolUse": used}]
    return {
        "output": {"message": {"role": "assistant", "content": content}},
        "stopReason": "tool_use" if told.tool else "end_turn",
        "usage": _USAGE,
        "metrics": {"latencyMs": 1},
    }


def _converse_stream(made: Json) -> bytes:
    rows: list[tuple[str, Json]] = [("messageStart", {"role": "assistant"})]
    (block,) = made["output"]["message"]["content"]
    at = {"contentBlockIndex": 0}
    if used := block.get("toolUse"):
        start = {"toolUse": {k: used[k] for k in ("toolUseId", "name")}}
        rows.append(("contentBlockStart", {**at, "start": start}))
        delta: Json = {"toolUse": {"input": json.dumps(used["input"])}}
    else:
        delta = {"text": block["text"]}
    rows += [
        ("contentBlockDelta", {**at, "delta": delta}),
        ("contentBlockStop", at),
        ("messageStop", {"stopReason": made["stopReason"]}),
        ("metadata", {"usage": made["usage"], "metrics": made["metrics"]}),
    ]
    return b"".join(_framed(name, data) for name, data in rows)


def _invoke(body: Json, path: str) -> Json:
    if "anthropic_version" in body:
        return anthropic_api.messages(body, path)
    if "inputText" in body and "embed" in path:
        return {"embedding": [0.1, 0.2], "inputTextTokenCount": 3}
    if "inputText" in body:
        result = {"tokenCount": TOKENS_OUT, "outputText": TEXT}
        result["completionReason"] = "FINISH"
        return {"inputTextTokenCount": TOKENS_IN, "results": [result]}
    if "prompt" in body:
        counts = {"prompt_token_count": TOKENS_IN, "generation_token_count": TOKENS_OUT}
        return {"generation": TEXT, "stop_reason": "stop", **counts}
    return _converse(body, path)


def _invoke_stream(made: Json) -> bytes:
    rows = anthropic_api.parts(made) if made.get("type") == "message" else [made]
    packed = [base64.b64encode(json.dumps(row).encode()).decode() for row in rows]
    return b"".join(_framed("chunk", {"bytes": one}) for one in packed)


def _framed(event: str, data: Any) -> bytes:
    """Return one message of `application/vnd.amazon.eventstream`."""
    payload = json.dumps(data).encode()
    heads = {
        ":message-type": "event",
        ":event-type": event,
        ":content-type": "application/json",
    }
    head = b"".join(
        bytes((len(name),))
        + name.encode()
        + struct.pack(">BH", _STRING, len(value))
        + value.encode()
        for name, value in heads.items()
    )
    prelude = struct.pack(">II", len(head) + len(payload) + 16, len(head))
    message = prelude + struct.pack(">I", zlib.crc32(prelude)) + head + payload
    return message + struct.pack(">I", zlib.crc32(message))


_FRAMES = "application/vnd.amazon.eventstream"


def _streams(_body: Json, path: str) -> bool:
    return path.endswith("-stream")


ROUTES = (
    Route(r"/converse(-stream)?$", _converse, _converse_stream, _streams, _FRAMES),
    Route(
        r"/invoke(-with-response-stream)?$", _invoke, _invoke_stream, _streams, _FRAMES
    ),
)
