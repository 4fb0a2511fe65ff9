"""What a record leaves open, and a fact of the API or of a library decides."""

import json

import pytest
from fakes.records import candidate_of, one, record_of

_SAID = json.dumps([{"role": "user", "parts": [{"type": "text", "content": "Hi"}]}])
_CLAUDE, _NOVA = "anthropic.claude-sonnet-4-20250514-v1:0", "amazon.nova-lite-v1:0"
_CLIENT = "opentelemetry.instrumentation.genai.bedrock"
_LANGCHAIN = "opentelemetry.instrumentation.genai.langchain"
_STREAM = {"gen_ai.request.stream": True}
_CAP = {"gen_ai.request.max_tokens": 9}


def _answer(call_id):
    call = {"type": "tool_call", "id": call_id, "name": "f", "arguments": {}}
    said = [{"role": "assistant", "parts": [call], "finish_reason": "tool_call"}]
    return {"gen_ai.output.messages": json.dumps(said)}


def _called(provider, scope, *, model, failed=False, **more):
    attributes = {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": provider,
        "gen_ai.request.model": model,
        "gen_ai.input.messages": _SAID,
        **more,
    }
    return candidate_of(record_of(attributes, scope=scope, failed=failed))


@pytest.mark.parametrize(
    ("more", "source"),
    [
        ({}, "carried"),
        (_STREAM, "carried"),  # InvokeModel takes no Claude without a cap
        (_CAP, "carried"),  # and would have given an id
        (_STREAM | _CAP, "guessed"),
        (_STREAM | _CAP | _answer("tooluse_1"), "carried"),
        (_STREAM | _CAP | _answer("toolu_1"), "guessed"),
        (_STREAM | _CAP | {"model": _NOVA}, "carried"),  # its body is alike in both
        ({"model": "meta.llama3-1-70b-instruct-v1:0"}, "guessed"),
        ({"failed": True, "error.type": "x.ThrottlingException"}, "carried"),
        ({"failed": True, "error.type": "x.ValidationException"}, "guessed"),
        ({"failed": True}, "guessed"),
        ({"scope": _LANGCHAIN}, "guessed"),  # shows no cap that it sets by itself
        ({"scope": _LANGCHAIN} | _answer("tooluse_1"), "carried"),
    ],
)
def test_bedrocks_two_apis_are_told_apart_by_what_one_of_them_has(more, source):
    """A call would be doubted for nothing, or be replayed in a body never sent."""
    found = _called("aws.bedrock", **{"scope": _CLIENT, "model": _CLAUDE, **more})
    assert (found.api, found.api_source) == ("bedrock_converse", source)


def test_a_nova_body_names_the_field_that_only_invoke_model_has():
    """A body that was sent by InvokeModel would pass for whole."""
    found = _called("aws.bedrock", _CLIENT, model=_NOVA)
    assert "!schemaVersion" in found.lost


@pytest.mark.parametrize(
    ("reasons", "source"), [(["stop"], "carried"), ([], "guessed")]
)
def test_why_an_answer_ended_tells_langchains_api(reasons, source):
    """Every streamed call of LangChain's to OpenAI would be doubted."""
    more = {"gen_ai.response.finish_reasons": reasons}
    found = _called("openai", _LANGCHAIN, model="gpt-4o-mini", **more)
    assert (found.api, found.api_source) == ("openai_chat", source)


def _mistral(scope):
    call = {"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    given = {
        "model": "mistral-large-latest",
        "messages": [
            {"role": "user", "content": "Hi"},
            {"role": "assistant", "content": "", "tool_calls": [call]},
            {"role": "tool", "tool_call_id": "c", "content": "1"},
            {"role": "assistant", "content": "It", "prefix": True},
        ],
    }
    attributes = {
        "openinference.span.kind": "LLM",
        "llm.provider": "mistralai",
        "input.value": json.dumps(given),
    }
    return one(record_of(attributes, scope=f"openinference.instrumentation.{scope}"))


def test_what_mistrals_client_adds_stands_in_the_body():
    """Its requests with earlier answers would differ from those that were sent."""
    told = _mistral("mistralai").request.body["messages"]
    assert [message.get("prefix") for message in told] == [None, False, None, True]
    assert told[1]["tool_calls"][0]["index"] == 0
    other = _mistral("openai")
    assert "prefix" not in other.request.body["messages"][1]
    assert "messages.tool_calls.index" in other.fidelity.unobserved


@pytest.mark.parametrize(
    ("arguments", "choice"), [({}, "required"), ({"tool_choice": "auto"}, "auto")]
)
def test_smolagents_asks_for_a_call_unless_told_otherwise(arguments, choice):
    """A replay would let the model answer where it had to call a tool."""
    tool = {"type": "function", "function": {"name": "f", "parameters": {}}}
    attributes = {
        "openinference.span.kind": "LLM",
        "llm.provider": "openai",
        "llm.model_name": "gpt-4o-mini",
        "llm.input_messages.0.message.role": "user",
        "llm.input_messages.0.message.content": "Hi",
        "llm.invocation_parameters": json.dumps(arguments),
        "llm.tools.0.tool.json_schema": json.dumps(tool),
    }
    scope = "openinference.instrumentation.smolagents"
    found = one(record_of(attributes, scope=scope, name="OpenAIModel.generate"))
    assert found.request.body["tool_choice"] == choice


@pytest.mark.parametrize(
    ("scope", "reasons"),
    [
        ("opentelemetry.instrumentation.groq", ()),
        ("opentelemetry.instrumentation.together", ("content_dropped",)),
    ],
)
def test_a_turn_without_parts_was_empty_where_nothing_is_dropped(scope, reasons):
    """An empty prompt would be refused, or a dropped one replayed as empty."""
    turns = json.dumps([{"role": "user", "parts": []}])
    more = {"gen_ai.input.messages": turns}
    found = _called("groq", scope, model="m", **more)
    assert found.reasons == reasons
