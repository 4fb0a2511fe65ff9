"""Prose: does the answer claim what the recording claims, and nothing else?

Claims are read and aligned by `extract/claims.py` and `extract/disagreement.py`; here it
is decided what a reader could still do with an answer that differs. Wording is free, so
values are few: 1 usable, .4 a fact is wrong, .2 the opposite is said, 0 another answer.
"""

import math
from typing import Final

from replayd.scoring.contract import Said, Score, ScoringCase
from replayd.scoring.extract.language.contrasts import another_of_its_kind
from replayd.scoring.extract.language.language import language_of
from replayd.scoring.extract.language.polarity import says_yes_or_no
from replayd.scoring.extract.numbers.marks import marked_words
from replayd.scoring.extract.prose.attributes import turned_attribute
from replayd.scoring.extract.prose.citations import citation_faults, letters
from replayd.scoring.extract.prose.claim_words import Vocabulary
from replayd.scoring.extract.prose.disagreement import Findings, compare
from replayd.scoring.extract.prose.edits import Edit, edits, is_decisive
from replayd.scoring.extract.prose.exchanges import crossed
from replayd.scoring.extract.prose.meaning import likeness
from replayd.scoring.extract.prose.near_copies import (
    differing,
    replaced_part,
    words_read,
)
from replayd.scoring.extract.prose.steps import reordered
from replayd.scoring.extract.prose.strays import Known, strays
from replayd.scoring.tasks import task_of
from replayd.scoring.usability import unusable

WRONG: Final = 0.3
OPPOSITE: Final = 0.2
UNSURE: Final = 0.65  # a difference that is a fault as often as it is wording
SHORT_QUESTION: Final = 300  # characters; a longer one brings the text it asks about
LONGEST_ASKED: Final = 300  # characters of a question whose words an answer may use
FEWEST_REPEATED: Final = 3  # words of a request that an answer only repeats
LONGEST_CONTEXT: Final = 8_000  # characters
NEAR: Final = 0.6  # share of known words from which a lost negation is sure
HALF: Final = 0.5  # of what is said, below which it is said in other words
COMPLETE: Final = 0.9  # of what was recorded, beside which a claim is an addition
LIKELY: Final = 0.45  # probability from which a difference counts
ALMOST_SURE: Final = 0.8  # the same, from which it counts in full
HARDLY_SAID: Final = 0.1  # of what was recorded, above which it is never sure

# How far an answer may differ that contradicts nothing: weights of a logistic regression
# over the project's own prose cases (docs/scoring-prose.md), for a difference that
# makes an answer useless. Shares run from 0 to 1.
_BASE: Final = -3.8
_CHANGED: Final = 1.35  # a word stands for another in a claim that is else the same
_UNKEPT: Final = 4.4  # share of what the recording says that is not said
_UNKNOWN: Final = 0.6  # share of what is said that the recording does not say
_ADDED: Final = 1.3  # a claim that neither recording nor request supports
_OMITTED: Final = 1.0  # nothing new is said, and less than .7 of what was recorded
_HARDLY_KEPT: Final = 1.4  # less than .3 of what was recorded
_HARDLY_KNOWN: Final = 1.0  # less than .4 of it is in the recording


class Claims:
    """Usability of an answer by its claims against the recording's."""

    name = "claims"

    def applies(self, case: ScoringCase) -> bool:
        """Where a text was recorded."""
        return bool(case.recorded.body.strip())

    async def score(self, case: ScoringCase, said: Said) -> Score:
        """Return 1, .65, .4, .2 or 0, and the difference that decided."""
        return _sure(case, said) or _against(case, said, case.recorded)

    async def score_beside(self, case: ScoringCase, said: Said, other: Said) -> Score:
        """Return the score; wording that the other arm's answer has too is no fault."""
        if (sure := _sure(case, said)) is not None:
            return sure
        alone = _against(case, said, case.recorded)
        if not other.body.strip() or unusable(case, other):
            return alone
        if alone.value == 1.0:
            return _strayed(case, said, other) or alone
        both = _against(case, said, other)
        return both if both.value == 1.0 and _shared(case, said, other) else alone


def _sure(case: ScoringCase, said: Said) -> Score | None:
    """Return the score where a single difference, or its absence, decides."""
    if (useless := unusable(case, said)) is not None:
        return useless
    if not said.body.strip():
        return Score(0.0, "no text")
    recorded, body = case.recorded.body, said.body
    if recorded.split() == body.split():
        return Score(1.0)
    wanted, got = says_yes_or_no(recorded), says_yes_or_no(body)
    if None not in {wanted, got} and wanted != got:
        return Score(OPPOSITE, "the opposite")
    if _unchanged(case, body):
        return Score(WRONG, "unchanged")
    if fault := citation_faults(recorded, body, case.request.plain):
        return Score(WRONG, fault)
    language = _language(case)
    if decisive := _edited(edits(recorded, body, language), language):
        return decisive
    if words := crossed(recorded, body, language):
        return Score(OPPOSITE, f"exchanged: {words}")
    if step := reordered(recorded, body, language):
        return Score(OPPOSITE, f"another order: {step}")
    return None


def _strayed(case: ScoringCase, said: Said, other: Said) -> Score | None:
    """Return where an answer leaves what the recording and the other arm both say."""
    what = strays(
        said.body,
        other.body,
        Known(case.recorded.body, _context(case), case.question),
        _language(case),
    )
    return Score(WRONG, what) if what else None


def _shared(case: ScoringCase, said: Said, other: Said) -> bool:
    """Whether the other arm's answer differs from a near copied recording likewise."""
    language = _language(case)
    differs = differing(case.recorded.body, said.body, language)
    if differs is None:
        return True
    new, gone = differs
    has = Vocabulary(words_read(other.body, language), language)
    if not new:  # only left out: the other arm leaves most of it out, too
        return sum(word in has for word in gone) * 3 <= len(gone)
    return all(word in has for word in new) and not all(word in has for word in gone)


def _unchanged(case: ScoringCase, body: str) -> bool:
    """Whether an answer repeats what it was to rewrite, and the recording does not."""
    asked, same = letters(case.question), letters(body)
    return (
        same in asked
        and len(same.split()) >= FEWEST_REPEATED
        and letters(case.recorded.body) not in asked
        and task_of(case) == "rewriting"
    )


def _compared(case: ScoringCase, said: Said, reference: Said) -> Findings:
    """Return how an answer's claims differ from another answer's."""
    question, context = case.question, _context(case)
    if reference is not case.recorded:
        context = f"{case.recorded.body}\n{context}"
    return compare(
        reference.body,
        said.body,
        context=context,
        question=question if len(question) <= SHORT_QUESTION else question[:80],
        language=_language(case),
        asked=case.question[-LONGEST_ASKED:],
    )


def _language(case: ScoringCase) -> str:
    return case.language or language_of(case.question) or "en"


def _context(case: ScoringCase) -> str:
    """Return what the answer could draw on besides what is asked."""
    known = case.request.plain
    if len(case.question) <= SHORT_QUESTION:
        known = known.replace(case.question, " ", 1)
    return known[:LONGEST_CONTEXT]


def _edited(found: tuple[Edit, ...], language: str) -> Score | None:
    """Return what sentences that are else word for word the same were changed to."""
    sure = [edit for edit in found if is_decisive(edit, language)]
    for kind in ("exchanged", "negation", "opposite", "other"):
        for edit in sure:
            if edit.kind == kind:
                what = f"{kind}: “{edit.new}” for “{edit.gone}”"
                return Score(WRONG if kind == "other" else OPPOSITE, what)
    return None


def _against(case: ScoringCase, said: Said, reference: Said) -> Score:
    """Return what an answer is worth that says neither surely the same nor another."""
    found = _compared(case, said, reference)
    if (wrong := _wrong(found)) is not None:
        return wrong
    asked = case.question[-LONGEST_ASKED:]
    language = _language(case)
    if turned := turned_attribute(reference.body, said.body, language):
        return Score(WRONG, f"turned round: {turned}")
    if other := another_of_its_kind(
        marked_words(said.body),
        marked_words(reference.body),
        marked_words(case.request.plain[:LONGEST_CONTEXT]),
    ):
        return Score(WRONG, f"another: {other}")
    part = replaced_part(reference.body, said.body, asked, language)
    if part is not None:
        value = WRONG if part.sure else UNSURE
        return Score(value, part.what, unsure=not part.sure)
    like = likeness(reference.body, said.body)
    if like is not None and like.is_alike:
        return Score(1.0)
    if like is not None and like.is_other:
        return Score(WRONG, f"another statement: likeness {like.value:.2f}")
    return _worded(found)


def _wrong(found: Findings) -> Score | None:
    """Return the score of a difference that is known by its words, None without one."""
    turned = [each for each in found.reversed if not each.startswith("negation")]
    if found.swapped:
        return Score(UNSURE, f"changed sides: {found.swapped[0]}")
    if turned or (found.reversed and found.known >= NEAR):
        what = (turned or found.reversed)[0]
        return Score(WRONG if turned else UNSURE, f"turned round: {what}")
    if found.values:
        return Score(WRONG, f"other value: {found.values[0]}")
    if found.names:
        return Score(WRONG, f"other name: {found.names[0]}")
    if found.added and found.kept >= COMPLETE:
        return Score(WRONG, f"not supported: {found.added[0]}")
    return None


def _worded(found: Findings) -> Score:
    """Return the score by how much of the wording is kept, where nothing contradicts."""
    if not found.words and found.known >= NEAR:
        return Score(1.0)
    if found.kept < OPPOSITE and found.known < OPPOSITE:
        return Score(0.0, "another answer")
    likely = _useless(found)
    if likely <= LIKELY:
        return Score(1.0)
    differs = (*found.changed, *found.added)
    kept = f"{found.kept:.0%} of the recorded claims kept"
    only_left_out = found.known >= COMPLETE
    other = likely >= ALMOST_SURE and found.kept < HARDLY_SAID
    value = WRONG if other or only_left_out else UNSURE
    said = f"{kept}; {differs[0]}" if differs else kept
    free = bool(differs) or found.known < HALF
    return Score(value, said, unsure=value == UNSURE and free)


def _useless(found: Findings) -> float:
    """Return how likely it is that an answer that differs so is useless."""
    weight = (
        _BASE
        + _CHANGED * bool(found.changed)
        + _UNKEPT * (1 - found.kept)
        + _UNKNOWN * (1 - found.known)
        + _ADDED * bool(found.added)
        + _OMITTED * max(0.0, 0.7 - found.kept) * (found.known > 0.9)
        + _HARDLY_KEPT * max(0.0, 0.3 - found.kept)
        + _HARDLY_KNOWN * max(0.0, 0.4 - found.known)
    )
    return 1 / (1 + math.exp(-weight))
