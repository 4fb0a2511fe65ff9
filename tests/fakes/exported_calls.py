"""Calls that exports are tried with: a picture, a tool's history, a sound."""

import base64

import msgspec
from fakes.stored_calls import image_call, text_call

from snaptrace.crypto.fleet_key import FleetKey
from snaptrace.snapshot.model import Answer, Media, MediaRef, ToolCall

NOW = 1_800_000_000 * 10**9
KEY = FleetKey(b"k" * 32)
DATA = b"\x89PNG\r\n\x1a\n" + b"a chart"
URL = "data:image/png;base64," + base64.b64encode(DATA).decode()
PICTURE = image_call(1, DATA, KEY, at_ns=NOW)


def tool_call():
    """Return a call with a tool's turn in its history, and a tool call as answer."""
    asked = {
        "id": "c1",
        "type": "function",
        "function": {"name": "find", "arguments": '{"q": "order 7"}'},
    }
    body = {
        "model": "assistant-7",
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "Where is order 7?"},
            {"role": "assistant", "content": None, "tool_calls": [asked]},
            {"role": "tool", "tool_call_id": "c1", "content": "in Oslo"},
        ],
        "tools": [{"type": "function", "function": {"name": "find"}}],
    }
    call = text_call(2, at_ns=NOW, body=body)
    answer = Answer(
        tool_calls=(ToolCall(name="find", arguments='{"q": "8"}', id="c2"),)
    )
    return msgspec.structs.replace(call, answer=answer)


def sound():
    """Return a call with a recorded sound."""
    data = {"data": MediaRef(0, "base64"), "format": "wav"}
    body = {
        "model": "m",
        "messages": [
            {"role": "user", "content": [{"type": "input_audio", "input_audio": data}]}
        ],
    }
    medium = Media(kind="audio", mime="audio/wav", state="inline", digest="0" * 64)
    return text_call(3, at_ns=NOW, body=body, modality="audio", media=(medium,))
