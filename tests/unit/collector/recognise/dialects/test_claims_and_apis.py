"""Which dialect reads a record, which API it names, and what it says is uncertain."""

import msgspec
import pytest
from fakes.records import candidate_of, record_of

from collector.recognise.assemble import assemble
from collector.recognise.dialects.readers.other_operations import other_operation
from collector.recognise.merge import merge_trace
from collector.recognise.record import Event

_TEXT = '[{"role":"user","parts":[{"type":"text","content":"Hi"}]}]'
_CHAT = {
    "gen_ai.operation.name": "chat",
    "gen_ai.provider.name": "openai",
    "gen_ai.request.model": "m1",
    "gen_ai.input.messages": _TEXT,
}


def snapshot(*records):
    """Return the one snapshot that the records of a trace come to."""
    merged = merge_trace([candidate_of(found) for found in records], lambda _: False)
    (call,) = merged.calls
    return assemble(call, 0).snapshot


@pytest.mark.parametrize(
    ("scope", "dialect"),
    [
        ("opentelemetry.instrumentation.openai.v1", "traceloop"),
        ("opentelemetry.instrumentation.genai.openai", "otel_genai"),
        ("opentelemetry.instrumentation.botocore.bedrock-runtime", "otel_genai"),
        ("opentelemetry.instrumentation.newcomer", "otel_genai"),
        ("openlit.instrumentation.groq", "openlit"),
        ("pydantic-ai", "pydantic_ai"),
    ],
)
def test_a_scope_is_claimed_by_its_name_never_by_a_namespace(scope, dialect):
    """A library would be read by the habits of another that shares its prefix."""
    assert candidate_of(record_of(_CHAT, scope=scope)).dialect == dialect


@pytest.mark.parametrize(
    ("more", "api", "source"),
    [
        ({}, "openai_chat", "guessed"),
        ({"gen_ai.response.id": "chatcmpl-1"}, "openai_chat", "carried"),
        ({"gen_ai.response.id": "resp_1"}, "openai_responses", "carried"),
        ({"url.path": "/v1/responses"}, "openai_responses", "carried"),
        ({"http.url": "http://h/v1/chat/completions?a=b"}, "openai_chat", "carried"),
        ({"gen_ai.provider.name": "groq"}, "openai_chat", "carried"),
        ({"gen_ai.provider.name": "anthropic"}, "anthropic_messages", "carried"),
        ({"gen_ai.provider.name": "aws.bedrock"}, "bedrock_converse", "guessed"),
        (
            {"gen_ai.provider.name": "aws.bedrock", "rpc.method": "InvokeModel"},
            "bedrock_invoke",
            "carried",
        ),
        ({"gen_ai.provider.name": "nobody knows"}, "openai_chat", "guessed"),
    ],
)
def test_an_api_comes_from_evidence_or_is_called_a_guess(more, api, source):
    """A call would be replayed through an API that it never went to."""
    found = candidate_of(record_of({**_CHAT, **more}))
    assert (found.api, found.api_source) == (api, source)


def test_a_client_method_as_operation_is_a_call():
    """LangTrace's Responses calls would be missed."""
    attributes = {**_CHAT, "gen_ai.operation.name": "openai.responses.create"}
    found = candidate_of(record_of(attributes, name="openai.responses.create"))
    assert (found.role, found.api) == ("call", "openai_responses")


def test_invented_defaults_count_only_where_the_event_repeats_them():
    """OpenLIT's `temperature=1.0` would be sent though nobody asked for it."""
    invented = {
        "gen_ai.request.temperature": 1.0,
        "gen_ai.request.top_p": 1.0,
        "gen_ai.request.max_tokens": -1,
        "gen_ai.request.seed": "",
    }
    scope = "openlit.instrumentation.groq"
    span = record_of({**_CHAT, **invented}, scope=scope)
    given = {**_CHAT, "gen_ai.request.top_p": 1.0, "gen_ai.request.temperature": None}
    event = record_of(
        given,
        scope=scope,
        kind="log",
        name="gen_ai.client.inference.operation.details",
    )
    body = snapshot(span, event).request.body
    assert body == {
        "model": "m1",
        "messages": [{"role": "user", "content": "Hi"}],
        "top_p": 1.0,
    }
    # Of OpenAI's client its events make the same values up.
    scope = "openlit.instrumentation.openai"
    event = msgspec.structs.replace(event, scope=scope)
    told = snapshot(msgspec.structs.replace(span, scope=scope), event)
    assert "top_p" not in told.request.body
    assert "top_p" in told.fidelity.unobserved
    assert "temperature" in snapshot(span).fidelity.unobserved


def test_content_told_by_span_and_events_is_there_once():
    """Agent Framework's messages would be sent twice."""
    span = record_of(_CHAT, scope="agent_framework")
    event = record_of(
        {"gen_ai.system": "openai"},
        scope="agent_framework",
        kind="log",
        name="gen_ai.user.message",
        body={"content": "Hi"},
    )
    assert len(snapshot(span, event).request.body["messages"]) == 1


def test_instructions_told_twice_are_there_once():
    """A system prompt in both places would be sent twice."""
    told = '[{"type":"text","content":"Be brief."}]'
    first = '{"role":"system","parts":[{"type":"text","content":"Be brief."}]}'
    attributes = {
        **_CHAT,
        "gen_ai.system_instructions": told,
        "gen_ai.input.messages": f"[{first},{_TEXT[1:]}",
    }
    messages = snapshot(record_of(attributes)).request.body["messages"]
    assert [message["role"] for message in messages] == ["system", "user"]


def test_a_result_without_its_call_is_no_whole_history():
    """A request that its provider would refuse would be replayed as if sent."""
    part = {"type": "tool_call_response", "id": "c1", "response": "21"}
    lone = [{"role": "tool", "parts": [part]}]
    found = snapshot(record_of({**_CHAT, "gen_ai.input.messages": lone}))
    assert "content_dropped" in found.fidelity.reasons


def test_an_unknown_emitter_may_have_dropped_media_and_tools():
    """A picture that an instrumentation leaves out would be missed in silence."""
    unobserved = snapshot(record_of(_CHAT)).fidelity.unobserved
    assert {"messages.content.image_url", "tools"} <= set(unobserved)


def test_a_framework_message_is_never_passed_off_as_the_providers():
    """Agno's `from_history` would be sent to the provider."""
    inner = {"role": "user", "content": "Hi", "id": "x", "from_history": False}
    attributes = {
        "openinference.span.kind": "LLM",
        "llm.provider": "OpenAI",
        "llm.model_name": "m1",
        "input.value": msgspec.json.encode({"messages": [inner]}).decode(),
        "llm.input_messages.0.message.role": "user",
        "llm.input_messages.0.message.content": "Hi",
    }
    found = snapshot(record_of(attributes, name="OpenAIChat.invoke"))
    assert found.request.body["messages"] == [{"role": "user", "content": "Hi"}]


def test_a_reasoning_model_gets_its_cap_under_the_name_it_takes():
    """The provider would refuse `max_tokens` for such a model."""
    attributes = {
        **_CHAT,
        "gen_ai.request.model": "gpt-5-mini",
        "gen_ai.request.max_tokens": 300,
    }
    body = snapshot(record_of(attributes)).request.body
    assert body["max_completion_tokens"] == 300
    assert "max_tokens" not in body


@pytest.mark.parametrize("word", ["MessageRole.SYSTEM", "system", "ChatRole.SYSTEM"])
def test_a_printed_role_is_that_role(word):
    """A system prompt would be sent as the user's words."""
    raw = [{"role": word, "parts": [{"type": "text", "content": "Be brief."}]}]
    attributes = {**_CHAT, "gen_ai.input.messages": raw}
    assert (
        snapshot(record_of(attributes)).request.body["messages"][0]["role"] == "system"
    )


def test_prompts_of_a_langtrace_event_keep_their_tools():
    """Tools beside a prompt event would be lost."""
    tool = {"type": "function", "function": {"name": "f", "parameters": {}}}
    attributes = {
        "gen_ai.operation.name": "chat",
        "gen_ai.system": "openai",
        "gen_ai.request.model": "m1",
        "gen_ai.request.tools": [msgspec.json.encode([tool]).decode()],
    }
    prompt = {"gen_ai.prompt": '[{"role":"user","content":"Hi"}]'}
    events = (Event("gen_ai.content.prompt", prompt),)
    body = snapshot(record_of(attributes, events=events)).request.body
    assert body["tools"][0]["function"]["name"] == "f"


@pytest.mark.parametrize(
    ("attributes", "more", "named"),
    [
        ({"gen_ai.operation.name": "realtime"}, {}, "realtime"),
        ({"openinference.span.kind": "AUDIO"}, {}, "realtime"),
        ({"openinference.span.kind": "EVALUATOR"}, {}, "evaluation"),
        ({}, {"kind": "log", "name": "gen_ai.evaluation.result"}, "evaluation"),
        ({"gen_ai.operation.name": "invoke_agent"}, {}, ""),
    ],
)
def test_work_that_is_no_call_has_a_name(attributes, more, named):
    """A person would look for calls in sessions and evaluations."""
    found = record_of(attributes, **more)
    assert other_operation(found) == named
    assert getattr(candidate_of(found), "role", "wrapper") == "wrapper"


_OBJECTS = [{"role": "user", "content": "Hi", "from_history": False}]


@pytest.mark.parametrize(
    "attributes",
    [
        {
            "mlflow.spanType": '"CHAT_MODEL"',
            "mlflow.llm.provider": '"openai"',
            "mlflow.llm.model": '"m1"',
            "mlflow.spanInputs": msgspec.json.encode({"messages": _OBJECTS}).decode(),
        },
        {
            "langfuse.observation.type": "generation",
            "langfuse.observation.model.name": "m1",
            "langfuse.observation.input": msgspec.json.encode(_OBJECTS).decode(),
        },
    ],
    ids=["mlflow", "langfuse"],
)
def test_a_frameworks_objects_are_rendered_anew_under_every_convention(attributes):
    """What a framework keeps beside its messages would be sent to the provider."""
    found = snapshot(record_of(attributes))
    assert found.request.body["messages"] == [{"role": "user", "content": "Hi"}]
    assert "temperature" in found.fidelity.unobserved


@pytest.mark.parametrize("sign", ["NOT_GIVEN", "", "<x.NotGiven object at 0x7f01>"])
def test_what_was_not_given_is_not_sent(sign):
    """An SDK's sign for "not given" would be sent as a parameter."""
    body = {
        "model": "m1",
        "messages": [{"role": "user", "content": "Hi"}],
        "temperature": sign,
    }
    attributes = {
        "openinference.span.kind": "LLM",
        "llm.provider": "mistralai",
        "input.value": msgspec.json.encode(body).decode(),
    }
    found = snapshot(record_of(attributes))
    assert found.request.api == "mistral_chat"
    assert "temperature" not in found.request.body


def test_a_framework_is_told_by_the_id_that_only_bedrock_gives_a_model():
    """Strands' calls of Bedrock would be of no known API."""
    attributes = {
        **_CHAT,
        "gen_ai.provider.name": "strands-agents",
        "gen_ai.request.model": "eu.anthropic.claude-x-v1:0",
    }
    found = candidate_of(record_of(attributes))
    assert (found.api, found.api_source) == ("bedrock_converse", "guessed")


@pytest.mark.parametrize(
    ("provider", "api"),
    [
        ("ollama_llm", "ollama_chat"),
        ("bedrock_converse_llm", "bedrock_converse"),
        ("azure_openai_llm", "openai_chat"),
    ],
)
def test_a_model_of_llamaindex_told_as_a_task_is_a_call(provider, api):
    """Every call of LlamaIndex to a client that is not instrumented would be missed."""
    told = _CHAT | {"gen_ai.provider.name": provider, "traceloop.span.kind": "task"}
    scope = "opentelemetry.instrumentation.llamaindex"
    found = candidate_of(record_of(told, scope=scope))
    assert (found.role, found.api) == ("call", api)
    agent = told | {"gen_ai.operation.name": "invoke_agent"}
    assert candidate_of(record_of(agent, scope=scope)).role == "wrapper"
    step = {"traceloop.span.kind": "workflow", "traceloop.entity.name": "q"}
    assert candidate_of(record_of(step, scope=scope)).role == "wrapper"


def test_two_requests_are_two_calls_though_a_server_repeats_its_ids():
    """Steps of an agent at a server with one id for all would come to one call."""
    told = _CHAT | {"gen_ai.response.id": "chatcmpl-1"}
    later = told | {"gen_ai.input.messages": _TEXT.replace("Hi", "And now?")}

    def calls(*attributes):
        spans = [
            candidate_of(record_of(one, number=number))
            for number, one in enumerate(attributes, 1)
        ]
        return merge_trace(spans, lambda _: False).calls

    assert len(calls(told, later)) == 2
    assert len(calls(told, told)) == 1
