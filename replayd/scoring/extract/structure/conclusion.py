"""The conclusion of an answer that works towards it: `Answer: 12`, or `NO` in a last line.

A request may ask for reasons first and the answer in a place of its own, which is all that
a program reads of it. Where the recording keeps such a form, its conclusion is the answer;
where an answer keeps none, the whole of it is read. Nothing is cut from one line alone.
"""

import re
from typing import Final

from replayd.scoring.extract.language.polarity import says_yes_or_no
from replayd.scoring.extract.lexicon import table
from replayd.scoring.extract.structure.body import fences

LONGEST_READ: Final = 16_384  # characters
LONGEST_CONCLUSION: Final = 300  # characters
LONGEST_LABEL: Final = 4  # words
LONGEST_TOKEN: Final = 3  # words of a last line that is a verdict
FEWEST_BEFORE: Final = 4  # words of the reasons before it
FEWEST_OF_REASON: Final = 6  # words of a labelled line that is one
MOST_LABELLED: Final = 1  # lines with a label before it; more are fields of a form

_TAGGED = re.compile(
    r"<(answer|final_answer|final|result|output|response)>(?P<rest>.*?)</\1>",
    re.DOTALL | re.IGNORECASE,
)
_BRACKETED = re.compile(r"[【\[](?P<label>[^】\]\n]{1,12})[】\]]\s*[:：]?\s*")
_LABELLED = re.compile(
    r"^[\W_]*(?P<label>[^\W\d_][^:：=|\n]{0,40}?)[*_ ]*(?:[:：]|=(?!=))[*_ ]*(?P<rest>\S[^\n]*)$"
)
_MARKUP = re.compile(r"\*\*|__|`")
_LINES = re.compile(r"\n+")
_WORD = re.compile(r"[^\W_]+")
_IDEOGRAMS = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\u0e00-\u0e7f]")
_LETTERS_PER_WORD: Final = 2


def recorded_conclusion(text: str, asked: str) -> str | None:
    """Return the conclusion of a recording, None where it has no place of its own."""
    found = _concluding(text, asked)
    return None if found is None or not _reasons_before(text, found) else found


def conclusion_of(text: str, asked: str) -> str | None:
    """Return the conclusion that an answer marks, None where it marks none."""
    return _concluding(text, asked)


def _concluding(text: str, asked: str) -> str | None:
    text = text[:LONGEST_READ].strip()
    if tagged := list(_TAGGED.finditer(text)):
        return tagged[-1]["rest"].strip() or None
    if fences(text) or text[:1] in {"{", "["}:
        return None
    lines = [line for line in _LINES.split(_MARKUP.sub("", text)) if line.strip()]
    if not lines:
        return None
    return _in_brackets(lines) or _labelled(lines) or _verdict(lines, asked)


def _in_brackets(lines: list[str]) -> str | None:
    marks = [m for m in _BRACKETED.finditer(lines[-1]) if _is_answer(m["label"])]
    return lines[-1][marks[0].end() :].strip() or None if len(marks) == 1 else None


def _labelled(lines: list[str]) -> str | None:
    """Return what the last line says behind a label that means its answer."""
    *before, last = (_LABELLED.match(line) for line in lines)
    if last is None or not _is_answer(last["label"]):
        return None
    others = [match for match in before if match is not None]
    if len(others) > MOST_LABELLED or any(_is_field(m["rest"]) for m in others):
        return None  # questions and their answers, or a form
    return last["rest"].strip()[:LONGEST_CONCLUSION]


def _is_field(value: str) -> bool:
    """Whether a labelled line says a value, no reason: `Patient: Ann Lee`."""
    return _length(value) < FEWEST_OF_REASON


def _is_answer(label: str) -> bool:
    words = _WORD.findall(label.casefold())
    if not 1 <= len(words) <= LONGEST_LABEL:
        return False
    nouns = _nouns()
    return words[-1] in nouns or words[0] in nouns or "".join(words) in nouns


def _nouns() -> frozenset[str]:
    return frozenset(
        word for row in table("conclusions.toml").values() for word in row["nouns"]
    )


def _verdict(lines: list[str], asked: str) -> str | None:
    """Return a last line that is one of the words the request wants there."""
    last = lines[-1].strip(" .!*_\"'")
    if len(lines) < 2 or not last or len(last.split()) > LONGEST_TOKEN:
        return None
    if not re.search(rf"(?<!\w){re.escape(last)}(?!\w)", asked):
        return None
    is_said = says_yes_or_no(last) is not None or last.isupper()
    return last if is_said and _is_sentence(lines[-2]) else None


def _is_sentence(line: str) -> bool:
    return line.rstrip()[-1:] in ".!?。！？।…" and _length(line) >= FEWEST_BEFORE


def _reasons_before(text: str, conclusion: str) -> bool:
    before = _MARKUP.sub("", text).rpartition(conclusion)[0]
    return _length(before) >= FEWEST_BEFORE


def _length(text: str) -> int:
    """Return the number of words, those without blanks by their letters."""
    return len(text.split()) + len(_IDEOGRAMS.findall(text)) // _LETTERS_PER_WORD
