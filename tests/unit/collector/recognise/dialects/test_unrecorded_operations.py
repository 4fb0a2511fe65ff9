"""Operations that are no chat, and newer releases, as their sources describe them."""

import base64
import json

import pytest
from fakes.records import calls, one, record_of


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
    assert calls(record_of(attributes)) == []


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
    call = one(
        record_of(
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
    call = one(record_of({**_LITELLM_2, **listed}, scope="another"))
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
    call = one(record_of({**_LITELLM_2, **named}))
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
    call = one(
        record_of(
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
    call = one(
        record_of({**shared, **chat}, number=3, parent_id=second, scope="ai"),
        record_of(step, number=2, parent_id=first, scope="ai", end_ns=3_000_000),
        record_of({**shared, **root}, number=1, scope="ai", end_ns=4_000_000),
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
    call = one(
        record_of(
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
    call = one(
        record_of(
            {
                "haystack.component.type": "OpenAIChatGenerator",
                "haystack.component.input": "{'messages': [ChatMessage(_role='user')]}",
            }
        )
    )
    assert call.request.body is None
    assert call.fidelity.level == "unreplayable"
