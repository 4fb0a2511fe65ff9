"""Callbacks, renamed conventions and events: calls told in words of their own."""

import json

import pytest
from fakes.records import PNG, candidate_of, one, record_of

from collector.recognise.assemble import assemble, source_of
from collector.recognise.record import Event

_ASKED = [{"role": "user", "content": "Capital of France?"}]
_CALLBACK = {
    "openinference.span.kind": "LLM",
    "llm.request.type": "completion",
    "llm.model_name": "gpt-4o-mini",
    "llm.provider": "openai",
    "langfuse.observation.type": "generation",
    "langfuse.observation.input": json.dumps(_ASKED),
    "llm.invocation_parameters": '{"temperature": 0.5, "stream": true}',
}


def _litellm(attributes, **more):
    return record_of(attributes, scope="litellm", name="litellm_request", **more)


def test_what_litellm_sent_counts_before_what_a_callback_was_told():
    """A request would be replayed as the framework was asked, not as it was sent."""
    sent = record_of(
        {
            "llm.anthropic.messages": str(_ASKED),
            "llm.anthropic.max_tokens": 64_000,
            "llm.anthropic.content": "[{'type': 'text', 'text': 'Paris'}]",
        },
        number=2,
        parent_id=(1).to_bytes(8, "big"),
        scope="litellm",
        name="raw_gen_ai_request",
    )
    call = one(_litellm({**_CALLBACK, "llm.provider": "anthropic"}), sent)
    assert call.request.api == "anthropic_messages"
    assert call.request.body["max_tokens"] == 64_000
    assert call.request.body["messages"] == _ASKED


def test_a_callback_counts_where_nothing_of_the_wire_was_recorded():
    """A streamed call of LiteLLM's would have no request."""
    call = one(_litellm(_CALLBACK))
    assert call.dialect == "litellm"
    assert call.request.body["messages"] == _ASKED
    assert call.request.body["temperature"] == 0.5


def test_a_callback_that_names_no_provider_leaves_the_api_open():
    """A request for another provider would be taken for OpenAI's."""
    candidate = candidate_of(_litellm({**_CALLBACK, "llm.provider": ""}))
    assert source_of(candidate) == "guess"


def _renamed(attributes, name="ChatCompletion"):
    return record_of(
        {
            "gen_ai.span.kind": "LLM",
            "gen_ai.provider.name": "openai",
            "gen_ai.request.parameters": '{"model": "gpt-4o-mini", "seed": 7}',
            "input.value": "Be brief.",
            **attributes,
        },
        scope="traceai_openai",
        name=name,
    )


def test_openinference_under_other_names_is_read_as_such():
    """Calls told by traceAI would have no request."""
    tree = "gen_ai.input.messages.0.message"
    call = one(
        _renamed(
            {
                f"{tree}.role": "user",
                f"{tree}.contents.0.message_content.type": "text",
                f"{tree}.contents.0.message_content.text": "What is this?",
                f"{tree}.contents.1.message_content.type": "image",
                f"{tree}.contents.1.message_content.image": (
                    f"data:image/png;base64,{PNG}"
                ),
            }
        )
    )
    assert call.request.body["seed"] == 7
    text, image = call.request.body["messages"][0]["content"]
    assert text["text"] == "What is this?"
    assert image["type"] == "image_url"


def test_sound_without_its_format_is_missing():
    """Bare base64 would be sent as an address."""
    tree = "gen_ai.input.messages.0.message"
    call = one(
        _renamed(
            {
                f"{tree}.role": "user",
                f"{tree}.contents.0.message_content.text": "Write.",
                f"{tree}.contents.1.message_content.type": "audio",
                f"{tree}.contents.1.message_content.audio": "UklGRg==",
            }
        )
    )
    assert "content_dropped" in call.fidelity.reasons


@pytest.mark.parametrize("first", [0, 1])
def test_instructions_are_what_stands_in_the_first_place(first):
    """A turn of the input would become instructions, or the other way round."""
    call = one(
        _renamed(
            {
                f"gen_ai.input.messages.{first}.message.role": "system",
                f"gen_ai.input.messages.{first}.message.content": "Be brief.",
                f"gen_ai.input.messages.{first + 1}.message.role": "user",
                f"gen_ai.input.messages.{first + 1}.message.content": "x",
            },
            name="Response",
        )
    )
    assert ("instructions" in call.request.body) == (first == 0)


def test_a_kind_beside_an_operation_is_of_another_convention():
    """LoongSuite's spans would be read by names that they do not have."""
    found = _renamed({"gen_ai.operation.name": "chat"})
    assert candidate_of(found).dialect != "openinference"


def _started(messages, word="openai_llm", **given):
    event = Event(
        "LLMChatStartEvent",
        {
            "messages": json.dumps(messages),
            "model_dict.class_name": word,
            "model_dict.model_name": "gpt-4o-mini",
            **given,
        },
    )
    return record_of({}, name="OpenAI.chat", events=(event,))


def _blocks(*blocks, role="user", **more):
    return {"role": role, "additional_kwargs": more, "blocks": list(blocks)}


def _text(text):
    return {"block_type": "text", "text": text}


def test_events_of_llama_index_hold_messages_and_what_was_given():
    """Its own telemetry would never become a call."""
    tool = {"type": "function", "function": {"name": "f", "parameters": {}}}
    called = {"id": "1", "type": "function", "function": {"name": "f"}}
    called["function"]["arguments"] = "{}"
    call = one(
        _started(
            [
                _blocks(_text("Capital "), _text("of France?")),
                _blocks(_text(""), role="assistant", tool_calls=[called]),
                _blocks(_text("Paris"), role="tool", tool_call_id="1"),
            ],
            **{"additional_kwargs.tools": json.dumps([tool])},
        )
    )
    first, turn, result = call.request.body["messages"]
    assert first["content"] == "Capital of France?"
    assert turn["tool_calls"] == [called]
    assert result == {"role": "tool", "tool_call_id": "1", "content": "Paris"}
    assert call.request.body["tools"] == [tool]
    assert "temperature" in call.fidelity.unobserved


def test_printed_bytes_of_an_image_are_its_bytes():
    """An image would be missing, or sent with Python's quotes around it."""
    image = {
        "block_type": "image",
        "image": f"b'{PNG}'",
        "url": None,
        "image_mimetype": "image/png",
        "detail": "low",
    }
    call = one(_started([_blocks(_text("See"), image)]))
    assert call.media[0].state == "inline"


def test_a_client_of_no_known_class_leaves_the_api_open():
    """A class that speaks another API would be taken for OpenAI's."""
    candidate = candidate_of(_started([_blocks(_text("x"))], word="Other_LLM"))
    assert assemble(candidate, 0).source == "guess"
