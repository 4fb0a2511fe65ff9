"""Assertions about words: what an answer says, mentions and matches; its length."""

from replayd.scoring.assertions.contract import Kind, a_text, some_texts, texts_of
from replayd.scoring.contract import Said, ScoringCase
from replayd.scoring.extract.numbers.marks import marked_words
from replayd.scoring.extract.text import Text
from snaptrace.snapshot.model import Json
from snaptrace.suite.patterns import compiled, pattern_problem


def _contains(wanted: Json, said: Said, _case: ScoringCase) -> bool:
    return str(wanted).casefold() in said.answer.text.casefold()


def _equals(wanted: Json, said: Said, _case: ScoringCase) -> bool:
    return marked_words(said.answer.text) == marked_words(str(wanted))


def _mentions(wanted: Json, said: Said, _case: ScoringCase) -> bool:
    return all(_stands(text, said) for text in texts_of(wanted))


def _stands(text: str, said: Said) -> bool:
    """Whether a text's words stand in the answer, in their order and side by side."""
    words, given = list(Text(text).words), list(said.text.words)
    return any(given[i : i + len(words)] == words for i in range(len(given)))


def _mentions_none(wanted: Json, said: Said, _case: ScoringCase) -> bool:
    return not any(_stands(text, said) for text in texts_of(wanted))


def _matches(wanted: Json, said: Said, _case: ScoringCase) -> bool:
    return compiled(str(wanted)).search(said.answer.text) is not None


def _a_pattern(wanted: Json) -> str:
    return a_text(wanted) or pattern_problem(str(wanted))


def _short(wanted: Json, said: Said, _case: ScoringCase) -> bool:
    return len(said.answer.text.split()) <= int(wanted)


def _a_count(wanted: Json) -> str:
    held = isinstance(wanted, int) and not isinstance(wanted, bool) and wanted > 0
    return "" if held else "a number of words is wanted"


CONTAINS = Kind(met=_contains, misfit=a_text)
EXCLUDES = Kind(met=lambda w, s, c: not _contains(w, s, c), misfit=a_text)
EQUALS = Kind(met=_equals, misfit=a_text)
MENTIONS = Kind(met=_mentions, misfit=some_texts)
DOES_NOT_MENTION = Kind(met=_mentions_none, misfit=some_texts)
MATCHES = Kind(met=_matches, misfit=_a_pattern)
MAX_WORDS = Kind(met=_short, misfit=_a_count)
