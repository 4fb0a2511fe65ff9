"""LlamaIndex's own OpenTelemetry: its events, on the spans of its models' methods.

The event that begins a call holds the framework's messages and what was given beside
them; the model's own settings (temperature, caps) stand nowhere. A stream that nobody
read to its end has no second event.
"""

from typing import Any

import msgspec

from collector.recognise.dialects.contract import Candidate
from collector.recognise.dialects.readers.bodies import langchain_json
from collector.recognise.dialects.readers.bodies.provider_bodies import answer_of_output
from collector.recognise.dialects.readers.json_values import (
    as_dict,
    as_list,
    as_text,
    dumps,
    loads,
    loads_any,
)
from collector.recognise.dialects.readers.losses import has_orphans
from collector.recognise.dialects.readers.parts import read_tools, role_of
from collector.recognise.dialects.readers.span import candidate_of
from collector.recognise.dialects.readers.target import chat_api
from collector.recognise.record import Event, Record
from snaptrace.snapshot.apis.fields import all_but, droppable_media, is_field
from snaptrace.snapshot.conversation import (
    Conversation,
    GenericPart,
    MediaPart,
    Message,
    Part,
    TextPart,
    ToolCallPart,
    ToolResultPart,
)
from snaptrace.snapshot.model import Answer, Json, MediaKind, Usage

_NAME = "llama_index"
_CLASS = "model_dict.class_name"
_CHAT, _COMPLETE, _EMBED = (
    "LLMChatStartEvent",
    "LLMCompletionStartEvent",
    "EmbeddingStartEvent",
)
_ENDS = ("LLMChatEndEvent", "LLMCompletionEndEvent")
_GIVEN = "additional_kwargs."
# Its classes -> the API that their client speaks.
_APIS = {"openai_llm": "openai_chat", "openai_responses_llm": "openai_responses"}
_SEVERAL = 2
_MEDIA: dict[str, MediaKind] = {
    "image": "image",
    "audio": "audio",
    "video": "video",
    "document": "document",
}


class LlamaIndex:
    """See `contract.Dialect`."""

    name = _NAME

    def claims(self, record: Record) -> bool:
        """Return whether the span bears an event of a model's."""
        return any(_CLASS in event.attributes for event in record.events)

    def read(self, record: Record) -> Candidate | None:
        """Return what the record knows of a call."""
        starts = {event.name: event for event in record.events}
        if chat := starts.get(_CHAT) or starts.get(_COMPLETE):
            return _read_call(record, chat)
        if embedding := starts.get(_EMBED):
            return _read_embedding(record, embedding)
        return candidate_of(record, _NAME, role="wrapper")


def _read_call(record: Record, start: Event) -> Candidate:
    candidate = candidate_of(record, _NAME, role="call")
    own = start.attributes
    word = as_text(own.get(_CLASS)).lower()
    candidate.model = as_text(own.get("model_dict.model_name"))
    candidate.provider = word.partition("_")[0]
    candidate.api = _APIS.get(word, "")
    if not candidate.api:
        candidate.api = chat_api(candidate.provider)
        candidate.api_source = "guessed"
    candidate.lost = all_but(candidate.api, ("model", "tools", "tool_choice"))
    candidate.answer = _answer(record)
    messages, broken = _messages(start)
    parts = [part for message in messages for part in message.parts]
    if broken:
        candidate.reasons += ("truncated",)
    if any(isinstance(p, GenericPart) for p in parts) or has_orphans(parts):
        candidate.reasons += ("content_dropped",)
    if not any(isinstance(part, MediaPart) for part in parts):
        candidate.lost += droppable_media(candidate.api)
    if not messages:
        return candidate
    if word in _APIS:
        messages = [_as_one_text(message) for message in messages]
    given = {
        key.removeprefix(_GIVEN): loads_any(value).value
        for key, value in own.items()
        if key.startswith(_GIVEN)
    }
    tools = read_tools(given.pop("tools", None))
    params, rest = langchain_json.read_arguments(given)
    candidate.conversation = Conversation(
        model=candidate.model,
        messages=tuple(messages),
        tools=tuple(tools),
        params=params,
        extra={k: v for k, v in rest.items() if is_field(candidate.api, k)},
    )
    return candidate


def _messages(start: Event) -> tuple[list[Message], bool]:
    prompt = start.attributes.get("prompt")
    if isinstance(prompt, str) and start.name == _COMPLETE:
        return [Message(role="user", parts=(TextPart(text=prompt),))], False
    told = loads(start.attributes.get("messages"))
    return [_message(as_dict(raw)) for raw in as_list(told.value)], told.broken


def _message(raw: dict[str, Any]) -> Message:
    role = role_of(raw.get("role"))
    beside = as_dict(raw.get("additional_kwargs"))
    parts = [_part(as_dict(block)) for block in as_list(raw.get("blocks"))]
    if isinstance(content := raw.get("content"), str) and not parts:
        parts = [TextPart(text=content)]
    if role == "tool":
        call_id = as_text(beside.get("tool_call_id"))
        return Message(
            role="tool", parts=(ToolResultPart(content=tuple(parts), id=call_id),)
        )
    called = any(isinstance(part, ToolCallPart) for part in parts)
    if not called:
        parts += [_call(as_dict(one)) for one in as_list(beside.get("tool_calls"))]
    if any(isinstance(part, ToolCallPart) for part in parts):
        parts = [p for p in parts if not (isinstance(p, TextPart) and not p.text)]
    return Message(role=role, parts=tuple(parts))


def _as_one_text(message: Message) -> Message:
    """Its clients for OpenAI send the texts of a turn without media as one."""
    texts = [part.text for part in message.parts if isinstance(part, TextPart)]
    if len(texts) < len(message.parts) or len(texts) < _SEVERAL:
        return message
    return msgspec.structs.replace(message, parts=(TextPart(text="".join(texts)),))


def _call(raw: dict[str, Any]) -> Part:
    function = as_dict(raw.get("function")) or raw
    return ToolCallPart(
        name=as_text(function.get("name")),
        arguments=_arguments(function.get("arguments")),
        id=as_text(raw.get("call_id")) or as_text(raw.get("id")),
    )


def _part(block: dict[str, Any]) -> Part:
    kind = as_text(block.get("block_type"))
    if kind == "text":
        return TextPart(text=as_text(block.get("text")))
    if kind == "tool_call":
        return ToolCallPart(
            name=as_text(block.get("tool_name")),
            arguments=_arguments(block.get("tool_kwargs")),
            id=as_text(block.get("tool_call_id")),
        )
    if (medium := _MEDIA.get(kind)) and (url := _address(block, kind)):
        detail = block.get("detail")
        extra: dict[str, Json] = {} if detail is None else {"detail": detail}
        return MediaPart(kind=medium, url=url, extra=extra)
    return GenericPart(value=block)


def _address(block: dict[str, Any], kind: str) -> str:
    """Return where a medium is: its bytes are printed as Python prints them."""
    if url := as_text(block.get("url")):
        return url
    data = as_text(block.get("data" if kind == "document" else kind))
    mime = as_text(block.get(f"{kind}_mimetype"))
    if not mime or not data.startswith("b'") or not data.endswith("'"):
        return ""
    return f"data:{mime};base64,{data[2:-1]}"


def _arguments(value: Json) -> str:
    return value if isinstance(value, str) else dumps(value)


def _answer(record: Record) -> Answer:
    """Return the answer: LlamaIndex flattens the client's own response object."""
    end = next((e.attributes for e in record.events if e.name in _ENDS), {})
    raw = {
        key.removeprefix("response.raw."): loads_any(value).value
        for key, value in end.items()
        if key.startswith("response.raw.")
    }
    counts = {
        key.rpartition(".")[2]: value
        for key, value in end.items()
        if ".usage." in key and isinstance(value, int)
    }
    usage = Usage(
        input_tokens=counts.get("prompt_tokens", counts.get("input_tokens")),
        output_tokens=counts.get("completion_tokens", counts.get("output_tokens")),
    )
    return answer_of_output(raw, failed=record.failed, error="error", usage=usage)


def _read_embedding(record: Record, start: Event) -> Candidate:
    candidate = candidate_of(record, _NAME, role="call", operation="embeddings")
    candidate.api, candidate.api_source = "openai_embeddings", "guessed"
    candidate.model = as_text(start.attributes.get("model_dict.model_name"))
    candidate.lost = all_but(candidate.api, ("model", "input"))
    end = next((e for e in record.events if e.name == "EmbeddingEndEvent"), start)
    texts = [t for t in as_list(loads(end.attributes.get("chunks")).value) if t]
    if texts and all(isinstance(text, str) for text in texts):
        candidate.body = {"model": candidate.model, "input": texts}
    return candidate
