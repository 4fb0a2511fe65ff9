"""Frameworks' calls as others tell them, and what a release decides on the wire."""

import json

import pytest
from fakes.records import candidate_of, one, record_of

_PROMPT = {"part_kind": "user-prompt", "content": "Weather?"}
_CALL = {
    "part_kind": "tool-call",
    "tool_name": "f",
    "args": '{"city": "Paris"}',
    "tool_call_id": "1",
}
_RESULT = {
    "part_kind": "tool-return",
    "tool_name": "f",
    "tool_call_id": "1",
    "content": "18 degrees",
}
_TOOL = {"name": "f", "description": "d", "parameters_json_schema": {"type": "object"}}


def _request(*parts, **more):
    return {"kind": "request", "parts": list(parts), **more}


def _mlflow(*turns, name="OpenAIChatModel.request", settings=None, **parameters):
    body = {
        "messages": list(turns),
        "model_settings": settings or {},
        "model_request_parameters": {"output_mode": "text", **parameters},
    }
    facts = {
        "mlflow.spanType": "LLM",
        "mlflow.spanInputs": body,
        "mlflow.spanOutputs": {"parts": [{"part_kind": "text", "content": "Mild"}]},
        "mlflow.message.format": "pydantic_ai",
        "mlflow.llm.provider": "openai",
        "model_name": "gpt-4o-mini",
    }
    told = {key: json.dumps(value) for key, value in facts.items()}
    return record_of(told, name=name, scope="mlflow.tracing.provider")


def test_arguments_of_a_pydantic_ai_model_are_its_request():
    """Calls told by MLflow would be refused for what the framework's spans show."""
    found = one(
        _mlflow(
            _request(_PROMPT, instructions="Be brief."),
            {"kind": "response", "parts": [_CALL]},
            _request(_RESULT, instructions="Be brief."),
            settings={"temperature": 0.5, "max_tokens": 9},
            function_tools=[_TOOL],
            allow_text_output=True,
        )
    )
    system, user, call, result = found.request.body["messages"]
    assert (system["role"], system["content"]) == ("system", "Be brief.")
    assert user["content"] == "Weather?"
    assert call["tool_calls"][0]["id"] == "1"
    assert result == {"role": "tool", "tool_call_id": "1", "content": "18 degrees"}
    assert found.request.body["temperature"] == 0.5
    assert found.request.body["max_completion_tokens"] == 9
    assert found.request.body["tools"][0]["function"]["name"] == "f"
    assert "tools.function.strict" in found.fidelity.missing
    assert found.answer.text == "Mild"


def test_the_class_of_a_pydantic_ai_model_is_its_api():
    """A request of Responses would be replayed as a chat."""
    found = _mlflow(_request(_PROMPT), name="OpenAIResponsesModel.request")
    assert one(found).request.api == "openai_responses"


@pytest.mark.parametrize(
    "part",
    [
        {"part_kind": "retry-prompt", "content": "Again.", "tool_call_id": "1"},
        {**_PROMPT, "content": ["See", {"kind": "binary", "data": "b'x'"}]},
    ],
)
def test_parts_that_cannot_be_brought_back_refuse_the_call(part):
    """A turn without them would count as the one that was sent."""
    assert one(_mlflow(_request(part))).fidelity.level == "unreplayable"


def test_an_output_is_asked_for_by_a_tool_where_the_model_decides():
    """The model would be free to answer in words."""
    found = _mlflow(_request(_PROMPT), output_mode="auto", output_tools=[_TOOL])
    assert one(found).request.body["tool_choice"] == "required"


def _vercel(agent):
    stored = {"providerOptions": {"openai": {"itemId": "fc_1"}}}
    call = {"type": "tool-call", "toolCallId": "1", "toolName": "f", "input": {}}
    output = {"type": "text", "value": "x"}
    result = {"type": "tool-result", "toolCallId": "1", "toolName": "f"}
    turns = [
        {"role": "user", "content": [{"type": "text", "text": "x"}]},
        {"role": "assistant", "content": [{**call, **stored}]},
        {"role": "tool", "content": [{**result, "output": output, **stored}]},
    ]
    return record_of(
        {
            "ai.operationId": "ai.generateText.doGenerate",
            "ai.model.provider": "openai.responses",
            "ai.model.id": "gpt-4o-mini",
            "ai.prompt.messages": json.dumps(turns),
            "ai.request.headers.user-agent": agent,
        },
        scope="ai",
        name="ai.generateText.doGenerate",
    )


@pytest.mark.parametrize(
    ("agent", "doubted"),
    [("ai/6.0.104", True), ("ai/6.0.326", False), ("ai/7.0.1", False), ("", True)],
)
def test_releases_that_send_references_to_turns_are_doubted(agent, doubted):
    """Turns would be sent where only their ids were."""
    found = candidate_of(_vercel(agent))
    assert ("differences_recorded" in found.reasons) is doubted
