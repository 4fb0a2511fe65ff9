"""Records that the tools' own libraries wrote: what is read, and what is told."""

from pathlib import Path

import pytest

from collector.offline.importer import read_exports
from collector.recognise.recogniser import Recogniser

GOLDEN = Path(__file__).parents[3] / "golden" / "exports"
TOOLS = [path.stem for path in sorted(GOLDEN.glob("*.jsonl"))]
# Tools that keep pictures elsewhere, or cut them.
WITHOUT_PICTURES = ("braintrust", "langfuse", "litellm")
SPEC = {
    "type": "function",
    "function": {
        "name": "find",
        "description": "Finds weather.",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
    },
}


def calls_of(tool, said):
    """Return a tool's calls whose newest turn says so."""
    recogniser = Recogniser()
    path = GOLDEN / f"{tool}.jsonl"
    found = [c for request in read_exports(path) for c in recogniser.feed(request)]
    every = [call.snapshot for call in (*found, *recogniser.flush(0))]
    calls = [c for c in every if said in str(c.request.body["messages"][-1]["content"])]
    assert calls, [c.request.body for c in every]
    return calls


@pytest.mark.parametrize("tool", TOOLS)
def test_tools_and_what_was_called_are_kept(tool):
    """If it failed, an agent's call would be replayed without its tools."""
    for call in calls_of(tool, "weather in Oslo"):
        assert call.request.body["tools"] == [SPEC]
        assert call.request.body["temperature"] == 0.5
        assert [(c.name, c.arguments) for c in call.answer.tool_calls] == [
            ("find", '{"city":"Oslo"}')
        ]
        assert call.answer.finish_reason in ("tool_calls", "")


@pytest.mark.parametrize("tool", TOOLS)
def test_a_history_keeps_every_turn(tool):
    """If it failed, a tool's earlier answer would be missing from a replay."""
    for call in calls_of(tool, "And the chart?"):
        turns = call.request.body["messages"]
        assert [turn["role"] for turn in turns] == ["user", "assistant", "tool", "user"]
        assert turns[1]["tool_calls"][0]["function"]["arguments"] == '{"city":"Oslo"}'
        assert (turns[2]["tool_call_id"], turns[2]["content"]) == ("call_0", "4 mm")
        assert call.answer.text == "A chart of rain."
        assert call.answer.usage.input_tokens == 9
        assert call.answer.usage.output_tokens == 3


@pytest.mark.parametrize("tool", TOOLS)
def test_a_picture_is_kept_or_missed_by_name(tool):
    """If it failed, a question about a picture would be replayed without one."""
    for call in calls_of(tool, "What is it?"):
        (medium,) = call.media
        if tool in WITHOUT_PICTURES:
            assert call.fidelity.level == "unreplayable"
            assert "messages.content.image_url.url" in call.fidelity.missing
        else:
            assert (medium.state, medium.mime) == ("inline", "image/png")
            assert call.fidelity.level == "unverified"


@pytest.mark.parametrize(
    "tool", [t for t in TOOLS if t not in ("openai", "braintrust")]
)
def test_a_failed_call_is_no_answer(tool):
    """If it failed, a provider's outage would be what production answers."""
    for call in calls_of(tool, "forbidden"):
        assert call.answer.outcome == "error"


@pytest.mark.parametrize("tool", ["braintrust", "langfuse", "langsmith", "litellm"])
def test_a_stream_is_one_answer(tool):
    """If it failed, a streamed answer would be its last piece, or none."""
    for call in calls_of(tool, "Describe the chart."):
        assert call.answer.text == "A chart of rain."
