"""Fleet secret, and all keys and digests derived from it.

All programs of a fleet hold the same secret, so that they rank a trace alike and
name the same person, session or image alike without talking. Sub-keys are derived
per purpose: knowing one says nothing of another. Encryption has a key of its own
(`cipher.py`), because a fleet secret cannot be rotated without losing the ranks.
"""

import hashlib
import hmac
import os
import secrets
from pathlib import Path

from snaptrace.crypto.tags import Tags
from snaptrace.runtime.config import StoreConfig

_RANK_BYTES = 7  # 56 bits, as trace ids have of randomness; see `segment.RANK_SPAN`
_SHORTEST_SECRET = 32


class KeyFileError(Exception):
    """The key file is unusable; an operator has to change it."""

    def __init__(self, path: str, why: str) -> None:
        super().__init__(f"{path}: {why}")
        self.path, self.why = path, why


class FleetKey:
    """Ranks, subjects and digests under one fleet's secret. No I/O after creation."""

    __slots__ = (
        *("_media", "_pseudonym", "_rank", "_root", "_span_rank", "_subject"),
        "tags",
    )

    def __init__(self, secret: bytes, *, handed_over: bool = False) -> None:
        """Derive the keys; `handed_over` says that a parent process gave the secret."""
        if not handed_over:
            secret = hashlib.blake2b(secret, person=b"snaptrace-fleet1").digest()
        root = self._root = secret

        def derived(purpose: bytes) -> bytes:
            return hmac.digest(root, purpose, "sha256")

        self._rank = hashlib.blake2b(key=derived(b"rank"), digest_size=_RANK_BYTES)
        self._span_rank = hashlib.blake2b(
            key=derived(b"span-rank"), digest_size=_RANK_BYTES
        )
        self._media = derived(b"media")
        self._subject = derived(b"subject")
        self._pseudonym = derived(b"pseudonym")
        self.tags = Tags(derived(b"tags"))  # of results, and what leads to them

    def __repr__(self) -> str:
        return "FleetKey(…)"  # never the secret

    def handed_over(self) -> bytes:
        """Return a secret that makes the same key in a child process."""
        return self._root

    @classmethod
    def load(cls, path: str | Path) -> "FleetKey":
        """Read a secret of at least 32 characters, as `openssl rand -hex 32` makes.

        Raises:
            KeyFileError: missing, unreadable or too short.
        """
        return cls(read_secret(path))

    @classmethod
    def load_or_make(cls, path: str | Path) -> "FleetKey":
        """Read the secret at `path`, or create it (mode 0600).

        Two programs that start together use the same secret: the file is created
        atomically, and the second program reads it.

        Raises:
            KeyFileError: it can neither be read nor made.
        """
        make_secret(path)
        return cls.load(path)

    @classmethod
    def of_store(cls, url: str, key_file: str) -> "FleetKey":
        """Read the secret of a store; without a file, create and keep a local one.

        Only a local folder gets a secret of its own, beside its objects: programs that
        share an object store must be given one, or their samples would not merge.

        Raises:
            KeyFileError: missing, unreadable, too short, or not named.
        """
        if key_file:
            return cls.load(key_file)
        if url.startswith("file://"):
            return cls.load_or_make(Path(url.removeprefix("file://")) / "fleet.key")
        if url.startswith("memory://"):
            return cls(secrets.token_bytes(_SHORTEST_SECRET))
        raise KeyFileError(
            "store.key_file", "not set; programs that share a store share a secret"
        )

    def rank(self, trace_id: bytes) -> int:
        """Return the rank of a trace, in [0, 2**56): uniform whatever the ids are."""
        state = self._rank.copy()
        state.update(trace_id)
        return int.from_bytes(state.digest(), "big")

    def span_rank(self, span_id: bytes) -> int:
        """Return the rank of a span within its trace, in [0, 2**56)."""
        state = self._span_rank.copy()
        state.update(span_id)
        return int.from_bytes(state.digest(), "big")

    def media_digest(self, data: bytes) -> str:
        """Return 64 hex digits that name `data` and tell nothing without the key."""
        return hashlib.blake2b(data, key=self._media, digest_size=32).hexdigest()

    def subject(self, kind: str, value: str) -> str:
        """Return 32 hex digits that identify a `session`, `user` or `trace`."""
        text = f"{kind}\0{value}".encode("utf-8", "surrogatepass")
        return hashlib.blake2b(text, key=self._subject, digest_size=16).hexdigest()

    def pseudonym(self, kind: str, value: str) -> bytes:
        """Return 32 bytes that identify a value replaced by redaction."""
        text = f"{kind}\0{value}".encode("utf-8", "surrogatepass")
        return hashlib.blake2b(text, key=self._pseudonym, digest_size=32).digest()


def secret_files(store: StoreConfig) -> tuple[str, ...]:
    """Return the files that hold secrets of ours, which no plug-in may read."""
    local = f"{store.url.removeprefix('file://')}/fleet.key"
    named = (store.key_file, store.encryption.key_file)
    return tuple(name for name in (*named, local) if name and Path(name).is_file())


def read_secret(path: str | Path) -> bytes:
    """Return the file's content, stripped of surrounding white space.

    Raises:
        KeyFileError: missing, unreadable or too short.
    """
    try:
        secret = Path(path).read_bytes().strip()
    except OSError as error:
        raise KeyFileError(str(path), error.strerror or "unreadable") from None
    return check_secret(str(path), secret)


def check_secret(source: str, secret: bytes) -> bytes:
    """Return a secret; raises if it is too short.

    Raises:
        KeyFileError: it is too short.
    """
    if len(secret) < _SHORTEST_SECRET:
        why = f"a secret has at least {_SHORTEST_SECRET} characters, this {len(secret)}"
        raise KeyFileError(source, why)
    return secret


def make_secret(path: str | Path) -> bool:
    """Write a new secret to `path` unless it exists; true if written.

    Raises:
        KeyFileError: the folder cannot be written.
    """
    target = Path(path)
    if target.exists():
        return False
    staged = target.with_name(f".{target.name}.{secrets.token_hex(8)}")
    try:
        target.parent.mkdir(0o750, parents=True, exist_ok=True)
        descriptor = os.open(staged, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            os.write(descriptor, secrets.token_hex(32).encode() + b"\n")
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        try:
            # A link fails where the name is taken; a rename would overwrite.
            os.link(staged, target)
        except FileExistsError:
            return False
        finally:
            staged.unlink()
    except OSError as error:
        raise KeyFileError(str(path), error.strerror or "cannot be made") from None
    return True
