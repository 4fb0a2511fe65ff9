"""DSSE envelopes: a payload, its type, and signatures over both.

Source: DSSE protocol 1.0 (secure-systems-lab/dsse), "Signature Definition". Keys and
signatures are `cryptography`'s: Ed25519, or ECDSA on P-256 with SHA-256.
"""

import hashlib
from base64 import b64decode, b64encode
from collections.abc import Sequence

import msgspec
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from msgspec import Struct

from replayd.errors import ReplaydError

PAYLOAD_TYPE = "application/vnd.in-toto+json"
LARGEST_BYTES = 16 * 2**20
_ECDSA = ec.ECDSA(hashes.SHA256())


class PassportError(ReplaydError):
    """A passport or key that cannot be used; the message says why."""


class Signature(Struct, frozen=True):
    """One signature, base64, and the key it names."""

    keyid: str
    sig: str


class Envelope(Struct, frozen=True, rename="camel"):
    """A DSSE envelope as JSON has it."""

    payload_type: str
    payload: str  # base64
    signatures: tuple[Signature, ...]


def sealed_envelope(payload: bytes, key_pem: bytes) -> bytes:
    """Return the envelope of a payload, signed by a private key in PEM.

    Raises:
        PassportError: no such key, or one with a password.
    """
    try:
        key = serialization.load_pem_private_key(key_pem, password=None)
    except (TypeError, ValueError, UnsupportedAlgorithm) as error:
        raise PassportError(f"the key cannot be read: {error}") from None
    message = _encoded(payload)
    if isinstance(key, ed25519.Ed25519PrivateKey):
        signature = key.sign(message)
    elif isinstance(key, ec.EllipticCurvePrivateKey) and key.key_size == 256:
        signature = key.sign(message, _ECDSA)
    else:
        raise PassportError("use an Ed25519 key, or ECDSA on P-256")
    envelope = Envelope(
        payload_type=PAYLOAD_TYPE,
        payload=b64encode(payload).decode(),
        signatures=(
            Signature(_key_id(key.public_key()), b64encode(signature).decode()),
        ),
    )
    return msgspec.json.format(msgspec.json.encode(envelope), indent=2) + b"\n"


def opened_envelope(data: bytes, public_pems: Sequence[bytes]) -> bytes:
    """Return the payload, once one of the public keys has signed it.

    Raises:
        PassportError: no envelope, of another type, or signed by none of them.
    """
    if len(data) > LARGEST_BYTES:
        raise PassportError("larger than a passport is")
    try:
        envelope = msgspec.json.decode(data, type=Envelope)
        payload = b64decode(envelope.payload, validate=True)
        signatures = [b64decode(s.sig, validate=True) for s in envelope.signatures]
    except (msgspec.MsgspecError, ValueError) as error:
        raise PassportError(f"no DSSE envelope: {error}") from None
    if envelope.payload_type != PAYLOAD_TYPE:
        raise PassportError(f"of type {envelope.payload_type!r}, not in-toto")
    keys = [_public_key(pem) for pem in public_pems]
    if not any(_is_signed(key, payload, each) for key in keys for each in signatures):
        raise PassportError("none of the keys given has signed it")
    return payload


_Public = ed25519.Ed25519PublicKey | ec.EllipticCurvePublicKey


def _public_key(pem: bytes) -> _Public:
    try:
        key = serialization.load_pem_public_key(pem)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise PassportError(f"the public key cannot be read: {error}") from None
    if not isinstance(key, _Public):
        raise PassportError("use an Ed25519 key, or ECDSA on P-256")
    return key


def _is_signed(key: _Public, payload: bytes, signature: bytes) -> bool:
    try:
        if isinstance(key, ed25519.Ed25519PublicKey):
            key.verify(signature, _encoded(payload))
        else:
            key.verify(signature, _encoded(payload), _ECDSA)
    except InvalidSignature:
        return False
    return True


def _encoded(payload: bytes) -> bytes:
    """Return DSSE's pre-authentication encoding: type and payload with their sizes."""
    kind = PAYLOAD_TYPE.encode()
    return b" ".join(
        (b"DSSEv1", b"%d" % len(kind), kind, b"%d" % len(payload), payload)
    )


def _key_id(key: _Public | object) -> str:
    assert isinstance(key, _Public)
    spki = key.public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return hashlib.sha256(spki).hexdigest()
