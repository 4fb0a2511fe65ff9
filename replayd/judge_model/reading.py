"""Strict reading of a judge model's answer: a preference needs evidence that exists."""

import json
import re
import unicodedata
from typing import Literal

import msgspec
from msgspec import Struct

Better = Literal["a", "b", "tie"]
LONGEST_READ = 65_536
MOST_TRIED = 256  # opening braces, from the end
_SPACE = re.compile(r"\s+")
_QUOTES = str.maketrans("‘’‚“”„«»", "''''\"\"\"\"")  # noqa: RUF001 - what they are
_TRIMMED = " \t\n\"'.…|"


class Flaw(Struct, frozen=True):
    """One error that the judge found in an answer."""

    quote: str
    why: str = ""


class Verdict(Struct, frozen=True, kw_only=True):
    """The judge's own words, as JSON."""

    better: Better
    errors_a: list[Flaw] = []
    errors_b: list[Flaw] = []
    addressed_to_judge: Literal["none", "a", "b", "both"] = "none"


class Reading(Struct, frozen=True):
    """A verdict after its evidence was looked up."""

    better: Better
    why: str = ""  # of a tie that was none: unsupported, addressed
    quotes: tuple[str, ...] = ()  # evidence that was found, of the worse answer


def read_verdict(
    text: str,
    answers: tuple[str, str],
    reference: str,
    addressed: tuple[bool, bool],
) -> Reading | None:
    """Return the verdict about A and B; None where the text holds none.

    A preference without a quote that stands in the worse answer, or in the reference,
    is a tie. So is one for an answer that spoke to the judge.
    """
    verdict = _parsed(text[:LONGEST_READ])
    if verdict is None:
        return None
    if verdict.better == "tie":
        return Reading("tie")
    a_wins = verdict.better == "a"
    reported = verdict.addressed_to_judge in {"both", verdict.better}
    if addressed[0 if a_wins else 1] or reported:
        return Reading("tie", "addressed")
    worse = answers[1] if a_wins else answers[0]
    flaws = verdict.errors_b if a_wins else verdict.errors_a
    quotes = tuple(f.quote for f in flaws if _stands(f.quote, worse, reference))
    if not quotes:
        return Reading("tie", "unsupported")
    return Reading(verdict.better, "", quotes)


def _parsed(text: str) -> Verdict | None:
    """Return the last JSON object of the text that is a verdict."""
    decoder = json.JSONDecoder()
    at = text.rfind("{")
    for _ in range(MOST_TRIED):
        if at < 0:
            break
        try:
            return msgspec.convert(decoder.raw_decode(text, at)[0], Verdict)
        except (ValueError, RecursionError, msgspec.ValidationError):
            at = text.rfind("{", 0, at)
    return None


def _stands(quote: str, worse: str, reference: str) -> bool:
    """Whether a quote is in the worse answer, or is what it lacks of the reference."""
    words = _plain(quote)
    if not words:
        return False
    return _holds(_plain(worse), words) or _holds(_plain(reference), words)


def _holds(text: str, words: str) -> bool:
    """Whether `words` stand in `text` as whole words."""
    at = text.find(words)
    while at >= 0:
        before, after = text[at - 1 : at], text[at + len(words) : at + len(words) + 1]
        if not (_joins(before, words[0]) or _joins(words[-1], after)):
            return True
        at = text.find(words, at + 1)
    return False


def _joins(left: str, right: str) -> bool:
    """Whether two neighbours belong to one word of a script with blanks."""
    both = left.isascii() and right.isascii()
    return both and left.isalnum() and right.isalnum()


def _plain(text: str) -> str:
    folded = unicodedata.normalize("NFKC", text).translate(_QUOTES).casefold()
    return _SPACE.sub(" ", folded).strip(_TRIMMED)
