"""Whatever a recorded request holds, it is sent, or refused by name; never raised."""

import pytest
from fakes.stored_calls import text_call
from hypothesis import given, settings
from hypothesis import strategies as st

from replayd.providers import PROVIDERS
from replayd.providers.contract import Overrides, ProviderRequest, Refusal
from snaptrace.snapshot.apis import APIS
from snaptrace.snapshot.model import Media, MediaRef, Request

NOW = 1_800_000_000_000_000_000
CHATS = [name for name, api in APIS.items() if api.operation == "chat"]
PAIRS = [(s, t) for s in CHATS for t in CHATS]
PAIRS += [(name, name) for name in PROVIDERS if name not in CHATS]
TOP = [
    "messages", "input", "contents", "system", "systemInstruction", "instructions",
    "tools", "tool_choice", "toolConfig", "generationConfig", "response_format",
    "text", "reasoning", "stop", "temperature", "max_tokens", "prompt", "file",
    "output_config", "parallel_tool_calls", "n", "model",
]  # fmt: skip
INNER = [
    "role", "content", "parts", "type", "text", "image_url", "input_audio", "url",
    "source", "data", "tool_calls", "function", "name", "arguments", "id", "input",
    "tool_call_id", "tool_use_id", "call_id", "output", "functionCall", "args",
    "functionResponse", "response", "functionDeclarations", "parameters", "schema",
    "json_schema", "format", "inlineData", "mimeType", "extra", "cache_control",
]  # fmt: skip
WORDS = [
    "user", "assistant", "system", "tool", "model", "text", "image_url", "tool_use",
    "tool_result", "function_call", "function_call_output", "function", "image",
    "document", "input_text", "input_image", "reasoning", "thinking", "json_schema",
]  # fmt: skip
LEAF = (
    st.none()
    | st.booleans()
    | st.integers(-3, 3)
    | st.floats(allow_nan=False)
    | st.sampled_from(WORDS)
    | st.text(max_size=4)
    | st.builds(MediaRef, st.integers(-1, 3), st.sampled_from(["base64", "data_url"]))
)
VALUE = st.recursive(
    LEAF,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(INNER), inner, max_size=5)
    ),
    max_leaves=25,
)
BODY = st.dictionaries(st.sampled_from(TOP), VALUE, max_size=6) | VALUE
MEDIA = (
    Media(kind="image", mime="image/png", state="inline", digest="d"),
    Media(kind="audio", mime="", state="inline", digest="d"),
)


@pytest.mark.parametrize(("source", "target"), PAIRS)
@settings(max_examples=12, deadline=None)
@given(body=BODY, held=st.booleans())
def test_a_hostile_request_is_sent_or_refused(source, target, body, held):
    """If it failed, one odd call in the store would stop a canary's evaluation."""
    request = Request(api=source, path="", model="old", body=body)
    call = text_call(1, at_ns=NOW, request=request, media=MEDIA)
    blobs = {0: b"\x89PNG", 1: b"RIFF"} if held else {}
    overrides = Overrides(system="S", params={"temperature": 1})
    found = PROVIDERS[target].request(call, blobs, "new", overrides)
    assert isinstance(found, ProviderRequest | Refusal)
    if isinstance(found, Refusal):
        assert found.reason


TOOLS = [
    [None],
    [5],
    ["search"],
    [{}],
    [{"type": 5}],
    [{"type": "function"}],
    [{"type": "function", "function": None}],
    [{"type": "function", "function": {"name": 5, "parameters": "x"}}],
    [{"functionDeclarations": {"name": "x"}}],
    {"type": "function"},
    "tools",
    7,
]


@pytest.mark.parametrize("tools", TOOLS, ids=repr)
@pytest.mark.parametrize("name", CHATS)
def test_malformed_tools_are_sent_as_they_were_or_refused(name, tools):
    """If it failed, a broken tool would be repaired or left out without a word."""
    import json  # noqa: PLC0415

    content = {
        "openai_responses": {"input": "x"},
        "gemini_generate_content": {"contents": [{"parts": [{"text": "x"}]}]},
    }
    body = content.get(name, {"messages": [{"role": "user", "content": "x"}]})
    request = Request(api=name, path="", model="old", body={**body, "tools": tools})
    call = text_call(1, at_ns=NOW, request=request)
    found = PROVIDERS[name].request(call, {}, "new", Overrides())
    if isinstance(found, ProviderRequest):
        assert json.loads(found.body)["tools"] == tools
    elif name == "bedrock_converse":  # its tools stand in `toolConfig`
        assert found.reason in {"field_not_allowed", "server_tool"}
    else:
        assert found.reason == "server_tool"
