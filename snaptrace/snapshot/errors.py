"""Every error of this package.

SnapshotError
├── CorruptSnapshotError   damaged bytes: skip the object, count it, go on
├── NewerSnapshotError     written by a later release: upgrade the reader first
├── MissingObjectError     not there: deleted, erased or never written; go on
├── StoreUnavailableError  the store did not answer: safe to retry
├── StoreRefusedError      the store said no (rights, full, read-only): tell a person
└── AuditRefusedError      a read cannot be put down: show nothing, tell a person
"""


class SnapshotError(Exception):
    """Base of all errors below; catch this one at a program's edge."""


class CorruptSnapshotError(SnapshotError):
    """The bytes at `offset` fail verification."""

    def __init__(self, name: str, offset: int, why: str) -> None:
        super().__init__(f"{name}: byte {offset}: {why}")
        self.name, self.offset, self.why = name, offset, why


class NewerSnapshotError(SnapshotError):
    """`name` has format `version`, which this release cannot read."""

    def __init__(self, name: str, version: int) -> None:
        super().__init__(f"{name}: format {version} is newer than this release reads")
        self.name, self.version = name, version


class MissingObjectError(SnapshotError):
    """The object `name` does not exist."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{name}: no such object")
        self.name = name


class StoreUnavailableError(SnapshotError):
    """The store did not answer `verb` on `name`; safe to retry."""

    def __init__(self, verb: str, name: str, why: str) -> None:
        super().__init__(f"{verb} {name}: {why}")
        self.verb, self.name, self.why = verb, name, why


class StoreRefusedError(SnapshotError):
    """The store refused `verb` on `name`; an operator has to act."""

    def __init__(self, verb: str, name: str, why: str) -> None:
        super().__init__(f"{verb} {name}: {why}")
        self.verb, self.name, self.why = verb, name, why


class AuditRefusedError(SnapshotError):
    """The audit file at `path` cannot be written, so nothing was shown."""

    def __init__(self, path: str, why: str) -> None:
        super().__init__(f"audit file {path}: {why}; nothing was shown")
        self.path, self.why = path, why
