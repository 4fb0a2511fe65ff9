"""Store in a local folder: atomic object writes, durable across a power loss.

Not through `obstore`, whose local store neither syncs to disk nor lists in order
(`docs/adr/0009-local-folder.md`). Everything here blocks; `store.py` calls it in a
thread.
"""

import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import TypeAlias

from msgspec import Struct

_LINK_TRIES = 8
FOLDER_MODE = 0o750  # content: nobody else on the machine reads it
_STAGING = ".staging"  # begins with a dot, so it is never a part of a name


class ObjectInfo(Struct, frozen=True, kw_only=True):
    """One entry of a listing."""

    name: str
    size_bytes: int  # as stored
    modified_ns: int  # Unix time, by the store's clock


Chunk: TypeAlias = list[ObjectInfo]


class Folder:
    """Objects as files below one root."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._staging = root / _STAGING

    def create(self, name: str, data: bytes) -> bool:
        """Write an object unless the name is taken.

        The name appears after the bytes are on disk: a reader, and the machine after a
        crash, sees all of them or nothing.

        Raises:
            OSError: the disk is full, read-only or gone.
        """
        target = self._path(name)
        if target.exists():
            return False
        _make_folders(self._staging)
        staged = self._staging / secrets.token_hex(16)
        try:
            _write_synced(staged, data)
            return self._link(staged, target)
        finally:
            staged.unlink(missing_ok=True)

    def _link(self, staged: Path, target: Path) -> bool:
        for attempt in range(_LINK_TRIES):
            made = _make_folders(target.parent)
            try:
                os.link(staged, target)
            except FileExistsError:
                return False
            except FileNotFoundError:
                # A delete removed the empty folder between the two calls.
                if attempt == _LINK_TRIES - 1:
                    raise
                continue
            _sync_folder(target.parent)
            for folder in made:
                _sync_folder(folder.parent)
            return True
        return False

    def get(self, name: str) -> bytes:
        """Return an object's bytes; FileNotFoundError if there is none."""
        return self._path(name).read_bytes()

    def get_start(self, name: str, size_bytes: int) -> bytes:
        """Return at most the first `size_bytes`; FileNotFoundError if there is none."""
        with self._path(name).open("rb") as file:
            return file.read(size_bytes)

    def exists(self, name: str) -> bool:
        """Return whether there is an object of that name."""
        return self._path(name).is_file()

    def delete(self, name: str) -> bool:
        """Remove an object, and folders that this leaves empty; false if none."""
        target = self._path(name)
        try:
            target.unlink()
        except FileNotFoundError:
            return False
        parent = target.parent
        while parent != self._root:
            try:
                parent.rmdir()
            except OSError:
                break
            parent = parent.parent
        return True

    def list(self, prefix: str, after: str) -> Iterator[Chunk]:
        """Yield the objects below the folder `prefix`, one folder's files at a time.

        In lexical order of names, without those up to and including `after`.
        """
        start = self._path(prefix) if prefix else self._root
        yield from self._walk(start, prefix.rstrip("/"), after)

    def _walk(self, folder: Path, prefix: str, after: str) -> Iterator[Chunk]:
        try:
            with os.scandir(folder) as scan:
                found = [(e.name + "/" * e.is_dir(), e) for e in scan]
        except (FileNotFoundError, NotADirectoryError):
            return
        found.sort(key=lambda pair: pair[0])
        infos: Chunk = []
        for key, entry in found:
            if key.startswith("."):
                continue
            name = f"{prefix}/{key}" if prefix else key
            if key.endswith("/"):
                # Skip a folder whose every name is at or before `after`.
                if name <= after and not after.startswith(name):
                    continue
                if infos:
                    yield infos
                    infos = []
                yield from self._walk(Path(entry.path), name.rstrip("/"), after)
            elif name > after:
                try:
                    stat = entry.stat()
                except FileNotFoundError:
                    continue  # deleted since the scan
                infos.append(
                    ObjectInfo(
                        name=name,
                        size_bytes=stat.st_size,
                        modified_ns=stat.st_mtime_ns,
                    )
                )
        if infos:
            yield infos

    def sweep_staging(self, before_ns: int) -> int:
        """Remove what killed writers left before `before_ns`; return how many."""
        removed = 0
        if not self._staging.is_dir():
            return 0
        for staged in self._staging.iterdir():
            try:
                if staged.stat().st_mtime_ns < before_ns:
                    staged.unlink()
                    removed += 1
            except FileNotFoundError:
                continue
        return removed

    def _path(self, name: str) -> Path:
        parts = name.rstrip("/").split("/")
        if any(not part or part.startswith(".") or "\0" in part for part in parts):
            raise ValueError(f"{name!r} is no object name")
        return self._root.joinpath(*parts)


def _write_synced(path: Path, data: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o640)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _make_folders(folder: Path) -> list[Path]:
    """Make `folder` and its parents; return those that were missing."""
    missing: list[Path] = []
    here = folder
    while not here.exists():
        missing.append(here)
        here = here.parent
    for each in reversed(missing):
        each.mkdir(FOLDER_MODE, exist_ok=True)
    return missing


def _sync_folder(folder: Path) -> None:
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except FileNotFoundError:
        return  # removed again by a delete
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
