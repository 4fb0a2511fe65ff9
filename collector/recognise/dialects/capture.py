"""`snaptrace-capture`: the bytes of a model call, as the application's own client sent.

Whatever the instrumentation beside it recorded, the request is this one: the record
says how many bytes were sent, so that one which lost some is told from a whole one.
"""

import re
from typing import Any
from urllib.parse import urlsplit

import msgspec

from collector.recognise.dialects.contract import Candidate
from collector.recognise.dialects.readers.bodies import answer_bodies
from collector.recognise.dialects.readers.bodies.captured_body import (
    raw_body,
    read_body,
)
from collector.recognise.dialects.readers.bodies.provider_bodies import (
    answer_of_output,
    operation_of_api,
)
from collector.recognise.dialects.readers.common_attributes import (
    normal_finish,
    outcome_of,
)
from collector.recognise.dialects.readers.json_values import as_count, as_text
from collector.recognise.dialects.readers.span import candidate_of
from collector.recognise.record import Record
from snaptrace.snapshot.apis import APIS
from snaptrace.snapshot.model import Answer, Media
from snaptrace.streams.usage import of_answer
from snaptrace.streams.whole import whole

_NAME = "capture"
_PREFIX = "snaptrace.llm."
_FORMAT = 1
_FAILED_FROM = 400
_SPAN_ID = re.compile(r"[0-9a-f]{16}")
# Where a host ends -> the provider, as OpenTelemetry names it.
_HOSTS = (
    ("api.openai.com", "openai"),
    (".openai.azure.com", "azure.ai.openai"),
    (".cognitiveservices.azure.com", "azure.ai.openai"),
    (".services.ai.azure.com", "azure.ai.inference"),
    ("api.anthropic.com", "anthropic"),
    ("generativelanguage.googleapis.com", "gcp.gemini"),
    ("aiplatform.googleapis.com", "gcp.vertex_ai"),
    (".amazonaws.com", "aws.bedrock"),
    ("api.mistral.ai", "mistral_ai"),
    (".cohere.com", "cohere"),
    (".cohere.ai", "cohere"),
    ("api.groq.com", "groq"),
    ("api.deepseek.com", "deepseek"),
    ("api.x.ai", "x_ai"),
    ("api.perplexity.ai", "perplexity"),
)
_OF_API = {
    "anthropic_messages": "anthropic",
    "gemini_generate_content": "gcp.gemini",
    "bedrock_converse": "aws.bedrock",
    "bedrock_invoke": "aws.bedrock",
    "cohere_chat": "cohere",
    "mistral_chat": "mistral_ai",
    "ollama_chat": "ollama",
    "ollama_generate": "ollama",
}


class Capture:
    """See `contract.Dialect`."""

    name = _NAME

    def claims(self, record: Record) -> bool:
        """Return whether the record is a captured call, in the format known here."""
        return record.attributes.get(_PREFIX + "format") == _FORMAT

    def read(self, record: Record) -> Candidate | None:
        """Return the call; without its request it only adds to another record."""
        attributes = record.attributes
        api = as_text(attributes.get(_PREFIX + "api"))
        candidate = candidate_of(
            record, _NAME, role="call", operation=operation_of_api(api)
        )
        candidate.api = api if api in APIS else ""
        candidate.provider = _provider(as_text(attributes.get(_PREFIX + "url")), api)
        outer = as_text(attributes.get(_PREFIX + "outer_span_id"))
        if _SPAN_ID.fullmatch(outer):
            candidate.outer_id = bytes.fromhex(outer)
        sent = raw_body(attributes, _PREFIX + "request")
        kind = as_text(attributes.get(_PREFIX + "request.type"))
        body = None if sent is None else read_body(sent, kind)
        if body is None:
            candidate.role = "transport"
            candidate.reasons = ("truncated",) if sent is None else ("unreadable",)
        else:
            candidate.body, candidate.verbatim = body, True
        in_path = as_text(attributes.get(_PREFIX + "model"))
        candidate.model = in_path or as_text((body or {}).get("model"))
        candidate.answer = _answer(record)
        return candidate


def _provider(url: str, api: str) -> str:
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        host = ""
    for ending, provider in _HOSTS:
        if host.endswith(ending):
            return provider
    return _OF_API.get(api, "openai" if api.startswith("openai") else "")


def _answer(record: Record) -> Answer:
    attributes = record.attributes
    status = as_count(attributes.get(_PREFIX + "response.status")) or 0
    error = as_text(attributes.get(_PREFIX + "error"))
    if status >= _FAILED_FROM or (error and not status):
        return Answer(outcome="error", error=error or str(status), observed=False)
    kind = as_text(attributes.get(_PREFIX + "response.type")).partition(";")[0].strip()
    if kind.startswith("audio/"):
        return Answer(media=(Media(kind="audio", mime=kind, state="placeholder"),))
    came = raw_body(attributes, _PREFIX + "response")
    if came is None or attributes.get(_PREFIX + "response.cut"):
        return Answer(observed=False)
    if kind == "text/plain":
        return Answer(text=came.decode("utf-8", "replace").strip())
    body = whole(as_text(attributes.get(_PREFIX + "api")), kind, came)
    if not body:
        return Answer(observed=False)
    return _read(as_text(attributes.get(_PREFIX + "api")), body, failed=bool(error))


def _read(api: str, body: dict[str, Any], *, failed: bool) -> Answer:
    said, usage = answer_bodies.read(body), of_answer(api, body)
    if said.is_empty:
        found = answer_of_output(body, failed=failed, error="error", usage=usage)
        return msgspec.structs.replace(found, model=found.model or said.model)
    finish = normal_finish(said.finish)
    return Answer(
        outcome=outcome_of(finish, refusal=said.refusal, failed=failed),
        text=said.text,
        tool_calls=said.calls,
        refusal=said.refusal,
        media=said.media,
        finish_reason=finish,
        model=said.model,
        response_id=said.response_id,
        error="error" if failed else "",
        usage=usage,
    )
