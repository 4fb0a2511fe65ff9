"""OTLP protobuf reader that tolerates invalid UTF-8 in strings.

A client may cut a text in the middle of a sign, or copy bytes of an old encoding. The
parser refuses the whole message for one such string; opentelemetry-proto's
specification asks receivers to read U+FFFD there instead. Nothing is copied for
messages that are in order.
"""

import functools
from typing import Any, Final, TypeVar

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.descriptor import FieldDescriptor, FileDescriptor
from google.protobuf.message import DecodeError, Message

M = TypeVar("M", bound=Message)

_MOST_LEVELS: Final = 100  # as protobuf's own parser
_VARINT, _FIXED64, _LENGTH, _FIXED32 = 0, 1, 2, 5
_LONGEST_VARINT: Final = 10


def read(kind: type[M], body: bytes) -> M:
    """Parse a message; invalid UTF-8 in strings is replaced by U+FFFD.

    Raises:
        DecodeError: not a message of this kind.
    """
    try:
        return kind.FromString(body)
    except DecodeError:
        return kind.FromString(_repaired(body, kind.DESCRIPTOR, 0))


def check(kind: type[Message], body: bytes) -> None:
    """Raise DecodeError for input that `read` rejects, without repairing strings."""
    try:
        kind.FromString(body)
    except DecodeError:
        _without_utf8(kind.DESCRIPTOR.full_name).FromString(body)


def _repaired(
    body: bytes,
    kind: Any,  # noqa: ANN401 - a descriptor; its class depends on the build
    level: int,
) -> bytes:
    """Return the message with its strings repaired; itself if they are in order."""
    if level > _MOST_LEVELS:
        raise DecodeError("nested too deeply")
    fields = kind.fields_by_number
    out: list[bytes] = []
    at = kept = 0  # what lies between the two is in order
    while at < len(body):
        tag, named = _varint(body, at)
        start, at = _field(body, named, tag & 7)
        field = fields.get(tag >> 3) if tag & 7 == _LENGTH else None
        if field is None or field.type not in _LOOKED_INTO:
            continue
        old = body[start:at]
        if field.type == FieldDescriptor.TYPE_STRING:
            new = _as_utf8(old)
        else:
            new = _repaired(old, field.message_type, level + 1)
        if new is not old:
            out += (body[kept:named], _length(len(new)), new)
            kept = at
    if not out:
        return body
    out.append(body[kept:])
    return b"".join(out)


_LOOKED_INTO = (FieldDescriptor.TYPE_STRING, FieldDescriptor.TYPE_MESSAGE)


def _as_utf8(text: bytes) -> bytes:
    try:
        text.decode()
    except UnicodeDecodeError:
        return text.decode(errors="replace").encode()
    return text


def _varint(body: bytes, at: int) -> tuple[int, int]:
    value = 0
    for index in range(_LONGEST_VARINT):
        if at + index >= len(body):
            break
        byte = body[at + index]
        value |= (byte & 0x7F) << 7 * index
        if byte < 0x80:
            return value, at + index + 1
    raise DecodeError("cut off within a number")


def _field(body: bytes, at: int, wire: int) -> tuple[int, int]:
    """Return where a field's content begins and ends."""
    start = at
    if wire == _VARINT:
        at = _varint(body, at)[1]
    elif wire == _FIXED64:
        at += 8
    elif wire == _FIXED32:
        at += 4
    elif wire == _LENGTH:
        size, start = _varint(body, at)
        at = start + size
    else:
        raise DecodeError("a group")
    if at > len(body):
        raise DecodeError("cut off within a field")
    return start, at


def _length(size: int) -> bytes:
    made = bytearray()
    while size > 0x7F:
        made.append(size & 0x7F | 0x80)
        size >>= 7
    made.append(size)
    return bytes(made)


@functools.cache
def _without_utf8(name: str) -> type[Message]:
    """Return a class that reads the same messages and takes any bytes for a string."""
    pool = descriptor_pool.DescriptorPool()
    found = descriptor_pool.Default().FindMessageTypeByName(name)
    _add(pool, found.file, set())
    return message_factory.GetMessageClass(pool.FindMessageTypeByName(name))


def _add(
    pool: descriptor_pool.DescriptorPool, file: FileDescriptor, added: set[str]
) -> None:
    if file.name in added:
        return
    added.add(file.name)
    for needed in file.dependencies:
        _add(pool, needed, added)
    copied = descriptor_pb2.FileDescriptorProto()
    file.CopyToProto(copied)
    waiting: list[Any] = list(copied.message_type)
    while waiting:
        message = waiting.pop()
        waiting.extend(message.nested_type)
        for field in message.field:
            if field.type == descriptor_pb2.FieldDescriptorProto.TYPE_STRING:
                field.type = descriptor_pb2.FieldDescriptorProto.TYPE_BYTES
    pool.Add(copied)
