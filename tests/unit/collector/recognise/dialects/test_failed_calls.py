"""What a failed call says of itself, and what its run knows more."""

import json

import pytest
from fakes.records import calls, one, record_of

from collector.recognise.record import Event

_RUN, _CALL, _SDK = b"\1" * 8, b"\2" * 8, b"\3" * 8
_TURN = [{"role": "user", "parts": [{"type": "text", "content": "Hi"}]}]
_RULES = json.dumps([{"type": "text", "content": "Be brief."}])
_TOOL = {"name": "weather", "parameters_json_schema": {"type": "object"}}
_CHAT = 'File "/x/openai/resources/chat/completions/completions.py", line 1, in create'
_RESPONSES = 'File "/x/openai/resources/responses/responses.py", line 1, in create'


def _raised(stack):
    return (Event("exception", {"exception.stacktrace": stack}),)


def _run(messages, *, failed=True, **more):
    attributes = {
        "gen_ai.operation.name": "invoke_agent",
        "pydantic_ai.all_messages": json.dumps(messages),
        **more,
    }
    return record_of(
        attributes, scope="pydantic-ai", span_id=_RUN, start_ns=0, failed=failed
    )


def _call(provider="groq", stack="", **more):
    attributes = {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": provider,
        "gen_ai.request.model": "m",
        "gen_ai.request.temperature": 0.5,
        "model_request_parameters": json.dumps({"function_tools": [_TOOL]}),
        **more,
    }
    return record_of(
        attributes,
        scope="pydantic-ai",
        span_id=_CALL,
        parent_id=_RUN,
        start_ns=10,
        end_ns=90,
        failed=True,
        events=_raised(stack),
    )


def test_a_failed_call_has_the_messages_that_its_run_ended_on():
    """Every call that a provider refused would be lost for replay."""
    found = one(_call(), _run(_TURN, **{"gen_ai.system_instructions": _RULES}))
    assert found.request.body["messages"] == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Hi"},
    ]
    assert found.request.body["temperature"] == 0.5
    assert found.request.body["tools"][0]["function"]["name"] == "weather"
    assert "no_content" not in found.fidelity.reasons


def test_a_run_that_went_on_lends_nothing():
    """A call would be shown with turns that came after it."""
    answered = [*_TURN, {"role": "assistant", "parts": []}]
    found = one(_call(), _run(answered, failed=False))
    assert found.request.body is None
    assert found.fidelity.reasons == ("no_content",)


def test_a_call_that_says_its_messages_keeps_them():
    """The turns of a run's end would replace those of its first call."""
    own = {"gen_ai.input.messages": json.dumps(_TURN)}
    found = one(_call(**own), _run([*_TURN, *_TURN]))
    assert len(found.request.body["messages"]) == 1


@pytest.mark.parametrize(
    ("stack", "api", "level"),
    [
        (_CHAT, "openai_chat", "as_observed"),
        (_RESPONSES, "openai_responses", "as_observed"),
    ],
)
def test_the_client_that_raised_names_the_api(stack, api, level):
    """A refused call of a provider with two APIs would be replayed by the other."""
    found = one(_call("openai", stack), _run(_TURN))
    assert (found.request.api, found.fidelity.level) == (api, level)


def test_a_stack_of_two_clients_names_neither():
    """A tool's own model call would decide how its agent's is replayed."""
    known = one(_call("openai", _CHAT), _run(_TURN)).request.api
    both = one(_call("openai", f"{_RESPONSES}\n{_CHAT}"), _run(_TURN))
    unknown = one(_call("openai"), _run(_TURN))
    assert known == "openai_chat"
    assert both.request == unknown.request


def test_a_labelled_span_of_the_clients_own_is_still_the_clients():
    """A parameter that only the provider's client notes would be lost."""
    sdk = record_of(
        {
            "gen_ai.operation.name": "chat",
            "gen_ai.provider.name": "anthropic",
            "gen_ai.request.model": "m",
            "gen_ai.request.max_tokens": 64_000,
            "http.route": "/v1/messages",
            "openinference.span.kind": "LLM",
        },
        scope="com.anthropic.sdk.python",
        span_id=_SDK,
        parent_id=_CALL,
        start_ns=20,
        end_ns=80,
    )
    (found,) = calls(sdk, _call("anthropic"), _run(_TURN))
    assert found.request.body["max_tokens"] == 64_000
