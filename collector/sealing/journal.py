"""On-disk journal of admitted calls until their window is sealed.

One file per window and seal. A frame is written with one system call before the call
counts as admitted, so killing the process loses none; a power failure may lose those
of the last seconds, which the kernel had not written out. A torn last frame is cut off
at recovery. Media lie beside it, once per digest.
"""

import errno
import os
import struct
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import BinaryIO, Final

import msgspec
from msgspec import Struct

from snaptrace.crypto.cipher import Cipher, opened
from snaptrace.snapshot.segment import ReservoirState

_FRAME: Final = struct.Struct(">IIB")  # payload length, crc32 of kind and payload, kind
_CALL: Final = 1
_STATES: Final = 2
_LARGEST_FRAME: Final = 64 * 2**20
_SLACK_BYTES: Final = 16 * 2**20  # of displaced calls, before a file is rewritten


class JournalCall(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An admitted call as journalled: redacted and ready to seal."""

    rank: int
    span_rank: int
    service: str
    modality: str
    strata: tuple[str, ...]
    ended_at_ns: int
    keys: bytes  # as in `codec.Packed`
    record: bytes
    subjects: tuple[str, ...] = ()  # keyed trace, session and user
    digests: tuple[str, ...] = ()  # of its inline media
    media_bytes: int = 0

    @property
    def size_bytes(self) -> int:
        """Size of the call; shared media are counted in full."""
        return len(self.record) + self.media_bytes


class Place(Struct, frozen=True):
    """File position of a call's frame."""

    path: Path
    offset: int
    length: int
    record_bytes: int = 0  # of its snapshot, as a segment will hold it


_calls = msgspec.msgpack.Decoder(JournalCall)
_states = msgspec.msgpack.Decoder(tuple[ReservoirState, ...])


class Journal:
    """The journal directory. All methods block briefly; all raise OSError."""

    def __init__(self, folder: Path, cipher: Cipher | None = None) -> None:
        self.folder, self._cipher = folder, cipher
        self._blobs = folder / "media"
        self._blobs.mkdir(0o700, parents=True, exist_ok=True)
        self._open: dict[int, tuple[Path, int]] = {}  # window -> file, descriptor
        self._places: dict[int, Place] = {}  # ref -> its frame
        self._digests: dict[int, tuple[str, ...]] = {}  # ref -> its media
        self._uses: Counter[str] = Counter()  # digest -> refs
        self._sizes: dict[Path, int] = {}
        self._next_file = 1 + max(
            (int(path.name.split(".")[1]) for path in self.files()), default=0
        )

    @property
    def size_bytes(self) -> int:
        """Bytes of all files, media left out."""
        return sum(self._sizes.values())

    def append(
        self, window_start_ns: int, ref: int, call: JournalCall, media: dict[str, bytes]
    ) -> None:
        """Append a call; it survives a process crash once this returns.

        `media` are its inline media by digest; those that are there are not written.
        """
        for digest, data in media.items():
            self._put_blob(digest, data)
        payload = msgspec.msgpack.encode(call)
        path, offset, length = self._write(window_start_ns, _CALL, payload)
        place = Place(path, offset, length, len(call.record))
        self._know(ref, place, call.digests)

    def append_states(
        self, window_start_ns: int, states: tuple[ReservoirState, ...]
    ) -> None:
        """Append thresholds and counts, which the calls alone do not determine."""
        if window_start_ns in self._open:
            self._write(window_start_ns, _STATES, msgspec.msgpack.encode(states))

    def release(self, refs: Iterable[int]) -> None:
        """Release calls; media without remaining references are deleted."""
        for ref in refs:
            if self._places.pop(ref, None) is None:
                continue
            for digest in self._digests.pop(ref, ()):
                self._uses[digest] -= 1
                if self._uses[digest] <= 0:
                    del self._uses[digest]
                    self._blob(digest).unlink(missing_ok=True)

    def read(self, refs: Iterable[int]) -> Iterator[JournalCall]:
        """Yield calls that were appended and not released."""
        with ExitStack() as stack:
            files: dict[Path, BinaryIO] = {}
            for ref in refs:
                place = self._places[ref]
                if (file := files.get(place.path)) is None:
                    file = stack.enter_context(place.path.open("rb"))
                    files[place.path] = file
                file.seek(place.offset)
                yield _calls.decode(self._opened(file.read(place.length)))

    def record_bytes(self, ref: int) -> int:
        """Return the length of a call's record without reading it."""
        return self._places[ref].record_bytes

    def media(self, digest: str) -> bytes:
        """Return a medium of a call that was not released."""
        return self._opened(self._blob(digest).read_bytes())

    def rotate(self, window_start_ns: int) -> Path | None:
        """Start a new file for later calls of this window; return the previous one."""
        path, descriptor = self._open.pop(window_start_ns, (None, -1))
        if path is not None:
            os.close(descriptor)
        return path

    def remove(self, path: Path) -> None:
        """Delete a file whose calls are sealed."""
        path.unlink(missing_ok=True)
        self._sizes.pop(path, None)

    def files(self) -> list[Path]:
        """Return all files, oldest first."""
        found = self.folder.glob("*.*.journal")
        return sorted(found, key=lambda path: int(path.name.split(".")[1]))

    def recover(self, path: Path) -> Iterator[tuple[int, "Recovered"]]:
        """Yield (window, record) of a file from before a crash.

        A torn frame ends it, and is cut off. Give each call a ref with `adopt`. The
        file takes no more calls: later ones go to a new file.
        """
        window = int(path.name.split(".")[0])
        whole = 0
        with path.open("rb") as file:
            while (frame := _read_frame(file)) is not None:
                kind, payload = frame
                try:
                    plain = self._opened(payload)
                    read: JournalCall | tuple[ReservoirState, ...] = (
                        _calls.decode(plain) if kind == _CALL else _states.decode(plain)
                    )
                except (msgspec.DecodeError, ValueError):
                    break
                place = Place(path, whole + _FRAME.size, len(payload))
                whole = file.tell()
                yield window, Recovered(read, place)
        os.truncate(path, whole)
        self._sizes[path] = whole

    def adopt(self, ref: int, recovered: "Recovered") -> None:
        """Register a recovered call under `ref`."""
        call, at = recovered.content, recovered.place
        if isinstance(call, JournalCall):
            place = Place(at.path, at.offset, at.length, len(call.record))
            self._know(ref, place, call.digests)

    def paths(self) -> set[Path]:
        """Return the files that hold unreleased calls."""
        return {place.path for place in self._places.values()}

    def sweep(self) -> None:
        """Delete unreferenced media, as left by a crash."""
        for path in self._blobs.iterdir():
            if path.name not in self._uses:
                path.unlink(missing_ok=True)

    def compact(
        self,
        window_start_ns: int,
        refs: list[int],
        states: tuple[ReservoirState, ...],
    ) -> bool:
        """Rewrite a window's file without displaced calls if that frees enough."""
        path, _ = self._open.get(window_start_ns, (None, -1))
        if path is None:
            return False
        mine = [ref for ref in refs if self._places[ref].path == path]
        live = sum(self._places[ref].length + _FRAME.size for ref in mine)
        if self._sizes[path] <= 2 * live + _SLACK_BYTES:
            return False
        payloads = [self._payload(self._places[ref]) for ref in mine]
        self.rotate(window_start_ns)
        self._write(window_start_ns, _STATES, msgspec.msgpack.encode(states))
        for ref, payload in zip(mine, payloads, strict=True):
            new, offset, length = self._write_raw(window_start_ns, _CALL, payload)
            known = self._places[ref].record_bytes
            self._places[ref] = Place(new, offset, length, known)
        self.remove(path)
        return True

    def close(self) -> None:
        """Close all files; their content is recovered at the next start."""
        for window in list(self._open):
            self.rotate(window)

    def _know(self, ref: int, place: Place, digests: tuple[str, ...]) -> None:
        self._places[ref] = place
        if digests:
            self._digests[ref] = digests
            self._uses.update(digests)

    def _payload(self, place: Place) -> bytes:
        with place.path.open("rb") as file:
            file.seek(place.offset)
            return file.read(place.length)

    def _write(self, window: int, kind: int, payload: bytes) -> tuple[Path, int, int]:
        if self._cipher is not None:
            payload = self._cipher.seal("journal", payload)
        return self._write_raw(window, kind, payload)

    def _write_raw(
        self, window: int, kind: int, payload: bytes
    ) -> tuple[Path, int, int]:
        if window not in self._open:
            path = self.folder / f"{window}.{self._next_file}.journal"
            self._next_file += 1
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND
            self._open[window] = path, os.open(path, flags, 0o600)
            self._sizes[path] = 0
        path, descriptor = self._open[window]
        check = zlib.crc32(payload, kind)
        frame = _FRAME.pack(len(payload), check, kind) + payload
        start = self._sizes[path]
        try:
            _write_whole(descriptor, frame)
        except OSError:
            os.ftruncate(descriptor, start)
            raise
        self._sizes[path] = start + len(frame)
        return path, start + _FRAME.size, len(payload)

    def _put_blob(self, digest: str, data: bytes) -> None:
        path = self._blob(digest)
        if self._uses[digest] and path.exists():
            return
        staged = path.with_suffix(".new")
        if self._cipher is not None:
            data = self._cipher.seal("journal", data)
        descriptor = os.open(staged, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
        staged.replace(path)

    def _blob(self, digest: str) -> Path:
        return self._blobs / digest

    def _opened(self, payload: bytes) -> bytes:
        return opened(self._cipher, "journal", payload)


class Recovered(Struct, frozen=True):
    """A record recovered from a file written before a crash."""

    content: JournalCall | tuple[ReservoirState, ...]
    place: Place


def _write_whole(descriptor: int, data: bytes) -> None:
    written = os.write(descriptor, data)
    if written != len(data):
        raise OSError(errno.ENOSPC, "the disk took only a part of a frame")


def _read_frame(file: BinaryIO) -> tuple[int, bytes] | None:
    """Return (kind, payload) of the next frame; None at the end or a torn one."""
    head = file.read(_FRAME.size)
    if len(head) < _FRAME.size:
        return None
    length, check, kind = _FRAME.unpack(head)
    if length > _LARGEST_FRAME or kind not in (_CALL, _STATES):
        return None
    payload = file.read(length)
    if len(payload) < length or zlib.crc32(payload, kind) != check:
        return None
    return kind, payload
