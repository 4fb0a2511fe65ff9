"""Dialects without a recording, as their sources describe them."""

import json

import pytest
from fakes.records import PNG, calls, one, record_of

from collector.recognise.dialects import DIALECTS
from collector.recognise.record import Event


def test_langsmith_runs_of_a_provider_hold_the_request():
    """LangSmith's export would be read by its operation name, which lies."""
    request = {
        "model": "m",
        "messages": [{"role": "user", "content": "x"}],
        "tool_choice": "auto",
    }
    call = one(
        record_of(
            {
                "langsmith.span.kind": "llm",
                "gen_ai.operation.name": "chat",
                "gen_ai.system": "openai",
                "gen_ai.prompt": json.dumps(request),
                "gen_ai.completion": json.dumps(
                    {"choices": [{"message": {"role": "assistant", "content": "y"}}]}
                ),
            }
        )
    )
    assert call.dialect == "langsmith"
    assert call.request.body == request
    assert call.answer.text == "y"


@pytest.mark.parametrize("kind", ["prompt", "retriever", "chain", "tool"])
def test_langsmith_runs_of_other_kinds_are_no_calls(kind):
    """A prompt template would be counted as a call."""
    attributes = {"langsmith.span.kind": kind, "gen_ai.operation.name": "chat"}
    assert calls(record_of(attributes)) == []


def test_adk_requests_say_that_bytes_may_be_gone():
    """An image taken out without a sign would not be missed."""
    request = {
        "model": "gemini-2.5-flash",
        "contents": [{"role": "user", "parts": [{"text": "x"}]}],
        "config": {"temperature": 0.5, "system_instruction": "be brief"},
    }
    call = one(
        record_of(
            {
                "gcp.vertex.agent.llm_request": json.dumps(request),
                "gen_ai.system": "gcp.vertex.agent",
            },
            name="call_llm",
        )
    )
    assert call.request.api == "gemini_generate_content"
    assert call.request.body["generationConfig"] == {"temperature": 0.5}
    assert call.request.body["systemInstruction"]["parts"] == [{"text": "be brief"}]
    assert "contents.parts.inlineData.data" in call.fidelity.unobserved


def test_adk_counts_by_modality_tell_of_bytes_that_are_gone():
    """A call with an image would be replayed without it."""
    request = {"contents": [{"role": "user", "parts": [{"text": "x"}]}]}
    response = {
        "usage_metadata": {
            "prompt_tokens_details": [{"modality": "IMAGE", "token_count": 258}]
        }
    }
    call = one(
        record_of(
            {
                "gcp.vertex.agent.llm_request": json.dumps(request),
                "gcp.vertex.agent.llm_response": json.dumps(response),
            }
        )
    )
    assert "media_unknown" in call.fidelity.reasons


def test_adk_tool_spans_are_no_calls():
    """A tool's span carries an empty request and would be a call without content."""
    attributes = {
        "gcp.vertex.agent.llm_request": "{}",
        "gen_ai.operation.name": "execute_tool",
        "gen_ai.tool.name": "f",
    }
    assert calls(record_of(attributes)) == []


def test_strands_blocks_come_in_span_events():
    """A conversation in Bedrock's blocks would be lost."""
    blocks = [
        {"text": "see"},
        {"image": {"format": "png", "source": {"bytes": "<replaced>"}}},
    ]
    record = record_of(
        {
            "gen_ai.operation.name": "chat",
            "gen_ai.system": "aws.bedrock",
            "gen_ai.request.model": "m",
        },
        events=(
            Event(
                "gen_ai.system.message", {"content": json.dumps([{"text": "be brief"}])}
            ),
            Event("gen_ai.user.message", {"content": json.dumps(blocks)}),
            Event(
                "gen_ai.choice",
                {"finish_reason": "end_turn", "message": json.dumps([{"text": "ok"}])},
            ),
        ),
    )
    call = one(record)
    assert call.request.body["system"] == [{"text": "be brief"}]
    assert "media_redacted" in call.fidelity.reasons
    assert call.answer.text == "ok"
    assert call.answer.finish_reason == "stop"


def test_strands_details_come_in_pieces():
    """The newer form would be taken for a call without content."""
    details = "gen_ai.client.inference.operation.details"
    messages = [{"role": "user", "parts": [{"type": "text", "content": "x"}]}]
    call = one(
        record_of(
            {
                "gen_ai.operation.name": "chat",
                "gen_ai.provider.name": "openai",
                "gen_ai.request.model": "m",
            },
            events=(
                Event(details, {"gen_ai.input.messages": json.dumps(messages)}),
                Event(
                    details,
                    {
                        "gen_ai.system_instructions": json.dumps(
                            [{"type": "text", "content": "s"}]
                        )
                    },
                ),
            ),
        )
    )
    roles = [message["role"] for message in call.request.body["messages"]]
    assert roles == ["system", "user"]


def test_azure_events_keep_the_providers_parts():
    """An image would be lost, or a made-up model asked for."""
    content = [
        {"type": "text", "text": "see"},
        {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PNG}"}},
    ]
    message = {"role": "user", "content": content}
    call = one(
        record_of(
            {
                "gen_ai.operation.name": "chat",
                "gen_ai.system": "az.ai.inference",
                "gen_ai.request.model": "chat",
                "gen_ai.response.model": "gpt-4o",
            },
            events=(
                Event(
                    "gen_ai.user.message",
                    {"gen_ai.event.content": json.dumps(message)},
                ),
                Event(
                    "gen_ai.choice",
                    {
                        "gen_ai.event.content": json.dumps(
                            {"message": {"content": "red"}, "finish_reason": "stop"}
                        )
                    },
                ),
            ),
        )
    )
    assert call.modality == "image"
    assert call.media[0].state == "inline"
    assert call.answer.text == "red"
    assert call.request.model == ""
    assert "model_unknown" in call.fidelity.reasons


def test_semantic_kernel_logs_join_their_span():
    """Content in log records would not find its span."""
    span = record_of(
        {
            "gen_ai.operation.name": "chat",
            "gen_ai.system": "openai",
            "gen_ai.request.model": "m",
        }
    )
    log = record_of(
        {"event.name": "gen_ai.user.message", "gen_ai.system": "openai"},
        kind="log",
        name="gen_ai.user.message",
        body=json.dumps({"role": "user", "content": "x"}),
    )
    for order in ((span, log), (log, span)):
        call = one(*order)
        assert call.request.body["messages"] == [{"role": "user", "content": "x"}]
        assert "temperature" in call.fidelity.unobserved


def test_the_first_era_had_one_prompt_event():
    """Emitters that never moved on would be seen without content."""
    messages = json.dumps([{"role": "user", "content": "x"}])
    completion = json.dumps([{"role": "assistant", "content": "y"}])
    call = one(
        record_of(
            {
                "gen_ai.operation.name": "chat",
                "gen_ai.system": "openai",
                "gen_ai.request.model": "m",
            },
            events=(
                Event("gen_ai.content.prompt", {"gen_ai.prompt": messages}),
                Event(
                    "gen_ai.content.completion",
                    {"gen_ai.completion": completion},
                ),
            ),
        )
    )
    assert call.request.body["messages"] == [{"role": "user", "content": "x"}]
    assert call.answer.text == "y"


def test_haystack_messages_have_a_shape_of_their_own():
    """A generator's input would stay unread."""
    message = {
        "role": "user",
        "content": [
            {"text": "see"},
            {"image": {"base64_image": PNG, "mime_type": "image/png", "detail": "low"}},
        ],
    }
    reply = {"role": "assistant", "content": [{"text": "red"}], "meta": {"model": "m"}}
    call = one(
        record_of(
            {
                "haystack.component.type": "OpenAIChatGenerator",
                "haystack.component.input": json.dumps(
                    {"messages": [message], "generation_kwargs": {"temperature": 0}}
                ),
                "haystack.component.output": json.dumps({"replies": [reply]}),
            }
        )
    )
    assert call.request.api == "openai_chat"
    assert call.request.body["temperature"] == 0
    assert call.media[0].state == "inline"
    assert call.answer.text == "red"


def test_haystack_components_that_generate_nothing_are_no_calls():
    """A retriever would be counted as a call."""
    assert calls(record_of({"haystack.component.type": "InMemoryRetriever"})) == []


def test_structured_values_read_like_json_text():
    """Messages on an event would be lost where messages on a span are not."""
    parts = [
        {"type": "text", "content": "see"},
        {"type": "blob", "modality": "image", "mime_type": "image/png", "content": PNG},
        {"type": "odd", "thing": 1},
    ]
    messages = [{"role": "user", "parts": parts}]
    base = {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": "m",
    }
    plain = one(record_of({**base, "gen_ai.input.messages": messages}))
    text = one(record_of({**base, "gen_ai.input.messages": json.dumps(messages)}))
    assert plain.request.body == text.request.body
    assert plain.request.body["messages"][0]["content"][2] == {
        "type": "odd",
        "thing": 1,
    }


def test_dialect_names_are_unique():
    """Two conventions would share one row of the funnel."""
    names = [dialect.name for dialect in DIALECTS]
    assert len(set(names)) == len(names)
