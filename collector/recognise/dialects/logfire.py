"""Logfire's provider instrumentation, and its OpenAI Agents one.

Format 1 carries the whole request in `request_data`; the later one OpenTelemetry's
message attributes and of `request_data` the model only. A stream leaves a second
record when it ends, with the answer.
"""

from typing import Any

import msgspec

from collector.recognise.dialects import genai
from collector.recognise.dialects.contract import Candidate
from collector.recognise.dialects.readers.bodies import responses_echo
from collector.recognise.dialects.readers.bodies.agents import agent_settings
from collector.recognise.dialects.readers.bodies.provider_bodies import (
    answer_of_output,
    api_of_body,
    clean_body,
    operation_of_api,
)
from collector.recognise.dialects.readers.common_attributes import (
    answer_of_message,
    read_params,
    read_usage,
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
from collector.recognise.dialects.readers.parts import read_tools, role_of
from collector.recognise.dialects.readers.profiles import Profile
from collector.recognise.dialects.readers.span import candidate_of
from collector.recognise.dialects.readers.target import api_of, chat_api, operation_of
from collector.recognise.record import Record
from snaptrace.snapshot.apis.fields import all_but
from snaptrace.snapshot.apis.inline import split_data_url
from snaptrace.snapshot.apis.openai_responses import parse_content
from snaptrace.snapshot.conversation import (
    Conversation,
    GenericPart,
    MediaPart,
    Message,
    TextPart,
)
from snaptrace.snapshot.media_type import kind_of_mime
from snaptrace.snapshot.model import Answer, Operation

_NAME = "logfire"
_CARRIED: dict[str, tuple[str, ...]] = {
    "openai_chat": (
        "model",
        "temperature",
        "top_p",
        "max_tokens",
        "seed",
        "stop",
        "frequency_penalty",
        "presence_penalty",
        "tools",
    ),
    "openai_responses": (
        "model",
        "instructions",
        "temperature",
        "top_p",
        "max_output_tokens",
        "tools",
    ),
    "anthropic_messages": (
        "model",
        "max_tokens",
        "stop_sequences",
        "tools",
    ),
}
_PROFILE = Profile(dialect=_NAME, carried=_CARRIED, merges_caps=True, keeps_empty=True)
_API_OF_URL: dict[str, str] = {
    "/chat/completions": "openai_chat",
    "/responses": "openai_responses",
    "/embeddings": "openai_embeddings",
    "/completions": "openai_completions",
    "/images/generations": "openai_image_generation",
    "/audio/speech": "openai_speech",
    "/audio/transcriptions": "openai_transcription",
    "/moderations": "openai_moderation",
    "/v1/messages": "anthropic_messages",
}


class Logfire:
    """See `contract.Dialect`."""

    name = _NAME

    def claims(self, record: Record) -> bool:
        """Return whether the record is a model call of this instrumentation."""
        attributes = record.attributes
        return "request_data" in attributes or (
            record.scope.startswith("logfire.")
            and ("gen_ai.system" in attributes or "gen_ai.request.model" in attributes)
        )

    def read(self, record: Record) -> Candidate | None:
        """Return what the record knows of a call."""
        attributes = record.attributes
        kind = attributes.get("logfire.span_type")
        if kind == "pending_span":
            return None
        if (
            "model_config" in attributes
            or "raw_input" in attributes
            or "response_id" in attributes
        ):
            return _read_agents(record)
        given = loads(attributes.get("request_data"))
        data = as_dict(given.value)
        operation = _operation(record)
        if operation is None or not (data or given.broken):
            return candidate_of(record, self.name, role="wrapper")
        candidate = _read_call(record, data, operation)
        if given.broken:
            candidate.reasons += ("truncated",)
        if kind == "log":
            candidate.role = "companion"
        return candidate


def _operation(record: Record) -> Operation | None:
    word = as_text(record.attributes.get("gen_ai.operation.name"))
    if word:
        return operation_of(word)
    api = _api_of_url(record)
    return operation_of_api(api) if api else "chat"


def _api_of_url(record: Record) -> str:
    url = as_text(record.attributes.get("url"))
    return next((api for end, api in _API_OF_URL.items() if url.endswith(end)), "")


def _read_call(record: Record, data: dict[str, Any], operation: Operation) -> Candidate:
    attributes = record.attributes
    responses = _is_responses(record)
    candidate = genai.read_call(record, _PROFILE, operation, responses=responses)
    asked = as_text(data.get("model"))
    candidate.model = asked or candidate.model
    api = api_of_body(data, candidate.provider, asked)
    by_url = _api_of_url(record)
    if by_url and by_url != "openai_responses":
        api = candidate.api = by_url
        candidate.operation = operation_of_api(api)
    whole = bool(data.keys() - {"model", "stream"})
    if candidate.conversation is not None and candidate.api == "anthropic_messages":
        # Of a tool's result only the text is kept.
        result = "messages.content.content"
        candidate.lost += (f"{result}.source", f"{result}.type")
    elif whole and api:
        candidate.api, candidate.operation = api, operation_of_api(api)
        candidate.body = clean_body(api, data)
        candidate.lost = ("extra_body",)
        if api == "openai_embeddings":
            candidate.lost += ("encoding_format",)
        if api == "openai_transcription" and "file" not in candidate.body:
            candidate.reasons += ("media_unknown",)
    elif candidate.conversation is None:
        candidate.api = api_of(operation, candidate.provider, responses=responses)
        _read_events(candidate, record)
    _read_answer(candidate, attributes, record)
    return candidate


def _is_responses(record: Record) -> bool:
    if record.name.startswith("Responses API") or genai.is_responses(record):
        return True
    # Of a chat `request_data` keeps the model alone, or everything.
    data = as_dict(loads(record.attributes.get("request_data")).value)
    return data.keys() == {"model", "stream"}


def _read_events(candidate: Candidate, record: Record) -> None:
    """Format 1 of a Responses call: the messages as a list of events."""
    messages: list[Message] = []
    tools = loads(record.attributes.get("gen_ai.tool.definitions"))
    loaded = loads(record.attributes.get("events"))
    if loaded.broken:
        candidate.reasons += ("truncated",)
    rows = [as_dict(raw) for raw in as_list(loaded.value)]
    for row in rows:
        name = as_text(row.get("event.name"))
        if name == CHOICE:
            message = read_event_message("assistant", as_dict(row.get("message")), "")
            candidate.answer = answer_of_message(message, record)
        elif name in ROLES:
            messages.append(_event_message(ROLES[name], row))
        elif name == "gen_ai.unknown":
            part = GenericPart(value=row.get("data", row))
            role = role_of(row.get("role"))
            messages.append(Message(role=role, parts=(part,), extra={"field": "item"}))
    candidate.lost = all_but(candidate.api, ("model", "instructions"))
    if not messages:
        return
    if candidate.answer is None or not candidate.answer.observed:
        _split_answer(messages, candidate, record)
    messages = _rejoined(messages, candidate)
    if messages and messages[0].role == "system":
        messages[0] = msgspec.structs.replace(
            messages[0], extra={"field": "instructions"}
        )
    candidate.conversation = Conversation(
        model=candidate.model,
        messages=tuple(messages),
        tools=tuple(read_tools(tools.value)),
        params=read_params(record.attributes),
    )


def _rejoined(messages: list[Message], candidate: Candidate) -> list[Message]:
    """Join user events side by side: each part of a message made one of its own."""
    joined: list[Message] = []
    for message in messages:
        last = joined[-1] if joined else None
        if last is not None and last.role == message.role == "user" and not last.extra:
            parts = last.parts + message.parts
            joined[-1] = msgspec.structs.replace(last, parts=parts)
            if all(isinstance(part, TextPart) for part in parts):
                # Two parts, or two messages: nobody can tell.
                candidate.missing += ("input.content",)
        else:
            joined.append(message)
    return joined


def _event_message(role: str, row: dict[str, Any]) -> Message:
    content = row.get("content")
    if isinstance(content, str) and (found := split_data_url(content)):
        kind = kind_of_mime(found.mime) or "document"
        part = MediaPart(kind=kind, url=content, mime=found.mime)
        return Message(role=role_of(role), parts=(part,))
    own = {k: v for k, v in row.items() if k not in ("event.name", "role")}
    if isinstance(content, list):
        return Message(role=role_of(role), parts=parse_content(content))
    return read_event_message(role, own, "")


def _split_answer(
    messages: list[Message], candidate: Candidate, record: Record
) -> None:
    """The answer's messages follow the request's; a call never ends with one."""
    spoken: list[Message] = []
    while messages and messages[-1].role == "assistant":
        spoken.insert(0, messages.pop())
    if spoken:
        parts = tuple(part for message in spoken for part in message.parts)
        message = Message(role="assistant", parts=parts)
        candidate.answer = answer_of_message(message, record)


def _read_answer(
    candidate: Candidate, attributes: dict[str, Any], record: Record
) -> None:
    if candidate.answer is not None and candidate.answer.observed:
        return
    data = as_dict(loads(attributes.get("response_data")).value)
    if not data:
        return
    base: Answer = candidate.answer or Answer(observed=False)
    found = answer_of_output(
        data, failed=record.failed, error=base.error, usage=read_usage(attributes)
    )
    text = found.text or as_text(data.get("combined_chunk_content"))
    candidate.answer = msgspec.structs.replace(
        found,
        text=text,
        model=base.model or found.model,
        response_id=base.response_id or found.response_id,
        finish_reason=base.finish_reason or found.finish_reason,
        observed=found.observed or bool(text),
    )


def _read_agents(record: Record) -> Candidate:
    """Its OpenAI Agents spans; `request_data` there holds the answer as well."""
    attributes = record.attributes
    candidate = candidate_of(record, _NAME, role="call")
    candidate.model = as_text(attributes.get("gen_ai.request.model"))
    usage = read_usage(attributes)
    config = as_dict(loads(attributes.get("model_config")).value)
    if "model_config" in attributes and "response_id" not in attributes:
        given = as_list(loads(attributes.get("input")).value)
        candidate.api = chat_api(candidate.provider)
        output = loads(attributes.get("output")).value
        candidate.answer = answer_of_output(
            output, failed=record.failed, error="error", usage=usage
        )
        if given:
            settings = agent_settings(config)
            candidate.body = {"model": candidate.model, "messages": given, **settings}
        candidate.lost = (
            "tools",
            "response_format",
            "logit_bias",
            "n",
            "stop",
            "seed",
            "prompt_cache_key",
            "extra_body",
        )
        return candidate
    candidate.api = "openai_responses"
    echo = as_dict(loads(attributes.get("response")).value)
    given = loads(attributes.get("raw_input")).value
    candidate.answer = answer_of_output(
        echo, failed=record.failed, error="error", usage=usage
    )
    if given is None and echo:
        _read_events(candidate, record)
        responses_echo.complete(candidate, echo)
        return candidate
    if given is not None and echo:
        candidate.body = responses_echo.body_of_echo(given, echo)
        candidate.model = candidate.model or as_text(echo.get("model"))
        candidate.body["model"] = candidate.model
        candidate.lost = responses_echo.LOST
    elif given is not None and candidate.model:
        candidate.body = {"model": candidate.model, "input": given}
        candidate.lost = all_but("openai_responses", ("model", "input"))
    return candidate
