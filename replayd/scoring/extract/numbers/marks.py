"""Words together with the marks that are part of their meaning.

`C++` is not `C#`, `O-` not `O+`, `<5` not `>5`, `../x` not `/x`. Punctuation that only
ends or joins words is left out, so `Oslo, Norway.` and `oslo norway` are the same.
"""

import re
import unicodedata
from functools import lru_cache
from string import whitespace
from typing import Final

LONGEST_READ = 32_768  # characters
# One mark each, however it is typed.
_ONE_FORM: Final = str.maketrans(
    {
        "−": "-", "‑": "-", "–": "-", "—": "-", "’": "'", "‘": "'",
        "“": '"', "”": '"', "„": '"', "«": '"', "»": '"',
        "×": "*", "÷": "/", "≤": "<=", "≥": ">=", "≠": "!=", "\u202f": " ",
    }
)  # fmt: skip
_TOKEN = re.compile(
    r"""
    [-+]?[$€£¥₹]?[-+]?\d+(?:[.,'’:/-]\d+)*%?      # numbers, dates, ranges, versions
    | [^\W_]+(?:[-.@_/\\:+&'][^\W_]+)*[+#*]*(?:-(?![\w-]))?  # words and what joins them
    | \.{0,2}[/\\](?=\w) | [<>=!]=?=? | [-+*/^|&~$€£¥₹%#@](?=\S|\Z) | (?<=\s)[-+*/](?=\s)
    """,
    re.VERBOSE,
)
# Signs of vowels, which most texts leave out.
_VOWELS = re.compile(r"[\u0591-\u05c7\u0640\u064b-\u0652\u0670]")
_OPERATOR = re.compile(r"(?:\w|\))\s*(?:[<>=!]=|[<>=*^|&]|\s[-+/]\s)\s*[\w'\"(]")
_JOINED = re.compile(r"[-'’]")
_SURE_WORDS = re.compile(r"[^\W\d_]+(?:[-'’][^\W\d_]+)+")


def marked_words(text: str) -> list[str]:
    """Return the words of `text`, case-folded, each with its own marks."""
    return list(_marked(text))


@lru_cache(maxsize=512)
def _marked(text: str) -> tuple[str, ...]:
    text = unicodedata.normalize("NFKC", text[:LONGEST_READ].translate(_ONE_FORM))
    if not text.isascii():
        text = _VOWELS.sub("", text)
    found: list[str] = []
    for token in _TOKEN.findall(text.casefold()):
        # A hyphen between plain words only joins them.
        if _SURE_WORDS.fullmatch(token):
            found.extend(_JOINED.split(token))
        else:
            found.append(token)
    return tuple(found)


def marks_of(text: str) -> list[str]:
    """Return the operators and signs of `text` in order: what its words leave out."""
    text = text[:LONGEST_READ].translate(_ONE_FORM)
    return [token for token in _TOKEN.findall(text.casefold()) if not token.isalnum()]


def looks_coded(text: str) -> bool:
    """Whether `text` is one unspoken string: an id, a path, an address, an operator."""
    stripped = text.strip()
    if not stripped or any(blank in stripped for blank in whitespace):
        return False
    return not stripped.strip(".,;:!?\"'()").isalpha()


def looks_coded_text(text: str) -> bool:
    """Whether operators stand between words, as in a query or an expression."""
    return bool(_OPERATOR.search(text))
