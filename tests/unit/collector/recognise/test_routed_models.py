"""Names of models that say a route of LiteLLM's first."""

import json

import pytest
from fakes.records import candidate_of, record_of

from collector.recognise.frameworks import as_framework_sends

_SAID = json.dumps([{"role": "user", "parts": [{"type": "text", "content": "Hi"}]}])


def _source(model, scope):
    found = candidate_of(
        record_of(
            {
                "gen_ai.operation.name": "chat",
                "gen_ai.provider.name": "openai",
                "gen_ai.response.id": "chatcmpl-1",
                "gen_ai.request.model": model,
                "gen_ai.input.messages": _SAID,
            },
            scope=scope,
        )
    )
    as_framework_sends(found)
    return found.api_source


@pytest.mark.parametrize("model", ["openai/gpt-4o-mini", "anthropic/claude-x"])
def test_a_frameworks_routed_model_leaves_the_api_open(model):
    """A call to another API would be replayed as Chat, under a name nobody serves."""
    scopes = ("opentelemetry.instrumentation.openai_agents", "strands.telemetry.tracer")
    assert {_source(model, scope) for scope in scopes} == {"guessed"}


@pytest.mark.parametrize(
    ("model", "scope"),
    [
        ("openai/gpt-4o-mini", "opentelemetry.instrumentation.genai.openai"),
        ("openai/gpt-4o-mini", "opentelemetry.instrumentation.openai.v1"),
        ("openai/gpt-4o-mini", "opentelemetry.instrumentation.openai_v2"),
        ("meta-llama/Llama-3", "strands.telemetry.tracer"),
        ("gpt-4o-mini", "opentelemetry.instrumentation.openai_agents"),
    ],
)
def test_other_names_say_nothing_of_a_route(model, scope):
    """Calls by way of OpenRouter, and names with a vendor, would count for nothing."""
    assert _source(model, scope) == "carried"
