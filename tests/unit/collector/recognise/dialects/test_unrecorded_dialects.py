"""Dialects without a recording, as their sources describe them."""

import base64
import json

import pytest

from collector.recognise.assemble import assemble
from collector.recognise.correlate import Correlator
from collector.recognise.dialects import DIALECTS
from collector.recognise.record import Event, Record

PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n" + b"\0" * 24).decode()


def _record(attributes, *, kind="span", name="chat", number=1, parent=b"", **more):
    return Record(
        kind=kind,
        trace_id=b"t" * 16,
        span_id=number.to_bytes(8, "big"),
        parent_id=parent,
        name=name,
        start_ns=more.pop("start_ns", 1_000),
        end_ns=more.pop("end_ns", 2_000_000),
        attributes=attributes,
        **more,
    )


def _calls(*records):
    join = Correlator()
    for record in records:
        dialect = next(dialect for dialect in DIALECTS if dialect.claims(record))
        candidate = dialect.read(record)
        if candidate is not None:
            list(join.offer(candidate, 0))
    return [assemble(candidate, 0).snapshot for candidate in join.flush()]


def _one(*records):
    (call,) = _calls(*records)
    return call


def test_langsmith_runs_of_a_provider_hold_the_request():
    """LangSmith's export would be read by its operation name, which lies."""
    request = {
        "model": "m",
        "messages": [{"role": "user", "content": "x"}],
        "tool_choice": "auto",
    }
    call = _one(
        _record(
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
    assert _calls(_record(attributes)) == []


def test_adk_requests_say_that_bytes_may_be_gone():
    """An image taken out without a sign would not be missed."""
    request = {
        "model": "gemini-2.5-flash",
        "contents": [{"role": "user", "parts": [{"text": "x"}]}],
        "config": {"temperature": 0.5, "system_instruction": "be brief"},
    }
    call = _one(
        _record(
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
    call = _one(
        _record(
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
    assert _calls(_record(attributes)) == []


def test_strands_blocks_come_in_span_events():
    """A conversation in Bedrock's blocks would be lost."""
    blocks = [
        {"text": "see"},
        {"image": {"format": "png", "source": {"bytes": "<replaced>"}}},
    ]
    record = _record(
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
    call = _one(record)
    assert call.request.body["system"] == [{"text": "be brief"}]
    assert "media_redacted" in call.fidelity.reasons
    assert call.answer.text == "ok"
    assert call.answer.finish_reason == "stop"


def test_strands_details_come_in_pieces():
    """The newer form would be taken for a call without content."""
    details = "gen_ai.client.inference.operation.details"
    messages = [{"role": "user", "parts": [{"type": "text", "content": "x"}]}]
    call = _one(
        _record(
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
    call = _one(
        _record(
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
    span = _record(
        {
            "gen_ai.operation.name": "chat",
            "gen_ai.system": "openai",
            "gen_ai.request.model": "m",
        }
    )
    log = _record(
        {"event.name": "gen_ai.user.message", "gen_ai.system": "openai"},
        kind="log",
        name="gen_ai.user.message",
        body=json.dumps({"role": "user", "content": "x"}),
    )
    for order in ((span, log), (log, span)):
        call = _one(*order)
        assert call.request.body["messages"] == [{"role": "user", "content": "x"}]
        assert "temperature" in call.fidelity.unobserved


def test_the_first_era_had_one_prompt_event():
    """Emitters that never moved on would be seen without content."""
    messages = json.dumps([{"role": "user", "content": "x"}])
    completion = json.dumps([{"role": "assistant", "content": "y"}])
    call = _one(
        _record(
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
    call = _one(
        _record(
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
    assert _calls(_record({"haystack.component.type": "InMemoryRetriever"})) == []


@pytest.mark.parametrize(
    "operation",
    [
        "invoke_agent",
        "execute_tool",
        "invoke_workflow",
        "create_agent",
        "plan",
        "agent_step",
        "fetch_response",
    ],
)
def test_operations_around_a_call_are_no_calls(operation):
    """An agent's span carries the same messages and would be counted again."""
    messages = json.dumps(
        [{"role": "user", "parts": [{"type": "text", "content": "x"}]}]
    )
    attributes = {
        "gen_ai.operation.name": operation,
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": "m",
        "gen_ai.input.messages": messages,
    }
    assert _calls(_record(attributes)) == []


@pytest.mark.parametrize(
    ("operation", "api"),
    [
        ("embeddings", "openai_embeddings"),
        ("rerank", ""),
        ("image_generation", "openai_image_generation"),
        ("transcription", "openai_transcription"),
    ],
)
def test_other_operations_are_kept_and_counted(operation, api):
    """Calls that cannot be replayed would be missing from the coverage."""
    call = _one(
        _record(
            {
                "gen_ai.operation.name": operation,
                "gen_ai.provider.name": "openai",
                "gen_ai.request.model": "m",
            }
        )
    )
    assert call.operation == operation
    assert call.request.api == api
    assert call.fidelity.level == "unreplayable"


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
    plain = _one(_record({**base, "gen_ai.input.messages": messages}))
    text = _one(_record({**base, "gen_ai.input.messages": json.dumps(messages)}))
    assert plain.request.body == text.request.body
    assert plain.request.body["messages"][0]["content"][2] == {
        "type": "odd",
        "thing": 1,
    }


def _text_messages(*parts):
    given = [{"type": "text", "content": "x"}, *parts]
    return json.dumps([{"role": "user", "parts": given}])


_LITELLM_2 = {
    "gen_ai.operation.name": "chat",
    "gen_ai.provider.name": "openai",
    "gen_ai.request.model": "m",
    "gen_ai.input.messages": _text_messages(),
    "litellm.call_type": "acompletion",
}


@pytest.mark.parametrize(
    ("declared", "missing"), [(1, ()), (3, ("tools",)), ("2", ("tools",))]
)
def test_litellm_2_lists_its_tools_and_says_how_many_there_were(declared, missing):
    """Tools would be left out, or those beyond the cap, without a word."""
    listed = {
        "gen_ai.tool.0.name": "f",
        "gen_ai.tool.0.description": "d",
        "gen_ai.tool.0.parameters": '{"type": "object"}',
        "litellm.tools.declared": declared,
    }
    call = _one(_record({**_LITELLM_2, **listed}, scope="another"))
    assert call.dialect == "litellm"
    (tool,) = call.request.body["tools"]
    assert tool["function"]["parameters"] == {"type": "object"}
    assert call.fidelity.missing == missing


@pytest.mark.parametrize(
    ("call_type", "word", "operation", "field"),
    [
        ("aimage_generation", "generate_content", "image_generation", "prompt"),
        ("amoderation", "litellm.moderation", "moderation", "input"),
        ("aspeech", "generate_content", "speech", None),
    ],
)
def test_litellm_2_names_other_operations_by_call_type(
    call_type, word, operation, field
):
    """A picture would be asked of a chat model."""
    named = {"litellm.call_type": call_type, "gen_ai.operation.name": word}
    call = _one(_record({**_LITELLM_2, **named}))
    assert call.operation == operation
    if field is None:
        assert call.fidelity.level == "unreplayable"
    else:
        assert call.request.body == {"model": "m", field: "x"}


@pytest.mark.parametrize(
    ("provider", "output", "operation"),
    [
        ("openai", "image", "image_generation"),
        ("openai", "speech", "speech"),
        ("openai", "text", "chat"),
        ("gcp.gemini", "image", "chat"),
    ],
)
def test_generated_content_is_told_by_what_it_gave(provider, output, operation):
    """A picture would be asked of a chat model, or Gemini of another API."""
    call = _one(
        _record(
            {
                "gen_ai.operation.name": "generate_content",
                "gen_ai.provider.name": provider,
                "gen_ai.request.model": "m",
                "gen_ai.output.type": output,
                "gen_ai.input.messages": _text_messages(),
            }
        )
    )
    assert call.operation == operation


def test_vercel_7_steps_make_one_call_and_a_lost_file_is_said():
    """Agent and step would be calls too, and an empty image would be sent."""
    shared = {"gen_ai.provider.name": "openai.responses", "gen_ai.request.model": "m"}
    pdf = base64.b64encode(b"%PDF-1.4 \n" + b"x" * 24).decode()
    parts = [
        {
            "type": "blob",
            "modality": "image",
            "mime_type": "application/pdf",
            "content": pdf,
        },
        {"type": "blob", "modality": "image", "mime_type": "image/png", "content": ""},
    ]
    tool = {"type": "function", "name": "f", "inputSchema": {"type": "object"}}
    root = {"gen_ai.operation.name": "invoke_agent", "gen_ai.request.seed": 3}
    step = {"gen_ai.operation.name": "agent_step"}
    chat = {
        "gen_ai.operation.name": "chat",
        "gen_ai.input.messages": _text_messages(*parts),
        "gen_ai.tool.definitions": json.dumps([tool]),
    }
    first, second = (1).to_bytes(8, "big"), (2).to_bytes(8, "big")
    call = _one(
        _record({**shared, **chat}, number=3, parent=second, scope="ai"),
        _record(step, number=2, parent=first, scope="ai", end_ns=3_000_000),
        _record({**shared, **root}, number=1, scope="ai", end_ns=4_000_000),
    )
    assert call.request.api == "openai_responses"
    assert [medium.kind for medium in call.media] == ["document", "image"]
    assert [medium.state for medium in call.media] == ["inline", "redacted"]
    assert call.request.body["tools"][0]["parameters"] == {"type": "object"}
    assert call.fidelity.level == "unreplayable"


def test_adk_2_bytes_that_were_not_serialised_are_placeholders():
    """A sign would be sent as an image, or a made-up id as a tool's."""
    blob = {"type": "blob", "mime_type": "image/png", "data": "<not serializable>"}
    call_part = {"type": "tool_call", "name": "f", "id": "f_0", "arguments": {}}
    result = {"type": "tool_call_response", "id": "f_0", "response": {"a": 1}}
    messages = [
        {"role": "user", "parts": [blob]},
        {"role": "model", "parts": [call_part]},
        {"role": "", "parts": [result]},
    ]
    call = _one(
        _record(
            {
                "gen_ai.operation.name": "generate_content",
                "gen_ai.system": "gcp.vertex.agent",
                "gen_ai.request.model": "gemini-2.5-flash",
                "gen_ai.input.messages": json.dumps(messages),
            }
        )
    )
    _, asked, answered = call.request.body["contents"]
    assert asked["parts"] == [{"functionCall": {"name": "f", "args": {}}}]
    assert answered["parts"][0]["functionResponse"]["name"] == "f"
    assert call.media[0].state == "placeholder"
    assert call.fidelity.level == "unreplayable"


def test_haystack_inputs_written_as_python_are_refused():
    """Half of a representation would be asked as a prompt."""
    call = _one(
        _record(
            {
                "haystack.component.type": "OpenAIChatGenerator",
                "haystack.component.input": "{'messages': [ChatMessage(_role='user')]}",
            }
        )
    )
    assert call.request.body is None
    assert call.fidelity.level == "unreplayable"


def test_dialect_names_are_unique():
    """Two conventions would share one row of the funnel."""
    names = [dialect.name for dialect in DIALECTS]
    assert len(set(names)) == len(names)
