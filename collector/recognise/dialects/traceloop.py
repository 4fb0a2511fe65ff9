"""OpenLLMetry by Traceloop: indexed attributes, message attributes, and events.

Before 0.55 `gen_ai.prompt.N.…` and `llm.request.type`; since then OpenTelemetry's
message attributes; with attributes switched off one log record per message. Its
LangChain instrumentation writes the same around framework calls.
"""

import re
from collections.abc import Mapping

import msgspec

from collector.recognise.dialects import genai, traceloop_packages
from collector.recognise.dialects.contract import Candidate
from collector.recognise.dialects.readers import losses, python_text
from collector.recognise.dialects.readers.common_attributes import (
    answer_of_message,
    read_params,
)
from collector.recognise.dialects.readers.events import message_of_event
from collector.recognise.dialects.readers.indexed import read_functions, read_prompts
from collector.recognise.dialects.readers.json_values import as_text
from collector.recognise.dialects.readers.parameters import drop_defaults
from collector.recognise.dialects.readers.profiles import (
    Profile,
    is_traceloop,
    package_of,
)
from collector.recognise.dialects.readers.span import candidate_of
from collector.recognise.dialects.readers.target import operation_of, provider_of
from collector.recognise.record import Record, Value
from snaptrace.snapshot.apis.fields import all_but
from snaptrace.snapshot.conversation import Conversation, Message, TextPart
from snaptrace.snapshot.model import Operation

_NAME = "traceloop"
# Frameworks ask OpenAI's client for the bare response; people seldom do.
_RAW = "X-Stainless-Raw-Response"
_MARKS = (
    "traceloop.span.kind",
    "llm.request.type",
    "gen_ai.is_streaming",
    "llm.headers",
)
_TOOLS = (
    "tools.function.name",
    "tools.function.description",
    "tools.function.parameters",
    "tools.type",
)
_CARRIED: dict[str, tuple[str, ...]] = {
    "openai_chat": (
        "model",
        "temperature",
        "top_p",
        "max_tokens",
        "frequency_penalty",
        "presence_penalty",
        "user",
        *_TOOLS,
    ),
    "openai_responses": (
        "model",
        "instructions",
        "tools.type",
        "tools.name",
        "tools.description",
        "tools.parameters",
    ),
    "anthropic_messages": (
        "model",
        "tools.name",
        "tools.description",
        "tools.input_schema",
    ),
    "gemini_generate_content": (
        "model",
        "systemInstruction",
        "tools.functionDeclarations.name",
        "tools.functionDeclarations.description",
        "tools.functionDeclarations.parameters",
    ),
    "openai_embeddings": ("model", "input"),
    "openai_completions": ("model", "prompt", "temperature", "top_p", "max_tokens"),
}
# Items of a Responses input that its older releases pass over.
_ITEM_FIELDS = (
    "input.type",
    "input.call_id",
    "input.name",
    "input.arguments",
    "input.output",
)
_PROFILE = Profile(dialect=_NAME, carried=_CARRIED)
# Its packages for other providers are younger and show less: nothing is promised.
_OTHERS = Profile(dialect=_NAME, keeps_media=False)
_BEDROCK = Profile(dialect=_NAME, keeps_media=False, invoke_ids="always")
_GROQ = Profile(dialect=_NAME, keeps_media=False, keeps_empty=True)
_OWN = {"bedrock": _BEDROCK, "groq": _GROQ}
_MEASURED = ("openai", "anthropic", "google_generativeai", "vertexai", "langchain")


def _profile(scope: str) -> Profile:
    package = package_of(scope)
    if own := _OWN.get(package):
        return own
    return _PROFILE if package in _MEASURED or not package else _OTHERS


class Traceloop:
    """See `contract.Dialect`."""

    name = _NAME

    def claims(self, record: Record) -> bool:
        """Return whether the record bears one of Traceloop's own names."""
        if is_traceloop(record.scope):
            return record.kind == "log" or any(
                key.startswith(("gen_ai.", "llm.", "traceloop."))
                for key in record.attributes
            )
        return any(mark in record.attributes for mark in _MARKS)

    def read(self, record: Record) -> Candidate | None:
        """Return what the record knows of a call."""
        if record.kind == "log":
            return message_of_event(record, self.name)
        attributes = record.attributes
        if "traceloop.span.kind" in attributes and not _is_model(attributes):
            return candidate_of(record, self.name, role="wrapper")
        operation = _operation(record)
        if operation is None:
            return candidate_of(record, self.name, role="wrapper")
        told = as_text(attributes.get("traceloop.association.properties.ls_provider"))
        profile = _profile(record.scope)
        candidate = genai.read_call(
            record,
            profile,
            operation,
            provider=told or _provider_by_scope(record),
            responses=_is_responses(record),
        )
        if candidate.conversation is None:
            _read_indexed(candidate, record, profile)
        elif candidate.api == "gemini_generate_content":
            _read_gemini(candidate)
        elif candidate.api == "openai_responses":
            _first_as_instructions(candidate, record)
            genai.instructions_beside(candidate, record)
            if package_of(record.scope) == "openai_agents":
                # It writes the answer's echo, where defaults stand for what is unset.
                drop_defaults(candidate, ("temperature", "top_p"))
        if _RAW in as_text(attributes.get("gen_ai.headers")):
            candidate.supplement["raw_response"] = True
        traceloop_packages.finish(candidate, record)
        return candidate


def _is_model(attributes: Mapping[str, Value]) -> bool:
    """Distinguish a model of LlamaIndex, told as a task, from what stands around it."""
    word = as_text(attributes.get("gen_ai.operation.name"))
    return operation_of(word) == "chat" and "gen_ai.input.messages" in attributes


# Laminar's fork of it leaves the type of a request to the span's name.
_BY_NAME: dict[str, Operation] = {
    "openai.completion": "text_completion",
    "openai.embeddings": "embeddings",
}


def _operation(record: Record) -> Operation | None:
    word = as_text(record.attributes.get("gen_ai.operation.name"))
    if word:
        return operation_of(word)
    old = as_text(record.attributes.get("llm.request.type"))
    operation = operation_of(old) or _BY_NAME.get(record.name)
    if old == "completion" and not record.name.endswith("completion"):
        # Its Anthropic and Bedrock instrumentations call a chat a completion.
        return "chat"
    if (
        operation == "chat"
        and record.name.endswith(".completion")
        and old == "completion"
    ):
        return "text_completion"
    if operation is None and not old and any(map(_speaks, record.attributes)):
        return "chat"
    return operation


# Text blocks were joined without anything between them: a sentence that runs into the
# next word's capital is most likely two blocks.
_SEAM = re.compile(r"[a-zß-ÿ.!?:;,][A-ZÀ-Þ][a-zß-ÿ]")


def _has_seam(message: Message) -> bool:
    return message.role in ("system", "user") and any(
        isinstance(part, TextPart) and not part.extra and _SEAM.search(part.text)
        for part in message.parts
    )


def _speaks(key: str) -> bool:
    return key.startswith(
        ("gen_ai.request.model", "gen_ai.prompt.", "gen_ai.completion.")
    )


def _is_responses(record: Record) -> bool | None:
    """Return which of OpenAI's APIs it was where names and ids do not.

    Its OpenAI Agents instrumentation calls every span `openai.response`; those of the
    Chat model bear the model asked for and no answer.
    """
    if package_of(record.scope) == "openai_agents":
        return "gen_ai.response.id" in record.attributes
    return True if "gen_ai.request.reasoning_summary" in record.attributes else None


def _provider_by_scope(record: Record) -> str:
    """A package that instruments one provider's client names it where spans do not.

    LlamaIndex's names the class: `ollama_llm`.
    """
    package = package_of(record.scope)
    named = provider_of(record.attributes)
    if package == "llamaindex":
        return named.removesuffix("_llm")
    return package if not named and package in ("ollama", "cohere", "groq") else ""


def _read_indexed(candidate: Candidate, record: Record, profile: Profile) -> None:
    attributes = record.attributes
    if candidate.api == "gemini_generate_content" and not _tells_system(record):
        profile = _OTHERS  # nor tools and media
    candidate.lost = all_but(
        candidate.api, profile.carried.get(candidate.api, ("model",))
    )
    if candidate.api == "openai_responses":
        candidate.lost += _ITEM_FIELDS
    params = read_params(attributes)
    extra = genai.request_extras(record, candidate.api, candidate)
    prompts = read_prompts(attributes, "gen_ai.prompt.", candidate.api)
    candidate.reasons += tuple(dict.fromkeys(prompts.reasons))
    messages = prompts.messages
    losses.note_losses(candidate, messages, profile)
    _take_completion(candidate, record)
    if candidate.api == "anthropic_messages" and any(map(_has_seam, messages)):
        candidate.missing += ("messages.content", "system")
    if not messages:
        # With attributes switched off, log records bring messages and little else.
        candidate.lost = all_but(candidate.api, ("model",))
        candidate.supplement = {"params": params, "extra": extra}
        if record.dropped_attributes:
            candidate.reasons += ("attributes_dropped",)
        return
    if candidate.api == "openai_responses":
        messages = _instructions(messages, record)
    if candidate.operation != "chat":
        messages = [Message(role="user", parts=message.parts) for message in messages]
    if candidate.api == "gemini_generate_content":
        _note_merged(candidate, record, messages)
        messages = genai.name_results(messages, drop_ids=False)
    candidate.conversation = Conversation(
        model=candidate.model,
        messages=tuple(messages),
        tools=tuple(read_functions(attributes)),
        params=params,
        extra=extra,
    )


def _tells_system(record: Record) -> bool:
    """Detect a release of its packages for Google that records instructions."""
    return record.attributes.get("gen_ai.prompt.0.role") == "system"


# How Python prints a part that the instrumentation does not know.
_PRINTED_PART = re.compile(r"\w+=None \w+=.*\b(?:inline_data|file_data)=", re.DOTALL)


def _note_merged(candidate: Candidate, record: Record, messages: list[Message]) -> None:
    """Its older releases print parts, and Vertex's writes all turns as one."""
    if _is_printed(messages):
        candidate.reasons += ("content_dropped",)
    turned = any(len(message.parts) > 1 for message in messages)
    if turned and package_of(record.scope) == "vertexai":
        candidate.missing += ("contents",)


def _is_printed(messages: list[Message]) -> bool:
    return any(
        isinstance(part, TextPart) and _PRINTED_PART.match(part.text[:2048])
        for message in messages
        for part in message.parts
    )


def _read_gemini(candidate: Candidate) -> None:
    """Join what the SDK joins: parts given side by side are one user turn."""
    assert candidate.conversation is not None
    joined: list[Message] = []
    for said in candidate.conversation.messages:
        message = _as_given(said)
        last = joined[-1] if joined else None
        if last is not None and last.role == message.role == "user":
            parts = last.parts + message.parts
            joined[-1] = msgspec.structs.replace(last, parts=parts)
        else:
            joined.append(message)
    if _is_printed(joined):
        candidate.reasons += ("content_dropped",)
    candidate.conversation = msgspec.structs.replace(
        candidate.conversation, messages=tuple(joined)
    )


def _as_given(message: Message) -> Message:
    """Instructions that were a list of texts are written as Python prints it."""
    match message.parts:
        case (TextPart(text=text),) if message.role == "system" and text[:2] == "['":
            parts = tuple(TextPart(text=one) for one in python_text.block_texts(text))
            return msgspec.structs.replace(message, parts=parts or message.parts)
    return message


def _first_as_instructions(candidate: Candidate, record: Record) -> None:
    assert candidate.conversation is not None
    messages = _instructions(list(candidate.conversation.messages), record)
    candidate.conversation = msgspec.structs.replace(
        candidate.conversation, messages=tuple(messages)
    )


def _instructions(messages: list[Message], record: Record) -> list[Message]:
    """Its Responses wrapper writes `instructions` as the first, a system, message."""
    first = messages[0]
    if first.role != "system" or "langchain" in record.scope:
        return messages
    return [
        msgspec.structs.replace(first, extra={"field": "instructions"}),
        *messages[1:],
    ]


def _take_completion(candidate: Candidate, record: Record) -> None:
    if candidate.answer is not None and candidate.answer.observed:
        return
    found = read_prompts(record.attributes, "gen_ai.completion.", candidate.api)
    spoken = [message for message in found.messages if message.role == "assistant"]
    refusal = as_text(record.attributes.get("gen_ai.completion.0.refusal"))
    finish = as_text(record.attributes.get("gen_ai.completion.0.finish_reason"))
    candidate.answer = answer_of_message(
        spoken[0] if spoken else None, record, refusal=refusal, finish=finish
    )
