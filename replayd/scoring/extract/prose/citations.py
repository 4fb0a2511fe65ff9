"""Citations of numbered sources: do they exist, and stand where they support?"""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Final, NamedTuple

from replayd.scoring.extract.language.key_words import holds_word, key_words
from replayd.scoring.extract.numbers.marks import marked_words

LONGEST_READ: Final = 8_000  # characters
MOST_SOURCES: Final = 60
CLEARLY: Final = 2  # words more, by which another source supports a claim better

_SUPERSCRIPTS: Final = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")
_RAISED = re.compile(r"[⁰¹²³⁴⁵⁶⁷⁸⁹]+")
_CITED = re.compile(
    r"[\[【(]\s*(?:(?:doc|document|source|ref|quelle|fuente)\.?\s*)?"
    r"(?P<ids>\d{1,3}(?:\s*[,;]\s*\d{1,3})*)\s*[\])】]",
    re.IGNORECASE,
)
_SOURCE = re.compile(
    r"(?:^|\s)(?:[\[【(](?:doc|document|source)?\s*(?P<a>\d{1,3})[\])】]|(?:doc|document|source)"
    r"\s*(?P<b>\d{1,3})\s*:)\s*",
    re.IGNORECASE,
)
_LIST_OF_SOURCES = re.compile(
    r"\n\s*(?:sources?|references?|quellen|fuentes)\s*:.*\Z", re.IGNORECASE | re.DOTALL
)


class Cited(NamedTuple):
    """A claim and the sources that it names."""

    claim: str
    ids: frozenset[int]


def citation_faults(recorded: str, answer: str, context: str) -> str:
    """Return what is wrong with the citations of an answer, "" where nothing is.

    Only where the recording cites sources that the request holds by number.
    """
    sources = sources_of(context)
    if len(sources) < 2 or not _ids(cited_in(recorded)) & sources.keys():
        return ""
    cited = cited_in(answer)
    ids = _ids(cited)
    if not ids:
        return "cites no source"
    if unknown := ids - sources.keys():
        return f"cites [{min(unknown)}], which is no source"
    for each in cited:
        if fault := _misplaced(each, sources):
            return fault
    return ""


def _misplaced(cited: Cited, sources: dict[int, str]) -> str:
    words = key_words(cited.claim)
    if not words:
        return ""
    support = {n: _shared(words, text) for n, text in sources.items()}
    named = max((support.get(n, 0) for n in cited.ids), default=0)
    best = max(support, key=support.__getitem__)
    if support[best] - named >= CLEARLY or (named == 0 and support[best] >= 1):
        return f"cites {sorted(cited.ids)} for what [{best}] says"
    return ""


def _shared(words: Sequence[str], text: str) -> int:
    given = marked_words(text)
    return sum(holds_word(given, word) for word in words)


def _ids(cited: Sequence[Cited]) -> frozenset[int]:
    return frozenset[int]().union(*(each.ids for each in cited))


@lru_cache(maxsize=256)
def sources_of(context: str) -> dict[int, str]:
    """Return the numbered sources that a request holds."""
    marks = list(_SOURCE.finditer(context[:LONGEST_READ]))[:MOST_SOURCES]
    if not marks:
        return {}
    ends = [*(mark.start() for mark in marks[1:]), LONGEST_READ]
    return {
        int(mark["a"] or mark["b"]): context[mark.end() : end]
        for mark, end in zip(marks, ends, strict=True)
    }


def cited_in(text: str) -> tuple[Cited, ...]:
    """Return the claims of a text that name sources, each with what it names."""
    plain = _LIST_OF_SOURCES.sub("", text[:LONGEST_READ])
    plain = _RAISED.sub(lambda m: f"[{m[0].translate(_SUPERSCRIPTS)}]", plain)
    found: list[Cited] = []
    at = 0
    for mark in _CITED.finditer(plain):
        claim = plain[at : mark.start()].strip(" .,;:\n")
        ids = frozenset(int(n) for n in re.findall(r"\d+", mark["ids"]))
        if claim or not found:
            found.append(Cited(claim, ids))
        else:
            found[-1] = Cited(found[-1].claim, found[-1].ids | ids)
        at = mark.end()
    return tuple(found)
