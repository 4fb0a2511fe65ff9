"""Claims of an answer that neither the recording nor the other arm makes.

Two answers of one model are worded alike more often than either is like the recording.
Where one is the other but for a word, the recording tells which of them left it.
"""

import re
from typing import Final

from msgspec import Struct

from replayd.scoring.extract.prose.claim_words import (
    Vocabulary,
    absences,
    has_opposite,
    is_verb,
    negations,
    spoken,
)
from replayd.scoring.extract.prose.claims import claims_of
from replayd.scoring.extract.prose.edits import (
    Edit,
    edited,
    is_decisive,
    near_copies,
)
from replayd.scoring.extract.prose.near_copies import words_read
from replayd.scoring.extract.prose.sentences import Sentence, carries, sentences_read

FEWEST_ADDED: Final = 2  # words that nothing supports, in a copy of the recording
MOST_ADDED: Final = 0.3  # of its words, beyond which it is worded freely
REACH: Final = 3  # words, within which two of the recording stand beside each other

_WORD = re.compile(r"\w+")
_FREE_OF = re.compile(
    r"\b(?:free (?:of|from)|\w+-free|frei von|\w+frei|libres? de|exempte?s? de|privo di|livre de|vrij van"
    r"|instead of|rather than|exceptions?|only|statt|anstatt|anstelle|lieber|ausnahme|nur|au lieu|plutôt que|seule?s?(?:ment)?"
    r"|en (?:lugar|vez) de|excepción|sólo|solo|solamente|únicamente|invece|anziché|eccezione|soltanto|solo|em vez de|exceção|apenas|somente"
    r"|in plaats van|uitzondering|alleen|slechts|i stället för|undantag|bara|endast|zamiast|wyjątek|tylko|jen|pouze|místo|вместо|исключени\w+|только|лише|тільки|yerine|yalnızca|sadece)\b"
    r"|代わり|だけ|のみ|而不是|只|仅|대신|만 |بدل|فقط|बजाय|सिर्फ|केवल",
    re.IGNORECASE,
)


class Known(Struct, frozen=True):
    """Texts that both arms could draw on."""

    recorded: str
    context: str
    question: str


def strays(answer: str, other: str, known: Known, language: str) -> str:
    """Return where an answer leaves what both others say, "" where it does not."""
    return (
        _edited(answer, other, known, language)
        or _negated(answer, other, known, language)
        or _added(answer, other, known, language)
    )


def _edited(answer: str, other: str, known: Known, language: str) -> str:
    """Return a word of a near copy of the other arm's that only the latter supports."""
    copies = near_copies(other, answer, language)
    if not copies:
        return ""
    held = words_read(known.recorded, language), words_read(known.context, language)
    agreed = Vocabulary([*held[0], *held[1]], language)
    for wanted, got in copies:
        for edit in edited(wanted, got, language):
            if not is_decisive(edit, language):
                continue
            if _leaves(edit, agreed) or _unbound(edit, wanted, got, known, language):
                return f"{edit.kind}: “{edit.new}” for “{edit.gone}”"
    return ""


def _leaves(edit: Edit, agreed: Vocabulary) -> bool:
    """Whether only the word that is gone is known."""
    if edit.kind not in {"other", "opposite"}:
        return False
    gone, new = edit.gone.split(), edit.new.split()
    return all(word in agreed for word in gone) and not any(
        word in agreed for word in new
    )


def _unbound(
    edit: Edit, wanted: Sentence, got: Sentence, known: Known, language: str
) -> bool:
    """Whether the recording has words beside each other as only the other arm has."""
    if edit.kind == "other":
        return False
    if edit.kind == "exchanged" and not (
        {edit.gone, edit.new} <= {*wanted.tokens, *wanted.keys}
        and {edit.gone, edit.new} <= {*got.tokens, *got.keys}
    ):
        return False
    there, here = _neighbours(wanted, 1, language), _neighbours(got, 1, language)
    recorded: set[tuple[str, str]] = set()
    for sentence in sentences_read(known.recorded, language):
        recorded |= _neighbours(sentence, REACH, language)
    return len((there - here) & recorded) > len((here - there) & recorded)


def _neighbours(sentence: Sentence, reach: int, language: str) -> set[tuple[str, str]]:
    """Return the words that stand before one another, at most so many words apart."""
    keys = [
        key
        for token, key in zip(sentence.tokens, sentence.keys, strict=True)
        if carries(token) or token in negations() or has_opposite(token, language)
    ]
    return {
        (key, keys[behind])
        for at, key in enumerate(keys)
        for behind in range(at + 1, min(at + 1 + reach, len(keys)))
    }


def _negated(answer: str, other: str, known: Known, language: str) -> str:
    """Return whether an answer negates otherwise, in the words of both others."""
    texts = (known.recorded, answer, other)
    if not _negated_otherwise(*texts):
        return ""
    for wanted, got in near_copies(other, answer, language):
        for edit in edited(wanted, got, language):
            if edit.kind == "negation" and is_decisive(edit, language):
                return f"negation: “{edit.new}” for “{edit.gone}”"
    if _denies(known.context) or _new(answer, other, known, language):
        return ""
    return "a negation that neither has, in their words"


def _added(answer: str, other: str, known: Known, language: str) -> str:
    """Return what a whole answer has beyond all that is known."""
    words = _carrying(answer, language)
    held = Vocabulary(words, language)
    if not all(word in held for word in _carrying(known.recorded, language)):
        return ""
    new = [
        word
        for word in _new(answer, other, known, language)
        if not is_verb(word, language)
    ]
    # Where minor words are known less well, more of them pass for things.
    fewest = FEWEST_ADDED + (language != "en")
    if fewest <= len(new) <= MOST_ADDED * len(words):
        return f"not supported: {' '.join(new[:4])}"
    return ""


def _new(answer: str, other: str, known: Known, language: str) -> list[str]:
    """Return the words of an answer that stand nowhere else."""
    texts = (known.recorded, other, known.context, known.question)
    words = [word for text in texts for word in words_read(text, language)]
    held = Vocabulary(words, language)
    return [word for word in _carrying(answer, language) if word not in held]


def _denies(text: str) -> bool:
    """Whether a text denies something, which an answer may pass on."""
    return any(claim.negated for claim in claims_of(text))


def _carrying(text: str, language: str) -> tuple[str, ...]:
    """Return the words of a text that mean something by themselves, each once."""
    words = words_read(text, language)
    return tuple(
        dict.fromkeys(w for w in words if carries(w) and not any(map(str.isdigit, w)))
    )


def _negated_otherwise(recorded: str, answer: str, other: str) -> bool:
    """Whether two texts negate as many claims as one another, and the answer others."""
    texts = (recorded, answer, other)
    # What is said to be absent needs no negation: `free of nuts`.
    if any(not absences().isdisjoint(_WORD.findall(spoken(text))) for text in texts):
        return False
    if any(_FREE_OF.search(text) for text in texts):
        return False
    wanted, got, beside = (
        sum(claim.negated for claim in claims_of(text)) for text in texts
    )
    return wanted == beside != got
