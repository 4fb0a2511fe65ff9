"""OpenTelemetry GenAI semantic conventions, all three eras.

Messages in attributes of a span or of a details event (1.37 onwards), one event per
message (1.28 to 1.36), or one prompt event (up to 1.27). Events come as log records or
as span events.
"""

from typing import Any

import msgspec

from collector.recognise.dialects import genai
from collector.recognise.dialects.contract import Candidate
from collector.recognise.dialects.readers import losses
from collector.recognise.dialects.readers.bodies import langchain_json, splunk
from collector.recognise.dialects.readers.bodies.provider_bodies import (
    api_of_body,
    clean_body,
)
from collector.recognise.dialects.readers.common_attributes import (
    answer_of_message,
    read_params,
)
from collector.recognise.dialects.readers.events import (
    message_of_event,
    messages_of_span_events,
)
from collector.recognise.dialects.readers.json_values import (
    as_dict,
    as_list,
    as_text,
    loads,
)
from collector.recognise.dialects.readers.parts import read_message, read_tools
from collector.recognise.dialects.readers.profiles import SPLUNK, Profile, profile_of
from collector.recognise.dialects.readers.span import candidate_of
from collector.recognise.dialects.readers.target import (
    chat_api,
    operation_of,
    operation_of_endpoint,
    provider_of,
)
from collector.recognise.record import Record, Value
from snaptrace.snapshot.conversation import (
    Conversation,
    MediaPart,
    Message,
    TextPart,
    Tool,
)
from snaptrace.snapshot.model import Operation

_DETAILS_EVENT = "gen_ai.client.inference.operation.details"
# A model SDK's or an HTTP client's own span names the request line.
_TRANSPORT_KEYS = ("http.request.method", "url.full", "http.route", "url.path")
_LANGTRACE = "langtrace_python_sdk.instrumentation."
_LANGTRACE_ANTHROPIC = f"{_LANGTRACE}anthropic.instrumentation"
# Of a framework's call LangTrace writes a span per method; the client's is beside them.
_LANGTRACE_FRAMEWORKS = tuple(
    f"{_LANGTRACE}{name}"
    for name in ("langchain", "langgraph", "llamaindex", "crewai", "dspy", "autogen")
)
_LAMINAR = "lmnr.tracer"
_WRAPPED_LIST = ('[{"type":', '[{"text":')
_CONTENT_KEYS = (
    "gen_ai.input.messages",
    "gen_ai.prompt",
    "gen_ai.prompt.0.content",
    "gen_ai.prompt.0.role",
    "gen_ai.system_instructions",
)


class OtelGenAi:
    """See `contract.Dialect`."""

    name = "otel_genai"

    def claims(self, record: Record) -> bool:
        """Return whether the record names a GenAI operation or message event."""
        if "gen_ai.operation.name" in record.attributes:
            return True
        if record.kind == "log":
            return record.name.startswith("gen_ai.")
        return (
            "gen_ai.request.model" in record.attributes
            or "gen_ai.prompt" in record.attributes
            or "gen_ai.input.messages" in record.attributes
        )

    def read(self, record: Record) -> Candidate | None:
        """Return what the record knows of a call."""
        if record.kind == "log" and record.name != _DETAILS_EVENT:
            return message_of_event(record, self.name)
        attributes = record.attributes
        word = as_text(attributes.get("gen_ai.operation.name"))
        operation = _operation(word, attributes)
        if (
            operation is None
            or ("gen_ai.tool.name" in attributes and not word)
            or _is_step(record)
        ):
            return candidate_of(record, self.name, role="wrapper")
        profile = profile_of(record.scope, record.scope_version)
        record = _with_details(record)
        candidate = genai.read_call(record, profile, operation)
        if candidate.provider == "az.ai.inference" and candidate.model == "chat":
            # Azure's client writes this where the deployment decides on the model.
            candidate.model = ""
        if candidate.conversation is None:
            _read_older(candidate, record)
        genai.instructions_beside(candidate, record)
        _mend(candidate, record, profile)
        if _is_transport(record, candidate):
            candidate.role = "transport"
            _sdk_supplement(candidate, record)
        return candidate


def _is_step(record: Record) -> bool:
    """Detect a framework's method that LangTrace shows around the one that asks."""
    return record.scope.startswith(_LANGTRACE_FRAMEWORKS) and not record.name.endswith(
        (".generate", ".agenerate", ".stream", ".astream")
    )


# Scopes that change a text without a trace: Azure's tracer joins those of a turn, AG2
# asks Claude for JSON in the system prompt where a schema was refused.
_BENDING = {
    "AzureAIOpenTelemetryTracer": ("openai_chat",),
    "opentelemetry.instrumentation.ag2": ("anthropic_messages",),
}
# Of OpenAI's two APIs, LangChain notes why an answer ended for Chat alone.
_FINISHES_OF_CHAT = (["stop"], ["length"], ["tool_calls"], ["content_filter"])


def _mend(candidate: Candidate, record: Record, profile: Profile) -> None:
    """Undo or doubt what single emitters do."""
    if record.scope.endswith(".langchain"):
        _as_langchain_sends(candidate, record)
    elif profile is SPLUNK:
        output = as_text(record.attributes.get("gen_ai.output.messages"))
        splunk.restore(candidate, output)
    elif record.scope == "agent_framework":
        _as_agent_framework_sends(candidate)
    elif record.scope == _LANGTRACE_ANTHROPIC:
        _doubt_appended_system(candidate)
    elif record.scope.startswith(_LANGTRACE):
        _by_their_names(candidate, record)
    elif record.scope.startswith("@traceloop/"):
        _doubt_wrapped_content(candidate)
    elif record.scope in _BENDING and candidate.api in _BENDING[record.scope]:
        candidate.reasons += ("differences_recorded",)
    elif candidate.api == "cohere_chat" and record.scope == _LAMINAR:
        candidate.api_source = "guessed"  # Cohere's first chat looks like this too


def _as_langchain_sends(candidate: Candidate, record: Record) -> None:
    langchain_json.as_sent(candidate)
    finish = as_list(record.attributes.get("gen_ai.response.finish_reasons"))
    if candidate.api == "openai_chat" and finish[:1] in _FINISHES_OF_CHAT:
        candidate.api_source = "carried"
    if (
        candidate.api == "cohere_chat"
        and candidate.conversation is not None
        and _has_media(candidate.conversation)
    ):
        # Of the blocks that stand for an image its client drops some unsent.
        candidate.reasons += ("differences_recorded",)


def _doubt_wrapped_content(candidate: Candidate) -> None:
    """Its packages for Node write a content's list as the text of one part."""
    conversation = candidate.conversation
    if conversation and any(
        isinstance(part, TextPart) and part.text.startswith(_WRAPPED_LIST)
        for message in conversation.messages
        for part in message.parts
    ):
        candidate.reasons += ("differences_recorded",)


def _doubt_appended_system(candidate: Candidate) -> None:
    """It puts the system prompt into the caller's own messages before they are sent."""
    conversation = candidate.conversation
    if conversation and any(m.role == "system" for m in conversation.messages):
        candidate.reasons += ("differences_recorded",)


def _has_media(conversation: Conversation) -> bool:
    """Return whether any turn holds a medium."""
    return any(
        isinstance(part, MediaPart)
        for message in conversation.messages
        for part in message.parts
    )


def _by_their_names(candidate: Candidate, record: Record) -> None:
    """Take what LangTrace writes under names of its own.

    The number of choices stands as `top_k`, which Chat does not have.
    """
    conversation, attributes = candidate.conversation, record.attributes
    if conversation is None:
        return
    if candidate.api == "mistral_chat" and _has_media(conversation):
        # An address may stand in an object of its own or not: both become one.
        candidate.reasons += ("differences_recorded",)
    changes: dict[str, Any] = {}
    if candidate.api == "openai_chat":
        names = {"top_k": "choice_count"}
        changes["params"] = {names.get(k, k): v for k, v in conversation.params.items()}
        changes["tool_choice"] = loads(
            attributes.get("gen_ai.request.tool_choice")
        ).value
    forms = attributes.get("gen_ai.request.encoding_formats")
    if candidate.api == "openai_embeddings" and isinstance(forms, list) and forms:
        changes["extra"] = {**conversation.extra, "encoding_format": forms[0]}
    candidate.conversation = msgspec.structs.replace(conversation, **changes)


def _as_agent_framework_sends(candidate: Candidate) -> None:
    """Undo what it writes always, and part turns as its Chat client does.

    It counts one choice where nobody asked for any, and sends each part of a turn as a
    message of its own.
    """
    conversation = candidate.conversation
    if conversation is None:
        # Another record may have the content, and would take this for asked.
        asked = as_dict(candidate.supplement.get("params"))
        if asked.get("choice_count") == 1:
            del asked["choice_count"]
        return
    params = {
        name: value
        for name, value in conversation.params.items()
        if (name, value) != ("choice_count", 1)
    }
    conversation = msgspec.structs.replace(conversation, params=params)
    candidate.conversation = conversation
    if candidate.api != "openai_chat":
        return
    messages: list[Message] = []
    for message in conversation.messages:
        if message.role == "user" and len(message.parts) > 1:
            messages += [
                msgspec.structs.replace(message, parts=(part,))
                for part in message.parts
            ]
        else:
            messages.append(message)
    candidate.conversation = msgspec.structs.replace(
        conversation, messages=tuple(messages)
    )


# What a call that only says `generate_content` was, by what it gave. Gemini's own API
# gives images and sound in a chat.
_BY_OUTPUT: dict[str, Operation] = {"image": "image_generation", "speech": "speech"}


def _operation(word: str, attributes: dict[str, Value]) -> Operation | None:
    operation = operation_of(word) if word else operation_of_endpoint(attributes)
    if not word and operation is None:
        operation = "chat"
    if word != "generate_content":
        return operation
    if chat_api(provider_of(attributes)) == "gemini_generate_content":
        return operation
    output = as_text(attributes.get("gen_ai.output.type"))
    return _BY_OUTPUT.get(output, operation)


def _with_details(record: Record) -> Record:
    """Strands sends the details event in pieces, as events of the span itself."""
    found: dict[str, Any] = {}
    for event in record.events:
        if event.name == _DETAILS_EVENT:
            found |= event.attributes
    if not found:
        return record
    return msgspec.structs.replace(record, attributes={**found, **record.attributes})


def _read_older(candidate: Candidate, record: Record) -> None:
    """Look for content where the earlier eras had it."""
    whole = loads(record.attributes.get("gen_ai.prompt"))
    for event in record.events:
        if event.name == "gen_ai.content.prompt" and whole.value is None:
            whole = loads(event.attributes.get("gen_ai.prompt"))
        elif event.name == "gen_ai.content.completion":
            _take_completion(
                candidate, record, event.attributes.get("gen_ai.completion")
            )
    if "gen_ai.completion" in record.attributes:
        _take_completion(candidate, record, record.attributes["gen_ai.completion"])
    if whole.broken:
        candidate.reasons += ("truncated",)
    body = as_dict(whole.value)
    if body and (api := api_of_body(body, candidate.provider, candidate.model)):
        candidate.api, candidate.body = api, clean_body(api, body)
        return
    messages = _prompt_messages(whole.value)
    if not messages:
        messages, answer = messages_of_span_events(record, candidate.api)
        candidate.answer = answer or candidate.answer
    if messages:
        _put_together(candidate, record, messages)
        return
    # The messages may come in log records: the parameters wait for them here.
    candidate.supplement = {
        "params": read_params(record.attributes),
        "extra": genai.request_extras(record, candidate.api, candidate),
    }


def _put_together(
    candidate: Candidate, record: Record, messages: list[Message]
) -> None:
    candidate.conversation = Conversation(
        model=candidate.model,
        messages=tuple(messages),
        tools=tuple(_request_tools(record.attributes.get("gen_ai.request.tools"))),
        params=read_params(record.attributes),
        extra=genai.request_extras(record, candidate.api, candidate),
    )
    if any(not message.parts for message in messages):
        candidate.reasons += ("content_dropped",)
    profile = profile_of(record.scope, record.scope_version)
    losses.note_losses(candidate, messages, profile)
    if record.dropped_events:
        candidate.reasons += ("attributes_dropped",)


def _request_tools(value: Value) -> list[Tool]:
    """Return tools given as JSON text, or as a list of such texts."""
    found = loads(value).value
    if isinstance(found, list) and any(isinstance(item, str) for item in found):
        found = [tool for item in found for tool in as_list(loads(item).value)]
    return read_tools(found)


def _prompt_messages(value: Any) -> list[Any]:  # noqa: ANN401 - any JSON
    if isinstance(value, str) and value:
        return [genai.text_message("user", value)]
    raw = value if isinstance(value, list) else as_dict(value).get("messages")
    if not isinstance(raw, list):
        return []
    return [
        read_message(item) for item in raw if isinstance(item, dict) and "role" in item
    ]


def _take_completion(candidate: Candidate, record: Record, value: Any) -> None:  # noqa: ANN401 - any JSON
    found = loads(value).value
    if isinstance(found, list) and found:
        found = found[0]
    if isinstance(found, str):
        message = genai.text_message("assistant", found)
    elif isinstance(found, dict):
        message = read_message(as_dict(found.get("message")) or found)
    else:
        return
    candidate.answer = answer_of_message(message, record)


def _is_transport(record: Record, candidate: Candidate) -> bool:
    return (
        record.kind == "span"
        and candidate.conversation is None
        and candidate.body is None
        and any(key in record.attributes for key in _TRANSPORT_KEYS)
        and not any(key in record.attributes for key in _CONTENT_KEYS)
    )


def _sdk_supplement(candidate: Candidate, record: Record) -> None:
    """Anthropic's SDK notes a few parameters that some instrumentations do not."""
    attributes = record.attributes
    extra: dict[str, Any] = {}
    thinking = {
        key: attributes[f"anthropic.thinking.{key}"]
        for key in ("type", "budget_tokens", "display")
        if f"anthropic.thinking.{key}" in attributes
    }
    if thinking:
        extra["thinking"] = thinking
    tier = attributes.get("anthropic.request.service_tier")
    if isinstance(tier, str):
        extra["service_tier"] = tier
    candidate.supplement = {"params": read_params(attributes), "extra": extra}
