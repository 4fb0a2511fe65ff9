"""Pydantic AI: chat spans in all its format versions, and what the framework adds.

Messages as parts (format 2 and on) or as an `events` list (before). The framework's
own `model_request_parameters` hold the tools and the output schema; how they reach
the wire is the framework's rule, read from its OpenAI and Anthropic models, 0.8 to 2.x.
"""

from typing import Any

import msgspec

from collector.recognise.dialects import genai
from collector.recognise.dialects.contract import Candidate
from collector.recognise.dialects.readers.bodies import mistral_sdk
from collector.recognise.dialects.readers.bodies.pydantic_turns import as_sent
from collector.recognise.dialects.readers.common_attributes import (
    answer_of_message,
    read_params,
)
from collector.recognise.dialects.readers.events import (
    CHOICE,
    ROLES,
    read_event_message,
)
from collector.recognise.dialects.readers.json_values import (
    as_dict,
    as_list,
    as_text,
    loads,
)
from collector.recognise.dialects.readers.parts import read_message, read_part, role_of
from collector.recognise.dialects.readers.profiles import Profile
from collector.recognise.dialects.readers.span import candidate_of
from collector.recognise.dialects.readers.target import operation_of
from collector.recognise.record import Record
from snaptrace.snapshot.conversation import (
    Conversation,
    Message,
    TextPart,
    Tool,
)
from snaptrace.snapshot.model import Json

_NAME = "pydantic_ai"
_CARRIED: dict[str, tuple[str, ...]] = {
    "openai_chat": (
        "model",
        "temperature",
        "top_p",
        "seed",
        "max_completion_tokens",
        "max_tokens",
        "presence_penalty",
        "frequency_penalty",
        "tools",
        "response_format",
        "messages.name",
        "messages.content.cache_control",
    ),
    "openai_responses": (
        "model",
        "temperature",
        "top_p",
        "max_output_tokens",
        "instructions",
        "tools",
        "text.format",
    ),
    "anthropic_messages": (
        "model",
        "temperature",
        "top_p",
        "tools.name",
        "tools.description",
        "tools.input_schema",
    ),
    "gemini_generate_content": (
        "model",
        "systemInstruction",
        "generationConfig.temperature",
        "generationConfig.topP",
        "generationConfig.maxOutputTokens",
        "generationConfig.presencePenalty",
        "generationConfig.frequencyPenalty",
        "generationConfig.seed",
        "tools.functionDeclarations",
    ),
}
_PROFILE = Profile(dialect=_NAME, carried=_CARRIED)
# Providers whose own SDKs its models call, in ways of their own.
_OTHER_MODELS = ("groq", "mistral", "cohere", "huggingface")
# What a failed run says, in the names that a model call would have said it by.
_RUN = "run"
_OF_RUNS = {
    "pydantic_ai.all_messages": "gen_ai.input.messages",
    "all_messages_events": "events",
    "gen_ai.system_instructions": "gen_ai.system_instructions",
}
# What the Mistral SDK and its model add to every request.
_MISTRAL_ADDS = ("top_p", "n", *mistral_sdk.ADDED)


class PydanticAi:
    """See `contract.Dialect`."""

    name = _NAME

    def claims(self, record: Record) -> bool:
        """Return whether the record is the framework's."""
        return (
            "model_request_parameters" in record.attributes
            or record.scope.startswith("pydantic-ai")
            or "pydantic_ai.all_messages" in record.attributes
        )

    def read(self, record: Record) -> Candidate | None:
        """Return what the record knows of a call."""
        attributes = record.attributes
        operation = operation_of(as_text(attributes.get("gen_ai.operation.name")))
        if operation is None or record.kind == "log":
            wrapper = candidate_of(record, self.name, role="wrapper")
            if record.failed:
                _note_run(wrapper, record)
            return wrapper
        provider = as_text(attributes.get("gen_ai.provider.name"))
        candidate = genai.read_call(
            record,
            _PROFILE,
            operation,
            provider=provider,
            responses=_is_responses(record),
        )
        if candidate.conversation is None:
            _read_events(candidate, record)
        if candidate.conversation is not None:
            _apply_request(candidate, record)
        elif record.failed:
            candidate.unread = record
        if candidate.api == "bedrock_converse":
            candidate.api_source = "carried"  # its one model of Bedrock
        if candidate.provider == "mistral":
            candidate.lost += _MISTRAL_ADDS
        return candidate


def of_arguments(
    record: Record, dialect: str, provider: str, *, responses: bool
) -> Candidate:
    """Read a call from its model's arguments, as another dialect's record has them."""
    profile = Profile(dialect=dialect, carried=_CARRIED)
    candidate = genai.read_call(
        record, profile, "chat", provider=provider, responses=responses
    )
    if candidate.conversation is not None:
        _apply_request(candidate, record)
    return candidate


def _note_run(wrapper: Candidate, record: Record) -> None:
    """Keep the messages of a failed run: its last call, which failed, says none."""
    told = {
        of_call: record.attributes[of_run]
        for of_run, of_call in _OF_RUNS.items()
        if of_run in record.attributes
    }
    if told:
        wrapper.supplement = {_RUN: told}


def finish(candidate: Candidate) -> None:
    """Read a failed call anew, with the messages that its run ended on."""
    told, record = candidate.supplement.get(_RUN), candidate.unread
    candidate.unread = None
    if record is None or not isinstance(told, dict) or candidate.conversation:
        return
    whole = msgspec.structs.replace(record, attributes={**record.attributes, **told})
    fresh = PydanticAi().read(whole)
    if fresh is not None and fresh.conversation is not None:
        candidate.conversation, candidate.api = fresh.conversation, fresh.api
        candidate.lost, candidate.missing = fresh.lost, fresh.missing
        candidate.reasons += fresh.reasons


def _is_responses(record: Record) -> bool | None:
    attributes = record.attributes
    if "gen_ai.response.id" in attributes:
        return None
    if "openai-responses" in as_text(attributes.get("gen_ai.provider.name")):
        return True
    if "gen_ai.provider.name" in attributes:
        return None
    # Until 1.0 the Responses model gave no base URL, and so no server address.
    return "server.address" not in attributes


def _read_events(candidate: Candidate, record: Record) -> None:
    loaded = loads(record.attributes.get("events"))
    if loaded.broken:
        candidate.reasons += ("truncated",)
    messages: list[Message] = []
    for raw in as_list(loaded.value):
        event = as_dict(raw)
        name = as_text(event.get("event.name"))
        if name == CHOICE:
            found = as_dict(event.get("message"))
            message = _event_message("assistant", found, candidate.api)
            candidate.answer = answer_of_message(message, record)
        elif name in ROLES:
            message = _event_message(ROLES[name], event, candidate.api)
            if name == "gen_ai.system.message" and "gen_ai.message.index" not in event:
                message = msgspec.structs.replace(
                    message, extra={"field": "instructions"}
                )
            messages.append(message)
    if not messages:
        return
    if any(not message.parts for message in messages):
        candidate.reasons += ("content_dropped",)
    candidate.conversation = Conversation(
        model=candidate.model,
        messages=tuple(_joined(messages)),
        params=read_params(record.attributes),
    )


def _event_message(role: str, event: dict[str, Any], api: str) -> Message:
    content = event.get("content")
    if role == "tool":
        return read_event_message("tool", event, api)
    if isinstance(content, list):
        parts = tuple(_event_part(raw) for raw in content)
        rest = read_message({**event, "role": role, "content": None})
        return Message(role=role_of(role), parts=parts + rest.parts)
    return read_message({**event, "role": role})


def _event_part(raw: Any) -> Any:  # noqa: ANN401 - any JSON in, a Part out
    own = as_dict(raw)
    if own.get("kind") == "text":
        return TextPart(text=as_text(own.get("text")))
    return read_part(raw)


def _joined(messages: list[Message]) -> list[Message]:
    """Join the events of one assistant turn: text and tool calls came apart."""
    joined: list[Message] = []
    for message in messages:
        last = joined[-1] if joined else None
        if last is not None and last.role == message.role == "assistant":
            joined[-1] = msgspec.structs.replace(last, parts=last.parts + message.parts)
        else:
            joined.append(message)
    return joined


def _apply_request(candidate: Candidate, record: Record) -> None:
    """Add what the framework's own parameters say, in its models' ways."""
    assert candidate.conversation is not None
    loaded = loads(record.attributes.get("model_request_parameters"))
    asked = as_dict(loaded.value)
    conversation = candidate.conversation
    api = candidate.api
    changes: dict[str, Any] = {"messages": as_sent(conversation.messages, api)}
    params, extra = dict(conversation.params), dict(conversation.extra)
    own = _of_openai(candidate)
    if own and "max_tokens" in params:
        extra["max_completion_tokens"] = params.pop("max_tokens")
    if asked:
        tools = [
            _tool(as_dict(raw), api, strict=own)
            for key in ("function_tools", "output_tools")
            for raw in as_list(asked.get(key))
            if _is_visible(asked, as_dict(raw))
        ]
        changes["tools"] = tuple(tools)
        if tools and conversation.tool_choice is None:
            free = asked.get("allow_text_output") is not False
            if not (free and api == "gemini_generate_content"):
                # Its Gemini model asks for calls to be checked, or not, by release.
                changes["tool_choice"] = _choice(candidate.provider, free=free)
        _output_schema(asked, api, changes, extra)
        if as_list(asked.get("builtin_tools")) or as_list(asked.get("native_tools")):
            candidate.reasons += ("server_tool",)
    elif loaded.broken:
        candidate.reasons += ("truncated",)
    changes |= {"params": params, "extra": extra}
    candidate.conversation = msgspec.structs.replace(conversation, **changes)


def _choice(provider: str, *, free: bool) -> Json:
    """Return what each of its models asks for: Cohere's says nothing of tools."""
    if provider == "cohere":
        return None
    return "auto" if free else {"mistral": "any"}.get(provider, "required")


def _of_openai(candidate: Candidate) -> bool:
    """Return whether the model is OpenAI's own behind the Chat API."""
    return candidate.api == "openai_chat" and candidate.provider not in _OTHER_MODELS


def _is_visible(asked: dict[str, Any], tool: dict[str, Any]) -> bool:
    shown = as_dict(asked.get("tool_visibility")).get(as_text(tool.get("name")))
    return shown in (None, "visible")


def _tool(raw: dict[str, Any], api: str, *, strict: bool) -> Tool:
    extra: dict[str, Json] = {}
    asked = raw.get("strict") is True
    if api == "openai_responses":
        extra["strict"] = asked
    elif strict and asked:
        extra["strict"] = True
    tool = Tool(
        name=as_text(raw.get("name")),
        description=as_text(raw.get("description")),
        parameters=raw.get("parameters_json_schema"),
        extra=extra,
    )
    return genai.in_json_schema(tool) if api == "gemini_generate_content" else tool


def _output_schema(
    asked: dict[str, Any], api: str, changes: dict[str, Any], extra: dict[str, Json]
) -> None:
    output = as_dict(asked.get("output_object"))
    if asked.get("output_mode") != "native" or not output:
        return
    changes["output_schema"] = output.get("json_schema")
    changes["output_schema_name"] = as_text(output.get("name")) or "final_result"
    own: dict[str, Json] = {}
    if output.get("description"):
        own["description"] = output["description"]
    if output.get("strict") is not None:
        own["strict"] = output["strict"]
    if api == "openai_chat" and own:
        extra["json_schema"] = own
    elif api == "openai_responses" and own:
        extra["text"] = {"format": own}
