"""What a recorded response says: read here by hand, so that no reader judges itself."""

import json
from collections.abc import Iterator
from typing import Any, NamedTuple


class TrueAnswer(NamedTuple):
    """The first choice of a response, in OpenAI's words."""

    text: str = ""
    refusal: str = ""
    tools: tuple[tuple[str, str], ...] = ()  # (name, arguments as sorted JSON)
    finish: str = ""  # one of the classes of `finish_class`
    tokens: tuple[int, int] | None = None  # of input and output


def finish_class(word: Any) -> str:
    """Return stop, length, tool_calls or filter; other words in small letters."""
    low = str(word or "").strip().lower().replace("-", "_")
    return _CLASSES.get(low, low)


_CLASSES = {
    word: name
    for name, words in {
        "stop": "stop end_turn stop_sequence completed complete eos finished succeeded",
        "length": "length max_tokens max_output_tokens incomplete",
        "tool_calls": "tool_calls tool_call tool_use function_call",
        "filter": "content_filter content_filtered guardrail_intervened safety refusal"
        " prohibited_content",
    }.items()
    for word in words.split()
}


def canonical(arguments: Any) -> str:
    """Return tool arguments in one spelling."""
    if isinstance(arguments, str):
        try:
            arguments = json.loads(arguments)
        except ValueError:
            return arguments
    return json.dumps(arguments or {}, sort_keys=True)


def read_response(response: dict[str, Any]) -> TrueAnswer | None:
    """Return what a response says; None for errors, and for what has no words."""
    if response.get("status") != 200:
        return None
    if "sse" in response:
        return _streamed(list(_events(response["sse"])))
    body = response.get("body")
    return _whole(body) if isinstance(body, dict) else None


def _events(sse: Any) -> Iterator[dict[str, Any]]:
    if isinstance(sse, list):
        yield from (event for event in sse if isinstance(event, dict))
        return
    for line in sse.splitlines():
        if line.startswith("data:") and line[5:].strip() not in ("", "[DONE]"):
            yield json.loads(line[5:])


def _whole(body: dict[str, Any]) -> TrueAnswer | None:
    for key, reader in _READERS.items():
        if key in body:
            return reader(body)
    return None


def _tokens(counts: Any, *names: tuple[str, str]) -> tuple[int, int] | None:
    counts = counts or {}
    for asked, given in names:
        if isinstance(counts.get(asked), int):
            return counts[asked], counts.get(given) or 0
    return None


_OPENAI = (("prompt_tokens", "completion_tokens"), ("input_tokens", "output_tokens"))


def _choices(body: dict[str, Any]) -> TrueAnswer | None:
    first = body["choices"][0] if body["choices"] else {}
    message = first.get("message") or {"content": first.get("text")}
    content = message.get("content") or ""
    if isinstance(content, list):
        content = "".join(part.get("text", "") for part in content)
    calls = [c["function"] for c in message.get("tool_calls") or [] if "function" in c]
    if isinstance(message.get("function_call"), dict):
        calls.append(message["function_call"])
    return TrueAnswer(
        text=content or (message.get("audio") or {}).get("transcript") or "",
        refusal=message.get("refusal") or "",
        tools=tuple((c["name"], canonical(c["arguments"])) for c in calls),
        finish=finish_class(first.get("finish_reason")),
        tokens=_tokens(body.get("usage"), *_OPENAI),
    )


def _response(body: dict[str, Any]) -> TrueAnswer:
    parts = [
        part
        for item in body["output"]
        if item.get("type") == "message"
        for part in item["content"]
    ]
    calls = [item for item in body["output"] if item.get("type") == "function_call"]
    word = (body.get("incomplete_details") or {}).get("reason") or body.get("status")
    return TrueAnswer(
        text="".join(part.get("text", "") for part in parts),
        refusal="".join(part.get("refusal", "") for part in parts),
        tools=tuple((c["name"], canonical(c["arguments"])) for c in calls),
        finish=finish_class(word),
        tokens=_tokens(body.get("usage"), *_OPENAI),
    )


def _output(body: dict[str, Any]) -> TrueAnswer | None:
    output = body["output"]
    if isinstance(output, dict):  # Converse
        blocks = output["message"]["content"]
        calls = [block["toolUse"] for block in blocks if "toolUse" in block]
        return TrueAnswer(
            text="".join(block.get("text", "") for block in blocks),
            tools=tuple((c["name"], canonical(c["input"])) for c in calls),
            finish=finish_class(body.get("stopReason")),
            tokens=_tokens(body.get("usage"), ("inputTokens", "outputTokens")),
        )
    if output and isinstance(output[0], dict):
        return _response(body)
    return TrueAnswer(text="".join(str(piece) for piece in output or ()))


def _content(body: dict[str, Any]) -> TrueAnswer:
    blocks = body["content"]
    calls = [block for block in blocks if block.get("type") == "tool_use"]
    counts = body.get("usage") or {}
    cached = sum(
        counts.get(f"cache_{kind}_input_tokens") or 0 for kind in ("read", "creation")
    )
    tokens = _tokens(counts, ("input_tokens", "output_tokens"))
    return TrueAnswer(
        text="".join(b.get("text", "") for b in blocks if b.get("type") == "text"),
        tools=tuple((c["name"], canonical(c["input"])) for c in calls),
        finish=finish_class(body.get("stop_reason")),
        tokens=None if cached else tokens,  # emitters differ over cached ones
    )


def _candidates(body: dict[str, Any]) -> TrueAnswer:
    first = (body["candidates"] or [{}])[0]
    parts = (first.get("content") or {}).get("parts") or []
    calls = [part["functionCall"] for part in parts if "functionCall" in part]
    finish = finish_class(first.get("finishReason"))
    return TrueAnswer(
        text="".join(p.get("text", "") for p in parts if not p.get("thought")),
        tools=tuple((c["name"], canonical(c.get("args"))) for c in calls),
        finish="tool_calls" if calls and finish == "stop" else finish,
        tokens=_tokens(
            body.get("usageMetadata"), ("promptTokenCount", "candidatesTokenCount")
        ),
    )


def _message(body: dict[str, Any]) -> TrueAnswer:
    """Read Cohere's second API and Ollama's chat."""
    message = body["message"]
    content = message.get("content") or ""
    if isinstance(content, list):
        content = "".join(part.get("text", "") for part in content)
    calls = [c["function"] for c in message.get("tool_calls") or []]
    finish = body.get("finish_reason") or body.get("done_reason")
    return TrueAnswer(
        text=content,
        tools=tuple((c["name"], canonical(c["arguments"])) for c in calls),
        finish="tool_calls" if calls else finish_class(finish),
        tokens=_tokens(
            (body.get("usage") or {}).get("tokens") or body,
            ("input_tokens", "output_tokens"),
            ("prompt_eval_count", "eval_count"),
        ),
    )


def _generated(body: dict[str, Any]) -> TrueAnswer:
    return TrueAnswer(
        text=body.get("response") or body.get("generation") or "",
        finish=finish_class(body.get("done_reason") or body.get("stop_reason")),
        tokens=_tokens(
            body,
            ("prompt_eval_count", "eval_count"),
            ("prompt_token_count", "generation_token_count"),
        ),
    )


_READERS = {
    "choices": _choices,
    "candidates": _candidates,
    "content": _content,
    "output": _output,
    "message": _message,
    "response": _generated,
    "generation": _generated,
}


def _streamed(events: list[dict[str, Any]]) -> TrueAnswer | None:
    if not events:
        return None
    for event in events:
        if event.get("type") in ("response.completed", "response.incomplete"):
            return _response(event["response"])
    if "choices" in events[0]:
        return _streamed_choices(events)
    if events[0].get("type") == "message_start":
        return _streamed_messages(events)
    if "candidates" in events[0]:
        return _streamed_candidates(events)
    if events[0].get("role"):
        return _streamed_converse(events)
    return None


def _streamed_choices(events: list[dict[str, Any]]) -> TrueAnswer:
    text = refusal = finish = ""
    tokens = None
    calls: dict[int, list[str]] = {}
    for event in events:
        tokens = _tokens(event.get("usage"), *_OPENAI) or tokens
        for choice in event.get("choices") or []:
            if choice.get("index"):
                continue
            delta = choice.get("delta") or {"content": choice.get("text")}
            text += delta.get("content") or ""
            refusal += delta.get("refusal") or ""
            finish = choice.get("finish_reason") or finish
            for piece in delta.get("tool_calls") or []:
                call = calls.setdefault(piece.get("index", 0), ["", ""])
                call[0] += piece["function"].get("name") or ""
                call[1] += piece["function"].get("arguments") or ""
    tools = tuple((name, canonical(arguments)) for name, arguments in calls.values())
    return TrueAnswer(text, refusal, tools, finish_class(finish), tokens)


def _streamed_messages(events: list[dict[str, Any]]) -> TrueAnswer:
    body = dict(events[0]["message"])
    blocks: list[dict[str, Any]] = []
    for event in events:
        kind = event.get("type")
        if kind == "content_block_start":
            blocks.append({**event["content_block"], "json": ""})
        elif kind == "content_block_delta":
            delta = event["delta"]
            blocks[-1]["json"] += delta.get("partial_json") or ""
            blocks[-1]["text"] = blocks[-1].get("text", "") + delta.get("text", "")
        elif kind == "message_delta":
            body["stop_reason"] = event["delta"].get("stop_reason")
            body["usage"] = {**body["usage"], **(event.get("usage") or {})}
    for block in blocks:
        if block["json"]:
            block["input"] = json.loads(block["json"])
    return _content({**body, "content": blocks})


def _streamed_candidates(events: list[dict[str, Any]]) -> TrueAnswer:
    parts = [
        part
        for event in events
        for part in (event["candidates"][0].get("content") or {}).get("parts") or []
    ]
    last = events[-1]
    first = {**last["candidates"][0], "content": {"parts": parts}}
    return _candidates({**last, "candidates": [first]})


def _streamed_converse(events: list[dict[str, Any]]) -> TrueAnswer:
    blocks: dict[int, dict[str, Any]] = {}
    body: dict[str, Any] = {}
    for event in events:
        body |= {k: event[k] for k in ("stopReason", "usage") if k in event}
        block = blocks.setdefault(event.get("contentBlockIndex", 0), {})
        if "start" in event:
            block["toolUse"] = {**event["start"]["toolUse"], "input": ""}
        delta = event.get("delta") or {}
        if "text" in delta:
            block["text"] = block.get("text", "") + delta["text"]
        if "toolUse" in delta:
            block["toolUse"]["input"] += delta["toolUse"].get("input", "")
    message = {"content": list(blocks.values())}
    return _output({**body, "output": {"message": message}}) or TrueAnswer()
