"""Anthropic's Messages, also as Vertex and Bedrock take it."""

import json

from recording.stand_in.contract import (
    TOKENS_IN,
    TOKENS_OUT,
    Json,
    Route,
    events,
    said,
)


def messages(body: Json, _path: str) -> Json:
    """Return the answer to a request to Messages."""
    tools = [(t["name"], t.get("input_schema")) for t in body.get("tools") or ()]
    told = said(body, [tool for tool in tools if tool[1]])
    content: list[Json] = [{"type": "text", "text": told.text}]
    if told.tool:
        used = {"id": "toolu_1", "name": told.tool, "input": told.arguments}
        content = [{"type": "tool_use", **used}]
    if (body.get("thinking") or {}).get("type") == "enabled":
        thought = {"type": "thinking", "thinking": "Easy.", "signature": "c2lnbg=="}
        content.insert(0, thought)
    return {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": body.get("model", ""),
        "content": content,
        "stop_reason": "tool_use" if told.tool else "end_turn",
        "stop_sequence": None,
        "usage": {"input_tokens": TOKENS_IN, "output_tokens": TOKENS_OUT},
    }


def parts(made: Json) -> list[Json]:
    """Return a whole answer as the events of its stream."""
    begun = {**made, "content": [], "stop_reason": None}
    rows: list[Json] = [{"type": "message_start", "message": begun}]
    for index, block in enumerate(made["content"]):
        at = {"index": index}
        empty, delta = _emptied(block)
        rows += [
            {"type": "content_block_start", **at, "content_block": empty},
            {"type": "content_block_delta", **at, "delta": delta},
            {"type": "content_block_stop", **at},
        ]
    ended = {"stop_reason": made["stop_reason"], "stop_sequence": None}
    rows.append({"type": "message_delta", "delta": ended, "usage": made["usage"]})
    rows.append({"type": "message_stop"})
    return rows


def _emptied(block: Json) -> tuple[Json, Json]:
    if block["type"] == "tool_use":
        text = json.dumps(block["input"])
        return {**block, "input": {}}, {
            "type": "input_json_delta",
            "partial_json": text,
        }
    if block["type"] == "thinking":
        delta = {"type": "thinking_delta", "thinking": block["thinking"]}
        return {**block, "thinking": ""}, delta
    return {**block, "text": ""}, {"type": "text_delta", "text": block["text"]}


def _stream(made: Json) -> bytes:
    return events([(row["type"], row) for row in parts(made)])


def _vertex_streams(body: Json, path: str) -> bool:
    return bool(body.get("stream")) or ":stream" in path


ROUTES = (
    Route(r"/v1/messages$", messages, _stream),
    Route(r":(rawPredict|streamRawPredict)$", messages, _stream, _vertex_streams),
)
