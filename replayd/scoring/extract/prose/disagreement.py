"""Differences between the claims of an answer and of its reference.

Claims are aligned first; each difference between aligned claims is one finding, with the
words it is seen by. Nothing here decides how bad a finding is.
"""

from collections.abc import Sequence
from functools import cached_property
from typing import Final

from msgspec import Struct

from replayd.scoring.extract.prose.claim_words import Vocabulary, is_verb, relation
from replayd.scoring.extract.prose.claims import Claim, Match, Word, claims_of, matched
from replayd.scoring.extract.prose.value_differences import (
    names_instead,
    values_compared,
)

ALIGNED: Final = 0.5  # of the shorter claim's words, that an aligned one must share
CLOSE: Final = 0.6  # the same of the longer one, from which a changed word is a change
TURNED: Final = 0.4  # the same, from which a negation or an opposite is one
DENIED: Final = 0.65  # the same, from which a negation alone turns a claim round
UNTURNED: Final = 1.5  # words that equal polarity is worth in the choice of a partner
FEWEST_NEW: Final = 3  # words of a claim that nothing supports, to count as added
ASKED: Final = 0.1  # weight of a recorded word that the question holds already


_LESSENING: Final = frozenset(
    (
        *("less", "weniger", "moins", "menos", "meno", "minder", "mindre", "mniej"),
        *("méně", "менее", "менш", "az", "कम", "أقل", "덜"),
    )
)


_AMOUNTS: Final = _LESSENING | frozenset(
    (
        *("more", "fewer", "mehr", "plus", "más", "più", "mais", "meer", "mer"),
        *("więcej", "daha", "больше", "více", "більше"),
    )
)


class Findings(Struct, frozen=True, kw_only=True):
    """Difference between an answer and its reference."""

    reversed: tuple[str, ...] = ()  # claims that say the opposite
    changed: tuple[str, ...] = ()  # a word for another in the same claim
    put: tuple[str, ...] = ()  # those of them that are known to be no synonyms
    swapped: tuple[str, ...] = ()  # the same words in other roles
    values: tuple[
        str, ...
    ] = ()  # numbers, dates and units that are not the reference's
    names: tuple[str, ...] = ()  # names for the reference's names
    added: tuple[str, ...] = ()  # claims that neither reference nor request holds
    kept: float = 1.0  # share of the reference's words and values that the answer has
    known: float = 1.0  # share of the answer's words and values that the reference has
    words: int = 0  # of the reference


class _Aligned(Struct, frozen=True):
    """A claim and the one that it answers to."""

    claim: Claim
    other: Claim
    match: Match


def compare(
    reference: str,
    answer: str,
    *,
    context: str,
    question: str,
    language: str,
    asked: str = "",
) -> Findings:
    """Return how an answer differs from its reference, given what both could read.

    `asked` is the end of the request, where a question stands if there is one.
    """
    read = _Comparison(reference, answer, context, question, language)
    for claim in read.got:
        read.judge(claim)
    met, wanted, given, wrong = values_compared(
        reference, answer, context + question, asked
    )
    in_ref = sum(word in read.reference for word in read.said)
    weights = {w: ASKED if w in read.asked else 1.0 for w in read.recorded}
    total = sum(weights.values()) + wanted
    held = sum(weight for w, weight in weights.items() if w in read.answer) + met
    return Findings(
        **{kind: tuple(found) for kind, found in read.found.items()},
        # Synonyms are known in English only.
        put=tuple(c for c in read.found["changed"] if " for " in c)
        if language == "en"
        else (),
        values=wrong,
        names=names_instead(reference, answer, context + question, language),
        kept=held / total if total else 1.0,
        known=(in_ref + met) / max(1, len(read.said) + given),
        words=len(read.recorded),
    )


class _Comparison:
    """Two texts, their claims and words, and the differences found so far."""

    def __init__(
        self, reference: str, answer: str, context: str, question: str, language: str
    ) -> None:
        self.language = language
        self.wanted, self.got = claims_of(reference), claims_of(answer)
        self.given = claims_of(context)
        asked = _texts(claims_of(question))
        self.recorded, self.said = _texts(self.wanted), _texts(self.got)
        self.reference = Vocabulary(self.recorded, language)
        self.answer = Vocabulary(self.said, language)
        self.asked = Vocabulary(asked, language)
        self.context = Vocabulary((*_texts(self.given), *asked), language)
        self.found: dict[str, list[str]] = {
            kind: [] for kind in ("reversed", "changed", "swapped", "added")
        }

    @cached_property
    def told(self) -> frozenset[str]:
        """Return the words that both texts use."""
        both = [w for w in self.said if w in self.reference]
        return frozenset([*both, *(w for w in self.recorded if w in self.answer)])

    def judge(self, claim: Claim) -> None:
        """Hold a claim of the answer against the reference's, else the request's."""
        aligned = self._partner(claim, self.wanted)
        source = self._partner(claim, self.given)
        if aligned is None:
            self._unaligned(claim, source)
            return
        fault = _turned(aligned, self.told)
        swap = _roles(aligned)
        if fault and swap and not fault.startswith("negation"):
            return  # slower than the other for faster than it
        if fault and not (
            source
            and source.match.size > aligned.match.size
            and not _turned(source, frozenset())
        ):
            self.found["reversed"].append(fault)
            return
        if swap:
            self.found["swapped"].append(swap)
        if change := self._change(aligned):
            self.found["changed"].append(change)

    def _unaligned(self, claim: Claim, source: _Aligned | None) -> None:
        if source is not None:
            if source.match.size >= FEWEST_NEW and (
                fault := _turned(source, frozenset())
            ):
                self.found["reversed"].append(fault)
            return
        new = [
            w for w in claim.texts if w not in self.reference and w not in self.context
        ]
        if len(new) >= FEWEST_NEW and len(new) > len(claim.words) / 2:
            self.found["added"].append(" ".join(new[:6]))

    def _partner(self, claim: Claim, others: Sequence[Claim]) -> _Aligned | None:
        best: _Aligned | None = None
        most = 0.0
        for other in others:
            match = matched(claim, other, self.language)
            share = match.size / min(len(claim.words), len(other.words))
            # Where two are as near, the one that is not turned round is meant.
            alike = claim.negated == other.negated
            weight = match.size + share + UNTURNED * alike
            if share >= ALIGNED and weight > most:
                best, most = _Aligned(claim, other, match), weight
        return best

    def _change(self, aligned: _Aligned) -> str:
        """Return a word that stands for another one in a claim that is else the same."""
        claim, other, match = aligned.claim, aligned.other, aligned.match
        longer = max(len(claim.words), len(other.words))
        if match.size < CLOSE * longer - 0.5:
            return ""
        here = {i for i, _ in (*match.same, *match.opposite)}
        there = {j for _, j in (*match.same, *match.opposite)}
        extra = [w for i, w in enumerate(claim.words) if i not in here]
        missing = [w for j, w in enumerate(other.words) if j not in there]
        new = [w for w in extra if w.text not in self.reference]
        gone = [w for w in missing if w.text not in self.answer]
        words = frozenset(w.text for w in (*extra, *missing))
        for one in new:
            for two in gone:
                if self._stands_for(one, two, words):
                    return f"“{one.text}” for “{two.text}”"
        # A word that moved to another claim is a swap of the two claims' subjects.
        moved = [w for w in extra if w not in new]
        back = [w for w in missing if w not in gone]
        if moved and back:
            return f"“{moved[0].text}” in the place of “{back[0].text}”"
        return ""

    def _stands_for(self, one: Word, two: Word, changed: frozenset[str]) -> bool:
        """Whether a word stands between the same words as another."""
        # Many verbs can say the same of the same things; a thing is not another thing.
        if is_verb(one.text, self.language) or is_verb(two.text, self.language):
            return False
        return all(
            a == b
            or {a, b} <= changed
            or bool(a and b and relation(a, b, self.language) == "same")
            for a, b in ((one.before, two.before), (one.behind, two.behind))
        )


def _texts(claims: Sequence[Claim]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(word for claim in claims for word in claim.texts))


def _turned(aligned: _Aligned, told: frozenset[str]) -> str:
    """Return what is said the other way round, "" where nothing is.

    `told` are words that both texts use: they are no sign of a turn.
    """
    claim, other, match = aligned.claim, aligned.other, aligned.match
    longer = max(len(claim.words), len(other.words))
    # Two opposites and nothing else in common: cold slows, warmth speeds.
    if match.size < TURNED * longer or not match.same:
        return ""
    opposite = [
        (i, j)
        for i, j in match.opposite
        if claim.words[i].text not in told
        and other.words[j].text not in told
        # `less expensive` is no opposite of `cheap`.
        and _LESSENING.isdisjoint({claim.words[i].before, other.words[j].before})
        and not _of_another(aligned, i, j)
    ]
    negated = claim.negated != other.negated
    if opposite and not negated:
        i, j = opposite[0]
        return f"“{claim.words[i].text}” for “{other.words[j].text}”"
    # An opposite takes a negation back, whatever else the texts call by its name.
    if (
        negated
        and not match.opposite
        and match.size >= max(2, DENIED * longer)
        and _denies(aligned)
    ):
        return f"negation of “{' '.join(claim.texts[:4])}”"
    moved = (
        claim.governed
        and other.governed
        and len(match.same) >= longer
        and claim.governed != other.governed
    )
    return f"negation of “{claim.governed}”" if moved else ""


def _of_another(aligned: _Aligned, i: int, j: int) -> bool:
    """Whether an amount is of another thing: more peace is less noise."""
    claim, other = aligned.claim, aligned.other
    if claim.words[i].text not in _AMOUNTS or other.words[j].text not in _AMOUNTS:
        return False
    one, two = claim.words[i].behind, other.words[j].behind
    if one not in claim.texts or two not in other.texts:
        return False
    met = {claim.words[a].text for a, _ in aligned.match.same}
    met |= {other.words[b].text for _, b in aligned.match.same}
    return one not in met and two not in met


def _denies(aligned: _Aligned) -> bool:
    """Whether a negation governs a word that both claims have."""
    claim, other = aligned.claim, aligned.other
    shared = {claim.words[i].text for i, _ in aligned.match.same}
    shared |= {other.words[j].text for _, j in aligned.match.same}
    return any(each.governed in shared for each in (claim, other) if each.governed)


def _roles(aligned: _Aligned) -> str:
    """Return the words that changed sides of a comparison."""
    claim, other = aligned.claim, aligned.other
    if not (claim.compares and other.compares):
        return ""
    crossed = [
        claim.words[i].text
        for i, j in aligned.match.same
        if claim.words[i].after != other.words[j].after
    ]
    return " / ".join(crossed[:2]) if len(crossed) >= 2 else ""
