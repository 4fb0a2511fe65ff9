"""Conversion between OTLP protobuf and OTLP/JSON.

OTLP's JSON is protobuf's JSON mapping but for three things: trace and span ids are
hex, enums are integers, and unknown keys are ignored. OTLP 1.9, "JSON Protobuf
Encoding". Unknown protobuf fields have no name and cannot survive in JSON.
"""

import base64
import functools
import math
from typing import Any, Final, NamedTuple, cast

import msgspec
from google.protobuf import descriptor_pb2, descriptor_pool, json_format
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import DecodeError, Message

from collector.errors import BodyUndecodableError
from collector.otlp import json_reader, protobuf_reader
from collector.otlp.messages import REQUESTS, RESPONSES

_HEX_KEYS: Final = frozenset(("traceId", "spanId", "parentSpanId", "profileId"))
# What fields were called before OTLP 0.16; their messages are the same.
_FORMER_NAMES: Final = {
    "instrumentationLibrarySpans": "scopeSpans",
    "instrumentationLibraryMetrics": "scopeMetrics",
    "instrumentationLibraryLogs": "scopeLogs",
    "instrumentationLibrary": "scope",
}
# Deeper than any telemetry; Python's own stack ends soon after.
_MAX_DEPTH: Final = 100


def to_protobuf(body: bytes, signal: str) -> bytes:
    """Convert a JSON export request to protobuf.

    Raises:
        BodyUndecodableError: no JSON, or not a request of this signal.
    """
    return to_message(body, signal).SerializeToString()


def to_message(body: bytes, signal: str) -> Message:
    """Convert a JSON export request to a message; see `to_protobuf`."""
    message = REQUESTS[signal]()
    try:
        tree = json_reader.decode(body)
    except json_reader.UnreadableJsonError:
        raise BodyUndecodableError("the body is no JSON") from None
    if not isinstance(tree, dict):
        raise BodyUndecodableError("the body is no JSON object")
    try:
        ready = _fields(tree, message.DESCRIPTOR, 0)
        json_format.ParseDict(ready, message, ignore_unknown_fields=True)
    except (
        json_format.ParseError,
        ValueError,
        TypeError,
        AttributeError,
        RecursionError,
    ):
        text = f"the body is no {signal} export request"
        raise BodyUndecodableError(text) from None
    return message


def to_json(body: bytes, signal: str) -> bytes:
    """Convert a protobuf export request to JSON.

    Raises:
        BodyUndecodableError: not a request of this signal.
    """
    try:
        return _as_json(protobuf_reader.read(REQUESTS[signal], body))
    except (DecodeError, ValueError, RecursionError):
        text = f"the body is no {signal} export request"
        raise BodyUndecodableError(text) from None


def response_to_json(body: bytes, signal: str) -> bytes:
    """Convert a protobuf response to JSON; an unreadable one becomes plain success."""
    try:
        return (
            _as_json(protobuf_reader.read(RESPONSES[signal], body)) if body else b"{}"
        )
    except (DecodeError, ValueError):
        return b"{}"


def response_to_protobuf(body: bytes, signal: str) -> bytes:
    """Convert a JSON response to protobuf; an unreadable one becomes plain success."""
    try:
        tree = json_reader.decode(body) if body else {}
        message = RESPONSES[signal]()
        json_format.ParseDict(tree, message, ignore_unknown_fields=True)
        return cast("bytes", message.SerializeToString())
    except (json_format.ParseError, ValueError, AttributeError):
        return b""


def _fields(
    node: dict[str, Any],
    kind: Any,  # noqa: ANN401 - a descriptor; its class depends on the build
    depth: int,
) -> dict[str, Any]:
    """Return a message's fields as `json_format` takes them.

    It is stricter than the mapping that it implements: exponents in texts, nulls in
    lists, ids in hex. Unknown fields stay out.

    Raises:
        ValueError: an id that is none, a list or an object where none belongs.
    """
    if depth > _MAX_DEPTH:
        raise ValueError("nested too deeply")
    known = _known_fields(kind.full_name)
    ready: dict[str, Any] = {}
    for key, value in node.items():
        field = known.get(key)
        if field is None or value is None:
            continue
        if not field.is_list:
            ready[field.name] = _value(value, field, depth)
        elif isinstance(value, list):
            items = [_value(item, field, depth) for item in value]
            # Two names of one field: what was called otherwise before.
            ready.setdefault(field.name, []).extend(items)
        else:
            raise ValueError("no list")
    return ready


def _value(value: Any, field: "_Field", depth: int) -> Any:  # noqa: ANN401 - JSON
    if field.message is not None:
        if value is None:
            return {}  # within a list, where a place cannot be left out
        if not isinstance(value, dict):
            raise ValueError("no object")
        return _fields(value, field.message, depth + 1)
    if value is None:
        return field.zero
    if field.size:
        return _id(value, field.size)
    if field.is_integer:
        number = json_reader.integer(value)
        return value if number is None else number
    if field.is_bytes:
        data = json_reader.data(value)
        return value if data is None else base64.b64encode(data).decode()
    if isinstance(value, float) and not math.isfinite(value):
        return _NO_NUMBERS[str(value)]
    return value


class _Field(NamedTuple):
    """Field number, wire type and name of one field."""

    name: str
    is_list: bool
    message: Any  # descriptor of what it holds; None for plain values
    is_integer: bool
    is_bytes: bool
    size: int  # of an id, in bytes; 0 for other fields
    zero: Any  # what stands for null


_INTEGERS: Final = frozenset(
    getattr(FieldDescriptor, f"CPPTYPE_{name}")
    for name in ("INT32", "INT64", "UINT32", "UINT64")
)
_NO_NUMBERS: Final = {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}


@functools.cache
def _known_fields(name: str) -> dict[str, _Field]:
    """Return a message's fields by every name that JSON may call them."""
    found: dict[str, _Field] = {}
    kind = descriptor_pool.Default().FindMessageTypeByName(name)
    declared = descriptor_pb2.DescriptorProto()
    kind.CopyToProto(declared)
    lists = {f.name for f in declared.field if f.label == f.LABEL_REPEATED}
    for field in kind.fields:
        called = field.json_name
        one = _Field(
            name=called,
            is_list=field.name in lists,
            message=field.message_type,
            is_integer=field.cpp_type in _INTEGERS,
            is_bytes=field.type == FieldDescriptor.TYPE_BYTES,
            size=(16 if called in ("traceId", "profileId") else 8)
            * (called in _HEX_KEYS and field.type == FieldDescriptor.TYPE_BYTES),
            zero="" if field.cpp_type == FieldDescriptor.CPPTYPE_STRING else 0,
        )
        found[called] = found[field.name] = one
    for former, today in _FORMER_NAMES.items():
        if today in found:
            found[former] = found[today]
    return found


def _as_json(message: Message) -> bytes:
    tree = json_format.MessageToDict(message, use_integers_for_enums=True)
    return msgspec.json.encode(_hex_ids(tree, 0))


def _hex_ids(node: Any, depth: int) -> Any:  # noqa: ANN401 - JSON trees
    """Rewrite ids in place; everything else stays, numbers and keys included."""
    if depth > _MAX_DEPTH:
        raise ValueError("nested too deeply")
    if isinstance(node, dict):
        for key, value in node.items():
            if isinstance(value, dict | list):
                _hex_ids(value, depth + 1)
            elif key in _HEX_KEYS and isinstance(value, str):
                node[key] = base64.b64decode(value).hex()
    elif isinstance(node, list):
        for item in node:
            if isinstance(item, dict | list):
                _hex_ids(item, depth + 1)
    return node


def _id(text: Any, size: int) -> str:  # noqa: ANN401 - as the sender wrote it
    """Return an id in base64; one that has another size stays one that has it."""
    if text == "":
        return ""
    found = json_reader.identifier(text, size)
    if found is None and isinstance(text, str):
        found = bytes.fromhex(text)
    if found is None:
        raise ValueError("no id")
    return base64.b64encode(found).decode()
