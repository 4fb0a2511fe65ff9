"""Data keys in the store, wrapped by an envelope key that only the programs hold.

`v1/keys/<number>` holds all data keys so far, encrypted. Rotating writes the next
number, under the same envelope key or a new one, with one data key more; then older
numbers go, so that an old envelope key opens nothing. The bytes are described in
`docs/format/segment-v1.md`.
"""

import hashlib
import os
import struct

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from snaptrace.snapshots import layout
from snaptrace.snapshots.errors import CorruptSnapshotError, StoreRefusedError
from snaptrace.snapshots.sealed import Cipher
from snaptrace.snapshots.store import Store

_MAGIC = b"\x89STK"
_VERSION = 1
_HEAD = struct.Struct(">4sB8s12s")  # magic, version, envelope key id, nonce

DataKeys = dict[int, bytes]


class EnvelopeKey:
    """Wraps data keys. Made from a secret of any form that nobody can guess."""

    __slots__ = ("_key", "key_id")

    def __init__(self, secret: bytes) -> None:
        made = hashlib.blake2b(secret, person=b"snaptrace-env-1").digest()
        self._key, self.key_id = AESGCM(made[:32]), made[32:40]

    def __repr__(self) -> str:
        return f"EnvelopeKey({self.key_id.hex()})"  # an id, never the key

    def wrap(self, name: str, keys: DataKeys) -> bytes:
        """Return the bytes of a wrapped-key object."""
        nonce = os.urandom(12)
        head = _HEAD.pack(_MAGIC, _VERSION, self.key_id, nonce)
        plain = msgspec.msgpack.encode(keys)
        return head + self._key.encrypt(nonce, plain, head + name.encode())

    def unwrap(self, name: str, data: bytes) -> DataKeys | None:
        """Return the data keys; None if they are under another envelope key.

        Raises:
            CorruptSnapshotError: damaged.
        """
        if len(data) < _HEAD.size or not data.startswith(_MAGIC):
            raise CorruptSnapshotError(name, 0, "no wrapped keys")
        _, version, key_id, nonce = _HEAD.unpack_from(data)
        if version != _VERSION or key_id != self.key_id:
            return None
        try:
            bound = data[: _HEAD.size] + name.encode()
            plain = self._key.decrypt(nonce, data[_HEAD.size :], bound)
            return msgspec.msgpack.decode(plain, type=DataKeys)
        except (InvalidTag, msgspec.DecodeError):
            raise CorruptSnapshotError(name, _HEAD.size, "does not open") from None


async def open_encrypted(store: Store, envelope: EnvelopeKey) -> Store:
    """Return the store with its cipher; the first program makes the first data key.

    Raises:
        StoreRefusedError: its keys are wrapped with another envelope key.
    """
    while True:
        names = [info.name async for info in store.list(layout.KEYS)]
        if not names:
            name = layout.wrapped_key(1)
            await store.create(name, envelope.wrap(name, {1: os.urandom(32)}))
            continue  # whoever won: read what is there
        for name in reversed(names):
            keys = envelope.unwrap(name, await store.get(name))
            if keys is not None:
                return store.with_cipher(Cipher(keys))
        why = "the data keys are wrapped with another envelope key"
        raise StoreRefusedError("open", names[-1], why)


async def rotate(store: Store, envelope: EnvelopeKey, new: EnvelopeKey) -> int:
    """Write a new data key, and all older ones, under `new`; return its number.

    Afterwards `envelope` opens nothing, unless it is `new`. What is there stays
    readable; running programs write under their old data key until they restart.

    Raises:
        StoreRefusedError: another rotation came first, or `envelope` is not the key.
    """
    names = [info.name async for info in store.list(layout.KEYS)]
    if not names:
        raise StoreRefusedError("rotate", layout.KEYS, "this store is not encrypted")
    keys = envelope.unwrap(names[-1], await store.get(names[-1]))
    if keys is None:
        why = "the newest data keys are wrapped with another envelope key"
        raise StoreRefusedError("rotate", names[-1], why)
    number = int(names[-1].rpartition("/")[2]) + 1
    keys[max(keys) + 1] = os.urandom(32)
    name = layout.wrapped_key(number)
    if not await store.create(name, new.wrap(name, keys)):
        raise StoreRefusedError("rotate", name, "another rotation came first")
    for old in names:
        await store.delete(old)
    return max(keys)
