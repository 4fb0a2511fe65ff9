"""Answers by the shape of their JSON, whoever wrote it."""

import json

import pytest

from collector.recognise.dialects.readers.answers import complete
from collector.recognise.dialects.readers.bodies import answer_bodies
from collector.recognise.dialects.readers.common_attributes import normal_finish
from collector.recognise.record import Event, Record
from snaptrace.snapshot.model import Answer, ToolCall

_CALL = ("look_up", {"city": "Graz"}, "c1")
_FUNCTION = {"name": "look_up", "arguments": '{"city": "Graz"}'}
_SPOKEN = {"role": "assistant", "content": "Blue."}
_OPENAI_CALLS = {
    "role": "assistant",
    "content": None,
    "tool_calls": [{"id": "c1", "type": "function", "function": _FUNCTION}],
}
_LC_CALLS = {
    "content": "",
    "type": "ai",
    "tool_calls": [{"name": "look_up", "args": {"city": "Graz"}, "id": "c1"}],
    "response_metadata": {"finish_reason": "tool_calls", "model_name": "m"},
}
_ANTHROPIC = [
    {"type": "thinking", "thinking": "hm", "signature": "s"},
    {"type": "text", "text": "Blue."},
]
_USE = {"type": "tool_use", "id": "c1", "name": "look_up", "input": {"city": "Graz"}}
_CONVERSE_USE = {"toolUseId": "c1", "name": "look_up", "input": {"city": "Graz"}}

# name -> (JSON, text, whether the tool was called, refusal, finish)
SHAPES = {
    "chat": (
        {"choices": [{"message": _SPOKEN, "finish_reason": "stop"}]},
        "Blue.",
        0,
        "",
        "stop",
    ),
    "chat tools": (
        {"choices": [{"message": _OPENAI_CALLS, "finish_reason": "tool_calls"}]},
        "",
        1,
        "",
        "tool_calls",
    ),
    "chat function": (
        {"choices": [{"message": {"content": None, "function_call": _FUNCTION}}]},
        "",
        1,
        "",
        "",
    ),
    "chat refusal": (
        {"choices": [{"message": {"content": None, "refusal": "No."}}]},
        "",
        0,
        "No.",
        "",
    ),
    "chat parts": (
        {"choices": [{"message": {"content": [{"type": "text", "text": "Blue."}]}}]},
        "Blue.",
        0,
        "",
        "",
    ),
    "completion": (
        {"choices": [{"text": "Blue.", "finish_reason": "length"}]},
        "Blue.",
        0,
        "",
        "length",
    ),
    "choices alone": (
        [{"index": 0, "message": _SPOKEN, "finish_reason": "stop"}],
        "Blue.",
        0,
        "",
        "stop",
    ),
    "responses": (
        {
            "object": "response",
            "status": "completed",
            "output": [
                {"type": "reasoning", "id": "rs_1", "summary": []},
                {
                    "type": "message",
                    "content": [{"type": "output_text", "text": "Blue."}],
                },
            ],
        },
        "Blue.",
        0,
        "",
        "completed",
    ),
    "responses tools": (
        {"output": [{"type": "function_call", "call_id": "c1", **_FUNCTION}]},
        "",
        1,
        "",
        "",
    ),
    "responses refusal": (
        {
            "output": [
                {"type": "message", "content": [{"type": "refusal", "refusal": "No."}]}
            ]
        },
        "",
        0,
        "No.",
        "",
    ),
    "responses cut": (
        {
            "object": "response",
            "status": "incomplete",
            "output": [],
            "incomplete_details": {"reason": "max_output_tokens"},
        },
        "",
        0,
        "",
        "max_output_tokens",
    ),
    "messages": (
        {
            "type": "message",
            "role": "assistant",
            "content": _ANTHROPIC,
            "stop_reason": "end_turn",
        },
        "Blue.",
        0,
        "",
        "end_turn",
    ),
    "messages tools": ({"content": [*_ANTHROPIC, _USE]}, "Blue.", 1, "", ""),
    "message in a list": (
        [{"role": "assistant", "content": _ANTHROPIC, "stop_reason": "end_turn"}],
        "Blue.",
        0,
        "",
        "end_turn",
    ),
    "gemini": (
        {
            "candidates": [
                {
                    "content": {
                        "parts": [{"text": "hm", "thought": True}, {"text": "Blue."}]
                    },
                    "finishReason": "STOP",
                }
            ]
        },
        "Blue.",
        0,
        "",
        "STOP",
    ),
    "gemini tools": (
        {
            "candidates": [
                {
                    "content": {
                        "parts": [
                            {
                                "functionCall": {
                                    "name": "look_up",
                                    "args": {"city": "Graz"},
                                }
                            }
                        ]
                    }
                }
            ]
        },
        "",
        1,
        "",
        "",
    ),
    "gemini stream": (
        [
            {"candidates": [{"content": {"parts": [{"text": "Bl"}]}}]},
            {
                "candidates": [
                    {"content": {"parts": [{"text": "ue."}]}, "finishReason": "STOP"}
                ]
            },
        ],
        "Blue.",
        0,
        "",
        "STOP",
    ),
    "converse": (
        {
            "output": {
                "message": {
                    "role": "assistant",
                    "content": [
                        {"reasoningContent": {"reasoningText": {"text": "hm"}}},
                        {"text": "Blue."},
                    ],
                }
            },
            "stopReason": "end_turn",
        },
        "Blue.",
        0,
        "",
        "end_turn",
    ),
    "converse tools": (
        {
            "role": "assistant",
            "content": [{"text": "Blue."}, {"toolUse": _CONVERSE_USE}],
        },
        "Blue.",
        1,
        "",
        "",
    ),
    "converse stream": (
        {
            "output": {
                "message": {
                    "content": [
                        {"toolUse": {**_CONVERSE_USE, "input": '{"city": "Graz"}'}}
                    ]
                }
            },
            "stopReason": "tool_use",
        },
        "",
        1,
        "",
        "tool_use",
    ),
    "invoke": (
        {
            "ResponseMetadata": {},
            "body": {"content": _ANTHROPIC, "stop_reason": "end_turn"},
        },
        "Blue.",
        0,
        "",
        "end_turn",
    ),
    "invoke as text": (
        {"body": json.dumps({"generation": "Blue.", "stop_reason": "stop"})},
        "Blue.",
        0,
        "",
        "stop",
    ),
    "titan": (
        {"results": [{"outputText": "Blue.", "completionReason": "FINISH"}]},
        "Blue.",
        0,
        "",
        "FINISH",
    ),
    "mistral on bedrock": (
        {"outputs": [{"text": "Blue.", "stop_reason": "stop"}]},
        "Blue.",
        0,
        "",
        "stop",
    ),
    "cohere": (
        {
            "message": {
                "role": "assistant",
                "content": [{"type": "text", "text": "Blue."}],
            },
            "finish_reason": "COMPLETE",
        },
        "Blue.",
        0,
        "",
        "COMPLETE",
    ),
    "ollama": ({"message": _SPOKEN, "done_reason": "stop"}, "Blue.", 0, "", "stop"),
    "ollama tools": (
        {
            "message": {
                "role": "assistant",
                "content": "",
                "tool_calls": [
                    {"function": {"name": "look_up", "arguments": {"city": "Graz"}}}
                ],
            }
        },
        "",
        1,
        "",
        "",
    ),
    "ollama generate": (
        {"response": "Blue.", "done_reason": "stop"},
        "Blue.",
        0,
        "",
        "stop",
    ),
    "langchain result": (
        {
            "generations": [
                [
                    {
                        "text": "Blue.",
                        "generation_info": {"finish_reason": "stop"},
                        "message": {
                            "lc": 1,
                            "type": "constructor",
                            "id": ["langchain", "schema", "messages", "AIMessage"],
                            "kwargs": {"content": "Blue.", "type": "ai"},
                        },
                    }
                ]
            ]
        },
        "Blue.",
        0,
        "",
        "stop",
    ),
    "langchain tools": (
        {"generations": [[{"text": "", "message": {"kwargs": _LC_CALLS, "lc": 1}}]]},
        "",
        1,
        "",
        "tool_calls",
    ),
    "langchain completion": (
        {"generations": [[{"text": "Blue.", "generation_info": None}]]},
        "Blue.",
        0,
        "",
        "",
    ),
    "langchain message": (_LC_CALLS, "", 1, "", "tool_calls"),
    "langchain refusal": (
        {"content": "", "type": "ai", "additional_kwargs": {"refusal": "No."}},
        "",
        0,
        "No.",
        "",
    ),
    "parts": (
        [
            {
                "role": "assistant",
                "parts": [{"type": "text", "content": "Blue."}],
                "finish_reason": "stop",
            }
        ],
        "Blue.",
        0,
        "",
        "stop",
    ),
    "parts tools": (
        [
            {
                "role": "assistant",
                "parts": [
                    {"type": "reasoning", "content": "hm"},
                    {
                        "type": "tool_call",
                        "id": "c1",
                        "name": "look_up",
                        "arguments": {"city": "Graz"},
                    },
                ],
            }
        ],
        "",
        1,
        "",
        "",
    ),
    "a thought of its own": (
        [
            {
                "role": "assistant",
                "parts": [
                    {
                        "type": "text",
                        "content": json.dumps({"type": "reasoning", "id": "rs_1"}),
                    }
                ],
            },
            {"role": "assistant", "parts": [{"type": "text", "content": "Blue."}]},
        ],
        "Blue.",
        0,
        "",
        "",
    ),
    "printed parts": (
        [
            {
                "role": "assistant",
                "parts": [
                    {
                        "type": "text",
                        "content": "[{'type': 'reasoning', 'summary': []}, "
                        "{'type': 'text', 'text': 'Blue.'}]",
                    }
                ],
            }
        ],
        "Blue.",
        0,
        "",
        "",
    ),
    "last of messages": (
        {
            "messages": [
                {"type": "human", "content": "?"},
                {"type": "ai", "content": "Blue."},
            ]
        },
        "Blue.",
        0,
        "",
        "",
    ),
    "llama index": (
        {
            "message": {
                "role": "assistant",
                "blocks": [{"block_type": "text", "text": "Blue."}],
            }
        },
        "Blue.",
        0,
        "",
        "",
    ),
    "haystack": (
        {
            "replies": [
                {
                    "_role": "assistant",
                    "_content": [
                        {"text": "Blue."},
                        {
                            "tool_call": {
                                "tool_name": "look_up",
                                "arguments": {"city": "Graz"},
                            }
                        },
                    ],
                    "_meta": {"finish_reason": "tool_calls"},
                }
            ]
        },
        "Blue.",
        1,
        "",
        "tool_calls",
    ),
    "autogen": (
        {"content": [{"id": "c1", **_FUNCTION}], "finish_reason": "function_calls"},
        "",
        1,
        "",
        "function_calls",
    ),
    "json as an answer": (
        {"response": '{"text": "Blue."}'},
        '{"text": "Blue."}',
        0,
        "",
        "",
    ),
    "text": ("Blue.", "Blue.", 0, "", ""),
    "a printed stream": ("<groq.Stream object at 0x7f9996c273d0>", "", 0, "", ""),
    "nothing": ({}, "", 0, "", ""),
    "null": (None, "", 0, "", ""),
    "a number": (5, "", 0, "", ""),
}


@pytest.mark.parametrize("name", SHAPES)
def test_an_answer_is_read_whoever_wrote_it(name):
    """It would count as not observed, and nothing be compared with it."""
    value, text, called, refusal, finish = SHAPES[name]
    said = answer_bodies.read(value)
    assert (said.text, said.refusal, said.finish) == (text, refusal, finish)
    calls = [(c.name, json.loads(c.arguments)) for c in said.calls]
    assert calls == [_CALL[:2]] * called


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
    record = _record({"gen_ai.completion": json.dumps(value)})
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


def _record(attributes, *, kind="span", events=(), failed=False):
    return Record(
        kind=kind,
        trace_id=b"\1" * 16,
        span_id=b"\1" * 8,
        name="chat",
        start_ns=0,
        end_ns=0,
        attributes=attributes,
        events=events,
        failed=failed,
    )


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
    answer = complete(Answer(observed=False), _record(attributes, events=events))
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
    record = _record({"gen_ai.output.messages": json.dumps([{"message": _SPOKEN}])})
    assert complete(answer, record) == answer
    text = Answer(text="Green.")
    assert complete(text, record).text == "Green."


@pytest.mark.parametrize(
    "text",
    ["ToolCall", '""', "[{'type': 'text', 'text': 'a'}]", "<a.Stream object at 0x1>"],
)
def test_what_was_printed_in_place_of_an_answer_is_none(text):
    """A class's name would be compared with what another model says."""
    answer = complete(Answer(text=text, finish_reason="stop"), _record({}))
    assert (answer.text, answer.observed) == ("", False)


def test_nothing_is_made_of_nothing():
    """A failed call, or one without content, would seem to have answered."""
    record = _record({"gen_ai.request.model": "m"})
    assert complete(None, record) is None
    assert complete(None, _record({}, kind="log")) is None
    empty = complete(Answer(observed=False), record)
    assert not empty.observed
    failed = Answer(observed=False, outcome="error")
    assert complete(failed, _record({"output.value": "x"}, failed=True)) is failed
