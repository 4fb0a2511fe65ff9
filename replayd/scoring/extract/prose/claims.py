"""The claims of a text, and where another text says something else.

A claim is a clause: its words that carry meaning, whether it is negated, and on which
side of a comparison each word stands. Claims of two texts are aligned by the words that
they share; then what differs between aligned claims is named.
"""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from msgspec import Struct

from replayd.scoring.extract.lexicon import table
from replayd.scoring.extract.numbers.measures import measured
from replayd.scoring.extract.prose.claim_words import (
    LEADING,
    absences,
    comparisons,
    minor_words,
    negations,
    plainly,
    relation,
    spoken,
)

LONGEST_READ: Final = 6_000  # characters of an answer
MOST_CLAUSES: Final = 48
MOST_WORDS: Final = 40  # of a clause

_MARKUP = re.compile(
    r"[*_`#>|~]+|\[(?:doc )?\d+\]|^\s*(?:[-•–+]|\d+[.)])\s+|^\s*[・•●]\s*", re.MULTILINE
)
_SENTENCE = re.compile(r"[.!?;\n。！？；।؟]+")
_CLAUSE = re.compile(
    r"[.!?;:\n。！？；।؟]+|,\s+(?=(?:not?|nicht|ne|non|não|niet|inte|не)\b)|(?:,\s+|\s+)(?:but|however|whereas|although|though|while|aber|jedoch"
    r"|sondern|während|mais|cependant|tandis que|pero|sino|mientras|aunque|ma|mentre"
    r"|però|mas|porém|maar|men|ale|lecz|ama|fakat|но|а)\s|(?<!\d),\s+(?:and|so|or|und|et|y|e"
    r"|otherwise|because|since|which|who|where|weil|da|denn|sodass|sonst|car|parce que|sinon"
    r"|porque|ya que|perché|poiché|porque|want|omdat|eftersom|bo|ponieważ)\s|,?\s(?:and|und|et|y|e|och|og|en|ve|и|because|weil"
    r"|parce que|porque|perché|provided(?: that)?|as long as|even if|if|when|until|unless|wenn"
    r"|falls|sofern|bis|si|quand|lorsque|cuando|mientras|se|quando|jeśli|если|när|om)\s"
)
# Hiragana joins and inflects; what it negates is read from the clause itself.
_WORD = re.compile(
    r"[\u30a1-\u30fa\u30fc-\u30ff]+|[\u3005\u3400-\u9fff]|[\u0900-\u0dff]+"
    r"|(?:(?![\u3041-\u309f])[^\W_])+(?:['’][^\W_]+)*(?:-[^\W_]+)*"
)


_TOKEN = re.compile(r"n't|" + _WORD.pattern)


class Word(Struct, frozen=True):
    """A word of a claim, with those beside it, which may carry nothing."""

    text: str  # case-folded
    before: str
    behind: str
    after: bool  # it stands behind the mark of a comparison


class Claim(Struct, frozen=True):
    """A clause."""

    words: tuple[Word, ...]  # those that carry meaning
    negated: bool
    compares: bool
    governed: str  # the first word behind a negation that carries meaning

    @property
    def texts(self) -> tuple[str, ...]:
        """The words themselves."""
        return tuple(word.text for word in self.words)


@lru_cache(maxsize=512)
def claims_of(text: str) -> tuple[Claim, ...]:
    """Return the claims that a text makes, in order; its values are not among them."""
    plain = _MARKUP.sub(" ", without_values(text)).replace("’", "'")
    plain = plainly(LEADING.sub("", plain))
    found = [_claim(piece) for piece in _CLAUSE.split(plain) if piece and piece.strip()]
    return tuple(claim for claim in found if claim.words)[:MOST_CLAUSES]


@lru_cache(maxsize=512)
def sentences_of(text: str) -> tuple[Claim, ...]:
    """Return the same of whole sentences, in which nothing is set apart."""
    plain = LEADING.sub("", _MARKUP.sub(" ", without_values(text)).replace("’", "'"))
    found = [_claim(piece) for piece in _SENTENCE.split(plain) if piece.strip()]
    return tuple(claim for claim in found if claim.words)[:MOST_CLAUSES]


def without_values(text: str) -> str:
    """Return a text with its numbers, dates and units cut out, as they stood."""
    read = measured(text[:LONGEST_READ])
    pieces, at = [], 0
    for measure in read.measures:
        if not measure.quantity.optional and measure.start >= at:
            pieces.append(read.text[at : measure.start])
            at = measure.end
    pieces.append(read.text[at:])
    return " ".join(pieces)


def _claim(clause: str) -> Claim:
    tokens = _TOKEN.findall(spoken(clause))[: 3 * MOST_WORDS]
    within = table("polarity.toml")["negation"]["within"]
    negated = any(mark in clause for mark in within)
    absent, after, compares, governed, waiting = False, False, False, "", False
    words: list[Word] = []
    for at, token in enumerate(tokens):
        if token in negations():
            negated, waiting = True, True
        elif token in absences():
            absent = True
        elif token in comparisons() and (token not in _ALSO_THAT or _graded(tokens)):
            after = bool(words)
            compares = compares or after
        elif not _is_minor(token) and len(words) < MOST_WORDS:
            before = tokens[at - 1] if at else ""
            behind = tokens[at + 1] if at + 1 < len(tokens) else ""
            words.append(Word(token, before, behind, after))
            governed, waiting = (token if waiting else governed), False
    return Claim(tuple(words), negated != absent, compares, governed)


_ALSO_THAT: Final = frozenset(["que", "che", "di", "dan", "als", "než"])
_GRADES: Final = frozenset(
    (
        *("más", "menos", "plus", "moins", "più", "meno", "mais", "meer", "minder"),
        *("mehr", "weniger", "mejor", "peor", "eher", "lieber", "plutôt", "antes"),
        *("tan", "aussi"),
    )
)


def _graded(tokens: Sequence[str]) -> bool:
    """Whether a clause compares, so that a word that may mean “that” means “than”."""
    return any(t in _GRADES or (len(t) > 4 and t.endswith("er")) for t in tokens)


def _is_minor(token: str) -> bool:
    # Numbers are compared as the values that they are, not as words.
    return token in minor_words() or any(map(str.isdigit, token))


class Match(Struct, frozen=True):
    """Alignment of the words of two claims."""

    same: tuple[tuple[int, int], ...]
    opposite: tuple[tuple[int, int], ...]

    @property
    def size(self) -> int:
        """Number of aligned words."""
        return len(self.same) + len(self.opposite)


@lru_cache(maxsize=4096)
def matched(one: Claim, other: Claim, language: str) -> Match:
    """Pair the words of two claims, each with at most one."""
    same: list[tuple[int, int]] = []
    opposite: list[tuple[int, int]] = []
    left = list(range(len(other.words)))
    rest: list[int] = []
    for i, word in enumerate(one.words):
        j = _first(word, other, left, language, "same")
        if j is None:
            rest.append(i)
        else:
            left.remove(j)
            same.append((i, j))
    for i in rest:
        j = _first(one.words[i], other, left, language, "opposite")
        if j is not None:
            left.remove(j)
            opposite.append((i, j))
    return Match(tuple(same), tuple(opposite))


def _first(
    word: Word, other: Claim, left: Sequence[int], language: str, wanted: str
) -> int | None:
    for j in left:
        if relation(word.text, other.words[j].text, language) == wanted:
            return j
    return None
