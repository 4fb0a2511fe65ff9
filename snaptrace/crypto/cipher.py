"""Encryption at rest: AES-256-GCM with data keys wrapped by an envelope key.

Data keys lie in the store as numbered objects (`v1/keys/<number>`), each wrapped by
an envelope key that only the programs' own file or environment holds. A new number
is a new data key, or a new envelope key around all older ones; old objects stay
readable. The bytes are described in `docs/format/segment-v1.md`.
"""

import os
import struct
from collections.abc import Mapping

from snaptrace.snapshot.errors import CorruptSnapshotError, StoreRefusedError

MAGIC = b"\x89STE"
_VERSION = 1
_HEAD = struct.Struct(">4sBI12s")  # magic, version, key number, nonce
HEAD_BYTES = _HEAD.size


def data_key_of(data: bytes) -> int | None:
    """Return the number of the data key of these bytes; None: not encrypted."""
    if len(data) < _HEAD.size or not data.startswith(MAGIC):
        return None
    number: int = _HEAD.unpack_from(data)[2]
    return number


class Cipher:
    """Encrypts with the newest data key and decrypts with any that it holds."""

    __slots__ = ("_current", "_keys")

    def __init__(self, keys: Mapping[int, bytes], current: int | None = None) -> None:
        """Take keys by number; `current` is written with, by default the highest."""
        # Loaded for a store that is encrypted: 6 MiB of a sidecar's memory otherwise.
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415

        self._keys = {number: AESGCM(key) for number, key in keys.items()}
        self._current = max(self._keys) if current is None else current

    def __repr__(self) -> str:
        return f"Cipher(current={self._current})"  # never a key

    def has(self, number: int) -> bool:
        """Return whether that data key is available."""
        return number in self._keys

    def seal(self, name: str, data: bytes) -> bytes:
        """Return `data` encrypted and bound to `name`."""
        nonce = os.urandom(12)
        head = _HEAD.pack(MAGIC, _VERSION, self._current, nonce)
        bound = head + name.encode()
        return head + self._keys[self._current].encrypt(nonce, data, bound)

    def open(self, name: str, data: bytes) -> bytes:
        """Return the bytes that were sealed under `name`.

        Raises:
            CorruptSnapshotError: altered, moved to another name, or of a data key
                that this program does not hold.
        """
        if len(data) < _HEAD.size or not data.startswith(MAGIC):
            raise CorruptSnapshotError(name, 0, "no whole head of an encrypted object")
        from cryptography.exceptions import InvalidTag  # noqa: PLC0415 - see above

        _, version, number, nonce = _HEAD.unpack_from(data)
        key = self._keys.get(number)
        if version != _VERSION or key is None:
            why = f"encrypted with data key {number}, which is not at hand"
            raise CorruptSnapshotError(name, 4, why)
        bound = data[: _HEAD.size] + name.encode()
        try:
            return key.decrypt(nonce, data[_HEAD.size :], bound)
        except InvalidTag:
            raise CorruptSnapshotError(name, _HEAD.size, "does not decrypt") from None


def opened(cipher: Cipher | None, name: str, data: bytes) -> bytes:
    """Return the plain bytes of a local file, encrypted or not.

    Raises:
        StoreRefusedError: encrypted with a key that is not at hand. Nothing is lost:
            give the key, or delete the file.
    """
    number = data_key_of(data)
    if number is None:
        return data
    if cipher is None or not cipher.has(number):
        why = (
            f"encrypted under another key ({number:08x}) than store.encryption gives; "
            "give that key too, or delete what it protects"
        )
        raise StoreRefusedError("open", name, why)
    return cipher.open(name, data)
