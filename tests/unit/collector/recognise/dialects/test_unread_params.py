"""Request attributes that no reader knows."""

import json

import pytest
from fakes.records import one, record_of

_SAID = json.dumps([{"role": "user", "parts": [{"type": "text", "content": "Hi"}]}])


@pytest.mark.parametrize(
    ("name", "doubted"),
    [("temperature", False), ("choice.count", False), ("loop_budget", True)],
)
def test_a_parameter_that_no_recording_has_is_doubted(name, doubted):
    """A new parameter would be left out of every replay without a word."""
    attributes = {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": "gpt-4o-mini",
        "gen_ai.input.messages": _SAID,
        f"gen_ai.request.{name}": 1,
    }
    found = one(record_of(attributes, scope="opentelemetry.instrumentation.x"))
    assert ("features_unrecorded" in found.fidelity.reasons) is doubted
