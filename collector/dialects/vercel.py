"""Vercel AI SDK 3 to 6: `ai.operationId`, and the provider-neutral prompt.

The inner `.doGenerate` or `.doStream` span is the call; the outer one stands around its
steps and alone knows the output schema. How a prompt reaches the wire is the rule of
the SDK's provider packages, `@ai-sdk/openai` 2 and 3 and `@ai-sdk/anthropic` 2 and 3.
"""

import base64
import re
from collections.abc import Mapping
from typing import Any

import msgspec

from collector.dialects.contract import Candidate
from collector.dialects.genai import name_results
from collector.dialects.loads import as_dict, as_list, as_text, dumps, loads
from collector.dialects.parts import role_of
from collector.dialects.span import candidate_of
from collector.dialects.target import chat_api
from collector.dialects.telemetry import answer_of_message, first_text
from collector.record import Record, Value
from snaptrace.snapshots.apis.fields import all_but
from snaptrace.snapshots.conversation import (
    Conversation,
    GenericPart,
    MediaPart,
    Message,
    Part,
    ReasoningPart,
    Role,
    TextPart,
    Tool,
    ToolCallPart,
    ToolResultPart,
)
from snaptrace.snapshots.model import Answer, Json, MediaKind
from snaptrace.snapshots.sniff import kind_of_mime

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
_SEVERAL = 2
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
_JSON_TOOL_MODELS = re.compile(
    r"claude-(?:3|(?:sonnet|opus)-4-\d{8}|(?:sonnet|opus)-4-0)"
)
_MAJOR = re.compile(r"\bai/(\d+)\.")
_TAKES_RESULT_PARTS = ("anthropic_messages", "openai_responses")
_BYTES_MAX = 32 * 1024 * 1024


class VercelAi:
    """See `contract.Dialect`."""

    name = _NAME

    def claims(self, record: Record) -> bool:
        """Tell whether the record names one of the SDK's operations."""
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
        for message in _messages(as_dict(item), api, thinks=thinks)
    ]
    if api == "openai_responses":
        messages = [own for message in messages for own in _one_item_each(message)]
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


def _one_item_each(message: Message) -> list[Message]:
    """Each text of an assistant is an item of its own."""
    if message.role != "assistant" or len(message.parts) < _SEVERAL:
        return [message]
    return [msgspec.structs.replace(message, parts=(p,)) for p in message.parts]


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


def _major(record: Record) -> int:
    """Return the SDK's major version, as it names itself to providers; 0 unknown."""
    agent = as_text(record.attributes.get("ai.request.headers.user-agent"))
    found = _MAJOR.search(agent[:256])
    return int(found[1][:4]) if found else 0


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
    if _major(record) not in (0, 5):
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
                return  # version 6 notes the id here, and sends no references
            gone |= dict.fromkeys(
                _REFERENCED.get(as_text(as_dict(part).get("type")), ())
            )
    if gone:
        candidate.missing += ("input.id", "input.type", *gone)
        candidate.reasons += ("references_expanded",)


def _messages(raw: dict[str, Any], api: str, *, thinks: bool) -> list[Message]:
    role = role_of(raw.get("role"))
    content = raw.get("content")
    if role == "system":
        own: Role = "developer" if thinks else "system"
        text = TextPart(text=as_text(content))
        return [Message(role=own, parts=(text,))]
    if isinstance(content, str):
        return [_arranged(Message(role=role, parts=(TextPart(text=content),)), api)]
    raw_parts = [as_dict(part) for part in as_list(content)]
    if api == "openai_responses":
        raw_parts = [part for part in raw_parts if _is_sent(part)]
    parts = [_named_file(_part(p, api), api, i) for i, p in enumerate(raw_parts)]
    if role == "tool" and api != "anthropic_messages":
        return [Message(role="tool", parts=(part,)) for part in parts]
    if api == "openai_chat":
        parts = [part for part in parts if not isinstance(part, ReasoningPart)]
        parts = _one_text(parts) if role == "assistant" else parts
    return [_arranged(Message(role=role, parts=tuple(parts)), api)]


def _is_sent(raw: dict[str, Any]) -> bool:
    """OpenAI's package sends back only its own reasoning."""
    options = as_dict(raw.get("providerOptions"))
    return raw.get("type") != "reasoning" or "openai" in options or not options


def _named_file(part: Part, api: str, place: int) -> Part:
    """OpenAI's package names a file after its place where it has no name."""
    if not (isinstance(part, MediaPart) and part.mime == "application/pdf"):
        return part
    if not api.startswith("openai") or not part.url.startswith("data:"):
        return part
    named = {"filename": f"part-{place}.pdf", **part.extra}
    return msgspec.structs.replace(part, extra=named)


def _one_text(parts: list[Part]) -> list[Part]:
    """An assistant's texts are sent as one string."""
    text = "".join(part.text for part in parts if isinstance(part, TextPart))
    others: list[Part] = [p for p in parts if not isinstance(p, TextPart)]
    return [TextPart(text=text), *others] if text else others


def _arranged(message: Message, api: str) -> Message:
    """The Responses provider never sends a bare string as input."""
    if api == "openai_responses" and message.role == "user":
        return msgspec.structs.replace(message, extra={"field": "item"})
    return message


def _part(raw: dict[str, Any], api: str) -> Part:
    match raw.get("type"):
        case "text":
            extra = _cache_control(raw) if api == "anthropic_messages" else {}
            return TextPart(text=as_text(raw.get("text")), extra=extra)
        case "file" | "image":
            return _file(raw, api)
        case "reasoning":
            return ReasoningPart(text=as_text(raw.get("text")), extra=_signature(raw))
        case "tool-call":
            given = raw.get("input", raw.get("args", {}))
            return ToolCallPart(
                name=as_text(raw.get("toolName")),
                arguments=given if isinstance(given, str) else dumps(given),
                id=as_text(raw.get("toolCallId")),
            )
        case "tool-result":
            return _result(raw, api)
    return GenericPart(value=raw)


def _cache_control(raw: dict[str, Any]) -> dict[str, Json]:
    options = as_dict(as_dict(raw.get("providerOptions")).get("anthropic"))
    found = options.get("cacheControl", options.get("cache_control"))
    return {"cache_control": found} if found is not None else {}


def _signature(raw: dict[str, Any]) -> dict[str, Json]:
    options = as_dict(as_dict(raw.get("providerOptions")).get("anthropic"))
    found = options.get("signature")
    return {"signature": found} if isinstance(found, str) else {}


def _result(raw: dict[str, Any], api: str) -> Part:
    output = raw.get("output", raw.get("result"))
    is_error = raw.get("isError") is True
    typed = as_dict(output)
    content: tuple[Part, ...]
    if "type" in typed and "value" in typed:
        is_error = is_error or as_text(typed["type"]).startswith("error")
        value = typed["value"]
        if typed["type"] == "content" and api in _TAKES_RESULT_PARTS:
            content = tuple(_content_block(as_dict(item)) for item in as_list(value))
        else:
            content = (
                TextPart(text=value if isinstance(value, str) else dumps(value)),
            )
    else:
        content = (TextPart(text=output if isinstance(output, str) else dumps(output)),)
    return ToolResultPart(
        content=content,
        id=as_text(raw.get("toolCallId")),
        name=as_text(raw.get("toolName")),
        is_error=is_error,
    )


def _content_block(item: dict[str, Any]) -> Part:
    if item.get("type") == "text":
        return TextPart(text=as_text(item.get("text")))
    mime = as_text(item.get("mediaType"))
    data = as_text(item.get("data"))
    kind: MediaKind = kind_of_mime(mime) or "document"
    return MediaPart(kind=kind, url=f"data:{mime};base64,{data}", mime=mime)


def _file(raw: dict[str, Any], api: str) -> Part:
    mime = first_text(raw, "mediaType", "mimeType")
    data = raw.get("data", raw.get("image"))
    if isinstance(data, dict):
        data = _encoded(data)
    kind: MediaKind = kind_of_mime(mime) or (
        "image" if raw["type"] == "image" else "document"
    )
    extra: dict[str, Json] = {}
    if kind == "document" and isinstance(raw.get("filename"), str):
        extra["title" if api == "anthropic_messages" else "filename"] = raw["filename"]
    options = as_dict(as_dict(raw.get("providerOptions")).get("openai"))
    if (
        kind == "image"
        and api.startswith("openai")
        and isinstance(options.get("imageDetail"), str)
    ):
        extra["detail"] = options["imageDetail"]
    if api == "anthropic_messages":
        extra |= _cache_control(raw)
    text = as_text(data)
    if text.startswith(("http://", "https://")):
        return MediaPart(kind=kind, url=text, extra=extra)
    if kind == "image" and mime in ("image/*", ""):
        mime = "image/jpeg"
    if text.startswith("data:"):
        return MediaPart(kind=kind, url=text, mime=mime, extra=extra)
    return MediaPart(
        kind=kind, url=f"data:{mime};base64,{text}", mime=mime, extra=extra
    )


def _encoded(data: Mapping[str, Any]) -> str:
    """Return bytes that were printed as a JSON object or a Node buffer, in base64."""
    numbers: Any = data.get("data") if data.get("type") == "Buffer" else None
    if numbers is None:
        if len(data) > _BYTES_MAX or not all(key.isdigit() for key in data):
            return ""
        numbers = [data.get(str(index)) for index in range(len(data))]
    try:
        return base64.b64encode(bytes(numbers)).decode()
    except (TypeError, ValueError):
        return ""


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


def finish(candidate: Candidate) -> None:
    """Put the output's shape, of which the outer span tells, where its API has it."""
    if candidate.api.startswith("openai"):
        _openai_format(candidate)
    else:
        _json_tool(candidate)


def _openai_format(candidate: Candidate) -> None:
    """A described schema says so; an object without a schema is any JSON."""
    told, conversation = candidate.supplement, candidate.conversation
    chat = candidate.api == "openai_chat"
    if conversation is None:
        return
    if told.get("any_json"):
        own: dict[str, Json] = {"type": "json_object"}
    elif description := told.get("output_schema_description"):
        schema: dict[str, Json] = {
            "name": told["output_schema_name"],
            "description": description,
            "schema": told.pop("output_schema"),
        }
        own = {"type": "json_schema"}
        own |= {"json_schema": schema} if chat else schema
    else:
        return
    field: dict[str, Json] = (
        {"response_format": own} if chat else {"text": {"format": own}}
    )
    candidate.conversation = msgspec.structs.replace(
        conversation, extra={**conversation.extra, **field}
    )


def _json_tool(candidate: Candidate) -> None:
    """Turn an output schema into what the Anthropic provider sends for it.

    Models without structured output get the schema as a tool of which the answer is
    the input; which others get it in a field of its own changed with the releases.
    """
    schema = candidate.supplement.get("output_schema")
    conversation = candidate.conversation
    if candidate.api != "anthropic_messages" or schema is None or conversation is None:
        return
    major = candidate.supplement.get("major", 0)
    candidate.supplement = {}
    if not _JSON_TOOL_MODELS.match(candidate.model):
        candidate.missing += (
            "output_format",
            "output_config",
            "tools.name",
            "tools.description",
            "tools.input_schema",
            "tool_choice.type",
            "tool_choice.name",
            "tool_choice.disable_parallel_tool_use",
        )
        return
    tool = Tool(
        name="json", description="Respond with a JSON object.", parameters=schema
    )
    choice: Json = {"name": "json"}
    if isinstance(major, int) and major >= 6:
        choice = "required"
    elif not major:
        candidate.missing += ("tool_choice.type", "tool_choice.name")
    candidate.conversation = msgspec.structs.replace(
        conversation,
        tools=(*conversation.tools, tool),
        tool_choice=choice,
        extra={**conversation.extra, "disable_parallel_tool_use": True},
    )


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
