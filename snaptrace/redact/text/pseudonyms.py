"""Replacement values: typed, deterministic, format-preserving, never real identifiers.

The same value gives the same pseudonym everywhere in a fleet, so a conversation still
hangs together and both arms of a replay see the same text. Shapes survive where a
schema may ask for them; the ranges used are reserved, of tests, or fail their check
digit, so that a pseudonym is nobody's and is not taken out again.
"""

import hashlib
import ipaddress
import re
from collections.abc import Callable, Iterator

from snaptrace.crypto.fleet_key import FleetKey
from snaptrace.redact.text import check_digits

_HEX_KEPT = 10  # hex digits of a digest in a pseudonym: 40 bits
_DIGITS = "0123456789"
_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"


class Pseudonyms:
    """Makes pseudonyms under one fleet's key."""

    def __init__(self, key: FleetKey) -> None:
        self._key = key

    def of(self, kind: str, value: str, attempt: int = 0) -> str:
        """Return what stands for `value`; alike for spellings of the same value.

        Another `attempt` gives another one, where the first looks like something else.
        """
        digest = self._key.pseudonym(kind, _normal(kind, value))
        for _ in range(attempt):
            digest = hashlib.blake2b(digest, digest_size=32).digest()
        if kind in _CHECKED:
            return _failing(digest, value, _CHECKED[kind])
        if kind in _MADE:
            return _MADE[kind](digest, value)
        if kind not in _OF_SECRETS:
            for pattern, make in _SHAPES:
                if pattern.fullmatch(value):
                    return make(digest, value)
        return f"redacted_{kind}_{digest.hex()[:_HEX_KEPT]}"


_CHECKED: dict[str, check_digits.Check] = {
    "ssn": check_digits.is_ssn,
    "sin": check_digits.is_sin,
    "nir": check_digits.is_nir,
    "dni": check_digits.is_dni,
    "codice_fiscale": check_digits.is_codice_fiscale,
    "cpf": check_digits.is_cpf,
    "aadhaar": check_digits.is_aadhaar,
    "pesel": check_digits.is_pesel,
    "steuer_id": check_digits.is_steuer_id,
    "bsn": check_digits.is_bsn,
}


def _normal(kind: str, value: str) -> str:
    if kind in ("card", "phone"):
        return check_digits.digits_of(value).removeprefix("00")
    if kind == "email":
        return value.casefold()
    if kind == "ip":
        try:
            return str(ipaddress.ip_address(value))
        except ValueError:
            return value
    if kind == "iban" or kind in _CHECKED:
        return "".join(sign for sign in value.upper() if sign.isalnum())
    return value


def _stream(digest: bytes) -> Iterator[int]:
    while True:
        yield from digest
        digest = hashlib.blake2b(digest, digest_size=32).digest()


def _shaped(digest: bytes, like: str) -> str:
    """Return `like` with every digit and letter exchanged, the rest as it is."""
    rng = _stream(digest)
    out: list[str] = []
    for sign in like:
        if sign.isdigit():
            out.append(_DIGITS[next(rng) % 10])
        elif sign.isalpha():
            letter = _LETTERS[next(rng) % len(_LETTERS)]
            out.append(letter if sign.isupper() else letter.lower())
        else:
            out.append(sign)
    return "".join(out)


def _failing(digest: bytes, like: str, is_one: "check_digits.Check") -> str:
    """Return a number of the shape of `like` that fails the check."""
    while True:
        made = like[:1] + _shaped(digest, like[1:])
        if not is_one(made):
            return made
        digest = hashlib.blake2b(digest, digest_size=32).digest()


def _address(digest: bytes, like: str) -> str:
    if ":" in like:
        # RFC 3849: 2001:db8::/32 is for documentation.
        return str(ipaddress.IPv6Address(b"\x20\x01\x0d\xb8" + digest[:12]))
    # RFC 1112, section 4: 240.0.0.0/4 is reserved.
    return f"{240 + digest[0] % 15}.{digest[1]}.{digest[2]}.{digest[3]}"


def _phone(digest: bytes, like: str) -> str:
    """Keep separators; +999 is no country and 000 no area."""
    # A bare number may be one in JSON, too, where no zero leads.
    head = "999" if like.startswith("+") or like.isdigit() else "000"
    made = _shaped(digest, like)
    left = iter(head)
    out = (next(left, sign) if sign.isdigit() else sign for sign in made)
    return "".join(out)


def _card(digest: bytes, like: str) -> str:
    """Keep scheme, length and separators; valid by Luhn, of no issuer."""
    digits = check_digits.digits_of(like)
    made = digits[0] + "00000" + _shaped(digest, digits[6:-1])
    left = iter(next(made + d for d in _DIGITS if check_digits.luhn(made + d)))
    return "".join(next(left) if sign.isdigit() else sign for sign in like)


def _uuid(digest: bytes, like: str) -> str:
    """Keep dashes, case, version and variant."""
    hexes = iter(digest.hex())
    made = "".join(
        sign if sign == "-" or at in (14, 19) else next(hexes)
        for at, sign in enumerate(like)
    )
    return made.upper() if like.isupper() else made


def _date(digest: bytes, like: str) -> str:
    """Return some day of the last century, valid whichever number is its month."""
    parts = iter((1 + digest[1] % 12, 1 + digest[2] % 12, digest[3] % 10))

    def exchanged(match: re.Match[str]) -> str:
        size = len(match[0])
        if size == 4:
            return f"19{10 + digest[0] % 80}"
        return f"{next(parts, 0):0{size}d}"[-size:]

    return re.sub(r"\d+", exchanged, like)


def _number(digest: bytes, like: str) -> str:
    return f"{1 + digest[0] % 9}{_shaped(digest[1:], like[1:])}"


_OF_SECRETS = frozenset({"secret", "password", "token", "authorization", "credentials"})
# A value that a rule or its field names, by the shape that a schema may ask for.
_SHAPES: tuple[tuple[re.Pattern[str], Callable[[bytes, str], str]], ...] = (
    (
        re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"),
        _uuid,
    ),
    (
        re.compile(r"[^\s@]{1,64}@[^\s@]{1,253}\.[^\s@.]{2,24}"),
        lambda digest, _: f"user_{digest.hex()[:_HEX_KEPT]}@redacted.invalid",
    ),
    (
        re.compile(r"\d{4}-\d\d-\d\d|\d{1,2}([./\-])\d{1,2}\1\d{4}|\d{4}/\d\d/\d\d"),
        _date,
    ),
    (
        re.compile(r"https?://\S+"),
        lambda digest, _: f"https://redacted.invalid/{digest.hex()[:_HEX_KEPT]}",
    ),
    (re.compile(r"\d{1,18}"), _number),
)
# Shapes that no check digit guards; each in a range that is nobody's.
_MADE: dict[str, Callable[[bytes, str], str]] = {
    "email": lambda digest, _: f"user_{digest.hex()[:_HEX_KEPT]}@redacted.invalid",
    "ip": _address,
    "card": _card,
    "phone": _phone,
    # Check digits run from 02 to 98, so 00 belongs to no account.
    "iban": lambda digest, value: value[:2] + "00" + _shaped(digest, value[4:]),
    # The fourth letter says what kind of holder; there is no X.
    "pan": lambda digest, value: (
        _shaped(digest, value[:3]) + "X" + _shaped(digest[8:], value[4:])
    ),
    "nino": lambda digest, value: "QQ" + _shaped(digest, value[2:]),  # never issued
    "passport": lambda digest, value: "X0" + _shaped(digest, "0" * (len(value) - 2)),
}
