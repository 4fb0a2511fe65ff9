"""Cohere's second API, and its first chat."""

import json

from recording.stand_in.contract import (
    TEXT,
    TOKENS_IN,
    TOKENS_OUT,
    Json,
    Route,
    events,
    said,
)

_USAGE = {
    "billed_units": {"input_tokens": 8, "output_tokens": TOKENS_OUT},
    "tokens": {"input_tokens": TOKENS_IN, "output_tokens": TOKENS_OUT},
}


def _chat(body: Json, _path: str) -> Json:
    tools = [
        (tool["function"]["name"], tool["function"].get("parameters"))
        for tool in body.get("tools") or ()
    ]
    form = body.get("response_format") or {}
    told = said(body, tools, form.get("json_schema") or form.get("schema"))
    message: Json = {"role": "assistant"}
    if told.tool:
        call = {"name": told.tool, "arguments": json.dumps(told.arguments)}
        message["tool_calls"] = [{"id": "call_1", "type": "function", "function": call}]
        message["tool_plan"] = "I will look."
    else:
        message["content"] = [{"type": "text", "text": told.text}]
    reason = "TOOL_CALL" if told.tool else "COMPLETE"
    return {"id": "c-1", "finish_reason": reason, "message": message, "usage": _USAGE}


def _chat_stream(made: Json) -> bytes:
    empty = {"role": "assistant", "content": [], "tool_plan": "", "tool_calls": []}
    text = "".join(part["text"] for part in made["message"].get("content", ()))
    begun = {"id": "c-1", "delta": {"message": {**empty, "citations": []}}}
    first = {
        "index": 0,
        "delta": {"message": {"content": {"type": "text", "text": ""}}},
    }
    more = {"index": 0, "delta": {"message": {"content": {"text": text}}}}
    ended = {"finish_reason": made["finish_reason"], "usage": made["usage"]}
    rows: list[tuple[str, Json]] = [
        ("message-start", begun),
        ("content-start", first),
        ("content-delta", more),
        ("content-end", {"index": 0}),
        ("message-end", {"id": "c-1", "delta": ended}),
    ]
    return events([(name, {"type": name, **data}) for name, data in rows])


def _first_chat(_body: Json, _path: str) -> Json:
    meta = {"api_version": {"version": "1"}, **_USAGE}
    ids = {"response_id": "r-1", "generation_id": "g-1"}
    return {**ids, "text": TEXT, "finish_reason": "COMPLETE", "meta": meta}


def _embed(body: Json, _path: str) -> Json:
    texts = body.get("texts") or [""]
    return {
        "id": "e-1",
        "embeddings": {"float": [[0.1, 0.2] for _ in texts]},
        "texts": texts,
        "response_type": "embeddings_by_type",
        "meta": {"billed_units": {"input_tokens": 3}},
    }


ROUTES = (
    Route(r"/v2/chat$", _chat, _chat_stream),
    Route(r"/v1/chat$", _first_chat),
    Route(r"/v2/embed$", _embed),
)
