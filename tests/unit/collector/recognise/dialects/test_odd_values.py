"""Attribute values of any shape, in every dialect and beside every gap."""

import pytest
from fakes.records import record_of

from collector.recognise.assemble import assemble
from collector.recognise.dialects import DIALECTS
from collector.recognise.record import Event

_ODD_VALUES = (None, 7, 0.5, True, b"\xff", "", "[", "[[[]]]", ["x"], [None], {"a": 1})
_NAMES = (
    "gen_ai.operation.name",
    "gen_ai.request.model",
    "gen_ai.input.messages",
    "gen_ai.output.messages",
    "gen_ai.system_instructions",
    "gen_ai.tool.definitions",
    "gen_ai.tool.0.name",
    "litellm.call_type",
    "litellm.tools.declared",
    "llm.request.type",
    "openinference.span.kind",
    "input.value",
    "output.value",
    "llm.invocation_parameters",
    "langfuse.observation.type",
    "langfuse.observation.input",
    "langsmith.span.kind",
    "gen_ai.prompt",
    "gen_ai.completion",
    "mlflow.spanType",
    "mlflow.spanInputs",
    "ai.operationId",
    "ai.prompt.messages",
    "ai.prompt.tools",
    "request_data",
    "response_data",
    "events",
    "gcp.vertex.agent.llm_request",
    "haystack.component.type",
    "haystack.component.input",
    "gen_ai.prompt.0.content",
    "gen_ai.prompt.0.role",
)
# What makes each dialect take a record for a call.
_KINDS = {
    "openinference": {"openinference.span.kind": "LLM"},
    "langfuse": {"langfuse.observation.type": "generation"},
    "mlflow": {"mlflow.spanType": '"CHAT_MODEL"'},
    "langsmith": {"langsmith.span.kind": "llm"},
    "vercel_ai": {"ai.operationId": "ai.generateText.doGenerate"},
    "litellm": {"litellm.call_type": "acompletion"},
    "haystack": {"haystack.component.type": "OpenAIChatGenerator"},
    "traceloop": {"llm.request.type": "chat"},
    "otel_genai": {"gen_ai.operation.name": "chat"},
}


@pytest.mark.parametrize("odd", _ODD_VALUES, ids=repr)
@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.name)
def test_values_of_any_shape_are_read_by_every_dialect(dialect, odd):
    """One odd span would stop recognition for all that follow it."""
    whole = dict.fromkeys(_NAMES, odd)
    for left_out in ("", *_NAMES):
        attributes = {k: v for k, v in whole.items() if k != left_out}
        attributes |= _KINDS.get(dialect.name, {})
        events = (Event("gen_ai.user.message", whole), Event("gen_ai.choice", whole))
        record = record_of(attributes, events=events)
        if dialect.claims(record) and (candidate := dialect.read(record)) is not None:
            assemble(candidate, 0)
