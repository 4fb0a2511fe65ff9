"""Features of a body: what evidence is asked about, and what must not go unasked."""

import pytest

from collector.recognise.evidence.features import (
    NO_TOOLS,
    features,
    seams,
    undeclared,
)


def _said(content, role="user"):
    return features({"messages": [{"role": role, "content": content}]})


@pytest.mark.parametrize(
    "printed",
    [
        "[{'type': 'text', 'text': 'Hi'}]",
        "{'degrees': 18}",
        "['one', 'two']",
        "[Content(parts=[Part(text='Hi')])]",
        "<openai.Stream object at 0x7f00>",
    ],
)
def test_content_that_python_printed_is_a_feature_of_its_own(printed):
    """A value's `repr` would be believed wherever plain text is."""
    assert "messages:user/printed" in _said(printed)
    assert "messages:user/printed" in _said([{"type": "text", "text": printed}])


@pytest.mark.parametrize("text", ["Hi", "[1] see below", "{json}", "A(b)", '{"a": 1}'])
def test_what_people_write_is_text(text):
    """Ordinary prompts would be doubted."""
    assert "messages:user/printed" not in _said(text)
    assert "messages:user/text" in _said(text)


def test_one_text_of_a_tool_asks_for_several():
    """Two texts that a library joined would pass for one."""
    told = _said("18 degrees", role="tool")
    assert seams(told) == {"messages:tool/texts"}
    both = [{"type": "text", "text": "18 "}, {"type": "text", "text": "degrees"}]
    assert seams(_said(both, role="tool")) == set()
    assert seams(_said("Hi")) == set()


@pytest.mark.parametrize(
    ("schema", "mark"),
    [
        ({"type": "object"}, ""),
        ({"type": "OBJECT"}, "~CAPITALS"),
        ({"type_": 6, "max_items": "0"}, "~bent"),
    ],
)
def test_how_a_schema_is_spelled_is_asked_about(schema, mark):
    """A dump of a client's own objects would be sent for a schema."""
    tool = {"functionDeclarations": [{"name": "f", "parameters": schema}]}
    found = features({"tools": [tool]})
    assert f"tools.functionDeclarations.parameters{mark}" in found


def test_a_tool_beside_others_adds_what_only_it_has():
    """A strict tool, or one whose schema is spelled otherwise, would go unseen."""

    def tool(**more):
        return {"type": "function", "function": {"name": "a", **more}}

    plain, strict = tool(parameters={"type": "object"}), tool(strict=True)
    loud = tool(parameters={"type": "OBJECT"})
    other = {"type": "custom", "name": "b", "format": {"syntax": "lark"}}
    tools = [plain, plain, strict, loud, None, other, tool(strict=None)]
    apart = frozenset().union(*(features({"tools": [one]}) for one in tools))
    assert features({"tools": tools}) == apart
    assert "tools.function.strict" in apart
    assert "tools.function.parameters~CAPITALS" in apart
    assert "tools.format.syntax" in apart


@pytest.mark.parametrize("empty", ["", [{"type": "text", "text": ""}]])
def test_an_empty_text_of_what_is_given_is_a_feature_of_its_own(empty):
    """A prompt that some emitter dropped would be replayed as an empty one."""
    assert "messages:user/empty" in _said(empty)
    assert "messages:system/empty" in _said(empty, "system")
    assert "messages:assistant/empty" not in _said(empty, "assistant")
    assert "instructions/empty" in features({"instructions": "", "input": "Hi"})


def test_earlier_calls_without_tools_are_a_feature_of_their_own():
    """Tools that some emitter dropped would be missed by nobody."""
    call = {"id": "c", "type": "function", "function": {"name": "f"}}
    turns = {"messages": [{"role": "assistant", "tool_calls": [call]}]}
    assert NO_TOOLS in features(turns)
    assert NO_TOOLS not in features({**turns, "tools": [call]})
    assert NO_TOOLS not in undeclared(features(turns), ("!tools.name",))
    assert NO_TOOLS in undeclared(features(turns), ("tool_choice",))
