"""What the calls say and show. All made up."""

import base64
import struct
import zlib
from typing import Any

CITY = {
    "type": "object",
    "properties": {"city": {"type": "string", "description": "Name of a city."}},
    "required": ["city"],
    "additionalProperties": False,
}
ABOUT = "Weather of a city."
TOOL = {"name": "weather", "description": ABOUT, "parameters": CITY}
CLOCK = {"name": "clock", "parameters": {"type": "object", "properties": {}}}
FUNCTIONS = [{"type": "function", "function": TOOL}]
BOTH = [*FUNCTIONS, {"type": "function", "function": CLOCK}]
PLACE = {
    "type": "object",
    "properties": {
        "city": {"type": "string"},
        "people": {"type": "integer"},
        "rivers": {"type": "array", "items": {"type": "string"}},
    },
    "required": ["city", "people", "rivers"],
    "additionalProperties": False,
}
SCHEMA = {"name": "place", "strict": True, "schema": PLACE}
QUESTION = "What is the capital of France?"
SYSTEM = "You are a concise geography assistant."
RULES = ("Answer in one sentence.", "Name no river.")
TOLD = "18 degrees"
ASKED = "Weather in Paris?"
ERROR = "FAIL_400"
ODD = 'Größe der Seine? 河流 "quoted" \\ back\nnext line 🦊'
ARGUMENTS = '{"city": "Paris"}'
USED = {
    "id": "call_1",
    "type": "function",
    "function": {"name": "weather", "arguments": ARGUMENTS},
}
AGAIN = {
    "id": "call_2",
    "type": "function",
    "function": {"name": "clock", "arguments": "{}"},
}


def _png() -> bytes:
    raw = b"".join(b"\0" + bytes((x, 90, 160)) * 8 for x in range(8))

    def chunk(kind: bytes, data: bytes) -> bytes:
        check = struct.pack(">I", zlib.crc32(kind + data))
        return struct.pack(">I", len(data)) + kind + data + check

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 8, 8, 8, 2, 0, 0, 0))
    body = chunk(b"IDAT", zlib.compress(raw)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + head + body


def _wav() -> bytes:
    data = bytes(range(128, 228))
    form = struct.pack("<IHHIIHH", 16, 1, 1, 8000, 8000, 1, 8)
    body = b"WAVEfmt " + form + b"data" + struct.pack("<I", len(data)) + data
    return b"RIFF" + struct.pack("<I", len(body)) + body


PNG, WAV = _png(), _wav()
PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"  # noqa: E501 - one small file


def encoded(data: bytes) -> str:
    """Return bytes as base64."""
    return base64.b64encode(data).decode()


def url_of(data: bytes, kind: str) -> str:
    """Return bytes as a data URL."""
    return f"data:{kind};base64,{encoded(data)}"


def text(words: str) -> dict[str, Any]:
    """Return a text part, as OpenAI and Anthropic spell it."""
    return {"type": "text", "text": words}


def turn(role: str, *parts: Any, **more: Any) -> dict[str, Any]:
    """Return a message: of one string, or of parts."""
    content = parts[0] if len(parts) == 1 else [*parts]
    return {"role": role, "content": content, **more}


def user(*parts: Any, **more: Any) -> dict[str, Any]:
    """Return a message of the user."""
    return turn("user", *parts, **more)


def used_up(stream: Any) -> None:
    """Read a stream to its end."""
    for _ in stream:
        pass
