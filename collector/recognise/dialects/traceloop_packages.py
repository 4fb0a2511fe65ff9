"""Peculiarities of single Traceloop packages."""

import msgspec

from collector.recognise.dialects import genai
from collector.recognise.dialects.contract import Candidate
from collector.recognise.dialects.readers import wrapped_parts
from collector.recognise.dialects.readers.json_values import as_dict, as_text
from collector.recognise.dialects.readers.profiles import package_of
from collector.recognise.dialects.readers.target import raising_api
from collector.recognise.record import Record
from snaptrace.snapshot.apis.bedrock_invoke import FAMILY
from snaptrace.snapshot.apis.fields import all_but
from snaptrace.snapshot.model import Json

# Of a chat its LangChain package shows these; of any other API, the model.
_LANGCHAIN_CHAT = (
    "model",
    "temperature",
    "top_p",
    "tools.function.name",
    "tools.function.description",
    "tools.function.parameters",
    "tools.type",
)


def finish(candidate: Candidate, record: Record) -> None:
    """Add what a package notes beside the rest, and name what it loses."""
    package = package_of(record.scope)
    if candidate.api == "cohere_chat":
        _tell_version(candidate, record)
    elif package == "bedrock":
        # A vendor's or region's prefix is cut off, and no model has such a name.
        candidate.missing += ("model",)
        candidate.reasons += ("model_unknown",)
        _add_family(candidate)
    _add_schema(candidate, record)
    if package == "langchain":
        _langchain_limits(candidate, record)
    if candidate.api == "openai_responses":
        # Tools that the provider runs are left out without a sign.
        candidate.lost += ("!tools", "!tools.type")


# How names of models begin once the vendor's prefix is gone -> whose body it takes.
_FAMILIES = {"claude": "anthropic", "nova": "nova", "llama": "llama"}


def _add_family(candidate: Candidate) -> None:
    """Say whose body InvokeModel got, which the model's name does not any more."""
    family = next(
        (own for sign, own in _FAMILIES.items() if candidate.model.startswith(sign)), ""
    )
    if candidate.api == "bedrock_invoke" and family:
        _add_extra(candidate, {FAMILY: family})


def _tell_version(candidate: Candidate, record: Record) -> None:
    """Cohere's second API answers in blocks, its first in plain text."""
    candidate.lost += ("tools.function.strict",)
    answer = as_text(record.attributes.get("gen_ai.completion.0.content"))
    if answer.startswith("[{"):
        candidate.api_source = "carried"
    elif answer:
        candidate.api, candidate.reasons = "", (*candidate.reasons, "api_unknown")
    elif raising_api(record) != "cohere_chat":
        candidate.api_source = "guessed"


def _add_schema(candidate: Candidate, record: Record) -> None:
    """The schema is recorded alone: its name and strictness are not."""
    schema: Json = genai.schema_of(record)
    if schema is None:
        return
    if schema == {"type": "json_object"}:
        _add_extra(candidate, {"response_format": schema})
        return
    if candidate.conversation is not None:
        candidate.conversation = msgspec.structs.replace(
            candidate.conversation, output_schema=schema
        )
    else:
        candidate.supplement = {**candidate.supplement, "output_schema": schema}
    if candidate.api == "openai_chat":
        base = "response_format.json_schema"
        candidate.missing += (f"{base}.name", f"{base}.strict")
        # A class given as schema is noted without the closing that the SDK adds.
        closed = "additionalProperties" in as_dict(schema)
        if not closed:
            candidate.missing += (f"{base}.schema.additionalProperties",)
        if not closed and "$defs" in as_dict(schema):
            candidate.missing += (f"{base}.schema.$defs",)
    elif candidate.api == "openai_responses":
        candidate.missing += ("text.format.name", "text.format.strict")


def _add_extra(candidate: Candidate, extra: dict[str, Json]) -> None:
    if candidate.conversation is None:
        candidate.supplement = {**candidate.supplement, "extra": extra}
        return
    candidate.conversation = msgspec.structs.replace(
        candidate.conversation, extra={**candidate.conversation.extra, **extra}
    )


def _langchain_limits(candidate: Candidate, record: Record) -> None:
    """LangChain renames a parameter on its way to OpenAI."""
    if candidate.conversation is None:
        return
    conversation = candidate.conversation
    carried = _LANGCHAIN_CHAT if candidate.api == "openai_chat" else ("model",)
    candidate.lost = all_but(candidate.api, carried)
    answer = candidate.answer
    if (
        answer
        and answer.observed
        and not answer.response_id
        and not answer.finish_reason
        and candidate.api == "openai_chat"
    ):
        # A call of Responses has neither; without an answer nothing tells.
        candidate.reasons += ("api_unknown",)
    params, extra = dict(conversation.params), dict(conversation.extra)
    stop = record.attributes.get("traceloop.association.properties.ls_stop")
    if isinstance(stop, list) and stop:
        params.setdefault("stop_sequences", stop)
    if candidate.api == "openai_chat" and "max_tokens" in params:
        extra["max_completion_tokens"] = params.pop("max_tokens")
    candidate.conversation = msgspec.structs.replace(
        conversation,
        messages=wrapped_parts.unwrap_parts(conversation.messages, candidate.api),
        params=params,
        extra=extra,
    )
