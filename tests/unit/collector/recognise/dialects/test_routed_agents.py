"""Agents behind LiteLLM, LangChain's releases, and handlers that bend texts."""

import json

import pytest
from fakes.records import candidate_of, one, record_of

from collector.recognise.assemble import source_of

_ASKED = [{"role": "user", "content": "Capital of France?"}]


def _agent(model, **parameters):
    return record_of(
        {
            "openinference.span.kind": "LLM",
            "llm.system": "openai",
            "llm.model_name": model,
            "llm.invocation_parameters": json.dumps(
                {"model_impl": "litellm", **parameters}
            ),
            "input.value": json.dumps(_ASKED),
        },
        scope="openinference.instrumentation.openai_agents",
    )


@pytest.mark.parametrize(
    ("model", "api"),
    [
        ("openai/gpt-4o-mini", "openai_chat"),
        ("anthropic/claude-sonnet-4-5", "anthropic_messages"),
        ("gemini/gemini-2.0-flash", "gemini_generate_content"),
    ],
)
def test_agents_that_ask_litellm_are_read_as_litellm_sends(model, api):
    """A chat would be replayed that nobody sent, and doubt would fall on those sent."""
    found = _agent(model, temperature=0.5)
    candidate = candidate_of(found)
    assert candidate.emitter == f"litellm:{model.partition('/')[0]}"
    request = one(found).request
    assert request.api == api
    assert "model_impl" not in request.body
    if api != "gemini_generate_content":
        assert request.body["model"] == model.partition("/")[2]


def _adk(model, contents, **config):
    return record_of(
        {
            "openinference.span.kind": "LLM",
            "llm.provider": "google",
            "llm.model_name": model,
            "input.value": json.dumps(
                {"model": model, "contents": contents, "config": config}
            ),
        },
        scope="gcp.vertex.agent",
    )


def test_contents_for_another_model_are_told_in_its_own_words():
    """Claude would be asked with Gemini's request."""
    call = {"functionCall": {"id": "1", "name": "f", "args": {}}}
    answer = {"id": "1", "name": "f", "response": {"result": "18 °C"}}
    contents = [
        {"role": "user", "parts": [{"text": "Weather?"}]},
        {"role": "model", "parts": [call]},
        {"role": "user", "parts": [{"functionResponse": answer}]},
    ]
    found = one(_adk("openai/gpt-4o-mini", contents, labels={"adk_agent_name": "a"}))
    assert found.request.api == "openai_chat"
    assert found.request.body["messages"][-1] == {
        "role": "tool",
        "tool_call_id": "1",
        "content": '{"result": "18 °C"}',
    }
    assert "labels" not in found.request.body


def test_contents_for_gemini_itself_stay_as_they_are():
    """Every call of the framework's would be taken for LiteLLM's."""
    contents = [{"role": "user", "parts": [{"text": "Weather?"}]}]
    found = one(_adk("gemini-2.0-flash", contents))
    assert found.request.api == "gemini_generate_content"


def _splunk(output):
    said = [{"role": "user", "parts": [{"type": "text", "content": "Hi"}]}]
    told = {"role": "assistant", "parts": [{"type": "text", "content": output}]}
    return record_of(
        {
            "gen_ai.operation.name": "chat",
            "gen_ai.provider.name": "openai",
            "gen_ai.request.model": "gpt-4o-mini",
            "gen_ai.input.messages": json.dumps(said),
            "gen_ai.output.messages": json.dumps([{**told, "finish_reason": "stop"}]),
        },
        scope="opentelemetry.util.genai.handler",
        scope_version="0.1.16",
    )


@pytest.mark.parametrize(
    ("output", "api"),
    [
        ("Hello", "openai_chat"),
        (
            "[{'type': 'text', 'text': 'Hello', 'annotations': []}]",
            "openai_responses",
        ),
        (
            "[{'arguments': '{}', 'type': 'function_call', 'id': 'fc_1'}]",
            "openai_responses",
        ),
        ("It says 'annotations': [] there", "openai_chat"),
    ],
)
def test_printed_items_of_an_answer_name_the_api(output, api):
    """A request of Responses would be replayed as a chat."""
    assert candidate_of(_splunk(output)).api == api


def _langfuse(given, output, **more):
    facts = {
        "type": "generation",
        "input": json.dumps(given),
        "model.name": "gpt-4o-mini",
        "model.parameters": '{"max_tokens": 9}',
        "metadata.ls_model_type": "chat",
        "metadata.ls_provider": "openai",
        **more,
    }
    if output is not None:
        facts["output"] = json.dumps(output)
    return record_of({f"langfuse.observation.{k}": v for k, v in facts.items()})


_SAID = {"role": "assistant", "content": "Paris"}


@pytest.mark.parametrize(
    ("output", "api"),
    [
        (_SAID, "openai_chat"),
        ({**_SAID, "content": []}, "openai_responses"),
        (
            {**_SAID, "content": [{"type": "text", "text": "x", "annotations": []}]},
            "openai_responses",
        ),
        (
            {**_SAID, "additional_kwargs": {"__openai_function_call_ids__": {}}},
            "openai_responses",
        ),
    ],
)
def test_an_answer_of_langchain_shows_which_api_gave_it(output, api):
    """Requests of Responses would be replayed as chats."""
    assert candidate_of(_langfuse(_ASKED, output)).api == api


def test_a_langchain_call_without_an_answer_leaves_the_api_open():
    """A failed request of Responses would count as a chat."""
    assert source_of(candidate_of(_langfuse(_ASKED, None))) == "guess"
    assert source_of(candidate_of(_langfuse(_ASKED, _SAID))) != "guess"


def test_tools_beside_the_messages_are_offered():
    """What stands beside messages would become the text of one."""
    tool = {"type": "function", "function": {"name": "f", "parameters": {}}}
    given = {"messages": _ASKED, "tools": [tool], "tool_choice": "required"}
    body = one(_langfuse(given, _SAID)).request.body
    assert body["messages"] == _ASKED
    assert body["tools"] == [tool]
    assert body["tool_choice"] == "required"


@pytest.mark.parametrize(
    ("versions", "cap"),
    [("", "max_completion_tokens"), ('{"@langchain/core": "1"}', "max_tokens")],
)
def test_the_cap_has_the_name_that_each_language_sends(versions, cap):
    """A reasoning model's name of the cap would be sent for others."""
    found = one(_langfuse(_ASKED, _SAID, **{"metadata.versions": versions}))
    assert found.request.body[cap] == 9


@pytest.mark.parametrize(
    "turn",
    [
        {"role": "tool", "content": "18", "tool_call_id": "1"},
        {"content": "18", "additional_kwargs": {}},
    ],
)
def test_a_result_without_its_call_says_that_something_is_gone(turn):
    """A conversation without the call would count as the one that was had."""
    found = one(_langfuse([*_ASKED, turn], _SAID))
    assert "content_dropped" in found.fidelity.reasons


def test_a_block_that_may_have_been_sent_as_it_is_is_doubted():
    """An image would be sent in a form that this release did not know."""
    block = {"type": "image", "base64": "iVBORw0KGgo=", "mime_type": "image/png"}
    found = _langfuse([{"role": "user", "content": [block]}], _SAID)
    assert "differences_recorded" in candidate_of(found).reasons


@pytest.mark.parametrize(
    ("scope", "provider", "doubted"),
    [
        ("AzureAIOpenTelemetryTracer", "openai", True),
        ("opentelemetry.instrumentation.ag2", "anthropic", True),
        ("opentelemetry.instrumentation.ag2", "openai", False),
    ],
)
def test_scopes_that_bend_a_text_without_a_trace_are_doubted(scope, provider, doubted):
    """A text that was joined or added to would count as the one that was sent."""
    said = [{"role": "user", "parts": [{"type": "text", "content": "Hi"}]}]
    found = record_of(
        {
            "gen_ai.operation.name": "chat",
            "gen_ai.provider.name": provider,
            "gen_ai.request.model": "m",
            "gen_ai.input.messages": json.dumps(said),
        },
        scope=scope,
    )
    assert ("differences_recorded" in candidate_of(found).reasons) is doubted
