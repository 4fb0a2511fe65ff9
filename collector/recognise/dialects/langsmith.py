"""LangSmith's OpenTelemetry export: `langsmith.span.kind`, whole runs as JSON.

The operation name there says `chat` of prompts too; the run type does not lie.
"""

from collector.recognise.dialects.contract import Candidate
from collector.recognise.dialects.readers import framework_messages
from collector.recognise.dialects.readers.bodies import langchain_json
from collector.recognise.dialects.readers.bodies.provider_bodies import (
    answer_of_output,
    api_of_body,
    clean_body,
    operation_of_api,
)
from collector.recognise.dialects.readers.common_attributes import (
    read_params,
    read_usage,
)
from collector.recognise.dialects.readers.json_values import as_dict, as_text, loads
from collector.recognise.dialects.readers.span import candidate_of
from collector.recognise.dialects.readers.target import chat_api
from collector.recognise.record import Record
from snaptrace.snapshot.apis.fields import all_but
from snaptrace.snapshot.conversation import Conversation

_NAME = "langsmith"


class LangSmith:
    """See `contract.Dialect`."""

    name = _NAME

    def claims(self, record: Record) -> bool:
        """Return whether the record is an exported run."""
        return "langsmith.span.kind" in record.attributes

    def read(self, record: Record) -> Candidate | None:
        """Return what the record knows of a call."""
        attributes = record.attributes
        if as_text(attributes.get("langsmith.span.kind")).lower() != "llm":
            return candidate_of(record, _NAME, role="wrapper")
        candidate = candidate_of(record, _NAME, role="call")
        given = loads(attributes.get("gen_ai.prompt"))
        body = as_dict(given.value)
        named = as_text(attributes.get("gen_ai.request.model"))
        candidate.model = as_text(body.get("model")) or named
        if given.broken:
            candidate.reasons += ("truncated",)
        if langchain_json.is_langchain(body):
            run = as_dict(loads(attributes.get("gen_ai.completion")).value)
            candidate.api = chat_api(
                candidate.provider, responses=langchain_json.is_response(run)
            )
            candidate.lost = all_but(candidate.api, ("model",))
            candidate.conversation = Conversation(
                model=candidate.model,
                messages=tuple(langchain_json.read_messages(body)),
                params=read_params(attributes),
            )
        elif isinstance(body.get("messages"), list) and "model" not in body:
            framework_messages.fill(
                candidate, record, body["messages"], read_params(attributes)
            )
        elif api := api_of_body(body, candidate.provider, candidate.model):
            extra = as_dict(loads(attributes.get("gen_ai.request.extra_body")).value)
            candidate.api, candidate.operation = api, operation_of_api(api)
            candidate.body = {**clean_body(api, body), **extra}
            candidate.lost = ("extra_body",)
        output = loads(attributes.get("gen_ai.completion")).value
        candidate.answer = answer_of_output(
            _unwrapped(output),
            failed=record.failed,
            error="error",
            usage=read_usage(attributes),
        )
        return candidate


def _unwrapped(output: object) -> object:
    """Some wrappers put the response under a key of their own."""
    found = as_dict(output)
    inner = found.get("output")
    return inner if isinstance(inner, dict) else output
