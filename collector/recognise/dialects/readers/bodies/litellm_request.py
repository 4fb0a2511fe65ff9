"""LiteLLM's own arguments -> the request that it sends.

It takes OpenAI's arguments for every provider and translates them; the prefix of the
model says for whom. Several callbacks and instrumentations note those arguments.
"""

import json
import re
from typing import Any

import msgspec

from collector.recognise.dialects.contract import Candidate
from collector.recognise.dialects.readers.bodies import litellm_wire
from collector.recognise.dialects.readers.bodies.provider_bodies import (
    SIDE_DOOR,
    api_of_body,
    clean_body,
    operation_of_api,
)
from collector.recognise.dialects.readers.flattened import Flattened
from collector.recognise.dialects.readers.json_values import (
    as_dict,
    as_list,
    as_text,
    loads,
)
from collector.recognise.dialects.readers.litellm_routes import LITELLM_PROVIDERS
from collector.recognise.dialects.readers.parts import read_messages
from collector.recognise.dialects.readers.target import chat_api
from collector.recognise.record import Record
from snaptrace.snapshot.apis import APIS, UnmappableError
from snaptrace.snapshot.apis.catalogue import FIELDS
from snaptrace.snapshot.apis.fields import all_but
from snaptrace.snapshot.conversation import Conversation, Tool
from snaptrace.snapshot.model import Json

# LiteLLM turns the newer role into the older one for all but the models made for it.
KEEPS_DEVELOPER = re.compile(r"o\d")
# OpenRouter is asked for its usage by LiteLLM itself.
ADDED = ("usage.include",)
_RESPONSES = ("responses", "aresponses")
# Where LiteLLM puts an output schema, by model and release; it rewrites it, too.
_SCHEMA_PLACES = {
    "anthropic_messages": ("output_format", "output_config", "tools", "tool_choice"),
    "gemini_generate_content": (
        "generationConfig.response_schema",
        "generationConfig.response_json_schema",
        "generationConfig.response_mime_type",
        "tools.function_declarations",
    ),
    "bedrock_converse": ("toolConfig", "outputConfig"),
}


def with_arguments(
    record: Record, given: Json, arguments: dict[str, Any], tools: list[Any]
) -> dict[str, Any]:
    """Its wrappers of other functions keep the one input apart from the rest."""
    if tools:
        arguments = {**arguments, "tools": tools}
    if isinstance(given, dict):
        return {**arguments, **given}
    field = "prompt" if "image" in record.name.lower() else "input"
    return {**arguments, field: given} if given is not None else dict(arguments)


def fill(candidate: Candidate, body: dict[str, Any], asked: str) -> None:
    """Read the request from arguments. The prefix of the model `asked` is a route."""
    provider, slash, model = asked.partition("/")
    if provider not in LITELLM_PROVIDERS:
        provider, slash, model = "", "", asked
    own = {**body, "model": model if slash else asked}
    candidate.model = own["model"]
    candidate.provider = provider if slash else candidate.provider
    api = api_of_body(own, "", own["model"])
    candidate.lost = SIDE_DOOR
    if api == "openai_chat":
        speaks = candidate.provider or (
            "anthropic" if model.startswith("claude") else ""
        )
        candidate.api = chat_api(speaks)
        if candidate.api != "openai_chat":
            _translated(candidate, clean_body(api, own))
            candidate.lost = all_but(
                candidate.api,
                ("model", "tools.name", "tools.description", "tools.input_schema"),
            )
            return
    candidate.api, candidate.operation = api, operation_of_api(api)
    if api:
        candidate.body = clean_body(api, own)
        if api == "openai_image_generation":
            candidate.lost = all_but(api, ("model", "prompt"))
        if api == "openai_chat":
            # Older system words are written with the newer role.
            candidate.lost += ("messages.name", *ADDED)
            as_sent(candidate.body, candidate.model)


def _translated(candidate: Candidate, own: dict[str, Any]) -> None:
    """LiteLLM's translation, as far as it leaves things as they are."""
    asked = APIS["openai_chat"].parse(own)
    roots = {path.partition(".")[0] for path in FIELDS.get(candidate.api, ())}
    if asked.output_schema is not None or "response_format" in own:
        candidate.missing += _SCHEMA_PLACES.get(candidate.api, ())
    conversation = msgspec.structs.replace(
        asked,
        tools=tuple(msgspec.structs.replace(t, extra={}) for t in asked.tools),
        output_schema=None,
        extra={key: v for key, v in asked.extra.items() if key in roots},
    )
    litellm_wire.as_translated(candidate, conversation)


def as_sent(body: Json, model: str) -> None:
    """Change the arguments of a chat as LiteLLM does before it sends them."""
    if KEEPS_DEVELOPER.match(model):
        return
    for message in as_list(as_dict(body).get("messages")):
        if isinstance(message, dict) and message.get("role") == "developer":
            message["role"] = "system"


def of_contents(candidate: Candidate, body: Json, asked: str) -> None:
    """Read Gemini's contents that Google's ADK hands to LiteLLM for another model.

    It keeps its labels to itself, and prints a tool's result as Python's `json` does.
    """
    told = APIS["gemini_generate_content"].parse(as_dict(body))
    given = {k: v for k, v in told.extra.items() if k != "labels"}
    tools = tuple(_in_parameters(tool) for tool in told.tools)
    told = msgspec.structs.replace(told, extra=given, tools=tools)
    try:
        own = as_dict(APIS["openai_chat"].render(told))
    except UnmappableError:
        candidate.reasons += ("content_dropped",)
        return
    for message in as_list(own.get("messages")):
        if message.get("role") == "tool":
            result = loads(message.get("content"))
            message["content"] = json.dumps(result.value, ensure_ascii=False)
    fill(candidate, own, asked)
    sent = as_dict(candidate.body)
    if candidate.api == "openai_chat" and "max_tokens" in sent:
        sent["max_completion_tokens"] = sent.pop("max_tokens")
    candidate.lost = untold(candidate.api)


def _in_parameters(tool: Tool) -> Tool:
    extra = dict(tool.extra)
    schema = extra.pop("parameters_json_schema", tool.parameters)
    return msgspec.structs.replace(tool, parameters=schema, extra=extra)


def untold(api: str) -> tuple[str, ...]:
    """Return all fields but the model, in LiteLLM's spelling as well."""
    return all_but(api, ("model",)) + _SCHEMA_PLACES.get(api, ())


def of_callback(candidate: Candidate, record: Record) -> None:
    """Read the arguments that its callbacks for other tools note on its own span.

    They stand beside the record of what went over the wire, and count where that is
    empty or missing: of a stream, and of a call that failed.
    """
    attributes = record.attributes
    told = loads(attributes.get("langfuse.observation.input"))
    messages = as_list(as_dict(told.value).get("messages", told.value))
    if not messages:
        messages = flattened(candidate, record)
    given = loads(attributes.get("llm.invocation_parameters"))
    if told.broken or given.broken:
        candidate.reasons += ("truncated",)
    if not messages:
        return
    if attributes.get("llm.request.type") in _RESPONSES:
        candidate.api = "openai_responses"
        candidate.conversation = Conversation(
            model=candidate.model, messages=tuple(read_messages(messages))
        )
        return
    provider = as_text(attributes.get("llm.provider"))
    routed = provider in LITELLM_PROVIDERS
    asked = f"{provider}/{candidate.model}" if routed else candidate.model
    if not routed:
        candidate.api_source = "guessed"  # nothing says for whom it translated
    fill(candidate, {**as_dict(given.value), "messages": messages}, asked)


def flattened(candidate: Candidate, record: Record) -> list[Any]:
    """Return the messages that stand in attributes alone, as OpenAI has them."""
    flat = Flattened(record.attributes)
    found, reasons = flat.messages("llm.input_messages.")
    candidate.reasons += tuple(reasons)
    if flat.cut:
        candidate.reasons += ("truncated",)
    if not found:
        return []
    told = Conversation(model="", messages=tuple(found))
    try:
        return as_list(as_dict(APIS["openai_chat"].render(told)).get("messages"))
    except UnmappableError:
        candidate.reasons += ("content_dropped",)
        return []
