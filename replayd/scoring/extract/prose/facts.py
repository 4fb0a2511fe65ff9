"""Checkable claims of a text: numbers, dates, names, codes.

Quantities with their words; names; quoted strings, addresses and codes; yes or no.
Wording is not a claim: similarity of wording does not see a wrong digit.
"""

import re
from bisect import bisect
from typing import Literal

from msgspec import Struct
from rapidfuzz import fuzz

from replayd.scoring.extract.language.language import STOPWORDS
from replayd.scoring.extract.language.words import content_words
from replayd.scoring.extract.numbers.marks import marked_words
from replayd.scoring.extract.numbers.quantity import Quantity, agree
from replayd.scoring.extract.structure.labels import Agreement, Reading, agreement
from replayd.scoring.extract.text import Text

MOST_NAMES = 60
SAME_NAME = 88.0  # percent of partial similarity
SHORT_ANSWER = 5  # words; every content word of so short an answer is a fact
NAME_WEIGHT = 0.5  # beside a quantity's 1: names are often left out in good faith

Polarity = Literal["yes", "no"]

_SAID = re.compile(
    r"\W*(?:\w+,?\s)?(?:(?P<yes>yes|yep|correct|ja|oui|sí|sì|sim|да|はい|true)"
    r"|(?P<no>no|nope|nein|non|não|nee|нет|いいえ|incorrect|false))"
    r"(?:\s*$|\s*[,.!:;\n–—-])",
    re.IGNORECASE,
)
_NEGATION = re.compile(
    r"\b(?:not|never|cannot|no longer|nicht|kein\w*|niemals|pas|jamais|nunca|niet|geen)"
    r"\b|n['’]t\b",
    re.IGNORECASE,
)
_YES_NO_QUESTION = (
    r"(?:is|are|was|were|do|does|did|has|have|had|can|could|will"
    r"|would|should|may|ist|sind|war|waren|hat|haben|kann|können|wird|darf|gibt"
    r"|est-ce|peut-on|puis-je|es|está|hay|puede|è|sono)\s[^.?!\n]{2,200}\?"
)
_OPENS_YES_NO = re.compile(_YES_NO_QUESTION, re.IGNORECASE)
_ASKS_YES_NO = re.compile(r"[.!?:\n]\s*" + _YES_NO_QUESTION, re.IGNORECASE)
_QUOTED = re.compile(r"[\"“„«]([^\"“”„«»\n]{2,80})[\"”“»]|`([^`\n]{2,80})`")
_ADDRESS = re.compile(
    r"\b(?:https?://[^\s<>\"')]+|[\w.+-]{1,64}@[\w-]{1,64}\.[\w.]{1,64})", re.ASCII
)
_A_CODE = re.compile(r"\d(?:(?=[-A-Za-z])|(?<=[-A-Za-z]\d))")  # a place in one
_CODE = re.compile(
    r"\b(?=[A-Za-z-]{0,40}\d)(?=[\d-]{0,40}[A-Za-z])"
    r"[A-Za-z\d]{1,40}(?:-[A-Za-z\d]{1,40}){0,12}\b"
)
_NAME = re.compile(r"[A-ZÀ-ÖØ-Þ](?<!\w[A-ZÀ-ÖØ-Þ])[\w'’.-]*\w")
_SENTENCE_START = re.compile(r"(?:^|[.!?:;\n|*#>\-•\"“]\s*)$")
# Every noun has a capital there, so a capital is no sign of a name.
_CAPITAL_NOUNS = frozenset({"de"})


class Facts(Struct, frozen=True, kw_only=True):
    """The checkable claims of a reference text."""

    values: Reading
    names: tuple[str, ...] = ()  # case-folded
    exact: tuple[str, ...] = ()  # quoted strings, addresses, codes; case-folded
    polarity: Polarity | None = None
    language: str | None = None

    @property
    def count(self) -> int:
        """Number of claims; 0 means that nothing can be checked."""
        asked = sum(not pair.quantity.optional for pair in self.values.pairs)
        return asked + len(self.names) + len(self.exact) + (self.polarity is not None)


def facts_of(text: Text, *, question: str = "") -> Facts:
    """Return what `text` claims; `question` says whether yes or no was asked."""
    plain, values = text.plain, text.pairs
    exact = _exact(plain)
    facts = Facts(
        values=values,
        names=tuple(
            name
            for name in _names(plain, values, text.language)
            if not any(name in held for held in exact)
        ),
        exact=exact,
        polarity=polarity_of(plain) if _asked_yes_no(plain, question) else None,
        language=text.language,
    )
    if facts.count == 0 and len(text.words) <= SHORT_ANSWER:
        return Facts(
            values=values,
            names=content_words(marked_words(plain)),
            language=text.language,
        )
    return facts


def facts_agreement(reference: Facts, answer: Text, *, granted: Text) -> float:
    """Return how far `answer` makes the same claims, in [0, 1].

    Missing and wrong values cost alike, surplus ones too unless they stand in
    `granted` (the request). Names in another language than the reference's are not
    held against the answer; the language is another scorer's business.
    """
    values = _values_agreement(reference.values, answer, granted)
    met = 2.0 * values.met
    total = float(values.asked + values.given)
    for name in reference.names:
        found = _holds_name(answer.folded, name)
        if found or (answer.language or reference.language) == reference.language:
            met += 2 * NAME_WEIGHT * found
            total += 2 * NAME_WEIGHT
    for held in reference.exact:
        met += 2.0 * (held in answer.folded)
        total += 2.0
    if reference.polarity is not None:
        met += 2.0 * (polarity_of(answer.plain) == reference.polarity)
        total += 2.0
    return met / total if total else float(bool(answer.folded))


def _holds_name(folded: str, name: str) -> bool:
    if name in folded:
        return True
    return fuzz.partial_ratio(name, folded, score_cutoff=SAME_NAME) >= SAME_NAME


def polarity_of(text: str) -> Polarity:
    """Return what a yes-or-no answer says; without the word, whether it negates."""
    if said := _SAID.match(text[:200]):
        return "yes" if said["yes"] else "no"
    first = re.split(r"[.!?\n]", text.strip(), maxsplit=1)[0]
    return "no" if _NEGATION.search(first) else "yes"


def _asked_yes_no(text: str, question: str) -> bool:
    if _SAID.match(text[:200]):
        return True
    asked = question[-2_000:]
    return "?" in asked and bool(
        _OPENS_YES_NO.match(asked) or _ASKS_YES_NO.search(asked)
    )


def _values_agreement(reference: Reading, answer: Text, granted: Text) -> Agreement:
    def is_granted(quantity: Quantity) -> bool:
        return not quantity.readings.isdisjoint(granted.readings) or any(
            agree(quantity, other) for other in granted.quantities if other.shortened
        )

    return agreement(reference, answer.pairs, granted=is_granted)


def _exact(text: str) -> tuple[str, ...]:
    found: list[str] = []
    # Each is looked for only where its own marks are, which is quick to see.
    if any(mark in text for mark in '"`“„«'):
        found += [m[1] or m[2] for m in _QUOTED.finditer(text)]
    if "://" in text or "@" in text:
        found += [m[0].rstrip(".,") for m in _ADDRESS.finditer(text)]
    if _A_CODE.search(text):
        found += [m[0] for m in _CODE.finditer(text) if not _plain_quantity(m[0])]
    folded = (" ".join(value.casefold().split()) for value in found)
    return tuple(dict.fromkeys(value for value in folded if value))[:MOST_NAMES]


def _plain_quantity(code: str) -> bool:
    """Whether a code is a number with a unit or an ordinal: `12kg`, `3rd`, `2x`."""
    return bool(re.fullmatch(r"\d+[a-zA-Z]{1,3}", code)) or code.isdigit()


def _names(text: str, values: Reading, language: str | None) -> tuple[str, ...]:
    starts = [pair.quantity.start for pair in values.pairs]
    found: list[str] = []
    for match in _NAME.finditer(text):
        word, start = match[0].rstrip("."), match.start()
        nearest = bisect(starts, start) - 1
        if nearest >= 0 and start < values.pairs[nearest].quantity.end:
            continue  # as the month in a date
        capitals = word.isupper() and len(word) > 1
        if not capitals and (
            language in _CAPITAL_NOUNS
            or _SENTENCE_START.search(text[max(0, start - 4) : start])
        ):
            continue
        folded = word.casefold()
        if folded not in STOPWORDS and folded not in {"i", "i'm", "i'll"}:
            found.append(folded)
    return tuple(dict.fromkeys(found))[:MOST_NAMES]
