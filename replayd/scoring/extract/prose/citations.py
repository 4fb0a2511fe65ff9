"""Citations of sources in the request: do they exist, and stand where they support?

A source is known by a number or a letter in brackets, a document id, a link, a section
sign or a title in quotes. Only a recording that cites shows what counts as a source.
"""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Final, NamedTuple

from replayd.scoring.extract.language.key_words import holds_word, key_words
from replayd.scoring.extract.numbers.marks import marked_words

LONGEST_READ: Final = 8_000  # characters
MOST_SOURCES: Final = 60
CLEARLY: Final = 2  # words more, by which another source supports a claim better
FEWEST_CITED: Final = 3  # words that carry a claim which cites a source
FEWEST_QUOTED: Final = 4  # words of a quotation that has to stand in the request

_SUPERSCRIPTS: Final = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")
_RAISED = re.compile(r"[⁰¹²³⁴⁵⁶⁷⁸⁹]+")
_KIND: Final = r"(?:(?:doc|document|source|ref|passage|quelle|fuente|fonte)\.?\s*)?"
_ID: Final = r"(?:[A-Za-z]{1,6}[-_.]?\d{1,6}|\d{1,3}|[A-Za-z])"
_LINK: Final = r"https?://[^\s<>\"')\]]*[^\s<>\"')\].,;:]"
_SECTION: Final = r"§§?\s*\d+[a-z]?"
_TITLE: Final = r"[\"“„«](?-i:(?=[A-ZÀ-Þ]))[^\"“”„«»\n.]{3,60}[\"”“»]"
_CITED = re.compile(
    rf"(?!\((?-i:[a-z])\))[\[【(]\s*{_KIND}(?P<ids>{_ID}(?:\s*[,;]\s*{_KIND}{_ID})*)\s*[\])】]"
    rf"|(?P<open>[(\[])?(?:(?P<link>{_LINK})|(?P<section>{_SECTION})|(?P<title>{_TITLE}))[)\]]?",
    re.IGNORECASE,
)
_SOURCE = re.compile(
    rf"(?:^|\s)(?:[\[【(]{_KIND}(?P<ids>{_ID})[\])】]|(?:doc|document|source)"
    rf"\s*(?P<number>\d{{1,3}})\s*:|(?P<link>{_LINK})\s*:|(?P<section>{_SECTION})"
    rf"|(?:document|source|title|article|dokument|titel)?\s*(?P<title>{_TITLE})\s*:)\s*",
    re.IGNORECASE,
)
_LIST_OF_SOURCES = re.compile(
    r"\n\s*(?:sources?|references?|quellen|fuentes)\s*:.*\Z", re.IGNORECASE | re.DOTALL
)
_QUOTED = re.compile(r"[\"“„«]([^\"“”„«»\n]{12,400})[\"”“»]")


class Cited(NamedTuple):
    """A claim and the sources that it names."""

    claim: str
    ids: frozenset[str]
    behind: bool  # the sources stand behind the claim, in brackets, not within it


def citation_faults(recorded: str, answer: str, context: str) -> str:
    """Return what is wrong with the sources of an answer, "" where nothing is.

    Only where the recording cites sources that the request holds.
    """
    sources = sources_of(context)
    wanted = _ids(cited_in(recorded)) & sources.keys()
    if wanted and (fault := _faults(recorded, answer, sources)):
        return fault
    return _misquoted(recorded, answer, context)


def cites_sources(recorded: str, context: str) -> bool:
    """Whether a recording is a sentence that cites sources which a request holds."""
    cited = cited_in(recorded)
    held = _ids(cited) & sources_of(context).keys()
    return bool(held) and any(
        each.behind and len(key_words(each.claim)) >= FEWEST_CITED for each in cited
    )


def _faults(recorded: str, answer: str, sources: dict[str, str]) -> str:
    cited = cited_in(answer)
    ids = _ids(cited)
    if not ids & sources.keys() and not any(_names(s, answer) for s in sources):
        return "cites no source"
    if unknown := ids - sources.keys() - _ids(cited_in(recorded)):
        return f"cites [{min(unknown)}], which is no source"
    if len(sources) < 2 or not all(each.behind for each in cited):
        return ""
    for each in cited:
        if fault := _misplaced(each, sources):
            return fault
    return ""


def _misplaced(cited: Cited, sources: dict[str, str]) -> str:
    words = key_words(cited.claim)
    if not words:
        return ""
    support = {n: _shared(words, text) for n, text in sources.items()}
    named = max((support.get(n, 0) for n in cited.ids), default=0)
    best = max(support, key=support.__getitem__)
    if support[best] - named >= CLEARLY or (named == 0 and support[best] >= 1):
        return f"cites {', '.join(sorted(cited.ids))} for what {best} says"
    return ""


def _shared(words: Sequence[str], text: str) -> int:
    given = marked_words(text)
    return sum(holds_word(given, word) for word in words)


def _misquoted(recorded: str, answer: str, context: str) -> str:
    """Return a quotation that the request does not hold, where the recording quotes it."""
    given = letters(context)
    if not _quotations(recorded) or not all(q in given for q in _quotations(recorded)):
        return ""
    known = given + letters(recorded)
    for quote in _quotations(answer):
        if quote not in known:
            return f"quotes what is nowhere: {quote[:40]}"
    return ""


def _quotations(text: str) -> tuple[str, ...]:
    found = (letters(m[1]) for m in _QUOTED.finditer(text[:LONGEST_READ]))
    return tuple(quote for quote in found if quote.count(" ") >= FEWEST_QUOTED - 1)


def letters(text: str) -> str:
    """Return the words of a text and nothing else, as quotations are compared."""
    return " ".join(re.findall(r"\w+", text[:LONGEST_READ].casefold()))


def _names(source: str, answer: str) -> bool:
    """Whether an answer names a source in its running text."""
    return len(source) > 1 and source in _normal(answer)


def _ids(cited: Sequence[Cited]) -> frozenset[str]:
    return frozenset[str]().union(*(each.ids for each in cited))


def _normal(mark: str) -> str:
    """Return a mark as it is compared: letter case and spaces say nothing."""
    return "".join(mark.strip('"“”„«»()[] ').casefold().split())


@lru_cache(maxsize=256)
def sources_of(context: str) -> dict[str, str]:
    """Return the sources that a request holds, each with what it says."""
    read = context[:LONGEST_READ]
    marks = list(_SOURCE.finditer(read))[:MOST_SOURCES]
    ends = [*(mark.start() for mark in marks[1:]), len(read)][: len(marks)]
    found: dict[str, str] = {}
    for mark, end in zip(marks, ends, strict=True):
        name = next(m for m in mark.groups() if m)
        # A mark that nothing follows is the mention of a source, not the source.
        if said := read[mark.end() : end].strip():
            found.setdefault(_normal(name), said.split("\n\n")[0])
    return found


def cited_in(text: str) -> tuple[Cited, ...]:
    """Return the claims of a text that name sources, each with what it names."""
    plain = _LIST_OF_SOURCES.sub("", text[:LONGEST_READ])
    plain = _RAISED.sub(lambda m: f"[{m[0].translate(_SUPERSCRIPTS)}]", plain)
    found: list[Cited] = []
    at = 0
    for mark in _CITED.finditer(plain):
        claim = plain[at : mark.start()].strip(" .,;:()\n")
        listed = mark["ids"]
        names = (
            re.findall(_ID, listed, re.IGNORECASE)
            if listed
            else [mark["link"] or mark["section"] or mark["title"]]
        )
        ids = frozenset(map(_normal, names))
        if key_words(claim) or not found:
            found.append(Cited(claim, ids, bool(listed or mark["open"])))
        else:
            found[-1] = found[-1]._replace(ids=found[-1].ids | ids)
        at = mark.end()
    return tuple(found)
