"""OpenInference (Arize): `openinference.span.kind`, and the provider's own JSON.

`input.value` holds the call's arguments where the instrumentation wraps a provider
SDK; that is the best source, filled up from the flattened `llm.*` attributes where a
medium was taken out of one but not of the other. Framework instrumentations put
framework JSON there; then LangChain's messages, or the flattened ones, are read.
"""

from typing import Any

import msgspec

from collector.recognise.dialects.contract import Candidate
from collector.recognise.dialects.openinference_flat import (
    read_converse,
    read_flattened,
)
from collector.recognise.dialects.readers import renamed
from collector.recognise.dialects.readers.bodies import (
    gemini_body,
    langchain_json,
    langchain_request,
    litellm_request,
    mistral_sdk,
    responses_echo,
)
from collector.recognise.dialects.readers.bodies.agents import agent_settings
from collector.recognise.dialects.readers.bodies.provider_bodies import (
    SIDE_ARGUMENTS,
    SIDE_DOOR,
    answer_of_output,
    api_of_body,
    clean_body,
    operation_of_api,
)
from collector.recognise.dialects.readers.common_attributes import (
    answer_of_message,
    read_usage,
)
from collector.recognise.dialects.readers.flattened import Flattened
from collector.recognise.dialects.readers.json_values import (
    Loaded,
    as_dict,
    as_list,
    as_text,
    loads,
)
from collector.recognise.dialects.readers.span import candidate_of, only_prepares
from collector.recognise.dialects.readers.target import is_dated, provider_of
from collector.recognise.inline_media import is_placeholder
from collector.recognise.record import Record
from snaptrace.snapshot.apis.fields import is_field
from snaptrace.snapshot.model import Answer, Json


class OpenInference:
    """See `contract.Dialect`."""

    name = "openinference"

    def claims(self, record: Record) -> bool:
        """Return whether the record has a span kind of this convention.

        Its processors only add to what Vercel's SDK and a provider's own client say.
        """
        attributes = record.attributes
        if "openinference.span.kind" not in attributes:
            return renamed.is_renamed(record)
        return "ai.operationId" not in attributes and not (
            "http.route" in attributes and "input.value" not in attributes
        )

    def read(self, record: Record) -> Candidate | None:
        """Return what the record knows of a call."""
        if "openinference.span.kind" not in record.attributes:
            record = renamed.in_openinference(record)
        kind = as_text(record.attributes.get("openinference.span.kind")).upper()
        if kind not in ("LLM", "EMBEDDING") or only_prepares(record):
            return candidate_of(record, self.name, role="wrapper")
        candidate = candidate_of(record, self.name, role="call")
        given = loads(record.attributes.get("input.value"))
        if _is_wrapper_embedding(record, kind, given):
            candidate.role = "wrapper"
            return candidate
        flat = Flattened(record.attributes)
        _read_request(candidate, record, given, flat, kind)
        candidate.answer = _answer(record, flat)
        # LiteLLM writes a list of texts as Python does; they stand beside it whole.
        printed = kind == "EMBEDDING" and candidate.body is not None
        if (given.broken and not printed) or flat.cut:
            candidate.reasons += ("truncated",)
        return candidate


def _is_wrapper_embedding(record: Record, kind: str, given: Loaded) -> bool:
    """LangChain's embedding spans stand around the provider's and hold no request."""
    return (
        kind == "EMBEDDING"
        and given.value is None
        and "llm.provider" not in record.attributes
        and not any(key.startswith("embedding.") for key in record.attributes)
    )


def _provider(record: Record) -> str:
    """Return who was asked; Anthropic's client names the cloud, and keeps its API."""
    if record.scope.endswith(".anthropic"):
        return "anthropic"
    provider = provider_of(record.attributes)
    if not provider and record.scope.endswith(".mistralai"):
        return "mistral"
    return provider


def _read_request(
    candidate: Candidate, record: Record, given: Loaded, flat: "Flattened", kind: str
) -> None:
    arguments = as_dict(loads(record.attributes.get("llm.invocation_parameters")).value)
    provider = _provider(record)
    candidate.provider = provider
    body = as_dict(given.value)
    if langchain_json.is_langchain(body):
        output = as_dict(loads(record.attributes.get("output.value")).value)
        langchain_request.fill(
            candidate,
            langchain_json.read_messages(body),
            arguments,
            responses=langchain_json.is_response(output),
        )
        return
    if provider.lower() in ("aws", "bedrock") and read_converse(
        candidate, record, given.value, flat, arguments
    ):
        return
    whole = "model" in body
    if "messages" in body and not whole:
        body = _with_arguments(candidate, record, body, arguments)
    asked = _asked_model(record, body, arguments)
    if "litellm" in record.scope and kind == "LLM":
        _read_litellm(candidate, record, body, asked, flat)
        return
    api = api_of_body(body, provider, asked)
    if api == "gemini_generate_content" and candidate.emitter.startswith("litellm:"):
        litellm_request.of_contents(candidate, clean_body(api, body), asked)
        return
    if api and _speaks_sdk(api, body, whole=whole):
        candidate.model = asked
        _read_body(candidate, api, body, flat)
        return
    if isinstance(given.value, list) or isinstance(arguments.get("id"), str):
        _read_agents(candidate, record, given.value, arguments)
        return
    candidate.model = _asked_model(record, {}, arguments)
    read_flattened(candidate, record, flat, arguments, kind=kind)


def _read_litellm(
    candidate: Candidate,
    record: Record,
    body: dict[str, Any],
    asked: str,
    flat: "Flattened",
) -> None:
    given = loads(record.attributes.get("input.value")).value
    if "messages" not in body:
        arguments = as_dict(
            loads(record.attributes.get("llm.invocation_parameters")).value
        )
        body = litellm_request.with_arguments(record, given, arguments, flat.tools())
        if given is None and "completion" in record.name:
            body["messages"] = litellm_request.flattened(candidate, record)
        if "model" not in body and is_dated(asked):
            asked = ""  # only the answering model is recorded here
    litellm_request.fill(candidate, body, asked)


def _read_body(
    candidate: Candidate, api: str, body: dict[str, Any], flat: Flattened
) -> None:
    """Take the provider's own JSON."""
    candidate.api, candidate.operation = api, operation_of_api(api)
    candidate.body = clean_body(api, body)
    if candidate.scope.endswith(".vertexai"):
        candidate.body = gemini_body.without_unset(candidate.body)
    _fill_media(candidate.body, flat)
    candidate.lost = SIDE_DOOR if api.startswith(("openai", "anthropic")) else ()
    if api == "openai_embeddings":
        candidate.lost += ("encoding_format",)
    elif api == "mistral_chat":
        candidate.body = _as_mistral_sends(candidate, candidate.body)
    elif api == "openai_transcription" and "file" not in as_dict(candidate.body):
        candidate.reasons += ("media_unknown",)


def _as_mistral_sends(candidate: Candidate, body: dict[str, Any]) -> dict[str, Any]:
    if candidate.scope.endswith(".mistralai"):
        return mistral_sdk.with_defaults(body)
    candidate.lost += mistral_sdk.ADDED  # whichever client it was
    return body


def _with_arguments(
    candidate: Candidate,
    record: Record,
    body: dict[str, Any],
    arguments: dict[str, Any],
) -> dict[str, Any]:
    """Some wrappers keep messages in one place and all other arguments in another."""
    if not arguments and record.dropped_attributes:
        candidate.reasons += ("attributes_dropped",)
    return {**arguments, **body}


def _asked_model(
    record: Record, body: dict[str, Any], arguments: dict[str, Any]
) -> str:
    """Return the model asked for; `llm.model_name` may be the answering one."""
    for found in (
        body.get("model"),
        arguments.get("model"),
        record.attributes.get("llm.request.model_name"),
        arguments.get("model_name"),
    ):
        if isinstance(found, str) and found:
            return found
    answering = as_text(record.attributes.get("llm.response.model_name"))
    named = as_text(record.attributes.get("llm.model_name"))
    output = as_dict(loads(record.attributes.get("output.value")).value)
    if "contents" in body:
        return named
    if not body and is_dated(named):
        return ""  # without the answer's own word on it, this may be who answered
    if named and named not in (answering, output.get("model")):
        return named
    return "" if "model" in output else named


def _speaks_sdk(api: str, body: dict[str, Any], *, whole: bool) -> bool:
    """Distinguish provider arguments from a framework's own request object.

    A framework's messages have keys that no API knows; where it kept the model apart,
    so have its arguments.
    """
    if "additional_kwargs" in body or "block_type" in body:
        return False
    if whole or "messages" not in body:
        return True
    known = ("messages", "system", "model", *SIDE_ARGUMENTS)
    named = "model" in body
    return named and all(key in known or is_field(api, key) for key in body)


def _fill_media(body: Json, flat: "Flattened") -> None:
    """Put images back that only the flattened attributes still have."""
    messages = body.get("messages") if isinstance(body, dict) else None
    for index, message in enumerate(as_list(messages)):
        for place, part in enumerate(as_list(as_dict(message).get("content"))):
            holder = as_dict(as_dict(part).get("image_url"))
            url = holder.get("url")
            if isinstance(url, str) and is_placeholder(url):
                kept = flat.image(index, place)
                if kept and not is_placeholder(kept):
                    holder["url"] = kept


def _read_agents(
    candidate: Candidate,
    record: Record,
    given: Json,
    arguments: dict[str, Any],
) -> None:
    """OpenAI Agents: `input.value` is the list alone, parameters stand elsewhere."""
    named = as_text(record.attributes.get("llm.model_name"))
    if isinstance(arguments.get("id"), str):
        candidate.api = "openai_responses"
        echo = as_dict(loads(record.attributes.get("output.value")).value)
        candidate.body = responses_echo.body_of_echo(given, {**echo, **arguments})
        if is_dated(as_text(candidate.body["model"])):
            # An echo holds the model that answered, not the alias asked for.
            candidate.body["model"] = ""
        candidate.model = as_text(candidate.body["model"])
        candidate.lost = responses_echo.LOST
        return
    candidate.api, candidate.model = "openai_chat", named
    items = [item for item in as_list(given) if isinstance(item, dict)]
    if not items:
        return
    settings = {"messages": items, **agent_settings(arguments)}
    if candidate.emitter:  # LiteLLM in place of its own client
        litellm_request.fill(candidate, settings, named)
        candidate.lost = litellm_request.untold(candidate.api)
        return
    candidate.body = {"model": named, **settings}
    candidate.lost = _UNTOLD_OF_AGENTS


_UNTOLD_OF_AGENTS = (
    "tools",
    "tool_choice",
    "response_format",
    "prompt_cache_key",
    "logit_bias",
    "n",
    "stop",
    "seed",
    *SIDE_DOOR,
)


def _answer(record: Record, flat: "Flattened") -> Answer:
    attributes = record.attributes
    output = loads(attributes.get("output.value")).value
    error = as_text(attributes.get("error.type"))
    for event in record.events if record.failed and not error else ():
        if event.name == "exception":
            error = as_text(event.attributes.get("exception.type"))
    usage = read_usage(attributes)
    answer = answer_of_output(
        output, failed=record.failed, error=error or "error", usage=usage
    )
    if answer.observed or record.failed:
        return answer
    messages, _ = flat.messages("llm.output_messages.")
    told = answer_of_message(messages[0] if messages else None, record)
    named = as_text(attributes.get("llm.model_name"))
    return told if told.model else msgspec.structs.replace(told, model=named)
