"""An answer's JSON, told by its shape: a provider's response, or a framework's message.

Chat Completions, Responses, Messages, Gemini, Converse, InvokeModel's bodies, Cohere,
Ollama; LangChain's results and messages; OpenTelemetry's messages of parts. Of several
choices the first is read; thoughts are no part of an answer.
"""

import re
from typing import Any

from msgspec import Struct

from collector.recognise.dialects.readers import python_text
from collector.recognise.dialects.readers.json_values import (
    as_count,
    as_dict,
    as_list,
    as_text,
    dumps,
    loads,
)
from snaptrace.snapshot.model import Media, MediaKind, ToolCall

_MOST_LEVELS = 6  # of wrappers, and of content within content
# Under which a response, or its first choice, stands.
_HOLDERS = ("body", "response", "output", "result", "results", "outputs", "generation")
_FINISHES = (
    "finish_reason",
    "finishReason",
    "stop_reason",
    "stopReason",
    "done_reason",
    "completion_reason",
    "completionReason",
)
# Of OpenTelemetry, of most, of LlamaIndex and of Haystack.
_CONTENTS = ("parts", "content", "blocks", "_content")
_USAGES = (
    *("usage", "usageMetadata", "usage_metadata", "token_usage", "tokenUsage"),
    *("llm_output", "billed_units", "tokens"),
)
_MODELS = ("model", "model_version", "model_name")
_IDS = ("id", "response_id")
# Most objects of an answer have none of these keys, and are left at one question.
_NOTED = frozenset(
    (*_FINISHES, *_USAGES, *_MODELS, *_IDS, "incomplete_details", "status")
)
_COUNTS: dict[str, str] = {
    "prompt_tokens": "input_tokens",
    "input_tokens": "input_tokens",
    "inputTokens": "input_tokens",
    "promptTokenCount": "input_tokens",
    "prompt_token_count": "input_tokens",
    "completion_tokens": "output_tokens",
    "output_tokens": "output_tokens",
    "outputTokens": "output_tokens",
    "candidatesTokenCount": "output_tokens",
    "candidates_token_count": "output_tokens",
}
_TEXT_KEYS = ("text", "content", "outputText", "generated_text", "completion")
_THOUGHTS = ("thinking", "reasoning", "redacted_thinking", "reasoningContent")
_CALL_KINDS = ("tool_use", "tool_call", "function_call", "toolUse", "tool-call")
# A stream or a body that was printed in the place of what it held.
_PRINTED_OBJECT = re.compile(
    r"<[\w.]{1,100} object at 0x[0-9a-fA-F]{1,16}>|[A-Z][A-Za-z]{0,40}(?:Stream|Body)"
)
_KINDS: dict[str, MediaKind] = {"image": "image", "audio": "audio", "video": "video"}


class Said(Struct):
    """Answer read from its JSON."""

    text: str = ""
    calls: tuple[ToolCall, ...] = ()
    refusal: str = ""
    finish: str = ""  # as the provider spells it
    media: tuple[Media, ...] = ()
    model: str = ""
    response_id: str = ""
    usage: dict[str, int] = {}

    @property
    def is_empty(self) -> bool:
        """Return whether nothing was found that a model said."""
        return not (self.text or self.calls or self.refusal or self.media)


def read(value: Any) -> Said:  # noqa: ANN401 - any JSON
    """Return what a response or a message says; an empty one for anything else."""
    said = Said()
    _take(value, said, 0)
    return said


def _take(value: Any, said: Said, level: int) -> None:  # noqa: ANN401 - any JSON
    if level > _MOST_LEVELS:
        return
    if isinstance(value, str):
        _take_text(value, said, level)
    elif isinstance(value, list):
        _take_list(value, said, level)
    elif isinstance(value, dict):
        _note(value, said)
        _take_object(value, said, level)


def _take_text(value: str, said: Said, level: int) -> None:
    if value[:1] in ("{", "["):
        found = loads(value).value
        if isinstance(found, dict | list):
            _take(found, said, level + 1)
            return
    if not _PRINTED_OBJECT.fullmatch(value):
        said.text += value


def _take_list(value: list[Any], said: Said, level: int) -> None:
    """Take a list: of choices, of a stream's pieces, of items, or of parts."""
    objects = [item for item in value if isinstance(item, dict)]
    if not objects:
        if value and isinstance(value[0], list | str):
            _take(value[0], said, level + 1)
    elif "candidates" in objects[0]:
        for piece in objects:
            _take(piece, said, level + 1)
    elif any(_is_item(item) for item in objects):
        for item in objects:
            _take_part(item, said, level + 1)
    else:
        for item in objects:
            _take(item, said, level + 1)
            if not said.is_empty:  # thoughts may have a message of their own
                break


def _is_item(item: dict[str, Any]) -> bool:
    """Distinguish a content part, or an output item of a response, from a choice."""
    kind = item.get("type")
    return (isinstance(kind, str) and "message" not in item) or (
        "role" not in item and ("text" in item or "toolUse" in item)
    )


def _note(value: dict[str, Any], said: Said) -> None:
    """Note what stands beside an answer's words."""
    if _NOTED.isdisjoint(value):
        return
    for key in _FINISHES:
        if not said.finish and isinstance(found := value.get(key), str):
            said.finish = found
    cut = as_text(as_dict(value.get("incomplete_details")).get("reason"))
    status = as_text(value.get("status"))
    if not said.finish and (cut or (status and value.get("object") == "response")):
        said.finish = cut or status
    for key in _USAGES:
        if not said.usage and isinstance(found := value.get(key), dict):
            _note(found, said)
            said.usage = said.usage or _counts(found)
    said.model = said.model or _first(value, *_MODELS)
    said.response_id = said.response_id or _first(value, *_IDS)


def _counts(found: dict[str, Any]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for key, name in _COUNTS.items():
        if name not in counts and (count := as_count(found.get(key))) is not None:
            counts[name] = count
    return counts


def _first(value: dict[str, Any], *keys: str) -> str:
    return next((as_text(value[key]) for key in keys if as_text(value.get(key))), "")


def _take_object(value: dict[str, Any], said: Said, level: int) -> None:
    for key in ("choices", "candidates", "generations", "replies"):
        if isinstance(found := value.get(key), list):
            _take(_first_choice(found), said, level + 1)
            return
    for key in ("generation_info", "response_metadata", "meta", "_meta"):
        _note(as_dict(value.get(key)), said)
    if isinstance(inner := value.get("message"), dict):
        _take(_kwargs(inner), said, level + 1)
    elif isinstance(inner, str):
        said.text += inner
    elif _is_message(value):
        _take_message(_kwargs(value), said, level)
    elif messages := as_list(value.get("messages")):
        _take(_kwargs(messages[-1]), said, level + 1)
    else:
        _take_held(value, said, level)


def _take_held(value: dict[str, Any], said: Said, level: int) -> None:
    for key in _HOLDERS:
        found = value.get(key)
        if found and (isinstance(found, dict | list) or key == "body"):
            _take(found, said, level + 1)
            return
        if isinstance(found, str) and found:
            said.text += "" if _PRINTED_OBJECT.fullmatch(found) else found
            return
    said.text += next((as_text(value[k]) for k in _TEXT_KEYS if k in value), "")


def _first_choice(choices: list[Any]) -> Any:  # noqa: ANN401 - any JSON
    found = choices[0] if choices else None
    return found[0] if isinstance(found, list) and found else found


def _kwargs(value: Any) -> Any:  # noqa: ANN401 - any JSON
    """Return the message within LangChain's ways to write one."""
    own = as_dict(value)
    if "lc" in own and isinstance(own.get("kwargs"), dict):
        return own["kwargs"]
    if isinstance(own.get("data"), dict) and isinstance(own.get("type"), str):
        return own["data"]
    return value


def _is_message(value: dict[str, Any]) -> bool:
    return not {
        "role",
        *_CONTENTS,
        "tool_calls",
        "additional_kwargs",
        "kwargs",
    }.isdisjoint(value)


def _take_message(value: dict[str, Any], said: Said, level: int) -> None:
    _note(value, said)
    _note(as_dict(value.get("response_metadata")), said)
    content = next((value[key] for key in _CONTENTS if key in value), None)
    if isinstance(content, str):
        _take_printed(content, said, level)
    elif isinstance(content, dict):  # Gemini's, within a candidate
        _take(content, said, level + 1)
    for part in as_list(content):
        _take_part(part, said, level + 1)
    more = as_dict(value.get("additional_kwargs"))
    for source in (value, more):
        # The same calls may stand in content and beside it; two alike may be meant.
        named = {(call.name, call.arguments) for call in said.calls}
        calls = as_list(source.get("tool_calls"))
        if isinstance(source.get("function_call"), dict):
            calls = [*calls, source["function_call"]]
        for raw in calls:
            call = _call(as_dict(raw))
            if (call.name, call.arguments) not in named:
                said.calls += (call,)
        said.refusal = said.refusal or as_text(source.get("refusal"))
    audio = as_dict(value.get("audio"))
    if audio:
        said.media += (Media(kind="audio", mime="", state="placeholder"),)
        said.text = said.text or as_text(audio.get("transcript"))


def _take_printed(text: str, said: Said, level: int) -> None:
    """Take a text, or the parts that Python printed in its place."""
    for part in _printed(text):
        _take_part(part, said, level + 1)


def _printed(text: str) -> list[Any]:
    if not text.startswith("[{'") or "'type'" not in text[:20_000]:
        return [text]
    try:
        return as_list(python_text.loads(text))
    except python_text.UnreadableTextError:
        return [text]


def _call(raw: dict[str, Any]) -> ToolCall:
    inner = next(
        (raw[k] for k in ("function", "toolUse") if isinstance(raw.get(k), dict)), raw
    )
    for key in ("arguments", "args", "input", "parameters", "tool_input"):
        if key in inner:
            arguments = inner[key]
            break
    else:
        arguments = {}
    return ToolCall(
        name=_first(inner, "name", "toolName", "tool_name"),
        arguments=arguments if isinstance(arguments, str) else dumps(arguments),
        id=_first(raw, "call_id", "id", "toolCallId", "tool_call_id")
        or _first(inner, "toolUseId", "call_id", "id"),
    )


def _take_part(part: Any, said: Said, level: int) -> None:  # noqa: ANN401 - any JSON
    """Take a part of content, in whichever API's words, or an item of an output."""
    own = as_dict(part)
    if level > _MOST_LEVELS or is_thought(own):
        return
    kind = as_text(own.get("type"))
    if isinstance(part, str):
        said.text += part
    elif calls := _calls_in(own, kind):
        said.calls += calls
    elif kind == "refusal":
        said.refusal += _first(own, "refusal", "content", "text")
    elif kind == "message":
        _take_message(own, said, level + 1)
    elif media := _media(own, kind):
        said.media += (media,)
    else:
        _take_words(own, said, level)


def _take_words(own: dict[str, Any], said: Said, level: int) -> None:
    if isinstance(inner := own.get("content"), list):
        for one in inner:
            _take_part(one, said, level + 1)
        return
    if "type" not in own:
        _note(own, said)
    text = _first(own, *_TEXT_KEYS, "output_text")
    if not is_printed_thought(text):
        _take_printed(text, said, level)


def _calls_in(own: dict[str, Any], kind: str) -> tuple[ToolCall, ...]:
    if kind in _CALL_KINDS or "toolUse" in own:
        return (_call(own),)
    if call := as_dict(own.get("functionCall") or own.get("function_call")):
        return (_call(call),)
    inner = as_dict(own.get("function") if kind == "function" else own.get("tool_call"))
    if inner or ("name" in own and "arguments" in own):
        return (_call(inner or own),)
    return ()


def is_thought(own: dict[str, Any]) -> bool:
    """Detect a part that holds what a model thought before it answered."""
    return (
        own.get("type") in _THOUGHTS
        or own.get("thought") is True
        or "reasoningContent" in own
    )


def is_printed(text: str) -> bool:
    """Detect a text in whose place an emitter printed something else."""
    head = text[:20_000]
    if _PRINTED_OBJECT.fullmatch(head):
        return True
    if head.startswith("{"):  # a thought, and perhaps the answer's text behind it
        return head.startswith(('{"reasoningContent"', '{"id": "rs_', '{"id":"rs_'))
    return head.startswith("[{'") and _printed(text) != [text]


def is_printed_thought(text: str) -> bool:
    """Detect a thought that an emitter wrote out as JSON where text belongs."""
    return (
        text.startswith("{")
        and "reasoning" in text[:4096]
        and is_thought(as_dict(loads(text).value))
    )


def _media(own: dict[str, Any], kind: str) -> Media | None:
    blob = as_dict(own.get("inline_data") or own.get("inlineData"))
    mime = _first(blob or own, "mime_type", "mimeType", "media_type")
    if kind == "image_generation_call":
        return Media(kind="image", mime="", state="placeholder")
    family = (mime or kind).partition("/")[0].partition("_")[0]
    if not blob and kind not in ("blob", "uri", "file", "image", "image_url", "audio"):
        return None
    return Media(kind=_KINDS.get(family, "image"), mime=mime, state="placeholder")
