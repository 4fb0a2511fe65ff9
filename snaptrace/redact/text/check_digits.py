"""Check digits: what tells a number from one that only looks like it."""

import ipaddress
import re
from collections.abc import Callable
from itertools import pairwise
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
    r"(?:(\d{1,2})([.\-/ ])(\d{1,2})\2(\d{4}|\d{2})|\d{4}([.\-/ ])\d{1,2}\5\d{1,2})"
    r"(?![\d./\-])"
)
# ITU-T E.164: countries of one and two digits; the first two of those with three.
_COUNTRY = re.compile(
    r"1|7|20|27|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58]"
    r"|(?:21|22|23|24|25|26|29|35|37|38|42|50|59|67|68|69|80|85|87|88|96|97|99)\d"
)
_AXIS_STEPS = {1, 2, 3, 4, 5, 6, 10, 12, 15, 20}
# Lengths of numbers in use, by how they begin (ISO/IEC 7812 issuer ranges).
_CARDS = re.compile(
    r"4\d{15}|5[1-5]\d{14}|2(?:22[1-9]|2[3-9]\d|[3-6]\d\d|7[01]\d|720)\d{12}"
    r"|3[47]\d{13}|3(?:0[0-5]|[689]\d)\d{11}|35(?:2[89]|[3-8]\d)\d{12}"
    r"|6(?:011|4[4-9]\d|5\d\d)\d{12}|62\d{14}(?:\d{3})?|(?:50|5[6-8]|6\d)\d{14}"
)
# ISO 13616 registry: characters of an IBAN by country.
_IBAN_LENGTHS = {
    country: length
    for length, countries in {
        15: "NO",
        16: "BE",
        18: "DK FI FK FO GL NL SD",
        19: "MK SI",
        20: "AT BA EE KZ LT LU MN XK",
        21: "CH HR LI LV",
        22: "BG BH CR DE GB GE IE ME RS VA",
        23: "AE GI IL IQ OM SO TL",
        24: "AD CZ ES MD PK RO SA SE SK TN VG",
        25: "AO CV GW LY MZ PT ST",
        26: "DZ IR IS TR",
        27: "BI CF CG CM DJ FR GA GQ GR IT KM MC MG MR SM TD",
        28: "AL AZ BF BJ BY CI CY DO GT HN HU LB MA ML NE NI PL SN SV TG",
        29: "BR EG PS QA UA",
        30: "JO KW MU YE",
        31: "MT SC",
        32: "LC",
        33: "RU",
    }.items()
    for country in countries.split()
}
# A card's pseudonym; no issuer has five zeros there.
CARD_STAND_IN = re.compile(r"\d0{5}")


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
        _CARDS.fullmatch(digits) is not None
        and CARD_STAND_IN.match(digits) is None
        and len(set(digits)) > 1
        and luhn(digits)
        and not _is_even_row(text)
    )


def _is_even_row(text: str) -> bool:
    """Return whether groups of digits go up in equal steps, as an axis does."""
    values = [int(group) for group in re.findall(r"[0-9]+", text)]
    steps = {after - before for before, after in pairwise(values)}
    return len(values) > 2 and len(steps) == 1


def is_iban(text: str) -> bool:
    """ISO 13616, check digits by ISO 7064 mod 97-10."""
    plain = text.replace(" ", "").replace("-", "").upper()
    if _IBAN_LENGTHS.get(plain[:2]) != len(plain) or not plain.isalnum():
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
        # `1.2.3.4` is a chapter, and `120.0.0.0` a browser.
        return not (
            first in (0, 127)
            or first >= 224
            or max(address.packed) < 10
            or not any(address.packed[1:])
        )
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
    return len(set(digits)) > 1 and not _begins_with_date(text)


def is_international_phone(text: str) -> bool:
    """Return whether a number behind `+` or `00` is one of some country."""
    digits = digits_of(text.removeprefix("00"))
    country = _COUNTRY.match(digits)
    if "." in text and (text.count(".") == 1 or " " in text):
        return False
    if country is None or not is_phone(text) or len(digits) < 9:
        return False
    own = digits[country.end() :]
    if country[0] == "1":
        return len(own) == 10 and own[0] > "1"
    # Numbers of a chart carry signs and points, too; round ones are amounts.
    return len(own) >= 7 and not own.endswith("000000")


def is_national_phone(text: str) -> bool:
    """Return whether a number that begins with one 0 could be dialled in its country.

    Not times of day, and not the labels of an axis, which go up in equal steps.
    """
    if len(digits_of(text)) < 9 or not is_phone(text):
        return False
    groups = re.findall(r"\d+", text)
    if any(len(group) != 2 for group in groups):
        return True
    values = [int(group) for group in groups]
    steps = {after - before for before, after in pairwise(values)}
    between = set(re.findall(r"(?<=\d)\D(?=\d)", text))
    is_axis = len(steps) == 1 and steps <= _AXIS_STEPS
    return len(groups) == 5 and not is_axis and len(between) == 1


def _begins_with_date(text: str) -> bool:
    found = _DATE.match(text)
    if found is None:
        return False
    if found[1] is None:
        return True
    if found[2] == " " and len(found[4]) == 2:
        return False
    numbers = sorted((int(found[1]), int(found[3])))
    # The day may stand first or second, the point apart.
    is_day_first = found[2] == "." and int(found[3]) > 12
    return numbers[0] in range(1, 13) and numbers[1] <= 31 and not is_day_first
