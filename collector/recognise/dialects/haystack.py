"""Haystack's component spans: `haystack.component.*`, content switched on.

A generator's input holds chat messages in Haystack's own shape; which provider it
speaks to, its class name tells.
"""

from typing import Any

from collector.recognise.dialects.contract import Candidate
from collector.recognise.dialects.readers.json_values import (
    as_dict,
    as_list,
    as_text,
    dumps,
    loads,
)
from collector.recognise.dialects.readers.parts import role_of
from collector.recognise.dialects.readers.span import candidate_of
from collector.recognise.dialects.readers.target import chat_api, is_dated
from collector.recognise.record import Record
from snaptrace.snapshot.apis.fields import all_but
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
from snaptrace.snapshot.model import Answer, Json, MediaKind

_NAME = "haystack"
_TYPE = "haystack.component.type"
_AGENT_STEP = "haystack.agent.step.llm.input"
_PROVIDERS = (
    "OpenAI",
    "AzureOpenAI",
    "Anthropic",
    "Google",
    "Gemini",
    "Cohere",
    "Bedrock",
)


class Haystack:
    """See `contract.Dialect`."""

    name = _NAME

    def claims(self, record: Record) -> bool:
        """Return whether the record is a component's run."""
        return _TYPE in record.attributes or _AGENT_STEP in record.attributes

    def read(self, record: Record) -> Candidate | None:
        """Return what the record knows of a call."""
        if _AGENT_STEP in record.attributes:
            return _read_step(record)
        kind = as_text(record.attributes.get(_TYPE))
        if not kind.endswith("Generator"):
            return candidate_of(record, _NAME, role="wrapper")
        candidate = candidate_of(record, _NAME, role="call")
        named = next((word for word in _PROVIDERS if word in kind), "")
        candidate.provider = named.lower()
        candidate.api = chat_api(candidate.provider) if named else ""
        candidate.lost = all_but(candidate.api, ())
        output = as_dict(
            loads(record.attributes.get("haystack.component.output")).value
        )
        reply = as_dict((as_list(output.get("replies")) or [{}])[0])
        model = as_text(as_dict(reply.get("meta", reply.get("_meta"))).get("model"))
        candidate.model = "" if is_dated(model) else model
        message = _message(reply) if reply else None
        candidate.answer = Answer(
            text="".join(p.text for p in message.parts if isinstance(p, TextPart))
            if message
            else "",
            model=model,
            observed=message is not None,
        )
        given = loads(record.attributes.get("haystack.component.input"))
        if given.broken:
            candidate.reasons += ("truncated",)
        _read_input(candidate, as_dict(given.value))
        return candidate


def _read_step(record: Record) -> Candidate:
    """An agent's own call of its generator, of which no span names the class."""
    candidate = candidate_of(record, _NAME, role="call")
    given = loads(record.attributes[_AGENT_STEP])
    if given.broken:
        candidate.reasons += ("truncated",)
    _read_input(candidate, as_dict(given.value))
    return candidate


def _read_input(candidate: Candidate, given: dict[str, Any]) -> None:
    messages = [_message(as_dict(raw)) for raw in as_list(given.get("messages"))]
    if not messages and isinstance(given.get("prompt"), str):
        messages = [Message(role="user", parts=(TextPart(text=given["prompt"]),))]
    if not messages:
        return
    settings = as_dict(given.get("generation_kwargs"))
    candidate.conversation = Conversation(
        model=candidate.model,
        messages=tuple(messages),
        extra={key: value for key, value in settings.items() if value is not None},
    )


def _message(raw: dict[str, Any]) -> Message:
    role = role_of(raw.get("role", raw.get("_role")))
    content = raw.get("content", raw.get("_content"))
    if isinstance(content, str):
        return Message(role=role, parts=(TextPart(text=content),))
    parts = tuple(_part(as_dict(block)) for block in as_list(content))
    return Message(role=role, parts=parts, name=as_text(raw.get("name")))


def _part(block: dict[str, Any]) -> Part:
    if isinstance(block.get("text"), str):
        return TextPart(text=block["text"])
    if call := as_dict(block.get("tool_call")):
        return ToolCallPart(
            name=as_text(call.get("tool_name")),
            arguments=dumps(call.get("arguments", {})),
            id=as_text(call.get("id")),
        )
    if result := as_dict(block.get("tool_call_result")):
        value = result.get("result")
        text = value if isinstance(value, str) else dumps(value)
        return ToolResultPart(
            content=(TextPart(text=text),),
            id=as_text(as_dict(result.get("origin")).get("id")),
            is_error=result.get("error") is True,
        )
    if image := as_dict(block.get("image")):
        mime = as_text(image.get("mime_type"))
        data = as_text(image.get("base64_image"))
        detail: dict[str, Json] = {}
        if isinstance(image.get("detail"), str):
            detail["detail"] = image["detail"]
        return _medium("image", data, mime, detail)
    if file := as_dict(block.get("file")):
        named: dict[str, Json] = {}
        if isinstance(file.get("filename"), str):
            named["filename"] = file["filename"]
        mime = as_text(file.get("mime_type"))
        return _medium("document", as_text(file.get("base64_data")), mime, named)
    return GenericPart(value=block)


def _medium(kind: MediaKind, data: str, mime: str, extra: dict[str, Json]) -> MediaPart:
    """Return a part with its bytes, of which most releases only tell the length."""
    return MediaPart(
        kind=kind, url=f"data:{mime};base64,{data}", mime=mime, extra=extra
    )
