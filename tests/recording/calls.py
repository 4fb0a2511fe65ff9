"""The calls that every driver of a client makes: one function per case.

Runs in the environment of the recorded library: only the standard library and the
client itself are there.
"""

import base64
import os
import struct
import zlib
from typing import Any

_TOOL = {
    "name": "weather",
    "description": "Weather of a city.",
    "parameters": {
        "type": "object",
        "properties": {"city": {"type": "string"}},
        "required": ["city"],
    },
}
_SCHEMA = {"name": "place", "strict": True, "schema": _TOOL["parameters"]}
_QUESTION = "What is the capital of France?"
_SYSTEM = "You are a concise geography assistant."


def _png() -> str:
    """Return a small picture as base64."""
    raw = b"".join(b"\0" + bytes((x, 90, 160)) * 8 for x in range(8))

    def chunk(kind: bytes, data: bytes) -> bytes:
        check = struct.pack(">I", zlib.crc32(kind + data))
        return struct.pack(">I", len(data)) + kind + data + check

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 8, 8, 8, 2, 0, 0, 0))
    body = chunk(b"IDAT", zlib.compress(raw)) + chunk(b"IEND", b"")
    return base64.b64encode(b"\x89PNG\r\n\x1a\n" + head + body).decode()


def _user(text: str = _QUESTION) -> dict[str, Any]:
    return {"role": "user", "content": text}


def openai(case: str) -> None:
    """Make one call with OpenAI's client."""
    import openai as sdk  # noqa: PLC0415 - there only where it is recorded

    client = sdk.OpenAI(
        base_url=os.environ["STAND_IN"] + "/v1", api_key="none", max_retries=0
    )
    system = {"role": "system", "content": _SYSTEM}
    called = {
        "id": "call_1",
        "type": "function",
        "function": {"name": "weather", "arguments": '{"city": "Paris"}'},
    }
    picture = {"url": f"data:image/png;base64,{_png()}", "detail": "low"}
    chat: dict[str, dict[str, Any]] = {
        "text_system": {"messages": [system, _user()]},
        "sampling": {
            "messages": [_user()],
            "temperature": 0.3,
            "top_p": 0.9,
            "max_tokens": 50,
            "seed": 7,
            "stop": ["END"],
            "n": 1,
            "presence_penalty": 0.1,
            "frequency_penalty": 0.2,
        },
        "multi_turn": {
            "messages": [
                system,
                _user("Größe der Seine?"),
                {"role": "assistant", "content": "777 km"},
                _user("Und der Loire?"),
            ]
        },
        "tools": {
            "messages": [_user("Weather?")],
            "tools": [{"type": "function", "function": _TOOL}],
            "tool_choice": "auto",
        },
        "tool_results": {
            "messages": [
                _user("Weather?"),
                {"role": "assistant", "content": None, "tool_calls": [called]},
                {"role": "tool", "tool_call_id": "call_1", "content": "18 degrees"},
            ],
            "tools": [{"type": "function", "function": _TOOL}],
        },
        "image": {
            "messages": [
                {
                    "role": "user",
                    "content": [
                        {"type": "text", "text": "What is this?"},
                        {"type": "image_url", "image_url": picture},
                    ],
                }
            ]
        },
        "structured": {
            "messages": [_user()],
            "response_format": {"type": "json_schema", "json_schema": _SCHEMA},
        },
        "stream": {"messages": [_user()], "stream": True},
        "error_400": {"messages": [_user("FAIL_400")]},
    }
    if case in chat:
        found = client.chat.completions.create(model="gpt-4o-mini", **chat[case])
        if case == "stream":
            list(found)
    elif case == "embeddings":
        client.embeddings.create(model="text-embedding-3-small", input=["one", "two"])
    elif case == "responses_text":
        client.responses.create(
            model="gpt-4o-mini", instructions=_SYSTEM, input=_QUESTION, temperature=0.2
        )
    elif case == "responses_tools":
        client.responses.create(
            model="gpt-4o-mini",
            input=[_user("Weather?")],
            tools=[{"type": "function", "strict": False, **_TOOL}],
        )
    else:
        raise KeyError(case)


def anthropic(case: str) -> None:
    """Make one call with Anthropic's client."""
    import anthropic as sdk  # noqa: PLC0415 - there only where it is recorded

    client = sdk.Anthropic(
        base_url=os.environ["STAND_IN"], api_key="none", max_retries=0
    )
    tool = {
        "name": "weather",
        "description": _TOOL["description"],
        "input_schema": _TOOL["parameters"],
    }
    used = {"type": "tool_use", "id": "toolu_1", "name": "weather"}
    told = {"type": "tool_result", "tool_use_id": "toolu_1", "content": "18 degrees"}
    source = {"type": "base64", "media_type": "image/png", "data": _png()}
    chat: dict[str, dict[str, Any]] = {
        "text_system": {"system": _SYSTEM, "messages": [_user()]},
        "sampling": {
            "messages": [_user()],
            "stop_sequences": ["END"],
            "service_tier": "auto",
            "metadata": {"user_id": "u-1"},
        },
        "tools": {"messages": [_user("Weather?")], "tools": [tool]},
        "tool_results": {
            "messages": [
                _user("Weather?"),
                {"role": "assistant", "content": [{**used, "input": {"city": "P"}}]},
                {"role": "user", "content": [told]},
            ],
            "tools": [tool],
        },
        "image": {
            "messages": [
                {
                    "role": "user",
                    "content": [
                        {"type": "image", "source": source},
                        {"type": "text", "text": "What is this?"},
                    ],
                }
            ]
        },
        "error_400": {"messages": [_user("FAIL_400")]},
    }
    client.messages.create(model="claude-sonnet-4-5", max_tokens=100, **chat[case])


CASES = {
    "openai": (
        "text_system",
        "sampling",
        "multi_turn",
        "tools",
        "tool_results",
        "image",
        "structured",
        "stream",
        "error_400",
        "embeddings",
        "responses_text",
        "responses_tools",
    ),
    "anthropic": (
        "text_system",
        "sampling",
        "tools",
        "tool_results",
        "image",
        "error_400",
    ),
}
CALLS = {"openai": openai, "anthropic": anthropic}
