"""Answers by the shape of their JSON, whoever wrote it."""

import json
from pathlib import Path

import pytest
from fakes.records import record_of

from collector.recognise.dialects.readers.answers import complete
from collector.recognise.dialects.readers.bodies import answer_bodies
from collector.recognise.dialects.readers.common_attributes import normal_finish
from collector.recognise.record import Event
from snaptrace.snapshot.model import Answer, ToolCall

_CALL = ("look_up", {"city": "Graz"})
_FUNCTION = {"name": "look_up", "arguments": '{"city": "Graz"}'}
_SPOKEN = {"role": "assistant", "content": "Blue."}
_OPENAI_CALLS = {
    "role": "assistant",
    "content": None,
    "tool_calls": [{"id": "c1", "type": "function", "function": _FUNCTION}],
}

_ROOT = next(p for p in Path(__file__).parents if (p / "pyproject.toml").exists())
# Rows: an answer's JSON, and what is to be read of it.
SHAPES = json.loads((_ROOT / "tests/golden/answers/shapes.json").read_bytes())


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape["name"])
def test_an_answer_is_read_whoever_wrote_it(shape):
    """It would count as not observed, and nothing be compared with it."""
    said = answer_bodies.read(shape["answer"])
    read = {"text": said.text, "refusal": said.refusal, "finish": said.finish}
    assert read == {name: shape[name] for name in read}
    calls = [(c.name, json.loads(c.arguments)) for c in said.calls]
    assert calls == [_CALL] * shape["calls"]


def test_two_calls_alike_are_two():
    """A model that asks twice would be scored as one that asked once."""
    calls = [{"id": f"c{n}", "function": _FUNCTION} for n in range(2)]
    message = {"tool_calls": calls, "additional_kwargs": {"tool_calls": calls}}
    assert len(answer_bodies.read({"choices": [{"message": message}]}).calls) == 2


@pytest.mark.parametrize(
    "value",
    [
        {"choices": [], "usage": {"prompt_tokens": 5, "completion_tokens": 7}},
        {
            "candidates": [],
            "usageMetadata": {"promptTokenCount": 5, "candidatesTokenCount": 7},
        },
        {"stopReason": "x", "usage": {"inputTokens": 5, "outputTokens": 7}},
        {
            "generations": [],
            "llm_output": {"token_usage": {"prompt_tokens": 5, "completion_tokens": 7}},
        },
        {
            "type": "ai",
            "content": "",
            "usage_metadata": {"input_tokens": 5, "output_tokens": 7},
        },
        {
            "message": {},
            "usage": {"tokens": {"input_tokens": 5.0, "output_tokens": 7.0}},
        },
    ],
)
def test_tokens_are_counted_where_a_response_says_them(value):
    """What a call costs would be unknown, and no witness of what was sent."""
    assert answer_bodies.read(value).usage == {"input_tokens": 5, "output_tokens": 7}
    record = record_of({"gen_ai.completion": json.dumps(value)})
    usage = complete(Answer(observed=False), record).usage
    assert (usage.input_tokens, usage.output_tokens) == (5, 7)


@pytest.mark.parametrize(
    ("word", "finish"),
    [
        ("ToolCalls", "tool_calls"),
        ("FinishReason.MAX_TOKENS", "length"),
        ("endTurn", "stop"),
        ("content-filter", "content_filter"),
        ("STOP", "stop"),
        ("", ""),
    ],
)
def test_a_finish_reason_has_one_spelling(word, finish):
    """The same end would look like another in every library."""
    assert normal_finish(word) == finish


def test_a_deep_answer_is_given_up():
    """A crafted answer would end the tap."""
    value = "Blue."
    for _ in range(500):
        value = {"message": {"content": [{"content": [value]}]}}
    assert answer_bodies.read(value).text == ""


_FLAT = "llm.output_messages.0.message"
# name -> (attributes of a span, events, text, calls, finish)
ELSEWHERE = {
    "litellm's calls": (
        {
            "gen_ai.completion.0.function_call.name": "look_up",
            "gen_ai.completion.0.function_call.arguments": "{}",
            "gen_ai.completion.1.function_call.name": "see",
            "gen_ai.completion.1.function_call.arguments": "{}",
            "gen_ai.response.finish_reasons": ["tool_calls"],
        },
        (),
        "",
        ["look_up", "see"],
        "tool_calls",
    ),
    "a part a row": (
        {
            "gen_ai.completion.0.type": "thinking",
            "gen_ai.completion.0.content": "hm",
            "gen_ai.completion.1.type": "text",
            "gen_ai.completion.1.content": "Blue.",
            "gen_ai.completion.0.finish_reason": "end_turn",
        },
        (),
        "Blue.",
        [],
        "stop",
    ),
    "the provider's choices": (
        {
            "gen_ai.output.messages": json.dumps(
                [{"message": _SPOKEN, "finish_reason": "stop"}]
            )
        },
        (),
        "Blue.",
        [],
        "stop",
    ),
    "flattened": (
        {
            f"{_FLAT}.content": "Blue.",
            f"{_FLAT}.tool_calls.0.tool_call.function.name": "look_up",
            f"{_FLAT}.tool_calls.0.tool_call.function.arguments": "{}",
            "llm.finish_reason": "tool_use",
        },
        (),
        "Blue.",
        ["look_up"],
        "tool_calls",
    ),
    "a printed response": (
        {
            f"{_FLAT}.content": "Blue.",
            "output.value": "Message(_meta={'finish_reason': 'stop'})",
        },
        (),
        "Blue.",
        [],
        "stop",
    ),
    "an event": (
        {},
        (
            Event(
                "gen_ai.content.completion",
                {"gen_ai.completion": json.dumps([_OPENAI_CALLS])},
            ),
        ),
        "",
        ["look_up"],
        "",
    ),
}


@pytest.mark.parametrize("name", ELSEWHERE)
def test_what_a_dialect_did_not_see_is_found_elsewhere(name):
    """Tool calls and reasons would be lost to a library's habits."""
    attributes, events, text, calls, finish = ELSEWHERE[name]
    answer = complete(Answer(observed=False), record_of(attributes, events=events))
    assert answer.observed
    assert answer.text == text
    assert [call.name for call in answer.tool_calls] == calls
    assert answer.finish_reason == finish


def test_what_was_read_is_not_changed():
    """The dialect knows better than a search does."""
    answer = Answer(
        text="Green.",
        tool_calls=(ToolCall(name="a", arguments="{}"),),
        finish_reason="tool_calls",
    )
    record = record_of({"gen_ai.output.messages": json.dumps([{"message": _SPOKEN}])})
    assert complete(answer, record) == answer
    text = Answer(text="Green.")
    assert complete(text, record).text == "Green."


@pytest.mark.parametrize(
    "text",
    ["ToolCall", '""', "[{'type': 'text', 'text': 'a'}]", "<a.Stream object at 0x1>"],
)
def test_what_was_printed_in_place_of_an_answer_is_none(text):
    """A class's name would be compared with what another model says."""
    answer = complete(Answer(text=text, finish_reason="stop"), record_of({}))
    assert (answer.text, answer.observed) == ("", False)


def test_nothing_is_made_of_nothing():
    """A failed call, or one without content, would seem to have answered."""
    record = record_of({"gen_ai.request.model": "m"})
    assert complete(None, record) is None
    assert complete(None, record_of({}, kind="log")) is None
    empty = complete(Answer(observed=False), record)
    assert not empty.observed
    failed = Answer(observed=False, outcome="error")
    assert complete(failed, record_of({"output.value": "x"}, failed=True)) is failed
