"""Server-sent events of a finished stream, as the JSON that each one carries.

Source: WHATWG HTML, "Server-sent events", section 9.2.6. Servers that forget the blank
line between two events, the content type or the name inside of the data are read too.
"""

import re
from collections.abc import Iterator
from typing import Any

from snaptrace.streams.lenient_json import lenient

_LINE = re.compile(rb"[^\r\n]*(?:\r\n|\r|\n|\Z)")
_LOOKS_LIKE_ONE = re.compile(rb"(?:\xef\xbb\xbf)?\s*(?:data:|event:|:|id:|retry:)")
_IS_JSON = re.compile(rb"(?:\xef\xbb\xbf)?\s*[\[{]")
DONE = "[DONE]"  # the end of OpenAI's streams, which is no JSON


def is_stream(headers: dict[str, str], body: bytes = b"") -> bool:
    """Detect a streamed answer by its content type, or by its first bytes."""
    if _IS_JSON.match(body):
        return False
    kind = headers.get("content-type", "").strip().lower()
    return kind.startswith("text/event-stream") or bool(_LOOKS_LIKE_ONE.match(body))


def events(body: bytes) -> Iterator[dict[str, Any]]:
    """Yield the JSON object of every event, skipping what is none.

    One at a time: what a stream holds is never in memory twice. A text may end in half
    a character whose rest is in the next event; whoever joins them calls `mended`. A
    stream cut in the middle of an event ends with the last whole one. `[DONE]` comes
    as an event of the type `DONE`.
    """
    name, data = "", list[bytes]()
    for line in _lines(body):
        if not line:
            yield from _objects(name, data)
            name, data = "", []
        elif line.startswith(b"data:"):
            data.append(line[5:].strip())
        elif line.startswith(b"event:"):
            name = line[6:].strip().decode("utf-8", "replace")
    yield from _objects(name, data)


def _lines(body: bytes) -> Iterator[bytes]:
    at = 3 if body.startswith(b"\xef\xbb\xbf") else 0
    while at < len(body):
        found = _LINE.match(body, at)
        if found is None or found.end() == at:
            return
        at = found.end()
        yield found[0].rstrip(b"\r\n")


def _objects(name: str, data: list[bytes]) -> Iterator[dict[str, Any]]:
    if not data:
        return
    if data == [b"[DONE]"]:
        yield {"type": DONE}
        return
    value = lenient(b"\n".join(data))
    if value is None and len(data) > 1:  # two events without a blank line between
        for each in data:
            yield from _objects(name, [each])
    elif isinstance(value, dict):
        if name and "type" not in value:
            value["type"] = name
        yield value
