"""Splitting a text into words, several times as quick as a pattern run over it.

All ASCII that belongs to no word becomes a blank and the text is split at blanks; the
pattern is left with the pieces that hold anything else than plain letters.
"""

import re
from collections.abc import Callable

MOSTLY_OTHER = 1.4  # bytes of UTF-8 per letter, from which most of them are not ASCII
_BLANK = ord(" ")


def splitter(
    pattern: str, *, plain: str, joining: str = ""
) -> Callable[[str], list[str]]:
    """Return a function that does what `re.compile(pattern).findall` does.

    `plain` are the ASCII characters of which any run is one word, `joining` those that
    belong to a word only between others. No word may hold any further ASCII character.
    """
    find_all = re.compile(pattern).findall
    kept = frozenset((plain + joining).encode())
    table = bytes(c if c in kept or c >= 128 else _BLANK for c in range(256))

    def split(text: str) -> list[str]:
        data = text.encode("utf-8", "surrogatepass").translate(table)
        if len(data) > MOSTLY_OTHER * len(text):
            return find_all(text)
        pieces = data.decode("utf-8", "surrogatepass").split()
        if text.isascii() and not (joining and joining in text):
            return pieces
        odd = [i for i, p in enumerate(pieces) if not (p.isascii() and p.isalnum())]
        for index in reversed(odd):
            pieces[index : index + 1] = find_all(pieces[index])
        return pieces

    return split
