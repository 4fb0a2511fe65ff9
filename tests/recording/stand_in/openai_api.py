"""OpenAI's APIs, and those of all who speak like it (Groq, Mistral, LiteLLM, ...)."""

import json

from recording.stand_in.contract import (
    TOKENS_IN,
    TOKENS_OUT,
    Json,
    Route,
    events,
    said,
)

_USAGE = {
    "prompt_tokens": TOKENS_IN,
    "completion_tokens": TOKENS_OUT,
    "total_tokens": TOKENS_IN + TOKENS_OUT,
}


def _chat(body: Json, _path: str) -> Json:
    tools = [
        (tool["function"]["name"], tool["function"].get("parameters"))
        for tool in body.get("tools") or ()
        if "function" in tool
    ]
    form = body.get("response_format") or {}
    schema = form.get("json_schema", {}).get("schema")
    if form.get("type") == "json_object":
        schema = {"properties": {"city": {"type": "string"}}}
    told = said(body, tools, schema)
    message: Json = {"role": "assistant", "content": told.text}
    if told.tool:
        call = {"name": told.tool, "arguments": json.dumps(told.arguments)}
        message["content"] = None
        message["tool_calls"] = [{"id": "call_1", "type": "function", "function": call}]
    reason = "tool_calls" if told.tool else "stop"
    one = {"message": message, "finish_reason": reason}
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": body.get("model", ""),
        "choices": [{"index": index, **one} for index in range(body.get("n") or 1)],
        "usage": _USAGE,
    }


def _chat_stream(made: Json) -> bytes:
    choice = made["choices"][0]
    delta = {**choice["message"]}
    for index, call in enumerate(delta.get("tool_calls", ())):
        call["index"] = index
    chunk = {**made, "object": "chat.completion.chunk", "choices": []}
    first = {"index": 0, "delta": delta, "finish_reason": None}
    last = {"index": 0, "delta": {}, "finish_reason": choice["finish_reason"]}
    chunks = [{**chunk, "usage": None, "choices": [one]} for one in (first, last)]
    return events([("", one) for one in (*chunks, chunk, "[DONE]")])


# What the answer repeats of the request, and what stands there if it said nothing.
_ECHOED: Json = {
    "instructions": None,
    "max_output_tokens": None,
    "metadata": {},
    "parallel_tool_calls": True,
    "previous_response_id": None,
    "reasoning": {"effort": None, "summary": None},
    "service_tier": "default",
    "store": True,
    "temperature": 1.0,
    "text": {"format": {"type": "text"}, "verbosity": "medium"},
    "tool_choice": "auto",
    "tools": [],
    "top_p": 1.0,
    "truncation": "disabled",
}


def _responses(body: Json, _path: str) -> Json:
    tools = [
        (tool["name"], tool.get("parameters"))
        for tool in body.get("tools") or ()
        if tool.get("type") == "function"
    ]
    form = (body.get("text") or {}).get("format") or {}
    told = said(body, tools, form.get("schema"))
    part = {"type": "output_text", "text": told.text, "annotations": []}
    output: Json = {
        "type": "message",
        "id": "msg_1",
        "role": "assistant",
        "status": "completed",
        "content": [part],
    }
    if told.tool:
        output = {
            "type": "function_call",
            "id": "fc_1",
            "call_id": "call_1",
            "name": told.tool,
            "arguments": json.dumps(told.arguments),
            "status": "completed",
        }
    return {
        "id": "resp_1",
        "object": "response",
        "created_at": 1,
        "model": body.get("model", ""),
        "status": "completed",
        "output": [output],
        **{name: body.get(name, default) for name, default in _ECHOED.items()},
        "usage": {
            "input_tokens": TOKENS_IN,
            "input_tokens_details": {"cached_tokens": 0},
            "output_tokens": TOKENS_OUT,
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": TOKENS_IN + TOKENS_OUT,
        },
    }


def _responses_stream(made: Json) -> bytes:
    (item,) = made["output"]
    begun = {**made, "status": "in_progress", "output": []}
    rows: list[Json] = [
        {"type": "response.created", "response": begun},
        {"type": "response.output_item.added", "output_index": 0, "item": item},
        {"type": "response.output_item.done", "output_index": 0, "item": item},
        {"type": "response.completed", "response": made},
    ]
    numbered = [{**row, "sequence_number": n} for n, row in enumerate(rows)]
    return events([(row["type"], row) for row in numbered])


def _embeddings(body: Json, _path: str) -> Json:
    given = body.get("input") or body.get("inputs")
    count = len(given) if isinstance(given, list) else 1
    rows = [
        {"object": "embedding", "index": n, "embedding": [0.1, 0.2]}
        for n in range(count)
    ]
    usage = {"prompt_tokens": 3, "total_tokens": 3}
    head = {"id": "emb-1", "object": "list", "model": body["model"]}
    return {**head, "data": rows, "usage": usage}


def _completions(body: Json, _path: str) -> Json:
    choice = {"index": 0, "text": " hi", "finish_reason": "stop", "logprobs": None}
    return {
        "id": "cmpl-1",
        "object": "text_completion",
        "created": 1,
        "model": body["model"],
        "choices": [choice],
        "usage": _USAGE,
    }


ROUTES = (
    Route(r"/chat/completions$", _chat, _chat_stream),
    Route(r"/responses$", _responses, _responses_stream),
    Route(r"(?<!/v2)/embeddings$", _embeddings),
    Route(r"/v1/completions$", _completions),
)
