"""Audit log: one line per read of content by a person, without the content.

A line is JSON with `at`, `who`, `what` (the command or page) and `snapshots` (ids);
decisions of people stand there, too, as `audit: decision`. It
goes to an append-only file where one is configured, else to the program's own log. A
read that cannot be put down is refused.
"""

import os
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Final, Literal

import msgspec

from snaptrace.snapshot.errors import AuditRefusedError

MOST_IDS: Final = 100  # in one line, so that a line is written with one system call


class Audit:
    """Writes audit lines: to a file, or to `say` if none is configured."""

    def __init__(self, path: str, say: Callable[[str], None]) -> None:
        self._path, self._say = path, say

    def note(
        self,
        at_ns: int,
        *,
        who: str,
        what: str,
        snapshots: Iterable[str],
        kind: Literal["read", "decision"] = "read",
    ) -> None:
        """Record who is about to see or decide these snapshots, before it happens.

        Raises:
            AuditRefusedError: it cannot be written; show nothing.
        """
        ids = list(snapshots)
        at = datetime.fromtimestamp(at_ns / 1e9, UTC).isoformat(timespec="milliseconds")
        for start in range(0, len(ids), MOST_IDS):
            part = ids[start : start + MOST_IDS]
            line = {"audit": kind, "at": at, "who": who, "what": what}
            self._write(msgspec.json.encode({**line, "snapshots": part}))

    def _write(self, line: bytes) -> None:
        if not self._path:
            self._say(line.decode())
            return
        try:
            flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
            descriptor = os.open(self._path, flags, 0o600)
            try:
                written = os.write(descriptor, line + b"\n")
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
        except OSError as error:
            why = error.strerror or "cannot be written"
            raise AuditRefusedError(self._path, why) from None
        if written != len(line) + 1:
            raise AuditRefusedError(self._path, "the disk took only a part of a line")
