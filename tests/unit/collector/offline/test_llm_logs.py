"""Exports of other tools: each call is read whole, and never believed by itself."""

import json

import pytest

from collector.offline.importer import UnreadableExportError, read_exports
from collector.recognise.recogniser import Recogniser

PICTURE = "data:image/png;base64,iVBORw0KGgo="
MESSAGES = [
    {"role": "system", "content": "Be brief."},
    {
        "role": "user",
        "content": [
            {"type": "text", "text": "What is it?"},
            {"type": "image_url", "image_url": {"url": PICTURE}},
        ],
    },
]
TOOLS = [{"type": "function", "function": {"name": "find", "parameters": {}}}]
COMPLETION = {
    "id": "chatcmpl-1",
    "object": "chat.completion",
    "created": 1763625600,
    "model": "gpt-x",
    "choices": [
        {
            "index": 0,
            "message": {"role": "assistant", "content": "A chart."},
            "finish_reason": "stop",
        }
    ],
    "usage": {"prompt_tokens": 9, "completion_tokens": 3},
}
UUID = "2f0b9f0e-1111-4222-8333-44445555666"
RECORDS = {
    "langfuse": {
        "id": "a" * 16,
        "traceId": "b" * 32,
        "type": "GENERATION",
        "startTime": "2026-11-20T08:00:00.123Z",
        "endTime": "2026-11-20T08:00:01.000Z",
        "model": "gpt-x",
        "modelParameters": {"temperature": 0.5},
        "input": {"messages": MESSAGES, "tools": TOOLS},
        "output": {"role": "assistant", "content": "A chart."},
        "usageDetails": {"input": 9, "output": 3},
    },
    "langsmith": {
        "id": f"{UUID}1",
        "trace_id": f"{UUID}2",
        "run_type": "llm",
        "start_time": "2026-11-20T08:00:00",
        "end_time": "2026-11-20T08:00:01",
        "inputs": {
            "messages": MESSAGES,
            "model": "gpt-x",
            "temperature": 0.5,
            "tools": TOOLS,
        },
        "outputs": COMPLETION,
        "prompt_tokens": 9,
        "error": None,
    },
    "braintrust": {
        "span_id": f"{UUID}1",
        "root_span_id": f"{UUID}2",
        "span_attributes": {"type": "llm"},
        "input": MESSAGES,
        "output": COMPLETION["choices"],
        "metadata": {"model": "gpt-x", "temperature": 0.5, "tools": TOOLS},
        "metrics": {"start": 1763625600.1, "end": 1763625601.1, "prompt_tokens": 9},
    },
    "litellm": {
        "id": "chatcmpl-1",
        "trace_id": "t",
        "call_type": "acompletion",
        "startTime": 1763625600.1,
        "endTime": 1763625601.0,
        "model": "gpt-x",
        "messages": MESSAGES,
        "response": COMPLETION,
        "model_parameters": {"temperature": 0.5, "tools": TOOLS},
        "prompt_tokens": 9,
        "status": "success",
    },
    "openai": {
        **COMPLETION,
        "messages": MESSAGES,
        "temperature": 0.5,
        "tools": TOOLS,
        "request_id": "r",
    },
    "phoenix": {
        "name": "ChatCompletion",
        "context": {"trace_id": "b" * 32, "span_id": "a" * 16},
        "span_kind": "LLM",
        "start_time": "2026-11-20T08:00:00.123+00:00",
        "end_time": "2026-11-20T08:00:01.000+00:00",
        "status_code": "OK",
        "attributes": {
            "llm": {
                "model_name": "gpt-x",
                "system": "openai",
                "invocation_parameters": '{"temperature": 0.5}',
                "input_messages": [
                    {"message": {"role": "system", "content": "Be brief."}},
                    {
                        "message": {
                            "role": "user",
                            "contents": [
                                {
                                    "message_content": {
                                        "type": "text",
                                        "text": "What is it?",
                                    }
                                },
                                {
                                    "message_content": {
                                        "type": "image",
                                        "image": {"image": {"url": PICTURE}},
                                    }
                                },
                            ],
                        }
                    },
                ],
                "output_messages": [
                    {"message": {"role": "assistant", "content": "A chart."}}
                ],
                "tools": [{"tool": {"json_schema": json.dumps(TOOLS[0])}}],
                "token_count": {"prompt": 9, "completion": 3},
            }
        },
    },
}


def calls_in(path, *documents):
    """Return the snapshots that a file of these documents comes to."""
    path.write_text("".join(json.dumps(each) + "\n" for each in documents))
    recogniser = Recogniser()
    found = [c for request in read_exports(path) for c in recogniser.feed(request)]
    return [call.snapshot for call in (*found, *recogniser.flush(0))]


@pytest.mark.parametrize("tool", RECORDS)
def test_a_call_is_read_whole(tmp_path, tool):
    """If it failed, a team's past calls would be replayed with a part missing."""
    (call,) = calls_in(tmp_path / "log.jsonl", RECORDS[tool])
    body = call.request.body
    assert call.request.api == "openai_chat"
    assert call.request.model == "gpt-x"
    assert body["messages"][0]["content"] == "Be brief."
    assert [part["type"] for part in body["messages"][1]["content"]] == [
        "text",
        "image_url",
    ]
    assert body["temperature"] == 0.5
    assert body["tools"][0]["function"]["name"] == "find"
    assert call.modality == "image"
    assert call.answer.text == "A chart."
    assert call.answer.usage.input_tokens == 9
    assert call.scope == f"{tool}.export"
    assert call.ended_at_ns >= 1763625600 * 10**9


@pytest.mark.parametrize("tool", RECORDS)
def test_no_log_is_believed_by_itself(tmp_path, tool):
    """If it failed, a verdict could rest on what another tool left out."""
    (call,) = calls_in(tmp_path / "log.jsonl", RECORDS[tool])
    assert call.fidelity.level in ("unverified", "unreplayable")


@pytest.mark.parametrize("tool", RECORDS)
def test_lists_and_answers_of_their_apis_are_read_too(tmp_path, tool):
    """If it failed, only one way to save an export would do."""
    other = json.loads(json.dumps(RECORDS[tool]).replace("bbbb", "cccc"))
    for document in ([RECORDS[tool]], {"data": [RECORDS[tool]]}):
        assert len(calls_in(tmp_path / "log.json", document)) == 1
    assert len(calls_in(tmp_path / "log.json", RECORDS[tool], other)) >= 1


@pytest.mark.parametrize(
    "record",
    [
        {**RECORDS["langfuse"], "type": "SPAN"},
        {**RECORDS["langsmith"], "run_type": "chain"},
        {**RECORDS["braintrust"], "span_attributes": {"type": "task"}},
        {**RECORDS["litellm"], "call_type": "aembedding"},
        {**RECORDS["phoenix"], "span_kind": "CHAIN"},
    ],
    ids=lambda record: next(iter(record)),
)
def test_what_is_no_model_call_is_passed_over(tmp_path, record):
    """If it failed, a chain around a call would be a call of its own."""
    assert calls_in(tmp_path / "log.jsonl", record) == []


@pytest.mark.parametrize("tool", RECORDS)
@pytest.mark.parametrize("value", [None, 7, "x", [], {}, [[1]], {"a": {"b": []}}])
def test_odd_values_break_nothing(tmp_path, tool, value):
    """If it failed, one odd record would end the import of a whole file."""
    for key in RECORDS[tool]:
        calls_in(tmp_path / "log.jsonl", {**RECORDS[tool], key: value})


def test_other_json_is_still_refused(tmp_path):
    """If it failed, any file would be imported as nothing, without a word."""
    with pytest.raises(UnreadableExportError):
        calls_in(tmp_path / "log.jsonl", {"input": "a", "output": "b"})
