"""Data keys in the store, wrapped by an envelope key that only the programs hold.

`v1/keys/<number>` holds all data keys so far, encrypted. Rotating writes the next
number, under the same envelope key or a new one, with one data key more; then older
numbers go, so that an old envelope key opens nothing. The bytes are described in
`docs/format/segment-v1.md`, the reasons in `docs/adr/0020-encryption-at-rest.md`.
"""

import asyncio
import hashlib
import os
import struct
from collections.abc import AsyncIterator, Mapping
from typing import Any, Protocol

import msgspec
from msgspec import Struct

from snaptrace.crypto.cipher import Cipher
from snaptrace.crypto.fleet_key import KeyFileError, check_secret
from snaptrace.snapshot import object_names
from snaptrace.snapshot.errors import CorruptSnapshotError, StoreRefusedError
from snaptrace.store.folder_backend import ObjectInfo

_MAGIC = b"\x89STK"
_VERSION = 1
_HEAD = struct.Struct(">4sB8s12s")  # magic, version, envelope key id, nonce
_FRESH_KEY_BYTES = 32

DataKeys = dict[int, bytes]


class EncryptionSettings(Protocol):
    """Settings for `read_envelopes`; implemented by `EncryptionConfig`."""

    @property
    def key_file(self) -> str: ...  # noqa: D102 - a field
    @property
    def key_env(self) -> str: ...  # noqa: D102


class Objects(Protocol):
    """Store operations used here; names below `v1/keys` are never encrypted."""

    async def create(self, name: str, data: bytes) -> bool: ...  # noqa: D102
    async def get(self, name: str) -> bytes: ...  # noqa: D102
    async def delete(self, name: str) -> None: ...  # noqa: D102
    def list(self, prefix: str, after: str = "") -> AsyncIterator[ObjectInfo]: ...  # noqa: D102


class EnvelopeKey:
    """Wraps data keys. Derived from a high-entropy secret of any form."""

    __slots__ = ("_key", "key_id", "local_key")

    def __init__(self, secret: bytes) -> None:
        made = hashlib.blake2b(secret, person=b"snaptrace-env-1").digest()
        self._key, self.key_id = bytes(made[:32]), bytes(made[32:40])
        # For the journal and spool of one machine, which have to open without a store.
        local = hashlib.blake2b(secret, person=b"snaptrace-loc-1", digest_size=32)
        self.local_key = local.digest()

    def __repr__(self) -> str:
        return f"EnvelopeKey({self.key_id.hex()})"  # an id, never the key

    def wrap(self, name: str, keys: DataKeys) -> bytes:
        """Serialise data keys as a wrapped-key object."""
        nonce = os.urandom(12)
        head = _HEAD.pack(_MAGIC, _VERSION, self.key_id, nonce)
        plain = msgspec.msgpack.encode(keys)
        cipher = _aes_gcm(self._key)
        return head + bytes(cipher.encrypt(nonce, plain, head + name.encode()))

    def unwrap(self, name: str, data: bytes) -> DataKeys | None:
        """Return the data keys; None if they are wrapped by another envelope key.

        Raises:
            CorruptSnapshotError: damaged.
        """
        from cryptography.exceptions import InvalidTag  # noqa: PLC0415 - see `sealed`

        if key_id_of(name, data) != self.key_id:
            return None
        _, _, _, nonce = _HEAD.unpack_from(data)
        try:
            bound = data[: _HEAD.size] + name.encode()
            plain = _aes_gcm(self._key).decrypt(nonce, data[_HEAD.size :], bound)
            keys: DataKeys = msgspec.msgpack.decode(plain, type=DataKeys)
        except (InvalidTag, msgspec.DecodeError):
            raise CorruptSnapshotError(name, _HEAD.size, "does not open") from None
        return keys


def key_id_of(name: str, data: bytes) -> bytes:
    """Return the id of the envelope key that wraps a wrapped-key object.

    Raises:
        CorruptSnapshotError: damaged, or of a later release.
    """
    if len(data) < _HEAD.size or not data.startswith(_MAGIC):
        raise CorruptSnapshotError(name, 0, "no wrapped keys")
    _, version, key_id, _ = _HEAD.unpack_from(data)
    if version != _VERSION:
        raise CorruptSnapshotError(name, 4, f"wrapped keys of version {version}")
    return bytes(key_id)


def read_envelopes(
    settings: EncryptionSettings, environ: Mapping[str, str]
) -> tuple[EnvelopeKey, ...]:
    """Return a configuration's envelope keys, the one for writing first.

    A file or variable holds one secret a line; those after the first only open what
    is older, so that a key can be changed without a moment in which nothing opens.
    None: encryption is off.

    Raises:
        KeyFileError: missing, unreadable or too short.
    """
    if settings.key_file:
        source = settings.key_file
        try:
            with open(source, "rb") as file:  # noqa: PTH123 - as the others here
                text = file.read()
        except OSError as error:
            raise KeyFileError(source, error.strerror or "unreadable") from None
    elif settings.key_env:
        source = f"environment variable {settings.key_env}"
        text = environ.get(settings.key_env, "").encode()
        if not text.strip():
            raise KeyFileError(source, "not set, and store.encryption needs its key")
    else:
        return ()
    secrets = [line.strip() for line in text.splitlines() if line.strip()] or [b""]
    return tuple(EnvelopeKey(check_secret(source, secret)) for secret in secrets)


def local_cipher(envelopes: tuple[EnvelopeKey, ...]) -> Cipher | None:
    """Return the cipher for local files; None if they are not encrypted."""
    if not envelopes:
        return None
    numbered = {int.from_bytes(e.key_id[:4], "big"): e.local_key for e in envelopes}
    return Cipher(numbered, int.from_bytes(envelopes[0].key_id[:4], "big"))


class Keyring:
    """The data keys of one store, fetched on first use.

    Without envelope keys it only prevents writing plain bytes to an encrypted store.
    """

    def __init__(self, envelopes: tuple[EnvelopeKey, ...] = ()) -> None:
        self._envelopes = envelopes
        self._cipher: Cipher | None = None
        self._known_plain = False
        self._fetching = asyncio.Lock()

    @property
    def key_ids(self) -> tuple[bytes, ...]:
        """Return the ids of the available envelope keys."""
        return tuple(envelope.key_id for envelope in self._envelopes)

    async def to_write(self, objects: Objects) -> Cipher | None:
        """Return the cipher for writing; None in an unencrypted store.

        The first program that writes makes the first data key.

        Raises:
            StoreRefusedError: the store's keys do not open with ours.
            StoreUnavailableError: they could not be read; safe to retry.
        """
        async with self._fetching:
            if self._cipher is None and not self._known_plain:
                self._cipher = await self._fetched(objects)
                self._known_plain = self._cipher is None
            return self._cipher

    async def to_read(self, objects: Objects, name: str, number: int) -> Cipher:
        """Return a cipher that holds data key `number`, for the object `name`.

        Raises:
            StoreRefusedError: no key is given, or the wrong one.
            CorruptSnapshotError: the store has no such data key.
            StoreUnavailableError: the keys could not be read; safe to retry.
        """
        if not self._envelopes and self._cipher is None:
            raise StoreRefusedError("read", name, _HOW)
        async with self._fetching:
            if self._cipher is None or not self._cipher.has(number):
                # Made by a rotation since we looked last; from now on we write with it.
                self._cipher = await self._fetched(objects)
        if self._cipher is None or not self._cipher.has(number):
            why = f"encrypted with data key {number}, which the store has not"
            raise CorruptSnapshotError(name, 4, why)
        return self._cipher

    async def _fetched(self, objects: Objects) -> Cipher | None:
        while True:
            newest = await newest_keys(objects)
            if newest is not None:
                return Cipher(self._unwrap(*newest))
            if not self._envelopes:
                return None
            name = object_names.wrapped_key(1)
            first = {1: os.urandom(_FRESH_KEY_BYTES)}
            # Whoever won: read what is there.
            await objects.create(name, self._envelopes[0].wrap(name, first))

    def _unwrap(self, name: str, data: bytes) -> DataKeys:
        for envelope in self._envelopes:
            if (keys := envelope.unwrap(name, data)) is not None:
                return keys
        if not self._envelopes:
            raise StoreRefusedError("write", name, _HOW)
        ours = ", ".join(key_id.hex() for key_id in self.key_ids)
        why = (
            f"the data keys are wrapped with envelope key {key_id_of(name, data).hex()}"
            f", and store.encryption gives {ours}; give the key that it was set up with"
        )
        raise StoreRefusedError("open", name, why)

    async def rotate(self, objects: Objects) -> int:
        """Write a new data key, with all older ones, under the first envelope key.

        Afterwards an envelope key that is not our first opens nothing. What is there
        stays readable. Returns the number of the new data key.

        Raises:
            StoreRefusedError: another rotation came first, or no key of ours opens.
        """
        newest = await newest_keys(objects)
        if newest is None or not self._envelopes:
            raise StoreRefusedError(
                "rotate", object_names.KEYS, "there are no keys here"
            )
        last, data = newest
        keys = self._unwrap(last, data)
        number = int(last.rpartition("/")[2]) + 1
        keys[max(keys) + 1] = os.urandom(_FRESH_KEY_BYTES)
        name = object_names.wrapped_key(number)
        if not await objects.create(name, self._envelopes[0].wrap(name, keys)):
            raise StoreRefusedError("rotate", name, "another rotation came first")
        for old in [info.name async for info in objects.list(object_names.KEYS)]:
            if old < name:
                await objects.delete(old)
        self._cipher = Cipher(keys)
        return max(keys)


_HOW = "this store is encrypted; set store.encryption.key_file or .key_env"


class WrappedKeys(Struct, frozen=True, kw_only=True):
    """Metadata of a wrapped-key object, without secrets."""

    name: str
    envelope: str  # id of the envelope key, hex
    ours: bool  # one of the keys at hand opens it
    data_keys: tuple[int, ...]  # numbers; none where it does not open
    made_ns: int


async def wrapped_keys(
    objects: Objects, envelopes: tuple[EnvelopeKey, ...]
) -> list[WrappedKeys]:
    """Return the wrapped-key objects below `v1/keys`, oldest first."""
    found: list[WrappedKeys] = []
    async for info in objects.list(object_names.KEYS):
        data = await objects.get(info.name)
        opened = [keys for e in envelopes if (keys := e.unwrap(info.name, data))]
        found.append(
            WrappedKeys(
                name=info.name,
                envelope=key_id_of(info.name, data).hex(),
                ours=bool(opened),
                data_keys=tuple(sorted(opened[0])) if opened else (),
                made_ns=info.modified_ns,
            )
        )
    return found


async def newest_keys(objects: Objects) -> tuple[str, bytes] | None:
    """Return name and bytes of the newest wrapped keys; None if there are none."""
    names = [info.name async for info in objects.list(object_names.KEYS)]
    if not names:
        return None
    return names[-1], await objects.get(names[-1])


def _aes_gcm(key: bytes) -> Any:  # noqa: ANN401 - imported late, see `sealed`
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415

    return AESGCM(key)
