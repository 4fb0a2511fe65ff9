"""Ollama's own API."""

import json

from recording.stand_in.contract import (
    TEXT,
    TOKENS_IN,
    TOKENS_OUT,
    Json,
    Route,
    said,
)

_DONE = {
    "done": True,
    "done_reason": "stop",
    "prompt_eval_count": TOKENS_IN,
    "eval_count": TOKENS_OUT,
}


def _head(body: Json) -> Json:
    return {"model": body.get("model", ""), "created_at": "2026-11-30T05:00:00.0Z"}


def _chat(body: Json, _path: str) -> Json:
    tools = [
        (tool["function"]["name"], tool["function"].get("parameters"))
        for tool in body.get("tools") or ()
    ]
    form = body.get("format")
    told = said(body, tools, form if isinstance(form, dict) else None)
    message: Json = {"role": "assistant", "content": told.text}
    if told.tool:
        call = {"name": told.tool, "arguments": told.arguments}
        message["tool_calls"] = [{"function": call}]
    return {**_head(body), "message": message, **_DONE}


def _generate(body: Json, _path: str) -> Json:
    return {**_head(body), "response": TEXT, **_DONE}


def _lines(made: Json) -> bytes:
    first = {k: v for k, v in made.items() if k not in _DONE} | {"done": False}
    last = {**made}
    if "message" in last:
        last["message"] = {"role": "assistant", "content": ""}
    else:
        last["response"] = ""
    return b"".join(json.dumps(row).encode() + b"\n" for row in (first, last))


def _embed(body: Json, _path: str) -> Json:
    given = body.get("input")
    count = len(given) if isinstance(given, list) else 1
    rows = [[0.1, 0.2] for _ in range(count)]
    return {"model": body.get("model"), "embeddings": rows, "prompt_eval_count": 3}


def _streams(body: Json, _path: str) -> bool:
    return bool(body.get("stream", True))


_LINES = "application/x-ndjson"
ROUTES = (
    Route(r"/api/chat$", _chat, _lines, _streams, _LINES),
    Route(r"/api/generate$", _generate, _lines, _streams, _LINES),
    Route(r"/api/embed$", _embed),
)
