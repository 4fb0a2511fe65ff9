"""Upload queue of sealed segments on disk; bounded, oldest dropped first.

An entry is a folder that appears whole: the segment, its media, and where they came
from. It is removed after the store has all of it. An entry that was begun keeps the
name that it was begun under, so that trying again does not store it twice.
"""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import msgspec
from msgspec import Struct

from collector.sealing.tombstones import Cleaned
from snaptrace.crypto.cipher import Cipher, opened
from snaptrace.snapshot import object_names
from snaptrace.store import media
from snaptrace.store.store import Store

_MOST_KNOWN = 100_000  # digests remembered as being in the store


class Entry(Struct, frozen=True, kw_only=True):
    """Metadata of a spool entry."""

    sequence: int
    window_start_ns: int
    calls: int
    origin: str  # name of the journal file whose calls it holds
    last: bool  # no more entries come from that file
    size_bytes: int = 0  # segment and media
    digests: tuple[str, ...] = ()


class Spool:
    """The spool directory. Methods that are not async block briefly."""

    def __init__(self, folder: Path, cipher: Cipher | None = None) -> None:
        self._folder, self._cipher = folder, cipher
        folder.mkdir(0o700, parents=True, exist_ok=True)
        for torn in folder.glob("*.new"):
            shutil.rmtree(torn, ignore_errors=True)
        self._entries = {entry.sequence: entry for entry in self._scan()}
        self._known: dict[str, None] = {}

    @property
    def size_bytes(self) -> int:
        """Bytes waiting for upload."""
        return sum(entry.size_bytes for entry in self._entries.values())

    def entries(self) -> list[Entry]:
        """Return waiting entries, oldest first."""
        return [self._entries[sequence] for sequence in sorted(self._entries)]

    def next_sequence(self) -> int:
        """Return a sequence number never used before in this collector's folder."""
        path = self._folder / "sequence"
        last = int(path.read_text()) if path.exists() else 0
        number = max(last, *self._entries, 0) + 1
        staged = path.with_suffix(".number")
        staged.write_text(str(number))
        staged.replace(path)
        return number

    def put(
        self, entry: Entry, segment: bytes, read_medium: Callable[[str], bytes]
    ) -> Entry:
        """Write an entry atomically.

        Raises:
            OSError: nothing is left behind but a folder that the next start removes.
        """
        staged = self._folder / f"{entry.sequence:012d}.new"
        staged.mkdir(0o700)
        size = len(segment)
        _write(staged / "segment", self._sealed(segment))
        for digest in entry.digests:
            data = read_medium(digest)
            size += len(data)
            _write(staged / digest, self._sealed(data))
        entry = msgspec.structs.replace(entry, size_bytes=size)
        _write(staged / "entry", msgspec.json.encode(entry))
        staged.rename(self._path(entry))
        self._entries[entry.sequence] = entry
        return entry

    def remove(self, entry: Entry) -> None:
        """Delete an entry after upload or on drop."""
        self._entries.pop(entry.sequence, None)
        gone = self._path(entry).with_suffix(".new")  # a half-deleted one is no entry
        try:
            self._path(entry).rename(gone)
        except FileNotFoundError:
            return
        shutil.rmtree(gone, ignore_errors=True)

    def drop_oldest(self) -> list[Entry]:
        """Drop the oldest waiting window with all its entries.

        A part of a window would claim probabilities that it cannot keep.
        """
        entries = self.entries()
        if not entries:
            return []
        gone = [e for e in entries if e.origin == entries[0].origin]
        for entry in gone:
            self.remove(entry)
        return gone

    async def upload(
        self,
        entry: Entry,
        store: Store,
        collector: str,
        now_ns: int,
        clean: Callable[[bytes, str], Cleaned | None],
    ) -> int:
        """Upload an entry's media, then the segment that references them.

        What `clean` takes out is not stored; returns how many calls that was.

        Raises:
            StoreUnavailableError: safe to retry; the entry stays.
            StoreRefusedError: a person has to act; the entry stays.
            OSError: its files are damaged or gone.
        """
        sealed = self._opened((self._path(entry) / "segment").read_bytes())
        cleaned = clean(sealed, f"spool entry {entry.sequence}")
        if cleaned is not None and not cleaned.data:
            self.remove(entry)
            return cleaned.dropped
        name = await self._name(entry, store, collector, now_ns)
        folder = object_names.parse_segment(name)
        assert folder is not None
        for digest in entry.digests:
            if cleaned is not None and digest not in cleaned.digests:
                continue
            medium = object_names.medium(folder.media_folder, digest)
            if medium in self._known:
                continue
            data = self._opened((self._path(entry) / digest).read_bytes())
            await media.put(store, folder.media_folder, digest, data)
            self._remember(medium)
        await store.create(name, sealed if cleaned is None else cleaned.data)
        self.remove(entry)
        return 0 if cleaned is None else cleaned.dropped

    async def _name(
        self, entry: Entry, store: Store, collector: str, now_ns: int
    ) -> str:
        """Return the name to upload under, the one of an earlier try if it arrived."""
        path = self._path(entry) / "name"
        name = object_names.segment(now_ns, collector, entry.sequence)
        if path.exists():
            tried = path.read_text()
            # The hour is part of a name: a later try must not hide in a past hour,
            # which readers no longer look at.
            if tried == name or await store.exists(tried):
                return tried
        _write(path, name.encode())
        return name

    def _remember(self, medium: str) -> None:
        self._known[medium] = None
        while len(self._known) > _MOST_KNOWN:
            del self._known[next(iter(self._known))]

    def _scan(self) -> list[Entry]:
        entries: list[Entry] = []
        for path in self._folder.iterdir():
            if path.is_dir():
                try:
                    read = (path / "entry").read_bytes()
                    entries.append(msgspec.json.decode(read, type=Entry))
                except (OSError, msgspec.DecodeError):
                    shutil.rmtree(path, ignore_errors=True)
        return entries

    def _path(self, entry: Entry) -> Path:
        return self._folder / f"{entry.sequence:012d}"

    def _sealed(self, data: bytes) -> bytes:
        return data if self._cipher is None else self._cipher.seal("spool", data)

    def _opened(self, data: bytes) -> bytes:
        return opened(self._cipher, "spool", data)


def _write(path: Path, data: bytes) -> None:
    staged = path.with_name(f".{path.name}")
    descriptor = os.open(staged, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
    staged.replace(path)
