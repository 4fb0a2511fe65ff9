"""Rules of whole providers that no table can say: what is mended, and what is refused.

A rule returns the body, mended where that changes nothing of what is asked, and the
paths of what its provider answers with 400. Sources stand beside the families in
`profiles.toml`.
"""

import re
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import TypeAlias

from snaptrace.snapshot.apis.catalogue import EXTENSIONS, FIELDS
from snaptrace.snapshot.model import Json
from snaptrace.streams.values import as_list, as_object, as_text

Body: TypeAlias = dict[str, Json]
Ruled: TypeAlias = tuple[Body, list[str]]

LEAST_OUTPUT_TOKENS = 16  # of OpenAI Responses
LEAST_THINKING_TOKENS = 1024  # of Claude
MOST_STOPS = {"openai": 4, "gemini": 5}
MOST_DEPTH = 64
_TOOL_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")
_MISTRAL_ID = re.compile(r"[a-zA-Z0-9]{9}")
_MISTRAL_FIELDS = {path.partition(".")[0] for path in FIELDS["mistral_chat"]}
_MISTRAL_FIELDS |= {"messages", "stream"}
_MISTRAL_SILENT: Body = {"modalities": ["text"], "logprobs": False, "logit_bias": {}}
_SCHEMA_NAME = "response"
_ENDINGS = {"text/plain": "txt", "text/csv": "csv", "text/markdown": "md"}


def openai(api: str, body: Body) -> Ruled:
    """Apply the rules of OpenAI's own servers, in both of its chat APIs."""
    chat = api == "openai_chat"
    foreign = EXTENSIONS.get(api, ())
    body = _without_tool_settings(body)
    body = _named_files(_named_schema(body), "messages" if chat else "input")
    refused = [name for name in foreign if name in body]
    refused += _chat_turns(body) if chat else _responses(body)
    form = as_object(body.get("response_format")) if chat else _text_format(body)
    schema = as_object(form.get("json_schema")) if chat else form
    if schema.get("strict") is True and not _closed(schema.get("schema")):
        refused.append("strict_schema")
    if form.get("type") == "json_object" and not _says_json(body):
        refused.append("json_object: the word is not in the messages")
    for tool in as_list(body.get("tools")):
        own = as_object(as_object(tool).get("function")) if chat else as_object(tool)
        if own.get("strict") is True and not _closed(own.get("parameters")):
            refused.append("tools.strict_schema")
        refused += _bad_name(own)
    if len(as_list(body.get("stop"))) > MOST_STOPS["openai"]:
        refused.append("stop: more than four")
    return body, refused


def claude(api: str, body: Body) -> Ruled:
    """Apply the rules of Claude, directly or under Amazon Bedrock."""
    if api == "bedrock_converse" or (
        "anthropic_version" not in body and (api == "bedrock_invoke")
    ):
        return body, list(_converse_turns(body))
    refused = list(_claude_turns(body))
    for tool in as_list(body.get("tools")):
        own = as_object(tool)
        if "input_schema" in own and as_object(own["input_schema"]).get("type") != (
            "object"
        ):
            refused.append("tools.input_schema.type")
        refused += _bad_name(own)
    thinking = as_object(body.get("thinking"))
    budget, most = thinking.get("budget_tokens"), body.get("max_tokens")
    if (
        isinstance(budget, int)
        and isinstance(most, int)
        and not LEAST_THINKING_TOKENS <= budget < most
    ):
        refused.append("thinking.budget_tokens")
    if thinking.get("type") == "enabled" and body.get("temperature", 1) != 1:
        refused.append("temperature: with thinking")
    if any(not as_text(s).strip() for s in as_list(body.get("stop_sequences"))):
        refused.append("stop_sequences: blank")
    return body, refused


def no_thinking_budget(_api: str, body: Body) -> Ruled:
    """Refuse what models with adaptive thinking alone no longer take."""
    holder = as_object(body.get("additionalModelRequestFields")) or body
    kind = as_object(holder.get("thinking")).get("type")
    return body, ["thinking.type"] if kind in ("enabled", "disabled") else []


def mistral(_api: str, body: Body) -> Ruled:
    """Apply the order of roles and the form of ids; other ids are replaced."""
    body = {k: v for k, v in body.items() if _MISTRAL_SILENT.get(k, ()) != v}
    body.pop("stream_options", None)  # a stream tells its usage unasked
    turns = [as_object(turn) for turn in as_list(body.get("messages"))]
    refused = [name for name in body if name not in _MISTRAL_FIELDS]
    if turns and turns[0].get("role") not in ("system", "user"):
        refused.append("messages: first role")
    for before, turn in pairwise(turns):
        if before.get("role") == "tool" and turn.get("role") == "user":
            refused.append("messages: user after tool")
    last = turns[-1] if turns else {}
    if last.get("role") not in ("user", "tool") and last.get("prefix") is not True:
        refused.append("messages: last role")
    for turn in turns:
        empty = not turn.get("content") and not turn.get("tool_calls")
        if empty and turn.get("role") in ("assistant", "user", "system"):
            refused.append("messages.content: empty")
    return _with_ids(
        {**body, "messages": [_plain_role(turn) for turn in turns]}
    ), refused


def gemini(_api: str, body: Body) -> Ruled:
    """Refuse what Gemini's own servers refuse of contents and declarations."""
    turns = [as_object(turn) for turn in as_list(body.get("contents"))]
    refused: list[str] = []
    if not turns:
        refused.append("contents: empty")
    if any(not as_list(turn.get("parts")) for turn in turns):
        refused.append("contents.parts: empty")
    config = as_object(body.get("generationConfig"))
    if len(as_list(config.get("stopSequences"))) > MOST_STOPS["gemini"]:
        refused.append("generationConfig.stopSequences: more than five")
    return body, refused


RULES: dict[str, Callable[[str, Body], Ruled]] = {
    "openai": openai,
    "claude": claude,
    "no_thinking_budget": no_thinking_budget,
    "mistral": mistral,
    "gemini": gemini,
}


def _without_tool_settings(body: Body) -> Body:
    """Take settings of tools out where there is no tool, which says nothing."""
    if body.get("tools"):
        return body
    kept = {k: v for k, v in body.items() if k != "parallel_tool_calls"}
    if kept.get("tools") == []:
        del kept["tools"]
    if kept.get("tool_choice") in ("auto", "none"):
        del kept["tool_choice"]
    return kept


def _text_format(body: Body) -> Body:
    return as_object(as_object(body.get("text")).get("format"))


def _named_schema(body: Body) -> Body:
    """Give a schema without a name one; the APIs want it, and it says nothing."""
    form = as_object(body.get("response_format"))
    if form.get("type") == "json_schema":
        own = as_object(form.get("json_schema"))
        if not own.get("name"):
            own = {**own, "name": _SCHEMA_NAME}
            return {**body, "response_format": {**form, "json_schema": own}}
    form = _text_format(body)
    if form.get("type") == "json_schema" and not form.get("name"):
        text = {**as_object(body.get("text")), "format": {**form, "name": _SCHEMA_NAME}}
        return {**body, "text": text}
    return body


def _named_files(body: Body, field: str) -> Body:
    """Give a file without a name one by its media type; the APIs refuse bytes alone."""
    if not isinstance(body.get(field), list):
        return body
    return {**body, field: [_named_in(turn) for turn in body[field]]}


def _named_in(turn: Json) -> Json:
    content = as_object(turn).get("content")
    if not isinstance(content, list):
        return turn
    return {**turn, "content": [_named_part(part) for part in content]}


def _named_part(part: Json) -> Json:
    kind = as_object(part).get("type")
    if kind not in ("file", "input_file"):
        return part
    own = as_object(part.get("file")) if kind == "file" else part
    if "file_data" not in own or own.get("filename"):
        return part
    data = own["file_data"]
    mime = data[5:].partition(";")[0] if isinstance(data, str) else ""
    named = {**own, "filename": f"document.{_ENDINGS.get(mime, 'pdf')}"}
    return {**part, "file": named} if kind == "file" else named


def _chat_turns(body: Body) -> Iterator[str]:
    """Yield what is wrong with a chat's messages: empty turns, calls left open."""
    waiting: set[str] = set()
    for turn in map(as_object, as_list(body.get("messages"))):
        role, calls = turn.get("role"), as_list(turn.get("tool_calls"))
        if role == "tool":
            if turn.get("tool_call_id") not in waiting:
                yield "messages.tool_call_id"
            waiting.discard(as_text(turn.get("tool_call_id")))
            continue
        if waiting:
            yield "messages.tool_calls: unanswered"
        waiting = {as_text(as_object(call).get("id")) for call in calls}
        content = turn.get("content")
        spoken = content or calls or turn.get("function_call") or turn.get("refusal")
        if content is None and not (
            role == "assistant" and (spoken or "audio" in turn)
        ):
            yield "messages.content: missing"
        if content == []:
            yield "messages.content: empty"
    if waiting:
        yield "messages.tool_calls: unanswered"
    if not as_list(body.get("messages")):
        yield "messages: empty"


def _responses(body: Body) -> Iterator[str]:
    given = body.get("input")
    if given in ("", [], None):
        yield "input: empty"
    most = body.get("max_output_tokens")
    if isinstance(most, int) and most < LEAST_OUTPUT_TOKENS:
        yield "max_output_tokens: below 16"
    for turn in map(as_object, as_list(given)):
        for part in map(as_object, as_list(turn.get("content"))):
            if part.get("type") == "input_audio":
                yield "input.content.audio"


def _claude_turns(body: Body) -> Iterator[str]:
    turns = [as_object(turn) for turn in as_list(body.get("messages"))]
    if not turns or turns[0].get("role") != "user":
        yield "messages: first role"
    for place, turn in enumerate(turns):
        content = turn.get("content")
        last = place == len(turns) - 1 and turn.get("role") == "assistant"
        if not content and not last:
            yield "messages.content: empty"
        if isinstance(content, str) and content and not content.strip():
            yield "messages.content: blank"
        if last and _ends_in_space(content):
            yield "messages.content: trailing whitespace"
        yield from _blocks(as_list(content))
    yield from _blocks(as_list(body.get("system")))
    yield from _open_calls(turns)


def _ends_in_space(content: Json) -> bool:
    last = content if isinstance(content, str) else ""
    if isinstance(content, list) and content:
        last = as_text(as_object(content[-1]).get("text"))
    return last != last.rstrip()


def _blocks(blocks: list[Json]) -> Iterator[str]:
    for block in map(as_object, blocks):
        kind = block.get("type")
        if kind == "text" and not as_text(block.get("text")).strip():
            yield "messages.content.text: blank"
        if kind == "thinking" and not block.get("signature"):
            yield "messages.content.thinking.signature"


def _open_calls(turns: list[Body]) -> Iterator[str]:
    """Yield calls without a result in the next turn, and results without a call."""
    asked: set[str] = set()
    for turn in turns:
        blocks = [as_object(block) for block in as_list(turn.get("content"))]
        given = {as_text(b.get("tool_use_id")) for b in blocks if "tool_use_id" in b}
        if asked - given:
            yield "messages.content.tool_use: unanswered"
        if given - asked:
            yield "messages.content.tool_result.tool_use_id"
        asked = {as_text(b.get("id")) for b in blocks if b.get("type") == "tool_use"}
    if asked:
        yield "messages.content.tool_use: unanswered"


def _converse_turns(body: Body) -> Iterator[str]:
    turns = [as_object(turn) for turn in as_list(body.get("messages"))]
    if not turns or turns[0].get("role") != "user":
        yield "messages: first role"
    for before, turn in pairwise(turns):
        if before.get("role") == turn.get("role"):
            yield "messages: role twice in a row"
    for turn in turns:
        blocks = [as_object(block) for block in as_list(turn.get("content"))]
        if not blocks:
            yield "messages.content: empty"
        if any("text" in b and not as_text(b["text"]).strip() for b in blocks):
            yield "messages.content.text: blank"


def _bad_name(tool: Body) -> list[str]:
    name = tool.get("name")
    fits = not isinstance(name, str) or _TOOL_NAME.fullmatch(name)
    return [] if fits else ["tools.name"]


def _says_json(body: Body) -> bool:
    """Return whether the word stands in what is asked, as JSON mode demands."""
    waiting: list[Json] = [body.get(k) for k in ("messages", "input", "instructions")]
    while waiting:
        here = waiting.pop()
        if isinstance(here, str):
            if "json" in here.lower():
                return True
        elif isinstance(here, dict):
            waiting.extend(v for k, v in here.items() if k not in ("type", "role"))
        elif isinstance(here, list | tuple):
            waiting.extend(here)
    return False


def _closed(schema: Json, depth: int = 0) -> bool:
    """Detect a schema that strict mode takes: all keys required, and no others."""
    if isinstance(schema, list):
        return all(_closed(inner, depth + 1) for inner in schema)
    if not isinstance(schema, dict):
        return depth > 0
    if depth > MOST_DEPTH:
        return False
    kinds = schema.get("type")
    if kinds == "object" or (isinstance(kinds, list) and "object" in kinds):
        keys = set(as_object(schema.get("properties")))
        if schema.get("additionalProperties") is not False:
            return False
        if keys != set(map(str, as_list(schema.get("required")))):
            return False
    inner = [schema.get(k) for k in ("items", "anyOf", "allOf", "prefixItems")]
    for named in ("properties", "$defs", "definitions"):
        inner.extend(as_object(schema.get(named)).values())
    return all(_closed(value, depth + 1) for value in inner)


def _plain_role(turn: Body) -> Body:
    return {**turn, "role": "system"} if turn.get("role") == "developer" else turn


def _with_ids(body: Body) -> Body:
    """Return the messages with ids that Mistral takes, joined as before."""
    made: dict[str, str] = {}

    def fit(recorded: Json) -> Json:
        if not isinstance(recorded, str) or _MISTRAL_ID.fullmatch(recorded):
            return recorded
        return made.setdefault(recorded, f"snapt{len(made):04d}")

    turns = []
    for turn in body["messages"]:
        own = dict(turn)
        if "tool_call_id" in own:
            own["tool_call_id"] = fit(own["tool_call_id"])
        if isinstance(own.get("tool_calls"), list):
            calls = map(as_object, own["tool_calls"])
            own["tool_calls"] = [{**c, "id": fit(c.get("id"))} for c in calls]
        turns.append(own)
    return {**body, "messages": turns}
