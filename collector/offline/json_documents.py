"""JSON files of traces -> OTLP requests: what other tools make of an export.

OTLP/JSON itself, alone, line by line or one document after another; answers and files
of Tempo, Jaeger (`jaeger_spans`) and Zipkin (`zipkin_spans`). Sources: OTLP 1.9;
Tempo's HTTP API (`/api/traces`, `/api/v2/traces`); Jaeger's `api/v3`, and its UI's
files; Zipkin's API, second version.
"""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from collector.offline.jaeger_spans import from_jaeger, is_jaeger
from collector.offline.llm_logs import from_log, is_log
from collector.offline.zipkin_spans import from_zipkin, is_zipkin
from collector.otlp import json_reader
from collector.otlp.signals import OtlpRequest

_WRAPPERS = ("trace", "traces", "data", "result", "results", "items")
# Fields in which collectors of log lines keep a line, as text.
_LINES = ("body", "log", "message", "value")
_MOST_WRAPPERS = 4  # one within the other
_SIGNALS = {
    "resourceSpans": "traces",
    "resource_spans": "traces",
    "resourceLogs": "logs",
    "resource_logs": "logs",
}
# What one resource's part of an export has, which some tools store by itself.
_ALONE = {
    "scopeSpans": (b"resourceSpans", "traces"),
    "scope_spans": (b"resourceSpans", "traces"),
    "instrumentationLibrarySpans": (b"resourceSpans", "traces"),
    "scopeLogs": (b"resourceLogs", "logs"),
    "scope_logs": (b"resourceLogs", "logs"),
}
_OTHERS: tuple[tuple[Callable[..., bool], Callable[[Any], bytes]], ...] = (
    (is_jaeger, from_jaeger),
    (is_log, from_log),
    (is_zipkin, from_zipkin),
)
# Exports as well, of signals that hold no model calls.
_OTHER_SIGNALS = frozenset(
    ("resourceMetrics", "resource_metrics", "resourceProfiles", "resource_profiles")
)
# (a key that only they have, what it is)
_FOREIGN: tuple[tuple[frozenset[str], str], ...] = (
    (
        frozenset(("name", "context", "attributes")),
        "spans as the SDK's console exporter prints them; use an OTLP exporter",
    ),
    (frozenset(("spans",)), "spans without `resourceSpans`"),
)
_KEYS_SHOWN, _KEY_CHARACTERS = 5, 40
_BEGINNING = re.compile(r"\n[\[{]")
_BLANK = re.compile(r"[\s\x1e,]*")  # RFC 7464 puts a sign before each document


class ForeignDocumentError(ValueError):
    """JSON that is no export; the text says what it is instead."""


def is_whole(line: bytes) -> bool:
    """Return whether a line is a JSON document by itself."""
    try:
        msgspec.json.decode(line, type=msgspec.Raw)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return False
    return True


def documents_in(body: bytes) -> Iterator[bytes | ForeignDocumentError]:
    """Yield the JSON documents that stand one after another, over many lines each.

    Where one is broken, its error stands in its place, and the search goes on at the
    next line that begins as a document does.
    """
    text = json_reader.repaired(body).decode()
    decoder = json.JSONDecoder(strict=False)
    at = _blank_end(text, 0)
    while at < len(text):
        try:
            found, at = decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            line = text.count("\n", 0, at) + 1
            yield ForeignDocumentError(f"broken JSON from line {line} of the rest on")
            following = _BEGINNING.search(text, at + 1)
            at = len(text) if following is None else following.start() + 1
        else:
            yield msgspec.json.encode(found)
            at = _blank_end(text, at)


def _blank_end(text: str, at: int) -> int:
    found = _BLANK.match(text, at)
    return at if found is None else found.end()


def requests_in(document: bytes, level: int = 0) -> Iterator[OtlpRequest]:
    """Yield the requests that a JSON document holds; none for metrics.

    Raises:
        ForeignDocumentError: it holds something else.
    """
    parts = _parts(document)
    if isinstance(parts, list):
        yield from _each(parts, level)
        return
    if alone := next((_ALONE[key] for key in parts if key in _ALONE), None):
        name, signal = alone
        yield _request(signal, b'{"' + name + b'":[' + document + b"]}")
        return
    signals = {_SIGNALS[key] for key in parts if key in _SIGNALS}
    for signal in sorted(signals):
        yield _request(signal, document)
    if signals or not _OTHER_SIGNALS.isdisjoint(parts):
        return
    if "batches" in parts:  # Tempo's name for `resourceSpans`, up to its second API
        body = b'{"resourceSpans":' + bytes(parts["batches"]) + b"}"
        yield _request("traces", body)
        return
    for is_theirs, converted in _OTHERS:
        if is_theirs(parts):
            yield _request("traces", converted(json_reader.decode(document)))
            return
    inner = [bytes(parts[key]) for key in _WRAPPERS if key in parts]
    inner += [text for key in _LINES if (text := _object_in(parts.get(key)))]
    if not inner or level >= _MOST_WRAPPERS:
        raise ForeignDocumentError(_description(parts))
    for one in inner:
        yield from requests_in(one, level + 1)


def _object_in(field: msgspec.Raw | None) -> bytes:
    """Return the JSON object that a field is, or holds as text; empty if it is none."""
    told = b"" if field is None else bytes(field)
    if told[:1] == b'"':
        told = str(json_reader.decode(told)).strip().encode(errors="replace")
    return told if told[:1] == b"{" else b""


def _each(parts: list[msgspec.Raw], level: int) -> Iterator[OtlpRequest]:
    if level >= _MOST_WRAPPERS:
        raise ForeignDocumentError("lists within lists")
    for part in parts:
        yield from requests_in(bytes(part), level + 1)


def _parts(document: bytes) -> list[msgspec.Raw] | dict[str, msgspec.Raw]:
    kind = list[msgspec.Raw] | dict[str, msgspec.Raw]
    try:
        found: Any = msgspec.json.decode(document, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        try:
            found = msgspec.json.decode(json_reader.strict(document), type=kind)
        except msgspec.ValidationError:
            raise ForeignDocumentError("JSON, but no object") from None
        except (ValueError, RecursionError):
            raise ForeignDocumentError("broken JSON") from None
    parts: list[msgspec.Raw] | dict[str, msgspec.Raw] = found
    return parts


def _request(signal: str, body: bytes) -> OtlpRequest:
    return OtlpRequest(signal=signal, encoding="json", body=body, received_at_ns=0)


def _description(parts: dict[str, msgspec.Raw]) -> str:
    for keys, what in _FOREIGN:
        if keys <= parts.keys():
            return f"JSON, but no OTLP export: {what}"
    if not parts:
        return "JSON, but an empty object"
    keys_shown = ", ".join(key[:_KEY_CHARACTERS] for key in list(parts)[:_KEYS_SHOWN])
    return f"JSON, but no OTLP export: an object of {keys_shown}"
