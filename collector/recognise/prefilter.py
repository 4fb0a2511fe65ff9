"""Request bytes -> the few raw spans and log records worth decoding.

Two steps, both cheap. `has_marker` looks once over a whole request for the names that
GenAI conventions use; most requests end there. `split` cuts a request into raw spans
with messages that are wire-compatible with OTLP but whose repeated spans are declared
`bytes`, so nothing inside a span is parsed until somebody decides to.

The relay process imports this module: it needs protobuf only inside `split`.
"""

from __future__ import annotations

import ctypes
import functools
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import msgspec

if TYPE_CHECKING:
    from collector.otlp.signals import OtlpRequest

# Every convention's spans contain one of these names; those that also write `gen_ai.*`
# need no other. A miss here loses a call; a false hit only costs a decode.
MARKERS: tuple[bytes, ...] = (
    b"gen_ai.",
    b"openinference.",
    b"llm.",
    b"ai.operationId",
    b"langfuse.",
    b"mlflow.spanType",
    b"request_data",
    b"haystack.",
    b"model_dict.",  # of LlamaIndex's own events
)

_SMALL_BYTES = 1_024  # of a record
# From here on the C library's search is the faster one, in spite of its call: it needs
# 0.1 ns a byte for most markers where `in` needs 0.4.
_LONG_BYTES = 768
_FIELD_1 = b"\x0a"  # its only field, the resources
_TRACE_ID_FIRST = b"\x0a\x10"  # field 1, length 16

RecordKind = Literal["span", "log"]


class UnreadableRequestError(ValueError):
    """The body is not what its signal and encoding say; drop it and count it."""


class RawRecord(NamedTuple):
    """One span or log record, still encoded, with the encoded parts around it."""

    kind: RecordKind
    encoding: Literal["protobuf", "json"]
    resource: bytes
    scope: bytes
    body: bytes


def _memmem() -> Callable[..., int | None]:
    """Return the C library's search, or what does the same where it has none."""
    # `PyDLL`: to let others run meanwhile would cost more than most searches.
    found = getattr(ctypes.PyDLL(None), "memmem", None)
    if found is None:
        return lambda body, _, marker, __: 1 if marker.value in body else None
    # Its arguments are typed where they are made: to convert them costs as much as all
    # the rest of a call.
    found.restype = ctypes.c_void_p
    searched: Callable[..., int | None] = found
    return searched


_search = _memmem()
_TYPED_MARKERS = tuple(
    (marker, ctypes.c_char_p(marker), ctypes.c_size_t(len(marker)))
    for marker in MARKERS
)


def has_marker(body: bytes) -> bool:
    """Return whether any GenAI attribute name can be in the request."""
    if len(body) < _LONG_BYTES:
        for marker in MARKERS:  # noqa: SIM110 - a generator costs more than the search
            if marker in body:
                return True
        return False
    size = ctypes.c_size_t(len(body))
    for _, typed, length in _TYPED_MARKERS:
        if _search(body, size, typed, length):
            return True
    return False


def _markers_in(text: bytes) -> list[bytes]:
    """Return the markers that occur in `text`."""
    if len(text) < _LONG_BYTES:
        return [marker for marker in MARKERS if marker in text]
    size = ctypes.c_size_t(len(text))
    return [
        m for m, typed, length in _TYPED_MARKERS if _search(text, size, typed, length)
    ]


def _marked(records: list[bytes]) -> list[bytes]:
    """Return the records with a marker, in order.

    Small ones are looked through together first: beside a model call there are many
    that are none, and at their size a search costs more than its bytes.
    """
    small = b"".join([record for record in records if len(record) <= _SMALL_BYTES])
    if not (markers := _markers_in(small)):
        return [r for r in records if len(r) > _SMALL_BYTES and has_marker(r)]
    return [
        record
        for record in records
        if (
            has_marker(record)
            if len(record) > _SMALL_BYTES
            else any(marker in record for marker in markers)
        )
    ]


def split(request: OtlpRequest) -> Iterator[RawRecord]:
    """Return the records that carry a marker, undecoded, in the order sent.

    Raises, where it is iterated over:
        UnreadableRequestError: the body does not parse; nothing more will come of it.
    """
    if request.signal not in ("traces", "logs"):
        return iter(())
    if request.encoding == "json":
        return _split_json(request.body, request.signal)
    return _split_protobuf(request.body, request.signal)


def signal_of(body: bytes) -> str:
    """Return `traces` or `logs` for a protobuf export whose signal nobody noted.

    On the wire the two look alike down to the records: a span begins with its trace id,
    16 bytes in field 1, where a log record has a fixed time or nothing.

    Raises:
        UnreadableRequestError: the body is no export at all.
    """
    if body[:1] != _FIELD_1:
        raise UnreadableRequestError("no export")
    try:
        message = _skeleton("traces").FromString(body)
    except Exception as damage:  # noqa: BLE001 - see `_split_protobuf`
        raise UnreadableRequestError(type(damage).__name__) from None
    for group in message.resources:
        for scoped in group.scopes:
            for record in scoped.records:
                return "traces" if record[:2] == _TRACE_ID_FIRST else "logs"
    return "traces"


def _split_protobuf(body: bytes, signal: str) -> Iterator[RawRecord]:
    kind: RecordKind = "span" if signal == "traces" else "log"
    try:
        message = _skeleton(signal).FromString(body)
    except Exception as damage:  # noqa: BLE001 - see the next line
        # upb raises its own DecodeError class, whose module differs by release.
        raise UnreadableRequestError(f"{signal}: {type(damage).__name__}") from None
    for group in message.resources:
        resource = group.resource
        for scoped in (*group.scopes, *group.libraries):
            scope = scoped.scope
            for record in _marked(list(scoped.records)):
                yield RawRecord(kind, "protobuf", resource, scope, record)


@functools.cache
def _skeleton(signal: str) -> Any:  # noqa: ANN401 - a generated message class
    """Build the message class: OTLP 1.9 `Export…ServiceRequest`, records as bytes."""
    from google.protobuf import (  # noqa: PLC0415 - the relay never gets here
        descriptor_pb2,
        descriptor_pool,
        message_factory,
    )

    name = f"snaptrace.skeleton.{signal}"
    file = descriptor_pb2.FileDescriptorProto(name=f"{name}.proto", package=name)
    field = descriptor_pb2.FieldDescriptorProto
    layout: tuple[tuple[str, tuple[tuple[str, int, int, str], ...]], ...] = (
        (
            "Scoped",
            (
                ("scope", 1, field.LABEL_OPTIONAL, ""),
                ("records", 2, field.LABEL_REPEATED, ""),
            ),
        ),
        (
            "Group",
            (
                ("resource", 1, field.LABEL_OPTIONAL, ""),
                ("scopes", 2, field.LABEL_REPEATED, "Scoped"),
                # Of the same shape; OTLP 0.15 to 0.19 sent both.
                ("libraries", 1000, field.LABEL_REPEATED, "Scoped"),
            ),
        ),
        ("Export", (("resources", 1, field.LABEL_REPEATED, "Group"),)),
    )
    for message_name, fields in layout:
        message = file.message_type.add(name=message_name)
        for field_name, number, label, of in fields:
            added = message.field.add(name=field_name, number=number, label=label)
            if of:
                added.type, added.type_name = field.TYPE_MESSAGE, f".{name}.{of}"
            else:
                added.type = field.TYPE_BYTES
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{name}.Export"))


def _split_json(body: bytes, signal: str) -> Iterator[RawRecord]:
    kind: RecordKind = "span" if signal == "traces" else "log"
    try:
        message = _json_decoder(signal).decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        groups = _read_leniently(body, signal)
    else:
        groups = (
            (bytes(group.resource), bytes(scoped.scope), scoped.records)
            for group in message.groups
            for scoped in group.scopes
        )
    for resource, scope, records in groups:
        for record in _marked([bytes(raw) for raw in records]):
            yield RawRecord(kind, "json", resource, scope, record)


class _Names(NamedTuple):
    """Names of the levels of an OTLP/JSON request, current and former."""

    groups: tuple[str, ...]
    scopes: tuple[str, ...]
    records: tuple[str, ...]


_SCOPE_NAMES = ("scope", "instrumentationLibrary", "instrumentation_library")
_NAMES: dict[str, _Names] = {
    "traces": _Names(
        ("resourceSpans", "resource_spans"),
        (
            *("scopeSpans", "scope_spans"),
            *("instrumentationLibrarySpans", "instrumentation_library_spans"),
        ),
        ("spans",),
    ),
    "logs": _Names(
        ("resourceLogs", "resource_logs"),
        (
            *("scopeLogs", "scope_logs"),
            *("instrumentationLibraryLogs", "instrumentation_library_logs"),
        ),
        ("logRecords", "log_records", "logs"),
    ),
}


def _read_leniently(
    body: bytes, signal: str
) -> Iterator[tuple[bytes, bytes, list[bytes]]]:
    """Yield (resource, scope, records) of all that can be read in a JSON request.

    Slower than the decoder by far: for requests that hold what JSON does not allow,
    or that name their parts otherwise.
    """
    from collector.otlp import json_reader  # noqa: PLC0415 - for odd requests alone

    names = _NAMES[signal]
    try:
        tree = json_reader.decode(body)
        is_export = isinstance(tree, dict) and all(
            isinstance(tree.get(name), list | None) for name in names.groups
        )
        for group in _objects(tree, names.groups):
            resource = msgspec.json.encode(group.get("resource"))
            for scoped in _objects(group, names.scopes):
                scope = next((scoped[n] for n in _SCOPE_NAMES if n in scoped), None)
                records = _objects(scoped, names.records)
                yield (
                    resource,
                    msgspec.json.encode(scope),
                    [msgspec.json.encode(record) for record in records],
                )
    except (ValueError, RecursionError) as damage:
        raise UnreadableRequestError(f"{signal}: {type(damage).__name__}") from None
    if not is_export:
        raise UnreadableRequestError(f"{signal}: no export")


def _objects(holder: object, names: tuple[str, ...]) -> Iterator[dict[str, Any]]:
    """Yield the objects in the lists that a JSON object has under these names."""
    if not isinstance(holder, dict):
        return
    for name in names:
        found = holder.get(name)
        for item in found if isinstance(found, list) else ():
            if isinstance(item, dict):
                yield item


@functools.cache
def _json_decoder(signal: str) -> Any:  # noqa: ANN401 - built from the signal's names
    """Return a decoder that refuses what `_read_leniently` reads."""
    names = _NAMES[signal]
    empty = msgspec.Raw(b"{}")
    scoped = msgspec.defstruct(
        "Scoped",
        [("scope", msgspec.Raw, empty), ("records", list[msgspec.Raw])],
        rename={"records": names.records[0]},
        kw_only=True,
    )
    group = msgspec.defstruct(
        "Group",
        [("resource", msgspec.Raw, empty), ("scopes", list[scoped])],  # type: ignore[valid-type]
        rename={"scopes": names.scopes[0]},
        kw_only=True,
    )
    export = msgspec.defstruct(
        "Export",
        [("groups", list[group])],  # type: ignore[valid-type]
        rename={"groups": names.groups[0]},
    )
    return msgspec.json.Decoder(export)
