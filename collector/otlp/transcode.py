"""OTLP between protobuf and JSON, where the two sides of the relay differ.

OTLP's JSON is protobuf's JSON mapping but for three things: trace and span ids are
hex, enums are integers, and unknown keys are ignored. OTLP 1.9, "JSON Protobuf
Encoding". Unknown protobuf fields have no name and cannot survive in JSON.
"""

import base64
import binascii
from typing import Any, Final, cast

import msgspec
from google.protobuf import json_format
from google.protobuf.message import DecodeError, Message

from collector.errors import BodyUndecodableError
from collector.otlp.messages import REQUESTS, RESPONSES

_HEX_KEYS: Final = frozenset(
    (
        "traceId",
        "spanId",
        "parentSpanId",
        "profileId",
        "trace_id",
        "span_id",
        "parent_span_id",
        "profile_id",
    )
)
# Deeper than any telemetry; Python's own stack ends soon after.
_MAX_DEPTH: Final = 100


def to_protobuf(body: bytes, signal: str) -> bytes:
    """Turn a JSON export request into the protobuf one.

    Raises:
        BodyUndecodableError: no JSON, or not a request of this signal.
    """
    try:
        tree = msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        raise BodyUndecodableError("the body is no JSON") from None
    return to_message(tree, signal).SerializeToString()


def to_message(tree: object, signal: str) -> Message:
    """Turn a decoded JSON export request into a message; see `to_protobuf`."""
    message = REQUESTS[signal]()
    if not isinstance(tree, dict):
        raise BodyUndecodableError("the body is no JSON object")
    try:
        ready = _ids(tree, _hex_to_base64, 0)
        json_format.ParseDict(
            cast("dict[str, Any]", ready), message, ignore_unknown_fields=True
        )
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
    """Turn a protobuf export request into the JSON one.

    Raises:
        BodyUndecodableError: not a request of this signal.
    """
    try:
        return _as_json(REQUESTS[signal].FromString(body))
    except (DecodeError, ValueError, RecursionError):
        text = f"the body is no {signal} export request"
        raise BodyUndecodableError(text) from None


def response_to_json(body: bytes, signal: str) -> bytes:
    """Turn a protobuf response into JSON; an unreadable one says only success."""
    try:
        return _as_json(RESPONSES[signal].FromString(body)) if body else b"{}"
    except (DecodeError, ValueError):
        return b"{}"


def response_to_protobuf(body: bytes, signal: str) -> bytes:
    """Turn a JSON response into protobuf; an unreadable one says only success."""
    try:
        tree = msgspec.json.decode(body) if body else {}
        message = RESPONSES[signal]()
        json_format.ParseDict(tree, message, ignore_unknown_fields=True)
        return cast("bytes", message.SerializeToString())
    except (msgspec.DecodeError, json_format.ParseError, ValueError, AttributeError):
        return b""


def _as_json(message: Message) -> bytes:
    tree = json_format.MessageToDict(message, use_integers_for_enums=True)
    return msgspec.json.encode(_ids(tree, _base64_to_hex, 0))


def _ids(node: Any, turn: Any, depth: int) -> Any:  # noqa: ANN401 - JSON trees
    """Rewrite ids in place; everything else stays, numbers and keys included."""
    if depth > _MAX_DEPTH:
        raise ValueError("nested too deeply")
    if isinstance(node, dict):
        for key, value in node.items():
            if isinstance(value, dict | list):
                _ids(value, turn, depth + 1)
            elif key in _HEX_KEYS and isinstance(value, str):
                node[key] = turn(value)
    elif isinstance(node, list):
        for item in node:
            if isinstance(item, dict | list):
                _ids(item, turn, depth + 1)
    return node


def _hex_to_base64(text: str) -> str:
    return base64.b64encode(binascii.unhexlify(text)).decode()


def _base64_to_hex(text: str) -> str:
    return base64.b64decode(text).hex()
