"""A GenAI span or details event with its messages in attributes: one reader for all.

OpenTelemetry's convention from 1.37 on, as its own and foreign emitters write it. What
an emitter can carry differs; that is its `Profile`.
"""

from typing import Any

import msgspec

from collector.recognise.dialects.contract import Candidate
from collector.recognise.dialects.readers.bodies import bedrock_apis, bedrock_body
from collector.recognise.dialects.readers.common_attributes import (
    answer_of_message,
    first_text,
    has_unread_params,
    output_message,
    read_params,
)
from collector.recognise.dialects.readers.json_values import (
    as_dict,
    as_list,
    as_text,
    loads,
)
from collector.recognise.dialects.readers.losses import note_losses, tool_details
from collector.recognise.dialects.readers.parameters import is_ambiguous_cap
from collector.recognise.dialects.readers.parts import (
    read_blocks,
    read_messages,
    read_tools,
)
from collector.recognise.dialects.readers.profiles import Profile
from collector.recognise.dialects.readers.span import candidate_of
from collector.recognise.dialects.readers.target import first_id, target_of
from collector.recognise.record import Record
from snaptrace.snapshot.apis import APIS
from snaptrace.snapshot.apis.fields import all_but
from snaptrace.snapshot.apis.openai_responses import parse_item
from snaptrace.snapshot.conversation import (
    Conversation,
    GenericPart,
    Message,
    Part,
    TextPart,
    Tool,
    ToolCallPart,
    ToolResultPart,
)
from snaptrace.snapshot.model import Json, Operation


def is_responses(record: Record) -> bool:
    """Return whether the call went to OpenAI's Responses API."""
    attributes = record.attributes
    flavour = attributes.get("openai.api.type")
    if isinstance(flavour, str):
        return flavour == "responses"
    return (
        first_id(attributes).startswith("resp_")
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
    api, candidate.api_source = target_of(
        record,
        operation,
        candidate.provider,
        responses=responses,
        only=profile.only,
    )
    if profile.names_responses and api == "openai_chat":
        candidate.api_source = "carried"
    candidate.api = api
    candidate.model = as_text(attributes.get("gen_ai.request.model"))
    output, refusal, finish = output_message(attributes)
    candidate.answer = answer_of_message(output, record, refusal=refusal, finish=finish)
    candidate.lost = all_but(api, profile.carried.get(api, ("model",)))
    messages, broken = request_messages(record, api)
    tools = loads(attributes.get("gen_ai.tool.definitions"))
    if broken or tools.broken:
        candidate.reasons += ("truncated",)
    if not messages:
        _note_references(candidate, record)
        return candidate
    if any(_is_dropped(message, profile) for message in messages):
        candidate.reasons += ("content_dropped",)
    note_losses(candidate, messages, profile)
    messages = _arranged(candidate, record, messages, profile)
    params = read_params(attributes)
    if has_unread_params(attributes):
        candidate.reasons += ("features_unrecorded",)
    if profile.merges_caps and is_ambiguous_cap(candidate, params):
        candidate.reasons += ("differences_recorded",)
    extra = request_extras(record, api, candidate)
    offered = _offered(candidate, tools.value)
    candidate.conversation = Conversation(
        model=candidate.model,
        messages=tuple(_inputs(messages)) if operation != "chat" else tuple(messages),
        tools=tuple(offered),
        params=params,
        extra=extra,
    )
    candidate.missing += tool_details(api, offered)
    return candidate


def _is_dropped(message: Message, profile: Profile) -> bool:
    """Return whether a turn had content that is gone."""
    given = message.role in ("system", "developer", "user")
    return not message.parts and not (profile.keeps_empty and given)


_REF = "_ref"


def _note_references(candidate: Candidate, record: Record) -> None:
    """Keep where an upload hook put the content; whoever may fetch it has the rules."""
    found = {
        key.removesuffix(_REF): value
        for key, value in record.attributes.items()
        if key.startswith("gen_ai.") and key.endswith(_REF) and isinstance(value, str)
    }
    if "gen_ai.input.messages" in found:
        candidate.references, candidate.referenced = found, record
        candidate.reasons += ("content_by_reference",)


def _arranged(
    candidate: Candidate, record: Record, messages: list[Message], profile: Profile
) -> list[Message]:
    """Return the messages in the way that the API has them."""
    if candidate.api == "gemini_generate_content":
        return name_results(messages, drop_ids=profile.synthetic_ids)
    if candidate.api == "bedrock_converse":
        if candidate.api_source == "guessed":
            bedrock_apis.settle(candidate, record, profile)
        return bedrock_body.blocks_in_results(messages)
    if candidate.operation == "embeddings" and any(
        not isinstance(part, TextPart) for message in messages for part in message.parts
    ):
        candidate.reasons += ("unreadable",)  # token ids in the place of text
    return messages


def _offered(candidate: Candidate, value: Json) -> list[Tool]:
    offered = read_tools(value)
    if candidate.api != "gemini_generate_content":
        return offered
    if any(t.kind == "function" and t.parameters is None for t in offered):
        # A Python function given as a tool; the SDK made its schemas.
        candidate.missing += _UNTOLD_SCHEMA
    return [in_json_schema(tool) for tool in offered]


def _inputs(messages: list[Message]) -> list[Message]:
    return [Message(role="user", parts=message.parts) for message in messages]


_UNTOLD_SCHEMA = (
    "tools.functionDeclarations.parameters",
    "tools.functionDeclarations.parameters_json_schema",
    "tools.functionDeclarations.response_json_schema",
)


def in_json_schema(tool: Tool) -> Tool:
    """Gemini takes a tool's schema in its own words, or as JSON Schema elsewhere.

    Its own words for types are in capitals. The other field's name is as the SDK
    spells it.
    """
    kind = as_dict(tool.parameters).get("type")
    if not isinstance(kind, str) or kind.isupper():
        return tool
    extra = {**tool.extra, "parameters_json_schema": tool.parameters}
    return msgspec.structs.replace(tool, parameters=None, extra=extra)


def request_messages(record: Record, api: str) -> tuple[list[Message], bool]:
    """Return system and input messages, and whether any of them was cut."""
    system = loads(record.attributes.get("gen_ai.system_instructions"))
    found = loads(record.attributes.get("gen_ai.input.messages"))
    messages = _input_messages(found.value, api)
    parts = system.value
    if isinstance(parts, str) and parts:
        parts = [parts]
    if isinstance(parts, list) and parts:
        extra: dict[str, Json] = {}
        if api == "openai_responses":
            extra["field"] = "instructions"
        read = tuple(p for part in parts for p in read_blocks(part) if not _is_null(p))
        if not _says(messages, read):
            messages.insert(0, Message(role="system", parts=read, extra=extra))
    return messages, found.broken or system.broken


def _input_messages(value: Json, api: str) -> list[Message]:
    """Some emitters put the provider's own items where messages of parts belong."""
    items = [item for item in as_list(value) if isinstance(item, dict)]
    own = any("type" in item and "parts" not in item for item in items)
    if api == "openai_responses" and own:
        return [parse_item(item) for item in items]
    if api == "gemini_generate_content" and any(map(_is_native, items)):
        return _native_turns(items)
    return read_messages(value)


def _is_native(item: dict[str, Any]) -> bool:
    """Return whether a turn is in Gemini's own words: its parts bear no type."""
    parts = as_list(item.get("parts"))
    return bool(parts) and all(
        isinstance(part, dict) and not part.keys() & {"type", "kind", "content"}
        for part in parts
    )


def _native_turns(items: list[dict[str, Any]]) -> list[Message]:
    """Read Gemini's own turns. Parts given side by side are one turn of the user.

    An emitter that makes a turn of each puts the role first, where the client's own
    dumps have it last, or none at all.
    """
    turns: list[dict[str, Any]] = []
    bare = False
    for item in items:
        made = next(iter(item)) == "role" or "role" not in item
        given = made and item.get("role", "user") == "user"
        if bare and given:
            turns[-1] = {**turns[-1], "parts": turns[-1]["parts"] + item["parts"]}
        else:
            turns.append({"role": "user", **item})
        bare = given
    api = APIS["gemini_generate_content"]
    return list(api.parse({"contents": list(turns)}).messages)


def _is_null(part: Part) -> bool:
    """Detect a text of nothing, which stands where a cache point was."""
    return (
        isinstance(part, GenericPart) and as_dict(part.value).get("content", 0) is None
    )


def _says(messages: list[Message], system: tuple[Part, ...]) -> bool:
    """Return whether the messages begin with the same instructions, told twice."""
    told: list[Part] = []
    for message in messages:
        if message.role not in ("system", "developer"):
            break
        told.extend(message.parts)
    return bool(told) and tuple(told) == system


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


def instructions_beside(candidate: Candidate, record: Record) -> None:
    """Add a Responses call's instructions that stand apart from its messages.

    Laminar keeps them in the older, indexed form alone; LangTrace under their own name.
    """
    conversation, attributes = candidate.conversation, record.attributes
    if candidate.api != "openai_responses" or conversation is None:
        return
    told = as_text(attributes.get("instructions"))
    if attributes.get("gen_ai.prompt.0.role") == "system":
        told = told or as_text(attributes.get("gen_ai.prompt.0.content"))
    if not told or any(m.role == "system" for m in conversation.messages):
        return
    first = _replace(text_message("system", told), extra={"field": "instructions"})
    candidate.conversation = _replace(
        conversation, messages=(first, *conversation.messages)
    )
