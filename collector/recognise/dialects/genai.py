"""A GenAI span or details event with its messages in attributes: one reader for all.

OpenTelemetry's convention from 1.37 on, as its own and foreign emitters write it. What
an emitter can carry differs; that is its `Profile`.
"""

from typing import Any

import msgspec
from msgspec import Struct

from collector.recognise.dialects.contract import Candidate
from collector.recognise.dialects.readers import langchain_json
from collector.recognise.dialects.readers.common_attributes import (
    answer_of_message,
    first_text,
    output_message,
    read_params,
)
from collector.recognise.dialects.readers.json_values import (
    as_dict,
    as_list,
    as_text,
    loads,
)
from collector.recognise.dialects.readers.parts import (
    read_messages,
    read_part,
    read_tools,
)
from collector.recognise.dialects.readers.span import candidate_of
from collector.recognise.dialects.readers.target import api_of
from collector.recognise.record import Record
from snaptrace.snapshot.apis.fields import all_but
from snaptrace.snapshot.apis.openai_responses import parse_content, parse_item
from snaptrace.snapshot.conversation import (
    Conversation,
    Message,
    Part,
    TextPart,
    Tool,
    ToolCallPart,
    ToolResultPart,
)
from snaptrace.snapshot.model import Json, Operation

_OPENAI_PARAMS = (
    "temperature",
    "top_p",
    "max_tokens",
    "stop",
    "seed",
    "n",
    "frequency_penalty",
    "presence_penalty",
)


class Profile(Struct, frozen=True, kw_only=True):
    """What one emitter shows of a request, per API; the rest is unobserved."""

    dialect: str
    carried: dict[str, tuple[str, ...]] = {}
    synthetic_ids: bool = False  # tool-call ids are made up where the API has none


ANYONE = Profile(dialect="otel_genai")
OPENAI_V2 = Profile(
    dialect="otel_genai",
    carried={
        "openai_chat": (
            "model",
            *_OPENAI_PARAMS,
            "response_format",
        ),
        "openai_embeddings": ("model", "dimensions", "encoding_format"),
    },
)
# Before 1.37, `n` and `stop` came late to it; it copied the answer's service tier.
OPENAI_V2_EVENTS = Profile(
    dialect="otel_genai",
    carried={
        "openai_chat": (
            "model",
            "temperature",
            "top_p",
            "max_tokens",
            "frequency_penalty",
            "presence_penalty",
            "messages.content",
            "messages.refusal",
        ),
    },
)
GOOGLE = Profile(
    dialect="otel_genai",
    carried={
        "gemini_generate_content": (
            "model",
            "systemInstruction",
            "generationConfig.temperature",
            "generationConfig.topP",
            "generationConfig.topK",
            "generationConfig.maxOutputTokens",
            "generationConfig.stopSequences",
            "generationConfig.seed",
            "generationConfig.candidateCount",
            "generationConfig.frequencyPenalty",
            "generationConfig.presencePenalty",
            "tools.functionDeclarations.name",
            "tools.functionDeclarations.description",
            "tools.functionDeclarations.parameters",
        )
    },
    synthetic_ids=True,
)


def is_responses(record: Record) -> bool:
    """Tell whether the call went to OpenAI's Responses API."""
    attributes = record.attributes
    flavour = attributes.get("openai.api.type")
    if isinstance(flavour, str):
        return flavour == "responses"
    response_id = as_text(attributes.get("gen_ai.response.id"))
    return (
        response_id.startswith("resp_")
        or "gen_ai.request.previous_response.id" in attributes
        or record.name in ("openai.response", "responses")
    )


def read_call(
    record: Record,
    profile: Profile,
    operation: Operation,
    *,
    provider: str = "",
    responses: bool | None = None,
) -> Candidate:
    """Return what a span or details event says of its call.

    `responses` says which of OpenAI's two APIs it was, where the emitter tells.
    """
    role: Any = "content" if record.kind == "log" else "call"
    candidate = candidate_of(record, profile.dialect, role=role, operation=operation)
    candidate.provider = provider or candidate.provider
    attributes = record.attributes
    told = is_responses(record) if responses is None else responses
    api = api_of(operation, candidate.provider, responses=told)
    candidate.api = api
    candidate.model = as_text(attributes.get("gen_ai.request.model"))
    output, refusal, finish = output_message(attributes)
    candidate.answer = answer_of_message(output, record, refusal=refusal, finish=finish)
    candidate.lost = all_but(api, profile.carried.get(api, ("model",)))
    messages, broken = request_messages(record, api)
    tools = loads(attributes.get("gen_ai.tool.definitions"))
    if broken or tools.broken:
        candidate.reasons += ("truncated",)
    if refs := [key for key in attributes if key.endswith(".messages_ref")]:
        candidate.reasons += ("no_content",) if refs and not messages else ()
    if not messages:
        return candidate
    if any(not message.parts for message in messages):
        candidate.reasons += ("content_dropped",)
    if api == "gemini_generate_content":
        messages = name_results(messages, drop_ids=profile.synthetic_ids)
    params = read_params(attributes)
    extra = request_extras(record, api, candidate)
    if operation == "embeddings" and any(
        not isinstance(part, TextPart) for message in messages for part in message.parts
    ):
        candidate.reasons += ("unreadable",)  # token ids in the place of text
    offered = read_tools(tools.value)
    if api == "gemini_generate_content":
        if any(t.kind == "function" and t.parameters is None for t in offered):
            # A Python function given as a tool; the SDK made its schemas.
            candidate.missing += _UNTOLD_SCHEMA
        offered = [_in_json_schema(tool) for tool in offered]
    candidate.conversation = Conversation(
        model=candidate.model,
        messages=tuple(_inputs(messages)) if operation != "chat" else tuple(messages),
        tools=tuple(offered),
        params=params,
        extra=extra,
    )
    if any(
        t.kind == "function"
        and t.parameters is None
        and not t.description
        and not t.extra
        for t in offered
    ):
        candidate.missing += _tool_details(api)
    return candidate


def _inputs(messages: list[Message]) -> list[Message]:
    return [Message(role="user", parts=message.parts) for message in messages]


_UNTOLD_SCHEMA = (
    "tools.functionDeclarations.parameters",
    "tools.functionDeclarations.parameters_json_schema",
    "tools.functionDeclarations.response_json_schema",
)


def _in_json_schema(tool: Tool) -> Tool:
    """Gemini takes a tool's schema in its own words, or as JSON Schema elsewhere.

    Its own words for types are in capitals. The other field's name is as the SDK
    spells it.
    """
    kind = as_dict(tool.parameters).get("type")
    if not isinstance(kind, str) or kind.isupper():
        return tool
    extra = {**tool.extra, "parameters_json_schema": tool.parameters}
    return msgspec.structs.replace(tool, parameters=None, extra=extra)


def _tool_details(api: str) -> tuple[str, ...]:
    """The convention lets an emitter leave a tool's description and schema out."""
    prefix, schema = {
        "openai_chat": ("tools.function", "parameters"),
        "anthropic_messages": ("tools", "input_schema"),
        "gemini_generate_content": ("tools.functionDeclarations", "parameters"),
    }.get(api, ("tools", "parameters"))
    return (f"{prefix}.description", f"{prefix}.{schema}")


def request_messages(record: Record, api: str) -> tuple[list[Message], bool]:
    """Return system and input messages, and whether any of them was cut."""
    system = loads(record.attributes.get("gen_ai.system_instructions"))
    found = loads(record.attributes.get("gen_ai.input.messages"))
    messages = read_messages(found.value)
    parts = system.value
    if isinstance(parts, str) and parts:
        parts = [parts]
    if isinstance(parts, list) and parts:
        extra: dict[str, Json] = {}
        if api == "openai_responses":
            extra["field"] = "instructions"
        read = tuple(read_part(part) for part in parts)
        messages.insert(0, Message(role="system", parts=read, extra=extra))
    return messages, found.broken or system.broken


# The request's own field; `user.id` and the like are the application's.
_USER_FIELDS = ("gen_ai.user", "llm.user")


def request_extras(record: Record, api: str, candidate: Candidate) -> dict[str, Json]:
    """Return what emitters note beside the standard parameters, in the API's names."""
    attributes = record.attributes
    extra: dict[str, Json] = {}
    for key in ("openai.request.service_tier", "gen_ai.openai.request.service_tier"):
        tier = attributes.get(key)
        if isinstance(tier, str) and tier not in ("", "auto", "default"):
            extra["service_tier"] = tier
    if api.startswith("openai_") and (user := first_text(attributes, *_USER_FIELDS)):
        extra["user"] = user
    previous = attributes.get("gen_ai.request.previous_response.id")
    if isinstance(previous, str) and api == "openai_responses":
        extra["previous_response_id"] = previous
    summary = attributes.get("gen_ai.request.reasoning_summary")
    if isinstance(summary, str) and summary and api == "openai_responses":
        extra["reasoning"] = {"summary": summary}
    _response_format(record, api, candidate, extra)
    return extra


_FORMAT_PATHS = {
    "openai_chat": (
        "response_format.type",
        "response_format.json_schema.name",
        "response_format.json_schema.schema",
        "response_format.json_schema.strict",
    ),
    "openai_responses": (
        "text.format.type",
        "text.format.name",
        "text.format.schema",
        "text.format.strict",
    ),
    "gemini_generate_content": (
        "generationConfig.responseMimeType",
        "generationConfig.responseSchema",
        "generationConfig.responseJsonSchema",
    ),
}


def _response_format(
    record: Record, api: str, candidate: Candidate, extra: dict[str, Json]
) -> None:
    """Only the kind of output is recorded, and only JSON says that more was asked."""
    old = as_text(record.attributes.get("gen_ai.openai.request.response_format"))
    if old == "json_object":
        extra["response_format"] = {"type": "json_object"}
        return
    asked = old == "json_schema" or (
        not old and record.attributes.get("gen_ai.output.type") == "json"
    )
    if asked and "gen_ai.request.structured_output_schema" not in record.attributes:
        candidate.missing += _FORMAT_PATHS.get(api, ())


def name_results(messages: list[Message], *, drop_ids: bool) -> list[Message]:
    """Give tool results the name of the call that they answer, by id or by order.

    Gemini names tools in results and knows no ids; emitters make ids up, as
    `name_0`, and those must not be sent back.
    """
    names: dict[str, str] = {}
    waiting: list[str] = []
    result: list[Message] = []
    for message in messages:
        parts = []
        for part in message.parts:
            if isinstance(part, ToolCallPart):
                names[part.id] = part.name
                waiting.append(part.name)
                made_up = drop_ids or part.id.rpartition("_")[0] == part.name
                parts.append(_replace(part, id="" if made_up else part.id))
            elif isinstance(part, ToolResultPart):
                named = names.get(part.id, "") if part.id else ""
                name = part.name or named or (waiting[0] if waiting else "")
                if name in waiting:
                    waiting.remove(name)
                made_up = drop_ids or part.id.rpartition("_")[0] == name
                parts.append(_replace(part, name=name, id="" if made_up else part.id))
            else:
                parts.append(part)
        result.append(_replace(message, parts=tuple(parts)))
    return result


def _replace(struct: Any, **changes: Any) -> Any:  # noqa: ANN401 - any frozen Struct
    return msgspec.structs.replace(struct, **changes)


def schema_of(record: Record) -> Json:
    """Return the output schema that Traceloop notes, if any."""
    value = loads(
        record.attributes.get("gen_ai.request.structured_output_schema")
    ).value
    return as_dict(value) or None


def text_message(role: Any, text: str) -> Message:  # noqa: ANN401 - a Role
    """Return a message of one text part."""
    return Message(role=role, parts=(TextPart(text=text),))


_WRAPPED = ('{"type": "', '{"type":"')


def unwrap_parts(messages: tuple[Message, ...], api: str) -> tuple[Message, ...]:
    """Bring back parts that an emitter did not know and wrote as JSON text."""
    return tuple(_unwrapped_message(message, api) for message in messages)


def _unwrapped_message(message: Message, api: str) -> Message:
    match message.parts:
        case (TextPart(text=text),) if api == "openai_responses" and text.startswith(
            _WRAPPED
        ):
            raw = as_dict(loads(text).value)
            if raw.get("type") in (
                "function_call",
                "function_call_output",
                "reasoning",
            ):
                return parse_item(raw)
    if message.role == "tool":
        parts = tuple(_unwrapped_result(part) for part in message.parts)
        return msgspec.structs.replace(message, parts=parts)
    if message.role != "user":
        return message
    parts = tuple(_unwrapped(part, api) for part in message.parts)
    return msgspec.structs.replace(message, parts=parts)


def _unwrapped_result(part: Part) -> Part:
    """A tool's result that was a list of texts is written as that list's JSON."""
    match part:
        case ToolResultPart(content=(TextPart(text=text),)) if text.startswith("[{"):
            raw = as_list(loads(text).value)
            texts = tuple(as_dict(item).get("text") for item in raw)
            if raw and all(as_dict(i).keys() == {"type", "text"} for i in raw):
                content = tuple(TextPart(text=as_text(own)) for own in texts)
                return msgspec.structs.replace(part, content=content)
    return part


def _unwrapped(part: Part, api: str) -> Part:
    if not isinstance(part, TextPart) or not part.text.startswith(_WRAPPED):
        return part
    raw = as_dict(loads(part.text).value)
    kind = raw.get("type")
    if kind not in (
        "file",
        "input_file",
        "input_audio",
        "image",
        "image_url",
        "input_image",
        "audio",
    ):
        return part
    if api == "openai_responses":
        return parse_content([raw])[0]
    return langchain_json.read_content([raw])[0]
