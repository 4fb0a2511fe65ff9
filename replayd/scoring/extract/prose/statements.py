"""Whether two short pieces of prose say the same, as far as their parts tell.

Values, weekdays and names must agree, negations and opposites must not turn one round,
and enough of the words that carry it must be shared. For text within a structure: a
field of a document, an argument of a tool call.
"""

import re
from collections.abc import Iterable, Sequence

from replayd.scoring.extract.language.key_words import holds_word, key_words
from replayd.scoring.extract.language.language import language_of
from replayd.scoring.extract.language.polarity import polarity
from replayd.scoring.extract.numbers.marks import marked_words
from replayd.scoring.extract.numbers.measures import Measure, measured, same_measure
from replayd.scoring.extract.prose.disagreement import compare
from replayd.scoring.extract.prose.edits import edits, is_decisive
from replayd.scoring.extract.prose.exchanges import crossed

SHARED = 0.34  # of the words that carry the recorded piece
SURPLUS = 2.5  # times as many words that carry the other piece: it says more

SENTENCE = 4  # words of both pieces, from which they are compared as sentences
LEAST_KEPT = 0.15  # of either one's words that the other has; less is another matter

_NAME = re.compile(r"(?<=[a-z,] )[A-ZÀ-Þ][\w'’-]{2,}")


def same_statement(wanted: str, got: str, known: str = "") -> bool:
    """Whether `got` says what `wanted` says; `known` is what both may draw on."""
    if marked_words(wanted) == marked_words(got):
        return True
    one, other = measured(wanted).measures, measured(got).measures
    granted = measured(known).measures if known else ()
    if not _all_met(one, (*other,)) or not _all_met(other, (*one, *granted)):
        return False
    given = marked_words(f"{wanted} {known}")
    if any(not holds_word(given, n.lower()) for n in _NAME.findall(got)):
        return False
    if min(len(wanted.split()), len(got.split())) >= SENTENCE:
        return _same_claims(wanted, got, known)
    if polarity(got, wanted) not in {None, polarity(wanted, wanted)}:
        return False
    words = key_words(wanted)
    if not words:
        return True
    given = marked_words(got)
    shared = sum(holds_word(given, word) for word in words)
    return shared >= max(1.0, SHARED * len(words)) and len(key_words(got)) <= max(
        4.0, SURPLUS * len(words)
    )


def _same_claims(wanted: str, got: str, known: str) -> bool:
    """Whether two sentences say the same: worded freely, nothing turned round."""
    language = language_of(wanted) or "en"
    if any(is_decisive(edit, language) for edit in edits(wanted, got, language)):
        return False
    if crossed(wanted, got, language):
        return False
    found = compare(wanted, got, context=known, question="", language=language)
    if any(not each.startswith("negation") for each in found.reversed):
        return False
    return found.kept >= LEAST_KEPT or found.known >= LEAST_KEPT


def _all_met(wanted: Iterable[Measure], given: Sequence[Measure]) -> bool:
    return all(
        any(same_measure(w, g) for g in given)
        for w in wanted
        if not w.quantity.optional
    )
