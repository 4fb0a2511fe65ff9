"""What recordings that came out wrong make doubtful."""

from fakes.records import candidate_of, record_of
from measure.evidence import suspects

from collector.recognise.assemble import assemble

_TOLD = '[{"role": "user", "parts": []}]'


def test_a_turn_without_parts_is_compared_like_any_other():
    """One recording with an empty turn would stop the making of all evidence."""
    attributes = {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "anthropic",
        "gen_ai.request.model": "m",
        "gen_ai.input.messages": _TOLD,
    }
    call = assemble(candidate_of(record_of(attributes)), 0)
    call.snapshot.request.body["messages"] = [{"role": "user", "content": []}]
    true = {"messages": [{"role": "user", "content": [{"type": "text", "text": "Hi"}]}]}
    assert suspects(call, true)
