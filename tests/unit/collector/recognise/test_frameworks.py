"""What a framework around a client decides, and what other records say twice."""

import json

from fakes.records import calls, one, record_of

_SAID = json.dumps([{"role": "user", "parts": [{"type": "text", "content": "Hi"}]}])
_TOLD = json.dumps([{"type": "text", "content": "Be brief."}])
_OUTER, _INNER = b"\1" * 8, b"\2" * 8
_SYSTEM_AND_USER = json.dumps(
    [
        {"role": "system", "parts": [{"type": "text", "content": "Be brief."}]},
        {"role": "user", "parts": [{"type": "text", "content": "Hi"}]},
    ]
)


def _around(scope, **more):
    attributes = {
        "gen_ai.operation.name": "chat",
        "gen_ai.request.model": "m",
        "gen_ai.provider.name": "openai",
        **more,
    }
    return record_of(attributes, scope=scope, span_id=_OUTER, start_ns=0, end_ns=100)


def _beneath(scope, attributes):
    return record_of(
        {"gen_ai.operation.name": "chat", "gen_ai.request.model": "m", **attributes},
        scope=scope,
        span_id=_INNER,
        parent_id=_OUTER,
        start_ns=10,
        end_ns=90,
    )


def test_langchain_spells_geminis_system_instruction_without_a_role():
    """Every call of LangChain's to Gemini would say a role that nobody sent."""
    attributes = {
        "gen_ai.provider.name": "gemini",
        "gen_ai.input.messages": _SAID,
        "gen_ai.system_instructions": _TOLD,
    }
    client = _beneath("openlit.instrumentation.google_ai_studio", attributes)
    alone = one(client).request.body["systemInstruction"]
    framed = one(_around("openlit.instrumentation.langchain"), client)
    assert alone == {"parts": [{"text": "Be brief."}], "role": "user"}
    assert framed.request.body["systemInstruction"] == {
        "parts": [{"text": "Be brief."}]
    }


def test_a_bare_response_leaves_open_where_a_system_message_stood():
    """A framework's system message would be replayed as `instructions`, unnamed."""
    attributes = {
        "gen_ai.provider.name": "openai",
        "gen_ai.response.id": "resp_1",
        "gen_ai.input.messages": _SYSTEM_AND_USER,
    }
    scope = "opentelemetry.instrumentation.openai.v1"
    raw = {"gen_ai.headers": "{'X-Stainless-Raw-Response': 'true'}"}
    assert one(_beneath(scope, attributes)).request.body["instructions"] == "Be brief."
    doubted = one(_beneath(scope, {**attributes, **raw}))
    assert "differences_recorded" in doubted.fidelity.reasons
    framed = one(
        _around("opentelemetry.instrumentation.langchain"),
        _beneath(scope, {**attributes, **raw}),
    )
    assert "instructions" not in framed.request.body
    assert framed.request.body["input"][0]["role"] == "system"


def test_a_turn_that_openlit_drops_under_agent_framework_is_not_believed():
    """An image sent as a turn of its own would be gone without a word."""
    client = _beneath(
        "openlit.instrumentation.openai",
        {"gen_ai.provider.name": "openai", "gen_ai.input.messages": _SAID},
    )
    assert "differences_recorded" not in one(client).fidelity.reasons
    found = one(_around("agent_framework"), client)
    assert "differences_recorded" in found.fidelity.reasons


def test_methods_that_only_prepare_a_request_are_no_calls():
    """Each call of LlamaIndex with tools would count twice."""
    attributes = {
        "openinference.span.kind": "LLM",
        "llm.model_name": "m",
        "input.value": "{}",
    }
    scope = "openinference.instrumentation.llama_index"
    prepared = record_of(
        attributes, scope=scope, name="OpenAI._prepare_chat_with_tools"
    )
    assert calls(prepared) == []


def test_a_call_that_nothing_answers_is_content_dropped():
    """A result written as plain text would be replayed as what a user said."""
    messages = [
        {
            "role": "assistant",
            "parts": [{"type": "tool_call", "id": "c", "name": "f", "arguments": {}}],
        },
        {"role": "user", "parts": [{"type": "text", "content": "18 degrees"}]},
    ]
    attributes = {
        "gen_ai.provider.name": "openai",
        "gen_ai.input.messages": json.dumps(messages),
    }
    found = one(_beneath("opentelemetry.instrumentation.genai.openai", attributes))
    assert "content_dropped" in found.fidelity.reasons
