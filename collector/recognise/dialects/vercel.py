"""Vercel AI SDK 3 to 6: `ai.operationId`, and the provider-neutral prompt.

The inner `.doGenerate` or `.doStream` span is the call; the outer one stands around its
steps and alone knows the output schema. How a prompt reaches the wire is the rule of
the SDK's provider packages, `@ai-sdk/openai` 2 and 3 and `@ai-sdk/anthropic` 2 and 3.
"""

import re
from collections.abc import Mapping
from typing import Any

import msgspec

from collector.recognise.dialects.contract import Candidate
from collector.recognise.dialects.genai import name_results
from collector.recognise.dialects.readers.bodies import vercel_prompt
from collector.recognise.dialects.readers.common_attributes import (
    answer_of_message,
    first_text,
)
from collector.recognise.dialects.readers.json_values import (
    as_dict,
    as_list,
    as_text,
    dumps,
    loads,
)
from collector.recognise.dialects.readers.span import candidate_of
from collector.recognise.dialects.readers.target import chat_api
from collector.recognise.evidence.versions import numbers
from collector.recognise.record import Record, Value
from snaptrace.snapshot.apis.fields import all_but
from snaptrace.snapshot.conversation import (
    Conversation,
    MediaPart,
    Message,
    Part,
    TextPart,
    Tool,
    ToolCallPart,
)
from snaptrace.snapshot.media_type import kind_of_mime
from snaptrace.snapshot.model import Answer, Json

_NAME = "vercel_ai"
_SETTINGS: dict[str, str] = {
    "maxOutputTokens": "max_tokens",
    "maxTokens": "max_tokens",
    "temperature": "temperature",
    "topP": "top_p",
    "topK": "top_k",
    "presencePenalty": "presence_penalty",
    "frequencyPenalty": "frequency_penalty",
    "stopSequences": "stop_sequences",
    "seed": "seed",
}
_OPENAI = (
    "model",
    "temperature",
    "top_p",
    "stop",
    "seed",
    "max_tokens",
    "presence_penalty",
    "frequency_penalty",
    "tool_choice",
    "response_format.type",
    "response_format.json_schema.name",
    "response_format.json_schema.description",
    "response_format.json_schema.schema",
    "tools.type",
    "tools.function.name",
    "tools.function.description",
    "tools.function.parameters",
    "messages.content.image_url.detail",
    "messages.content.input_audio.format",
    "messages.content.file.filename",
)
_CARRIED: dict[str, tuple[str, ...]] = {
    "openai_chat": _OPENAI,
    "openai_responses": (
        "model",
        "temperature",
        "top_p",
        "max_output_tokens",
        "tool_choice",
        "text.format.type",
        "text.format.name",
        "text.format.description",
        "text.format.schema",
        "tools.type",
        "tools.name",
        "tools.description",
        "tools.parameters",
        "input.content.detail",
        "input.content.filename",
    ),
    "anthropic_messages": (
        "model",
        "temperature",
        "top_p",
        "top_k",
        "stop_sequences",
        "tool_choice.type",
        "tool_choice.name",
        "tools.name",
        "tools.description",
        "tools.input_schema",
    ),
    "gemini_generate_content": (
        "model",
        "systemInstruction",
        "generationConfig.temperature",
        "generationConfig.topP",
        "generationConfig.topK",
        "generationConfig.maxOutputTokens",
        "generationConfig.stopSequences",
        "tools.functionDeclarations",
        "toolConfig.functionCallingConfig",
    ),
}
_UNTOLD_FORMAT: dict[str, tuple[str, ...]] = {
    "openai_chat": ("!response_format.type", "!response_format.json_schema"),
    "openai_responses": ("!text.format",),
    "gemini_generate_content": (
        "!generationConfig.responseMimeType",
        "!generationConfig.responseSchema",
    ),
}
_REFERENCED: dict[str, tuple[str, ...]] = {
    "text": ("input.role", "input.content"),
    "tool-call": ("input.call_id", "input.name", "input.arguments"),
    "reasoning": ("input.summary", "input.encrypted_content"),
}
# OpenAI's models that think: other role for system, other name for the token limit.
_REASONING_MODEL = re.compile(r"(?:o\d|gpt-5(?!-chat)|codex-)")
_NOT_FOR_REASONING = (
    "temperature",
    "top_p",
    "presence_penalty",
    "frequency_penalty",
)
_VERSION = re.compile(r"\bai/(\d+\.[\d.]*)")
_SENDS_TURNS = (6, 0, 326)  # the earliest that was recorded to


class VercelAi:
    """See `contract.Dialect`."""

    name = _NAME

    def claims(self, record: Record) -> bool:
        """Return whether the record names one of the SDK's operations."""
        return "ai.operationId" in record.attributes

    def read(self, record: Record) -> Candidate | None:
        """Return what the record knows of a call."""
        operation = as_text(record.attributes.get("ai.operationId"))
        if operation.endswith((".doGenerate", ".doStream")):
            return _read_generate(record)
        if operation.endswith(".doEmbed"):
            return _read_embed(record)
        wrapper = candidate_of(record, _NAME, role="wrapper")
        wrapper.supplement = _schema(record)
        return wrapper


def _provider(record: Record) -> str:
    return first_text(record.attributes, "ai.model.provider", "gen_ai.system")


def _read_embed(record: Record) -> Candidate:
    attributes = record.attributes
    candidate = candidate_of(record, _NAME, role="call", operation="embeddings")
    candidate.provider = _provider(record)
    candidate.model = as_text(attributes.get("ai.model.id"))
    if chat_api(candidate.provider).startswith("openai"):
        candidate.api = "openai_embeddings"
    values = attributes.get("ai.values")
    if values is None and "ai.value" in attributes:
        values = [attributes["ai.value"]]
    texts = [loads(value).value for value in as_list(values)]
    if texts and all(isinstance(text, str) for text in texts):
        candidate.body = {"model": candidate.model, "input": texts}
    candidate.lost = all_but(candidate.api, ("model", "input"))
    candidate.answer = Answer(observed="ai.embeddings" in attributes)
    return candidate


def _read_generate(record: Record) -> Candidate:
    attributes = record.attributes
    operation = as_text(attributes.get("ai.operationId"))
    candidate = candidate_of(record, _NAME, role="call")
    candidate.provider = _provider(record)
    candidate.model = first_text(attributes, "ai.model.id", "gen_ai.request.model")
    api = candidate.api = chat_api(candidate.provider)
    candidate.answer = _answer(record)
    candidate.lost = all_but(api, _CARRIED.get(api, ("model",)))
    given = loads(attributes.get("ai.prompt.messages"))
    if given.broken:
        candidate.reasons += ("truncated",)
    raw = given.value
    if not isinstance(raw, list):
        return candidate
    thinks = api.startswith("openai") and bool(_REASONING_MODEL.match(candidate.model))
    messages = [
        message
        for item in raw
        for message in vercel_prompt.messages(as_dict(item), api, thinks=thinks)
    ]
    if api == "openai_responses":
        messages = [
            own for message in messages for own in vercel_prompt.one_item_each(message)
        ]
    params, extra = _settings(record, api, thinks=thinks)
    if api == "gemini_generate_content":
        messages = name_results(messages, drop_ids=True)
    candidate.conversation = Conversation(
        model=candidate.model,
        messages=tuple(messages),
        tools=tuple(_tools(attributes)),
        tool_choice=_tool_choice(attributes),
        params=params,
        extra=extra,
    )
    _anthropic_limits(candidate, record)
    if api == "openai_responses":
        _note_references(candidate, record, raw)
    candidate.supplement = _schema(record)
    if not operation.startswith(("ai.generateObject", "ai.streamObject")):
        # A text call may ask for an output of a shape, of which no span tells.
        candidate.lost += _UNTOLD_FORMAT.get(api, ())
    return candidate


def _settings(
    record: Record, api: str, *, thinks: bool
) -> tuple[dict[str, Any], dict[str, Json]]:
    params: dict[str, Any] = {}
    extra: dict[str, Json] = {}
    for name, otel in _SETTINGS.items():
        value = record.attributes.get(f"ai.settings.{name}")
        if value is None or value == []:
            continue
        params[otel] = value
    if api.startswith("openai"):
        params.pop("top_k", None)  # the provider's package warns, and does not send it
    if thinks:
        for name in _NOT_FOR_REASONING:
            params.pop(name, None)
        if api == "openai_chat" and "max_tokens" in params:
            extra["max_completion_tokens"] = params.pop("max_tokens")
    temperature = params.get("temperature")
    if api == "anthropic_messages" and isinstance(temperature, int | float):
        params["temperature"] = min(1, max(0, temperature))
    return params, extra


def _release(record: Record) -> tuple[int, ...]:
    """Return the SDK's version, as it names itself to providers; () unknown."""
    agent = as_text(record.attributes.get("ai.request.headers.user-agent"))
    found = _VERSION.search(agent[:256])
    return numbers(found[1]) if found else ()


def _major(record: Record) -> int:
    return (*_release(record), 0)[0]


def _anthropic_limits(candidate: Candidate, record: Record) -> None:
    """From version 6 on the provider sends one of temperature and top_p only."""
    conversation = candidate.conversation
    if candidate.api != "anthropic_messages" or conversation is None:
        return
    params = dict(conversation.params)
    if not {"temperature", "top_p"} <= params.keys():
        return
    major = _major(record)
    if major >= 6:
        del params["top_p"]
        candidate.conversation = msgspec.structs.replace(conversation, params=params)
    elif major == 0:
        candidate.missing += ("top_p",)


def _note_references(candidate: Candidate, record: Record, raw: list[Any]) -> None:
    """Version 5 sends ids of stored items in place of turns that have one.

    What the ids stand for is all here and is sent instead; the record says so.
    """
    if _release(record) >= _SENDS_TURNS:
        return
    gone: dict[str, None] = {}
    for item in raw:
        own = as_dict(item)
        for part in as_list(own.get("content")):
            options = as_dict(
                as_dict(as_dict(part).get("providerOptions")).get("openai")
            )
            if "itemId" not in options:
                continue
            if own.get("role") == "tool":
                # Version 6 notes the id here, and its later releases send turns whole.
                candidate.reasons += ("differences_recorded",)
                return
            gone |= dict.fromkeys(
                _REFERENCED.get(as_text(as_dict(part).get("type")), ())
            )
    if gone:
        candidate.missing += ("input.id", "input.type", *gone)
        candidate.reasons += ("references_expanded",)


def _tools(attributes: Mapping[str, Value]) -> list[Tool]:
    tools = []
    for raw in as_list(loads(attributes.get("ai.prompt.tools")).value):
        own = as_dict(loads(raw).value)
        if not own:
            continue
        kind = as_text(own.get("type")) or "function"
        schema = own.get("inputSchema", own.get("parameters"))
        named = as_text(own.get("name"))
        if kind != "function":
            tools.append(Tool(name=named, kind=as_text(own.get("id")) or kind))
            continue
        tools.append(
            Tool(
                name=named,
                description=as_text(own.get("description")),
                parameters=schema,
            )
        )
    return tools


def _tool_choice(attributes: Mapping[str, Value]) -> Json:
    choice = as_dict(loads(attributes.get("ai.prompt.toolChoice")).value)
    kind = choice.get("type")
    if kind == "tool":
        return {"name": as_text(choice.get("toolName"))}
    return kind if kind in ("auto", "required", "none") else None


def _schema(record: Record) -> dict[str, Json]:
    """Return what a span says of the output's schema."""
    schema = as_dict(loads(record.attributes.get("ai.schema")).value)
    if record.attributes.get("ai.settings.output") == "no-schema":
        return {"any_json": True}
    if not schema:
        return {}
    found: dict[str, Json] = {
        "output_schema": schema,
        "output_schema_name": as_text(record.attributes.get("ai.schema.name"))
        or "response",
    }
    if description := as_text(record.attributes.get("ai.schema.description")):
        found["output_schema_description"] = description
    if major := _major(record):
        found["major"] = major
    return found


def _answer(record: Record) -> Answer:
    attributes = record.attributes
    text = first_text(
        attributes, "ai.response.text", "ai.response.object", "ai.result.text"
    )
    parts: list[Part] = [TextPart(text=text)] if text else []
    calls = loads(attributes.get("ai.response.toolCalls")).value
    for raw in as_list(calls):
        own = as_dict(raw)
        given = own.get("input", own.get("args", {}))
        parts.append(
            ToolCallPart(
                name=as_text(own.get("toolName")),
                arguments=given if isinstance(given, str) else dumps(given),
                id=as_text(own.get("toolCallId")),
            )
        )
    for raw in as_list(loads(attributes.get("ai.response.files")).value):
        mime = as_text(as_dict(loads(raw).value).get("mediaType"))
        parts.append(MediaPart(kind=kind_of_mime(mime) or "document", mime=mime))
    message = Message(role="assistant", parts=tuple(parts)) if parts else None
    return answer_of_message(message, record)
