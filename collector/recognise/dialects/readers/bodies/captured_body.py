"""A body as it went over the wire: text or base64, coded or not, JSON or a form.

Everything is bounded: what unfolds beyond the limit counts as unreadable.
"""

import base64
import binascii
import re
from collections.abc import Mapping
from typing import Any

from collector.errors import BodyTooLargeError, BodyUndecodableError
from collector.otlp.compression import decompress
from collector.recognise.dialects.readers.json_values import as_count, as_text, loads
from collector.recognise.record import Value

_MOST_BYTES = 64 * 1024 * 1024
_FIELDS_MAX = 256  # of one form
_HEAD_BYTES = 4096  # of one of its parts
_CODINGS_MAX = 2  # one upon the other
_BOUNDARY = re.compile(r'boundary="?([^";]{1,200})"?')
_NAME = re.compile(rb'(?i)content-disposition:[^\r\n]*?\bname="([^"\r\n]{1,200})"')
_FILE = re.compile(rb"(?i)content-disposition:[^\r\n]*?\bfilename")
_TYPE = re.compile(rb"(?i)content-type:\s*([\w.+/-]{1,200})")


def raw_body(attributes: Mapping[str, Value], name: str) -> bytes | None:
    """Return the bytes below an attribute's name, their coding undone.

    None where there are none, or fewer than the record says were sent.
    """
    text = attributes.get(f"{name}.body")
    if isinstance(text, bytes):
        body = text
    elif isinstance(text, str):
        body = text.encode("utf-8", "surrogatepass")
    else:
        try:
            coded = as_text(attributes.get(f"{name}.body_base64"))
            body = base64.b64decode(coded, validate=True)
        except (binascii.Error, ValueError):
            return None
    if len(body) != as_count(attributes.get(f"{name}.bytes")):
        return None
    return _undone(body, as_text(attributes.get(f"{name}.encoding")))


def _undone(body: bytes, coding: str) -> bytes | None:
    names = [name for part in coding.lower().split(",") if (name := part.strip())]
    if len(names) > _CODINGS_MAX:
        return None
    for name in reversed(names):
        try:
            body = decompress(body, name, _MOST_BYTES)
        except (BodyTooLargeError, BodyUndecodableError):
            return None
    return body


def read_body(body: bytes, content_type: str) -> dict[str, Any] | None:
    """Return a request's fields: of a JSON object, or of a form; None for neither."""
    if content_type.startswith("multipart/form-data"):
        found = _BOUNDARY.search(content_type)
        return _form(body, found[1].encode()) if found else None
    try:
        value = loads(body.decode("utf-8")).value
    except UnicodeDecodeError:
        return None
    return value if isinstance(value, dict) else None


def _form(body: bytes, boundary: bytes) -> dict[str, Any] | None:
    """Return a form's fields; a file as a data URL, a repeated name as a list."""
    fields: dict[str, Any] = {}
    parts = body.split(b"--" + boundary, _FIELDS_MAX + 1)
    if len(parts) > _FIELDS_MAX:
        return None
    for part in parts[1:]:
        if part.startswith(b"--"):
            break
        head, gap, content = part.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        if not gap or len(head) > _HEAD_BYTES:
            return None
        named = _NAME.search(head)
        if named is None:
            return None
        name = named[1].decode("utf-8", "replace")
        value = _value(head, content.removesuffix(b"\r\n"))
        if name.endswith("[]"):
            fields.setdefault(name.removesuffix("[]"), []).append(value)
        else:
            fields[name] = value
    return fields


def _value(head: bytes, content: bytes) -> str:
    if _FILE.search(head) is None:
        return content.decode("utf-8", "replace")
    found = _TYPE.search(head)
    mime = found[1].decode() if found else "application/octet-stream"
    return f"data:{mime};base64,{base64.b64encode(content).decode()}"
