"""Past exports as requests: OTLP JSON lines, JSON, protobuf; plain, gzip or zstd.

What the kind of a file is, its bytes say, not its name: the Collector's file exporter
writes JSON lines, or protobuf messages each behind its length.
"""

import gzip
import io
import re
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import msgspec
import zstandard

from collector.otlp.signals import OtlpRequest
from collector.recognise.prefilter import UnreadableRequestError, signal_of

_GZIP, _ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"
_REQUEST_BYTES_MAX = 256 * 1024 * 1024  # one message or line
_TOTAL_BYTES_MAX = 64 * 1024 * 1024 * 1024  # of one file, decompressed
_WINDOW_BYTES_MAX = 1 << 27
_CHUNK_BYTES = 1 << 20
_SIGNAL_KEYS = {b'"resourceSpans"': "traces", b'"resourceLogs"': "logs"}
# A protobuf export begins with a line feed, and may go on with a brace.
_JSON = re.compile(rb"[\[{]|\s+[\[{][\s\[{]*\"resource")
_HEAD_BYTES = 4096
_LENGTH_BYTES = 4  # big endian, before each protobuf message of the file exporter


class UnreadableExportError(ValueError):
    """The file holds no OTLP export; `path` and `why` say which and why not."""

    def __init__(self, path: Path, why: str) -> None:
        super().__init__(f"{path}: {why}")
        self.path, self.why = path, why


def read_exports(path: Path) -> Iterator[OtlpRequest]:
    """Yield the file's requests in order.

    Metrics and empty lines are passed over.

    Raises:
        UnreadableExportError: neither OTLP JSON nor protobuf, damaged compression, or
            a message beyond the size limit. What came before has been yielded.
    """
    try:
        with path.open("rb") as file:
            head = file.read(4)
            file.seek(0)
            stream = _opened(file, head)
            if _JSON.match(stream.peek(_HEAD_BYTES)[:_HEAD_BYTES]):
                yield from _json_lines(path, stream)
            else:
                yield from _protobuf(path, stream)
    except (OSError, EOFError, zlib.error, zstandard.ZstdError) as damage:
        raise UnreadableExportError(path, type(damage).__name__) from None


def _opened(file: BinaryIO, head: bytes) -> io.BufferedReader:
    raw: Any = file  # three kinds of reader with one way to read
    if head.startswith(_GZIP):
        raw = gzip.GzipFile(fileobj=file)
    elif head == _ZSTD:
        reader = zstandard.ZstdDecompressor(max_window_size=_WINDOW_BYTES_MAX)
        raw = reader.stream_reader(file, read_across_frames=True)
    return io.BufferedReader(raw, buffer_size=_CHUNK_BYTES)


def _json_lines(path: Path, stream: io.BufferedReader) -> Iterator[OtlpRequest]:
    total = 0
    while line := stream.readline(_REQUEST_BYTES_MAX + 1):
        total += len(line)
        if len(line) > _REQUEST_BYTES_MAX or total > _TOTAL_BYTES_MAX:
            raise UnreadableExportError(path, "a line is too long")
        if not line.strip():
            continue
        if not _is_whole(line):
            line += _rest(path, stream)
        yield from _requests_of(path, line.strip())


def _is_whole(line: bytes) -> bool:
    try:
        msgspec.json.decode(line, type=msgspec.Raw)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return False
    return True


def _rest(path: Path, stream: io.BufferedReader) -> bytes:
    rest = stream.read(_REQUEST_BYTES_MAX + 1)
    if len(rest) > _REQUEST_BYTES_MAX:
        raise UnreadableExportError(path, "a document is too long")
    return rest


def _requests_of(path: Path, document: bytes) -> Iterator[OtlpRequest]:
    documents = [document]
    if document.startswith(b"["):
        try:
            documents = [
                bytes(raw)
                for raw in msgspec.json.decode(document, type=list[msgspec.Raw])
            ]
        except (msgspec.MsgspecError, UnicodeDecodeError):
            raise UnreadableExportError(path, "broken JSON") from None
    for one in documents:
        found = next((s for key, s in _SIGNAL_KEYS.items() if key in one), None)
        if found is None:
            if b'"resourceMetrics"' in one or b'"resourceProfiles"' in one:
                continue
            raise UnreadableExportError(path, "JSON, but no OTLP export")
        yield OtlpRequest(signal=found, encoding="json", body=one, received_at_ns=0)


def _protobuf(path: Path, stream: io.BufferedReader) -> Iterator[OtlpRequest]:
    head = stream.read(_LENGTH_BYTES)
    length = int.from_bytes(head, "big")
    if head[:1] != b"\x00" or len(head) < _LENGTH_BYTES:
        body = head + stream.read(_REQUEST_BYTES_MAX + 1)
        if len(body) > _REQUEST_BYTES_MAX:
            raise UnreadableExportError(path, "a message is too long")
        yield _message(path, body)
        return
    while head:
        if length > _REQUEST_BYTES_MAX:
            raise UnreadableExportError(path, "a message is too long")
        body = stream.read(length)
        if len(body) < length:
            raise UnreadableExportError(path, "ends within a message")
        yield _message(path, body)
        head = stream.read(_LENGTH_BYTES)
        length = int.from_bytes(head, "big")


def _message(path: Path, body: bytes) -> OtlpRequest:
    """Tell traces from logs: on the wire both look alike but for the records.

    Raises:
        UnreadableExportError: neither.
    """
    try:
        signal = signal_of(body)
    except UnreadableRequestError as damage:
        raise UnreadableExportError(path, str(damage)) from None
    return OtlpRequest(signal=signal, encoding="protobuf", body=body, received_at_ns=0)
