"""Lock of a suite: which cases its rules came to, digests of them, and one hash.

The hash covers what is judged (records, media) and by what (the file's three lists), so
that two verdicts with one hash were given on the same suite.
"""

import hashlib
from collections.abc import Sequence
from typing import Any, Final

import msgspec
from msgspec import Struct

from snaptrace.snapshot import codec
from snaptrace.snapshot.model import Snapshot
from snaptrace.snapshot.segment import Pin
from snaptrace.suite.errors import LockError
from snaptrace.suite.model import Suite

VERSION: Final = 1
SHOWN_HASH: Final = 12  # characters of a hash in a table
_DIGEST_BYTES = 16


class LockedCase(Struct, frozen=True, kw_only=True):
    """One case of a locked suite."""

    id: str
    record: str  # digest of the snapshot
    media: tuple[str, ...] = ()  # keyed digests, as the store names them
    owner: str = ""
    why: tuple[str, ...] = ()  # of the entries and rules that named it
    hard: bool = False


class Lock(Struct, frozen=True, kw_only=True):
    """A suite resolved into cases."""

    suite: str
    file: str  # digest of what the suite file says
    cases: tuple[LockedCase, ...]
    version: int = VERSION

    @property
    def hash(self) -> str:
        """The suite's version: over cases, their bytes and what is said of them."""
        cases = [(c.id, c.record, list(c.media), c.hard) for c in self.cases]
        return _digest([VERSION, self.suite, self.file, cases])


def record_digest(snapshot: Snapshot) -> str:
    """Return the digest of a snapshot, whatever segment or pin it stands in."""
    record = codec.pack_snapshot(snapshot).record
    return hashlib.blake2b(record, digest_size=_DIGEST_BYTES).hexdigest()


def file_digest(suite: Suite) -> str:
    """Return the digest of what a file says; comments, owners and reasons aside."""
    pins = [[pin.id, pin.rule, pin.hard] for pin in suite.pins]
    asserts = [[*msgspec.structs.astuple(each)[:-1]] for each in suite.assertions]
    ignores = [[*msgspec.structs.astuple(each)[:-1]] for each in suite.ignores]
    return _digest([suite.name, suite.runs, pins, asserts, ignores])


def pinned_version(suite: str, cases: Sequence[tuple[Pin, Snapshot]]) -> str:
    """Return the version of a suite as it is pinned.

    That of its lock if one lock pinned every case, else a hash of the pins.
    """
    locks = {pin.version for pin, _ in cases}
    if len(locks) == 1 and (version := min(locks)):
        return version
    said = [
        (each.snapshot_id, record_digest(each), [pin.assertion, pin.hard])
        for pin, each in cases
    ]
    return _digest([VERSION, suite, sorted(said, key=lambda case: case[0])])


def _digest(value: Any) -> str:  # noqa: ANN401 - JSON
    encoded = msgspec.json.encode(value, order="deterministic")
    return hashlib.blake2b(encoded, digest_size=_DIGEST_BYTES).hexdigest()


def pack(lock: Lock) -> bytes:
    """Return the bytes of a lock file: JSON, a case a block, for review in a diff."""
    body = {"hash": lock.hash, **msgspec.to_builtins(lock)}
    return msgspec.json.format(msgspec.json.encode(body), indent=2) + b"\n"


def unpack(data: bytes) -> Lock:
    """Read a lock file.

    Raises:
        LockError: damaged, edited by hand, or of a later release.
    """
    try:
        body = msgspec.json.decode(data)
        lock = msgspec.convert(body, Lock)
    except (msgspec.DecodeError, msgspec.ValidationError) as error:
        raise LockError(f"no lock file: {error}; run `snaptrace suite lock`") from None
    if lock.version > VERSION:
        raise LockError(f"lock of format {lock.version}: upgrade snaptrace")
    if body.get("hash") != lock.hash:
        raise LockError("the lock's hash does not fit: run `snaptrace suite lock`")
    return lock
