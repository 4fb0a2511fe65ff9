"""MLflow tracing: `mlflow.spanType`, and its optional GenAI translation.

Every value is JSON again, strings too. Inputs are the SDK call's arguments. Media are
replaced by attachments that only MLflow holds. Translated spans keep the arguments as
bare attributes beside `gen_ai.*`, of which the model is the answering one.
"""

from typing import Any

import msgspec

from collector.recognise.dialects import genai, pydantic_ai
from collector.recognise.dialects.contract import Candidate
from collector.recognise.dialects.readers import framework_messages
from collector.recognise.dialects.readers.bodies import (
    langchain_json,
    langchain_request,
    mistral_sdk,
    pydantic_messages,
)
from collector.recognise.dialects.readers.bodies.provider_bodies import (
    answer_of_output,
    api_of_body,
    clean_body,
    operation_of_api,
)
from collector.recognise.dialects.readers.json_values import (
    as_dict,
    as_text,
    loads,
    loads_any,
)
from collector.recognise.dialects.readers.profiles import Profile
from collector.recognise.dialects.readers.span import candidate_of, only_prepares
from collector.recognise.dialects.readers.target import operation_of
from collector.recognise.dialects.readers.wrapped_parts import unwrap_parts
from collector.recognise.record import Record
from snaptrace.snapshot.apis.fields import all_but
from snaptrace.snapshot.conversation import GenericPart
from snaptrace.snapshot.model import Json, Usage

_NAME = "mlflow"
_MODEL_TYPES = ("LLM", "CHAT_MODEL", "EMBEDDING", "RERANKER")
_SCOPE = "mlflow."
_INSTRUCTIONS = "gen_ai.system_instructions"
_FORMATS = {
    "openai": "openai",
    "anthropic": "anthropic",
    "gemini": "gcp.gemini",
    "bedrock": "aws.bedrock",
    "groq": "groq",
    "mistral": "mistral_ai",
}
_PROFILE = Profile(dialect=_NAME)
# Attributes of a translated span that are no arguments.
_NOT_ARGUMENTS = ("name", "type", "status")


class MlFlow:
    """See `contract.Dialect`."""

    name = _NAME

    def claims(self, record: Record) -> bool:
        """Return whether the record is MLflow's."""
        return "mlflow.spanType" in record.attributes or record.scope.startswith(_SCOPE)

    def read(self, record: Record) -> Candidate | None:
        """Return what the record knows of a call."""
        attributes = record.attributes
        if (
            "gen_ai.operation.name" in attributes
            and "mlflow.spanInputs" not in attributes
        ):
            return _read_translated(record)
        kind = as_text(loads(attributes.get("mlflow.spanType")).value)
        given = loads(attributes.get("mlflow.spanInputs"))
        body = as_dict(given.value)
        if _is_langchain(record) and isinstance(given.value, list):
            body = {"messages": given.value}  # releases before 3.11
        provider = _provider(record)
        model = as_text(body.get("model")) or as_text(
            loads(attributes.get("model")).value
        )
        api = api_of_body(body, provider, model)
        if not _is_call(kind, api) or only_prepares(record):
            return candidate_of(record, _NAME, role="wrapper")
        output = loads(attributes.get("mlflow.spanOutputs")).value
        if pydantic_messages.is_request(body):
            return _read_pydantic_ai(record, body, provider, output)
        candidate = candidate_of(record, _NAME, role="call")
        candidate.provider, candidate.model = provider, model
        if given.broken:
            candidate.reasons += ("truncated",)
        candidate.answer = answer_of_output(
            output, failed=record.failed, error=_error(record), usage=_usage(record)
        )
        _read_request(candidate, record, body, output, api)
        return candidate


def _read_request(
    candidate: Candidate,
    record: Record,
    body: dict[str, Any],
    output: Json,
    api: str,
) -> None:
    kind = as_text(loads(record.attributes.get("mlflow.spanType")).value)
    if _is_langchain(record) and isinstance(body.get("messages"), list):
        _read_langchain(candidate, record, body, output)
        return
    if _is_framework(body, api, record):
        framework_messages.fill(candidate, record, body["messages"], {})
    elif kind == "EMBEDDING" and not api.endswith("_embeddings"):
        candidate.operation = "embeddings"  # of an API that is not replayed
    elif api:
        candidate.api, candidate.operation = api, operation_of_api(api)
        own = clean_body(api, body)
        mistral = api == "mistral_chat"
        candidate.body = mistral_sdk.with_defaults(own) if mistral else own
        candidate.lost = ("extra_body",)
        if api == "openai_embeddings":
            candidate.lost += ("encoding_format",)
    elif kind == "RERANKER":
        candidate.operation = "rerank"


def _is_call(kind: str, api: str) -> bool:
    """Return whether a span is a model's; an image is a tool's work to its autolog."""
    return kind in _MODEL_TYPES or (
        kind == "TOOL" and api in ("openai_image_generation", "openai_speech")
    )


def _read_pydantic_ai(
    record: Record, body: dict[str, Any], provider: str, output: Json
) -> Candidate:
    """Read a model of Pydantic AI's as its own span, in the words of its arguments."""
    model = as_text(loads(record.attributes.get("model_name")).value)
    told = pydantic_messages.in_attributes(body, provider, model, output)
    fresh = msgspec.structs.replace(record, attributes={**record.attributes, **told})
    candidate = pydantic_ai.of_arguments(
        fresh, _NAME, provider, responses="Responses" in record.name
    )
    if loads(record.attributes.get("mlflow.spanInputs")).broken:
        candidate.reasons += ("truncated",)
    conversation = candidate.conversation
    if conversation is not None and any(
        isinstance(part, GenericPart)
        for message in conversation.messages
        for part in message.parts
    ):
        candidate.reasons += ("content_dropped",)
    if conversation is not None and conversation.tools:
        # Each model rewrites schemas, and decides on `strict`, after this was noted.
        candidate.missing += _REWRITTEN.get(candidate.api, ("tools",))
    return candidate


_REWRITTEN = {
    "openai_chat": ("tools.function.parameters", "tools.function.strict"),
    "openai_responses": ("tools.parameters", "tools.strict"),
    "anthropic_messages": ("tools.input_schema",),
}


def _is_framework(body: dict[str, Any], api: str, record: Record) -> bool:
    """Detect a framework's call, which has its messages but not all that was asked."""
    if not isinstance(body.get("messages"), list):
        return False
    whole = "model" in body or "model" in record.attributes or "modelId" in body
    return not api or (not whole and api.endswith(("_chat", "_messages")))


def _is_langchain(record: Record) -> bool:
    form = as_text(loads(record.attributes.get("mlflow.message.format")).value)
    return form == "langchain" or "invocation_params" in record.attributes


def _read_langchain(
    candidate: Candidate, record: Record, body: dict[str, Any], output: Json
) -> None:
    attributes = record.attributes
    if langchain_json.is_langchain(body):
        messages = langchain_json.read_messages(body)
    else:
        messages = langchain_json.read_plain(body["messages"])
    facts = as_dict(loads(attributes.get("metadata")).value)
    if candidate.provider == "langchain":
        candidate.provider = as_text(facts.get("ls_provider"))
    arguments = as_dict(loads(attributes.get("invocation_params")).value)
    if not arguments:
        candidate.lost += ("!tools",)
    asked = {"model": candidate.model, **arguments}
    langchain_request.fill(
        candidate,
        messages,
        asked,
        responses=langchain_json.is_response_message(output)
        or langchain_json.is_response(as_dict(output)),
        tools=loads(attributes.get("mlflow.chat.tools")).value,
    )
    if not arguments:
        candidate.lost += all_but(candidate.api, ("model", "messages.name"))


def _provider(record: Record) -> str:
    for key in ("mlflow.llm.provider", "gen_ai.provider.name", "gen_ai.system"):
        if found := as_text(loads(record.attributes.get(key)).value):
            return found
    form = as_text(loads(record.attributes.get("mlflow.message.format")).value)
    return _FORMATS.get(form, form)


def _error(record: Record) -> str:
    for event in record.events:
        if event.name == "exception":
            return as_text(event.attributes.get("exception.type")) or "error"
    return "error"


def _usage(record: Record) -> Usage:
    found = as_dict(loads(record.attributes.get("mlflow.chat.tokenUsage")).value)
    counts = {
        name: value
        for name in ("input_tokens", "output_tokens")
        if isinstance(value := found.get(name), int)
    }
    return Usage(**counts)


def _read_translated(record: Record) -> Candidate:
    attributes = record.attributes
    word = as_text(attributes.get("gen_ai.operation.name"))
    operation = operation_of(word)
    if operation is None:
        operation = operation_of_bare(record)
        if operation is None:
            return candidate_of(record, _NAME, role="wrapper")
    bare = {
        key: loads_any(value).value
        for key, value in attributes.items()
        if "." not in key and key not in _NOT_ARGUMENTS
    }
    provider = _provider(record)
    asked = as_text(bare.get("model"))
    responses = (
        "input" in bare
        or "instructions" in bare
        or "max_output_tokens" in bare
        or "previous_response_id" in bare
        or genai.is_responses(record)
    )
    candidate = genai.read_call(
        record, _PROFILE, operation, provider=provider, responses=responses
    )
    candidate.model = asked or ""
    if candidate.api == "openai_chat" and not _says_chat(record, bare):
        candidate.reasons += ("api_unknown",)
    if candidate.api == "openai_chat" and not attributes.get(_INSTRUCTIONS):
        # A system message goes there if it is a string; a list of parts is dropped.
        candidate.reasons += ("differences_recorded",)
    _take_bare(candidate, bare)
    if candidate.api == "openai_embeddings":
        candidate.lost = ("extra_body", "encoding_format")
    return candidate


_CHAT_ONLY = (
    "max_tokens",
    "max_completion_tokens",
    "n",
    "stop",
    "seed",
    "logprobs",
    "logit_bias",
    "response_format",
    "presence_penalty",
    "frequency_penalty",
    "stream_options",
    "modalities",
    "audio",
)


def _says_chat(record: Record, bare: dict[str, Any]) -> bool:
    """Return whether anything but its default says that this was a chat completion.

    A failed call has no response id, and both of OpenAI's APIs are translated alike.
    """
    if record.attributes.get("gen_ai.response.id") or not record.failed:
        return True
    if any(key in bare for key in _CHAT_ONLY):
        return True
    tools = bare.get("tools")
    return isinstance(tools, list) and any("function" in as_dict(t) for t in tools)


def operation_of_bare(record: Record) -> Any:  # noqa: ANN401 - an Operation or None
    """Return the operation that the bare arguments of a translated span tell."""
    bare = {
        key: loads(value).value
        for key, value in record.attributes.items()
        if "." not in key
    }
    api = api_of_body(bare)
    return operation_of_api(api) if api and api != "openai_chat" else None


def _take_bare(candidate: Candidate, bare: dict[str, Any]) -> None:
    """The bare arguments are the request without its messages: they win."""
    own_api = api_of_body(bare, candidate.provider, candidate.model)
    if candidate.conversation is None:
        if own_api in ("openai_image_generation", "openai_speech", "openai_embeddings"):
            candidate.api, candidate.operation = own_api, operation_of_api(own_api)
            candidate.body = clean_body(own_api, bare)
        return
    extra: dict[str, Json] = {
        key: value
        for key, value in clean_body("", bare).items()
        if key
        not in ("model", "messages", "input", "instructions", "system", "contents")
    }
    candidate.lost = (
        "messages.name",
        "messages.content.cache_control",
        *_details(candidate),
    )
    messages = unwrap_parts(candidate.conversation.messages, candidate.api)
    candidate.conversation = msgspec.structs.replace(
        candidate.conversation, messages=messages, params={}, tools=(), extra=extra
    )


def _details(candidate: Candidate) -> tuple[str, ...]:
    """Return the fields of parts that its translation leaves out."""
    return {
        "openai_chat": (
            "extra_body",
            "messages.content.image_url.detail",
            "messages.content.input_audio.format",
            "messages.content.file.filename",
        ),
        "openai_responses": (
            "extra_body",
            "input.id",
            "input.status",
            "input.content.detail",
            "input.content.filename",
        ),
        "anthropic_messages": (
            "extra_body",
            "messages.content.is_error",
            "messages.content.title",
            "messages.content.citations",
            "messages.content.signature",
        ),
    }.get(candidate.api, ())
