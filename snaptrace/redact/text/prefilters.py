"""Cheap looks at a whole text; most texts pass none of them and are done."""

import re

_WORD = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/_-.=?"
_RUNS = bytes(ord("a") if sign in _WORD else ord(" ") for sign in range(256))
_NO_DIGITS = bytes(sign for sign in range(256) if sign not in b"0123456789")
_LONG_RUN = b"a" * 15

# name -> digits that a text must have, and a pattern of which one must be found.
GATES: dict[str, tuple[int, "re.Pattern[str]"]] = {
    "four_digits": (4, re.compile(r"[0-9](?:[^0-9]?[0-9]){3}")),
    "six_digits": (6, re.compile(r"[0-9](?:[ .\-/()A-Za-z]{0,3}[0-9]){5}")),
    "iban": (
        10,
        re.compile(r"[0-9]{2}(?<=[A-Za-z]{2}[0-9]{2})[ \-]{0,2}[A-Za-z0-9]{4}"),
    ),
    "nino": (
        6,
        re.compile(
            r"[0-9]{2}(?:(?<=[A-Z]{2}[0-9]{2})|(?<=[A-Z]{2} [0-9]{2})) ?[0-9]{2}"
        ),
    ),
    "dni": (7, re.compile(r"[0-9]{7}-?[A-Za-z]")),
    "codice_fiscale": (7, re.compile(r"[0-9]{2}(?<=[A-Za-z]{6}[0-9]{2})[A-Za-z]")),
    "pan": (4, re.compile(r"[0-9]{4}(?<=[A-Z]{5}[0-9]{4})[A-Z]")),
    "colons": (1, re.compile(r":[0-9a-fA-F]{0,4}:")),
}
LONG_WORD = "long_word"


def passed(text: str) -> frozenset[str]:
    """Return the names of the gates that a text passes."""
    data = text.encode("ascii", "replace")
    found = set()
    if _LONG_RUN in data.translate(_RUNS):
        found.add(LONG_WORD)
    digits = len(data.translate(None, _NO_DIGITS))
    for name, (least, pattern) in GATES.items():
        if digits >= least and pattern.search(text):
            found.add(name)
    return frozenset(found)
