"""LiteLLM's own OpenTelemetry callback.

`litellm_request` holds messages and few parameters; its child `raw_gen_ai_request` the
provider's wire body as `llm.<provider>.<name>`, lists and objects as Python text, and
overwritten by equal names of the response. Neither alone is the request.
"""

from collections.abc import Mapping

import msgspec

from collector.recognise.dialects import genai
from collector.recognise.dialects.contract import Candidate
from collector.recognise.dialects.readers import python_text
from collector.recognise.dialects.readers.bodies import (
    litellm_request,
    litellm_wire,
    responses_echo,
)
from collector.recognise.dialects.readers.bodies.provider_bodies import (
    api_of_body,
    clean_body,
    operation_of_api,
)
from collector.recognise.dialects.readers.common_attributes import answer_of_message
from collector.recognise.dialects.readers.flattened import Flattened
from collector.recognise.dialects.readers.indexed import read_functions
from collector.recognise.dialects.readers.json_values import (
    as_count,
    as_dict,
    as_text,
    loads,
)
from collector.recognise.dialects.readers.profiles import Profile
from collector.recognise.dialects.readers.span import candidate_of
from collector.recognise.dialects.readers.target import operation_of
from collector.recognise.record import Record, Value
from snaptrace.snapshot.apis.fields import all_but, is_field
from snaptrace.snapshot.conversation import Conversation, Tool
from snaptrace.snapshot.model import Json, Operation

_NAME = "litellm"
_RAW = "raw_gen_ai_request"
_CARRIED: dict[str, tuple[str, ...]] = {
    "openai_chat": (
        "model",
        "tools.type",
        "tools.function.name",
        "tools.function.description",
        "tools.function.parameters",
    ),
    "openai_responses": ("model",),
    "anthropic_messages": (
        "model",
        "tools.name",
        "tools.description",
        "tools.input_schema",
    ),
}
_PROFILE = Profile(dialect=_NAME, carried=_CARRIED)
# Names of a response that overwrite those of the request, by API.
_ANSWERED: dict[str, frozenset[str]] = {
    "openai_chat": frozenset(
        [
            "id",
            "choices",
            "created",
            "model",
            "object",
            "moderation",
            "service_tier",
            "system_fingerprint",
            "usage",
            "provider",
            "citations",
        ]
    ),
    "anthropic_messages": frozenset(
        [
            "id",
            "type",
            "role",
            "model",
            "content",
            "stop_reason",
            "stop_sequence",
            "stop_details",
            "usage",
            "container",
            "context_management",
            "service_tier",
        ]
    ),
    "openai_image_generation": frozenset(
        ["created", "data", "usage", "background", "output_format", "id", "object"]
    ),
    "openai_embeddings": frozenset(["data", "usage", "object", "id"]),
    "openai_completions": frozenset(
        ["id", "choices", "created", "object", "usage", "model", "system_fingerprint"]
    ),
}
_NEVER_ASKED = ("choices", "usage", "data", "output", "candidates")
_RESPONSE_OBJECT = ("output", "created_at", "status")
_GEMINI_ANSWERED = frozenset(
    ("candidates", "usageMetadata", "modelVersion", "responseId")
)


class LiteLlm:
    """See `contract.Dialect`."""

    name = _NAME

    def claims(self, record: Record) -> bool:
        """Return whether the record is the callback's."""
        attributes = record.attributes
        if record.name == _RAW or "litellm.call_id" in attributes:
            return True
        if "litellm.call_type" in attributes and record.kind == "span":
            return True
        return _NAME in (record.scope, record.name.removesuffix("_request")) and (
            "llm.request.type" in attributes or "gen_ai.request.model" in attributes
        )

    def read(self, record: Record) -> Candidate | None:
        """Return what the record knows of a call."""
        if record.name == _RAW:
            return _read_raw(record)
        if record.kind == "log":
            return None
        operation = _operation(record)
        if operation is None:
            return candidate_of(record, _NAME, role="wrapper")
        if "openinference.span.kind" in record.attributes:
            return _read_callback(record, operation)
        return _read_request(record, operation)


def _operation(record: Record) -> Operation | None:
    attributes = record.attributes
    for key in ("litellm.call_type", "llm.request.type", "gen_ai.operation.name"):
        if word := as_text(attributes.get(key)):
            return operation_of(word)
    return None


def _read_request(record: Record, operation: Operation) -> Candidate:
    attributes = record.attributes
    wanted = as_text(attributes.get("llm.request.type")) or as_text(
        attributes.get("gen_ai.operation.name")
    )
    provider = as_text(attributes.get("gen_ai.provider.name")) or as_text(
        attributes.get("gen_ai.system")
    )
    named = as_text(attributes.get("litellm.provider.model"))
    if not provider and "/" in named:
        provider = named.partition("/")[0]
    candidate = genai.read_call(
        record, _PROFILE, operation, provider=provider, responses="responses" in wanted
    )
    conversation = candidate.conversation
    if conversation is not None:
        # Assistant turns that only call tools have no parts, but are whole.
        whole = all(message.parts for message in conversation.messages)
        if whole:
            candidate.reasons = tuple(
                reason for reason in candidate.reasons if reason != "content_dropped"
            )
        tools = read_functions(attributes) or _read_listed(candidate, attributes)
        candidate.conversation = msgspec.structs.replace(
            conversation, tools=conversation.tools or tuple(tools)
        )
        if operation not in ("chat", "text_completion", "embeddings"):
            candidate.conversation = None
            candidate.supplement = {"prompt": _text_of(conversation)}
    return candidate


def _read_callback(record: Record, operation: Operation) -> Candidate:
    """Read the span as callbacks for other tools write it: Arize's, Langfuse's."""
    attributes = record.attributes
    candidate = candidate_of(record, _NAME, role="call", operation=operation)
    candidate.model = as_text(attributes.get("llm.model_name"))
    candidate.api = _api_of_operation(operation)
    if operation == "chat":
        litellm_request.of_callback(candidate, record)
    told, _ = Flattened(attributes).messages("llm.output_messages.")
    answer = answer_of_message(told[0] if told else None, record)
    candidate.answer = msgspec.structs.replace(
        answer,
        model=as_text(attributes.get("llm.response.model")),
        response_id=as_text(attributes.get("llm.response.id")),
    )
    return candidate


def _read_listed(candidate: Candidate, attributes: Mapping[str, Value]) -> list[Tool]:
    """Return the tools as its second version lists them: capped, which a count tells.

    Tools beyond the cap, and schemas that are not there, are declared lost.
    """
    tools = read_functions(attributes, "gen_ai.tool.")
    declared = max(
        (
            as_count(value) or 0
            for key, value in attributes.items()
            if key.startswith("litellm.") and "tool" in key and "declared" in key
        ),
        default=0,
    )
    if declared > len(tools) or any(tool.parameters is None for tool in tools):
        candidate.missing += ("tools",)
    return tools


def _text_of(conversation: Conversation) -> str:
    texts = [
        getattr(part, "text", "")
        for message in conversation.messages
        for part in message.parts
    ]
    return texts[0] if texts else ""


def value_of(value: Value) -> Json:
    """Return a raw attribute's value: Python text decoded, empty text as null."""
    if not isinstance(value, str):
        return value
    if value == "":
        return None
    if value[0] in "[{":
        try:
            return python_text.loads(value)
        except python_text.UnreadableTextError:
            return loads(value).value
    return value


def _read_raw(record: Record) -> Candidate:
    candidate = candidate_of(record, _NAME, role="companion")
    found: dict[str, Json] = {}
    provider = ""
    for key, value in record.attributes.items():
        head, _, rest = key.partition(".")
        named, _, name = rest.partition(".")
        if head == "llm" and name and "." not in name:
            provider = named
            # Answers are large, and nothing of the request stands in them.
            found[name] = True if name in _NEVER_ASKED and value else value_of(value)
    candidate.supplement = {"raw": found, "raw_provider": provider}
    if record.dropped_attributes:
        candidate.supplement["raw_dropped"] = True
    return candidate


def _wire_body(api: str, body: dict[str, Json]) -> Json:
    """Return the body as sent: Gemini is spelled as here, Ollama has notes beside."""
    if api == "gemini_generate_content":
        return body
    if api.startswith("ollama"):
        body = {k: v for k, v in body.items() if k == "messages" or is_field(api, k)}
    return clean_body(api, body)


def finish(candidate: Candidate) -> None:
    """Put the request together from both records, once both are there."""
    raw = as_dict(candidate.supplement.get("raw"))
    provider = as_text(candidate.supplement.get("raw_provider"))
    prompt = as_text(candidate.supplement.get("prompt"))
    params = candidate.supplement.get("params")
    candidate.supplement = {"params": params} if isinstance(params, dict) else {}
    present = {key: value for key, value in raw.items() if value is not None}
    if all(key in raw for key in _RESPONSE_OBJECT):
        # Of a Responses call the raw record is the response, which echoes the request.
        responses_echo.complete(candidate, present)
        return
    api = api_of_body(present, provider, candidate.model)
    if candidate.operation not in ("chat", "text_completion"):
        api = _api_of_operation(candidate.operation)
    if not api or not present:
        _finish_alone(candidate, prompt)
        return
    candidate.api, candidate.operation = api, operation_of_api(api)
    answered = _ANSWERED.get(api, frozenset())
    if api == "gemini_generate_content":
        answered = _GEMINI_ANSWERED
    body = {key: value for key, value in present.items() if key not in answered}
    if prompt and api == "openai_image_generation":
        body.setdefault("prompt", prompt)
    if candidate.model and api != "gemini_generate_content":
        body["model"] = candidate.model
    candidate.conversation = None
    candidate.body = _wire_body(api, body)
    candidate.lost = tuple(name for name in sorted(answered) if name in _ECHOED)
    if api == "openai_image_generation":
        candidate.lost += ("quality", "size")  # the answer's own stand in their place
    candidate.reasons = ()
    if api == "openai_transcription" and "file" not in body:
        candidate.reasons = ("media_unknown",)
    if api == "openai_speech" and not body.get("input"):
        candidate.body, candidate.reasons = None, ("no_content",)


def _api_of_operation(operation: Operation) -> str:
    return {
        "embeddings": "openai_embeddings",
        "image_generation": "openai_image_generation",
        "speech": "openai_speech",
        "transcription": "openai_transcription",
        "moderation": "openai_moderation",
    }.get(operation, "")


# Fields of a request that the answer's own value stands in the place of.
_ECHOED = ("service_tier", "background", "output_format")
# The field that the one text of a call without messages stood in.
_PROMPT_FIELDS = {"image_generation": "prompt", "moderation": "input"}


def _finish_alone(candidate: Candidate, prompt: str) -> None:
    """A stream's raw record is empty, and the second version of the callback has none.

    Messages and few parameters remain.
    """
    if candidate.body is not None:
        candidate.emitter = "arguments"
        return
    conversation = candidate.conversation
    field = _PROMPT_FIELDS.get(candidate.operation, "")
    if prompt and field and candidate.api:
        candidate.body = {"model": candidate.model, field: prompt}
        candidate.lost = all_but(candidate.api, ("model", field))
        return
    if conversation is None or candidate.operation != "chat":
        return
    if candidate.api == "openai_responses" and responses_echo.has_gaps(conversation):
        candidate.reasons += ("content_dropped",)
    if candidate.api == "openai_chat" and not litellm_request.KEEPS_DEVELOPER.match(
        candidate.model
    ):
        messages = tuple(
            msgspec.structs.replace(message, role="system")
            if message.role == "developer"
            else message
            for message in conversation.messages
        )
        conversation = msgspec.structs.replace(conversation, messages=messages)
    litellm_wire.as_translated(candidate, conversation)
    candidate.lost = all_but(candidate.api, _CARRIED.get(candidate.api, ("model",)))
    candidate.lost += litellm_request.ADDED
