"""Check digits: what tells a number from one that only looks like it."""

import ipaddress
import re
from collections.abc import Callable
from typing import TypeAlias

_VERHOEFF_D = (
    (0, 1, 2, 3, 4, 5, 6, 7, 8, 9),
    (1, 2, 3, 4, 0, 6, 7, 8, 9, 5),
    (2, 3, 4, 0, 1, 7, 8, 9, 5, 6),
    (3, 4, 0, 1, 2, 8, 9, 5, 6, 7),
    (4, 0, 1, 2, 3, 9, 5, 6, 7, 8),
    (5, 9, 8, 7, 6, 0, 4, 3, 2, 1),
    (6, 5, 9, 8, 7, 1, 0, 4, 3, 2),
    (7, 6, 5, 9, 8, 2, 1, 0, 4, 3),
    (8, 7, 6, 5, 9, 3, 2, 1, 0, 4),
    (9, 8, 7, 6, 5, 4, 3, 2, 1, 0),
)
_VERHOEFF_P = (
    (0, 1, 2, 3, 4, 5, 6, 7, 8, 9),
    (1, 5, 7, 6, 2, 8, 3, 0, 9, 4),
    (5, 8, 0, 3, 7, 9, 6, 1, 4, 2),
    (8, 9, 1, 6, 0, 4, 3, 5, 2, 7),
    (9, 4, 5, 3, 1, 2, 6, 8, 7, 0),
    (4, 2, 8, 6, 5, 7, 3, 9, 0, 1),
    (2, 7, 9, 3, 8, 0, 6, 4, 1, 5),
    (7, 0, 4, 6, 9, 1, 3, 2, 5, 8),
)
_FISCAL_ODD = dict(
    zip(
        "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ",
        (
            *(1, 0, 5, 7, 9, 13, 15, 17, 19, 21),
            *(1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18),
            *(20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23),
        ),
        strict=True,
    )
)
Check: TypeAlias = Callable[[str], bool]
_NOT_DIGIT = re.compile(r"\D")
_DATE = re.compile(
    r"(?:\d{1,2}[.\-/ ]\d{1,2}[.\-/ ]\d{4}|\d{4}[.\-/ ]\d{1,2}[.\-/ ]\d{1,2})(?!\d)"
)


def digits_of(text: str) -> str:
    """Return the ASCII digits of `text`."""
    return _NOT_DIGIT.sub("", text)


def luhn(digits: str) -> bool:
    """ISO/IEC 7812-1, annex B."""
    total = 0
    for index, digit in enumerate(reversed(digits)):
        value = int(digit) * (1 + index % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def is_card(text: str) -> bool:
    """Return whether this is a payment card number of a scheme in use."""
    digits = digits_of(text)
    return (
        13 <= len(digits) <= 19
        and (digits[0] in "3456" or "22" <= digits[:2] <= "27")
        and len(set(digits)) > 1
        and luhn(digits)
    )


def is_iban(text: str) -> bool:
    """ISO 13616, check digits by ISO 7064 mod 97-10."""
    plain = text.replace(" ", "").replace("-", "").upper()
    if not 15 <= len(plain) <= 34 or not plain.isascii() or not plain.isalnum():
        return False
    turned = plain[4:] + plain[:4]
    return int("".join(str(int(sign, 36)) for sign in turned)) % 97 == 1


def is_ssn(text: str) -> bool:
    """US social security number: no 000, 666 or 9xx area, no zero group or serial."""
    digits = digits_of(text)
    return (
        digits[:3] not in ("000", "666")
        and digits[0] != "9"
        and digits[3:5] != "00"
        and digits[5:] != "0000"
    )


def is_sin(text: str) -> bool:
    """Canadian social insurance number."""
    digits = digits_of(text)
    return len(digits) == 9 and digits[0] not in "08" and luhn(digits)


def is_nir(text: str) -> bool:
    """French NIR: two check digits, 97 minus the rest mod 97; Corsica has letters."""
    plain = text.replace(" ", "").upper()
    number = plain[:13].replace("2A", "19").replace("2B", "18")
    return number.isdigit() and 97 - int(number) % 97 == int(plain[13:])


def is_dni(text: str) -> bool:
    """Spanish DNI or NIE: letter by the number mod 23."""
    plain = text.upper().replace("-", "")
    number = plain[:-1]
    if number[0] in "XYZ":
        number = str("XYZ".index(number[0])) + number[1:]
    return "TRWAGMYFPDXBNJZSQVHLCKE"[int(number) % 23] == plain[-1]


def is_codice_fiscale(text: str) -> bool:
    """Italian codice fiscale: last letter by the sum of the others mod 26."""
    plain = text.upper()
    total = sum(_FISCAL_ODD[sign] for sign in plain[:15:2])
    total += sum(
        int(sign) if sign.isdigit() else ord(sign) - 65 for sign in plain[1:15:2]
    )
    return chr(65 + total % 26) == plain[15]


def is_cpf(text: str) -> bool:
    """Brazilian CPF: two check digits mod 11."""
    digits = [int(sign) for sign in digits_of(text)]
    if len(digits) != 11 or len(set(digits)) == 1:
        return False
    for length in (9, 10):
        total = sum((length + 1 - i) * digits[i] for i in range(length))
        if (total * 10 % 11) % 10 != digits[length]:
            return False
    return True


def is_aadhaar(text: str) -> bool:
    """Indian Aadhaar: 12 digits with a Verhoeff check digit."""
    digits = digits_of(text)
    if len(digits) != 12 or digits[0] in "01":
        return False
    state = 0
    for index, digit in enumerate(reversed(digits)):
        state = _VERHOEFF_D[state][_VERHOEFF_P[index % 8][int(digit)]]
    return state == 0


def is_pesel(text: str) -> bool:
    """Polish PESEL: check digit mod 10."""
    digits = [int(sign) for sign in digits_of(text)]
    weights = (1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1)
    return (
        len(digits) == 11
        and sum(w * d for w, d in zip(weights, digits, strict=True)) % 10 == 0
    )


def is_steuer_id(text: str) -> bool:
    """German tax id: ISO 7064 mod 11,10."""
    digits = digits_of(text)
    if len(digits) != 11 or digits[0] == "0":
        return False
    product = 10
    for digit in digits[:10]:
        total = (int(digit) + product) % 10 or 10
        product = total * 2 % 11
    return (11 - product) % 10 == int(digits[10])


def is_bsn(text: str) -> bool:
    """Dutch BSN: eleven test."""
    digits = [int(sign) for sign in digits_of(text)]
    return (
        len(digits) == 9
        and any(digits)
        and (sum((9 - i) * digits[i] for i in range(8)) - digits[8]) % 11 == 0
    )


def is_address(text: str) -> bool:
    """Return whether this is an IP address of some machine.

    Not loopback, unspecified, multicast or documentation addresses, and not the
    reserved ranges that pseudonyms come from.
    """
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False
    if address.version == 4:
        first = address.packed[0]
        return not (first in (0, 127) or first >= 224)
    groups = [group for group in text.split(":") if group]
    return (
        len(groups) >= 3
        and any(sign.isdigit() for sign in text)
        and not text.lower().startswith(("2001:db8", "2001:0db8"))
    )


def is_phone(text: str) -> bool:
    """Return whether the digits could be dialled: no date, no pseudonym of ours."""
    digits = digits_of(text)
    if not 8 <= len(digits) <= 15 or digits.startswith(("999", "000")):
        return False
    if _DATE.match(text):
        return False
    return len(set(digits)) > 1
