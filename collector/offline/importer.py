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

import zstandard

from collector.offline import json_documents
from collector.otlp import json_reader
from collector.otlp.signals import OtlpRequest
from collector.recognise.prefilter import UnreadableRequestError, signal_of

_GZIP, _ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"
_REQUEST_BYTES_MAX = 256 * 1024 * 1024  # one message or line
_TOTAL_BYTES_MAX = 64 * 1024 * 1024 * 1024  # of one file, decompressed
_WINDOW_BYTES_MAX = 1 << 27
_CHUNK_BYTES = 1 << 20
_BOM, _WIDE_BOMS = b"\xef\xbb\xbf", (b"\xff\xfe", b"\xfe\xff")
# A protobuf export begins with a line feed, and may go on with a brace.
_JSON = re.compile(rb"[\[{\x1e]|\s+[\[{][\s\[{]*\"[A-Za-z_]|\s*[\[{]\s*[\]}]")
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
            start = stream.peek(_HEAD_BYTES)[:_HEAD_BYTES]
            if not start:
                raise UnreadableExportError(path, "the file is empty")
            if start.startswith(_WIDE_BOMS):
                text = json_reader.repaired(_rest(path, stream))
                yield from _json(path, io.BufferedReader(io.BytesIO(text)))
            elif start.startswith(_BOM) or _JSON.match(start):
                yield from _json(path, stream)
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


def _json(path: Path, stream: io.BufferedReader) -> Iterator[OtlpRequest]:
    """Yield what every document holds; say at the end which ones hold nothing."""
    seen = read = 0
    errors: list[str] = []
    for document in _documents(path, stream):
        seen += 1
        if isinstance(document, bytes):
            try:
                for request in json_documents.requests_in(document):
                    read += 1
                    yield request
            except json_documents.ForeignDocumentError as error:
                errors.append(str(error))
        else:
            errors.append(str(document))
    if errors:
        count = "" if seen == len(errors) else f"{len(errors)} of {seen} documents: "
        raise UnreadableExportError(path, count + errors[0])
    if not read:
        raise UnreadableExportError(path, "no spans and no log records in it")


def _documents(
    path: Path, stream: io.BufferedReader
) -> Iterator[bytes | json_documents.ForeignDocumentError]:
    total = 0
    while line := stream.readline(_REQUEST_BYTES_MAX + 1):
        total += len(line)
        if len(line) > _REQUEST_BYTES_MAX or total > _TOTAL_BYTES_MAX:
            raise UnreadableExportError(path, "a line is too long")
        line = line.strip(b" \t\r\n\x1e")
        if not line:
            continue
        if json_documents.is_whole(line):
            yield line
        else:
            rest = _rest(path, stream)
            yield from json_documents.documents_in(line + b"\n" + rest)


def _rest(path: Path, stream: io.BufferedReader) -> bytes:
    rest = stream.read(_REQUEST_BYTES_MAX + 1)
    if len(rest) > _REQUEST_BYTES_MAX:
        raise UnreadableExportError(path, "a document is too long")
    return rest


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
    """Distinguish traces from logs: on the wire both look alike but for the records.

    Raises:
        UnreadableExportError: neither.
    """
    try:
        signal = signal_of(body)
    except UnreadableRequestError as damage:
        raise UnreadableExportError(path, str(damage)) from None
    return OtlpRequest(signal=signal, encoding="protobuf", body=body, received_at_ns=0)
