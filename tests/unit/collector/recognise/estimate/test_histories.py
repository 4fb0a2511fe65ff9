import pytest

from collector.recognise.estimate.histories import is_torn

_CALL = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
_ASKS = {"role": "assistant", "content": "", "tool_calls": [_CALL]}
_TELLS = {"role": "tool", "tool_call_id": "c1", "content": "1"}
_TOOLS = [{"type": "function", "function": {"name": "f", "parameters": {}}}]
_USES = {
    "role": "assistant",
    "content": [{"type": "tool_use", "id": "c1", "name": "f", "input": {}}],
}
_GIVES = {
    "role": "user",
    "content": [{"type": "tool_result", "tool_use_id": "c1", "content": "1"}],
}
_CONVERSE = [
    {"role": "assistant", "content": [{"toolUse": {"toolUseId": "c1", "name": "f"}}]},
    {"role": "user", "content": [{"toolResult": {"toolUseId": "c1", "content": []}}]},
]
_ITEMS = [
    {"type": "function_call", "call_id": "c1", "name": "f", "arguments": "{}"},
    {"type": "function_call_output", "call_id": "c1", "output": "1"},
]
_GEMINI = [
    {"role": "model", "parts": [{"functionCall": {"name": "f", "args": {}}}]},
    {"role": "user", "parts": [{"functionResponse": {"name": "f", "response": {}}}]},
]


@pytest.mark.parametrize(
    ("field", "turns"),
    [
        ("messages", [_ASKS, _TELLS]),
        ("messages", [_USES, _GIVES]),
        ("messages", _CONVERSE),
        ("input", _ITEMS),
        ("contents", _GEMINI),
    ],
)
def test_a_call_without_its_result_or_the_other_way_round_is_torn(field, turns):
    """A turn lost from the middle of a conversation would gate as if it were whole."""
    assert not is_torn("openai_chat", {field: turns, "tools": _TOOLS})
    assert is_torn("openai_chat", {field: turns[:1], "tools": _TOOLS})
    assert is_torn("openai_chat", {field: turns[1:], "tools": _TOOLS})


def test_what_the_provider_keeps_is_not_missed():
    """Every call that goes on from a stored answer would be doubted for its history."""
    given = {"input": _ITEMS[1:], "previous_response_id": "r1", "tools": _TOOLS}
    assert not is_torn("openai_responses", given)


def test_calls_without_an_id_are_left_open():
    """Emitters that drop ids would have all their tool calls doubted."""
    nameless = {**_CALL, "id": None}
    turns = [{**_ASKS, "tool_calls": [nameless]}, _TELLS]
    assert not is_torn("openai_chat", {"messages": turns, "tools": _TOOLS})


@pytest.mark.parametrize(
    ("more", "called", "torn"),
    [
        ({}, (), False),
        ({}, ("f",), True),
        ({"tools": _TOOLS}, ("f",), False),
        ({"tools": _TOOLS}, ("g",), True),
        ({"tools": [*_TOOLS, {"type": "web_search"}]}, ("g",), False),
        ({"tool_choice": "required"}, (), True),
        ({"tool_choice": "auto"}, (), False),
        ({"tools": _TOOLS, "tool_choice": {"function": {"name": "g"}}}, (), True),
        ({"tools": [{"functionDeclarations": [{"name": "g"}]}]}, ("g",), False),
        ({"toolConfig": {"tools": [{"toolSpec": {"name": "g"}}]}}, ("g",), False),
    ],
)
def test_tools_that_are_called_or_chosen_are_offered(more, called, torn):
    """A lost tool would show as a canary that answers instead of calling it."""
    asked = {"messages": [{"role": "user", "content": "Hi"}], **more}
    assert is_torn("openai_chat", asked, called) is torn


def test_only_some_providers_need_tools_for_earlier_calls():
    """An agent that hands over to one without tools would be doubted."""
    history = {"messages": [_USES, _GIVES], "max_tokens": 9}
    assert is_torn("anthropic_messages", history)
    assert not is_torn("anthropic_messages", history, declared=("tools.name",))
    assert not is_torn("openai_chat", {"messages": [_ASKS, _TELLS]})


def test_claude_was_given_a_cap():
    """A cap that got another name would be left out of every replay."""
    asked = {"messages": [{"role": "user", "content": "Hi"}]}
    assert is_torn("anthropic_messages", asked)
    assert not is_torn("anthropic_messages", asked, declared=("max_tokens",))
    assert not is_torn("anthropic_messages", {**asked, "max_tokens": 9})
