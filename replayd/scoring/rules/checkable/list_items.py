"""Lists: are exactly the recorded items there, in their order where it matters?"""

import re
from collections.abc import Sequence
from functools import partial

from rapidfuzz.distance import LCSseq

from replayd.scoring.contract import Said, Score, ScoringCase
from replayd.scoring.extract.language.key_words import holds_word, key_words
from replayd.scoring.extract.language.polarity import opposed
from replayd.scoring.extract.numbers.marks import looks_coded, marked_words
from replayd.scoring.extract.numbers.measures import (
    Measured,
    measured,
    same_measure,
)
from replayd.scoring.extract.structure.codes import codes_of
from replayd.scoring.extract.structure.items import is_ordered, items_of, split_items
from replayd.scoring.usability import ONE_WRONG, unusable, valued

FEWEST_ITEMS = 2
LONGEST_SUFFIX = 8  # characters around an item in scripts without blanks
_IN_BRACKETS = re.compile(r"\([^()]{0,80}\)")
# Another name of an item, in brackets: `wheat (gluten)`; a number there says more of it.
_ALIASED = re.compile(r"(?P<name>[^()\d]{2,40}?)\s*\((?P<alias>[^()\d]{2,40})\)")
# What is said about an item behind it.
_DETAIL = re.compile(r"(?<=\w)(?:\s[–—-]\s|:\s|\s\().*\Z", re.DOTALL)
_UNSEGMENTED = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]")
# Say how a thing comes, not what it is: a pair of glasses is glasses.
_COLLECTIVES = frozenset(
    "pair piece pieces set slice slices bunch paar stück paire par paio coppia".split()
)


class ListItems:
    """Errors: items missing, invented, wrong or, for steps, out of order."""

    name = "list_items"

    def applies(self, case: ScoringCase) -> bool:
        """Where a list was asked for and recorded."""
        return len(items_of(case.recorded.body, case.question)) >= FEWEST_ITEMS

    async def score(self, case: ScoringCase, said: Said) -> Score:
        """Return 1, or at most .5 and less the more items are wrong."""
        if (useless := unusable(case, said)) is not None:
            return useless
        wanted = items_of(case.recorded.body, case.question)
        got = split_items(said.body)
        known = tuple(marked_words(case.question))
        places = _places(wanted, got, known)
        missing = len(wanted) - len(places)
        wrong = max(missing, len(got) - len(places))
        if is_ordered(case.question) and not missing:
            order = [places[index] for index in range(len(wanted))]
            wrong += len(order) - LCSseq.similarity(order, sorted(order))
        if not wrong and _turned(case, said):
            return Score(ONE_WRONG, "of the other kind")
        return valued(min(wrong, len(wanted)), len(wanted), "items")


def _turned(case: ScoringCase, said: Said) -> bool:
    """Whether the items are said to be the opposite of what was asked for."""
    recorded, asked = case.recorded.body, case.question
    return opposed(said.body, asked) and not opposed(recorded, asked)


def _places(
    wanted: Sequence[str], got: Sequence[str], known: Sequence[str]
) -> dict[int, int]:
    """Return which item of the answer is which of the recording, each once."""
    places: dict[int, int] = {}
    free = list(range(len(got)))
    for same in (_equal, partial(_alike, known=known)):
        for index, item in enumerate(wanted):
            if index in places:
                continue
            found = next((j for j in free if same(item, got[j])), None)
            if found is not None:
                places[index] = found
                free.remove(found)
    return places


def _equal(wanted: str, got: str) -> bool:
    return marked_words(wanted) == marked_words(got)


def _named(item: Measured, known: Sequence[str]) -> tuple[str, ...]:
    """Return the key words of an item, its values and their units aside."""
    text = item.text
    for measure in reversed(item.measures):
        text = f"{text[: measure.start]} {text[measure.end :]}"
    return key_words(text, known=known) or key_words(text)


def _alike(wanted: str, got: str, *, known: Sequence[str]) -> bool:
    """Whether two items name the same: all key words of either in the other."""
    if _names_same(wanted, got, known):
        return True
    if aliased := _ALIASED.fullmatch(wanted.strip()):
        names = [part.strip() for part in got.split("/")]
        return all(
            _names_same(aliased["name"], name, known)
            or _names_same(aliased["alias"], name, known)
            for name in names
        )
    short = "" if _DETAIL.search(wanted) else _DETAIL.sub("", got)
    return bool(short) and short != got and _names_same(wanted, short, known)


def _names_same(wanted: str, got: str, known: Sequence[str]) -> bool:
    if codes := set(codes_of(wanted)):
        return codes == set(codes_of(got))
    if looks_coded(wanted) and not wanted.isdecimal() and "@" in wanted:
        return False  # an address is right to the letter
    asked, stated = measured(wanted), measured(got)
    values, given = asked.measures, stated.measures
    if len(values) != len(given) or not all(map(same_measure, values, given)):
        return False
    one, other = _named(asked, known), _named(stated, known)
    if not one and values:
        return not key_words(_IN_BRACKETS.sub(" ", got), known=known)  # `22 (SSH)`
    one, other = one or key_words(wanted), other or key_words(got)
    if not one or not other:
        return False
    if _UNSEGMENTED.search(wanted):
        return wanted in got and len(got) <= len(wanted) + LONGEST_SUFFIX
    one = tuple(word for word in one if word not in _COLLECTIVES) or one
    return all(holds_word(other, word) for word in one) and len(other) <= len(one) + 2
