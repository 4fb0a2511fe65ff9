"""The vocabulary of declining, read from `lexicon/declining.toml`."""

import re
from functools import cache
from typing import NamedTuple

from replayd.scoring.extract.lexicon import table


class Marks(NamedTuple):
    """The patterns of one language; the file says what each kind of mark is."""

    regret: re.Pattern[str]
    unable: re.Pattern[str]
    negated: re.Pattern[str]
    first: re.Pattern[str]
    help: re.Pattern[str]


UNSPACED = frozenset(["ja", "zh", "ko", "th"])
# Code points that tell that a text may be in a language beyond Latin script.
_LETTERS = {
    "ru": r"\u0430-\u044f",
    "uk": r"\u0430-\u0457",
    "el": r"\u03ac-\u03ce",
    "ja": r"\u3041-\u30ff\u4e00-\u9fff",
    "zh": r"\u4e00-\u9fff",
    "ko": r"\uac00-\ud7a3",
    "ar": r"\u0621-\u064a",
    "he": r"\u05d0-\u05ea",
    "hi": r"\u0900-\u097f",
    "th": r"\u0e01-\u0e5b",
}

# Something to be looked at or listened to that did not arrive.
BLIND = re.compile(
    r"\b(?:can(?:no|')t|unable to|not able to|don't|doesn't|do not|does not|no)\b"
    r"[^.!?]{0,40}\b(?:see|view|open|listen|hear|access|process|attached|attachments?"
    r"|images?|pictures?|audio|files?)\b[^.!?]{0,40}"
    r"|\bno (?:file|image|picture|audio|document|attachment)s? (?:was|were|is|has)\b"
    r"|\b(?:kann|konnte)\b[^.!?]{0,40}\b(?:bild\w*|datei\w*|anhang|audio\w*)\b"
    r"[^.!?]{0,30}nicht\b|\bkein(?:e|en)? (?:bild|datei|anhang|audio)\b"
    r"|\baucune? (?:image|fichier|pièce jointe|document)\b"
    r"|\bno (?:veo|puedo ver|hay) [^.!?]{0,20}(?:imagen|archivo|adjunto|audio)\b",
)
BLIND_OBJECT = re.compile(
    r"\b(?:images?|pictures?|photos?|files?|attach\w+|audio\w*|documents?|bild\w*"
    r"|datei\w*|anhang|fichier|imagen|archivo|adjunto|pièce jointe)\b"
)
BLIND_ASKS = re.compile(
    r"\b(?:upload|attach\w*|paste|describe it|type out|text-based|send it|share it"
    r"|i(?:'m| can| don't| am)|hochladen|angehängt|télécharger|joint\w*|adjunt\w+)\b"
)


@cache
def languages() -> tuple[str, ...]:
    """Return the languages in Latin script that the vocabulary knows."""
    return tuple(code for code in table("declining.toml") if code not in _LETTERS)


@cache
def scripts() -> tuple[tuple[str, re.Pattern[str]], ...]:
    """Return the languages beyond Latin, each with a pattern of its letters."""
    return tuple((code, re.compile(f"[{span}]")) for code, span in _LETTERS.items())


@cache
def marks_of(language: str) -> Marks:
    """Return the patterns of one language."""
    row = table("declining.toml")[language]
    return Marks(*(_pattern(language, row[kind]) for kind in Marks._fields))


@cache
def negating() -> re.Pattern[str]:
    """Return one pattern of all that declines or negates in Latin script."""
    rows = (table("declining.toml")[code] for code in languages())
    entries = (entry for row in rows for entry in (*row["unable"], *row["negated"]))
    # One group, so that within a word one look ahead says no for all of them.
    return _pattern("", list(dict.fromkeys(entries)))


def _pattern(language: str, entries: list[str]) -> re.Pattern[str]:
    either = "|".join(entries).replace("_", r"\s+")
    if language in UNSPACED:
        return re.compile(either)
    return re.compile(rf"(?<!\w)(?:{either})(?!\w)")
