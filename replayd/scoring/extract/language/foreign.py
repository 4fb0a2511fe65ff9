"""Whether a text is in a language that none of the texts it belongs to is in.

Weaker than `other_language`, which needs to know the one language that is right: here
question, instructions and recording each make their language right. A single yes or no
has too few letters for a model and is looked up.
"""

from collections.abc import Iterable
from functools import cache
from typing import Final

from replayd.scoring.extract.language.language import (
    FUNCTION_WORDS,
    lowered_words,
)
from replayd.scoring.extract.language.language_id import (
    SURE,
    UNLIKELY,
    is_too_near,
    language_probabilities,
    prose_of,
)

LIKELIEST: Final = 0.5  # probability that is enough beside a word only it needs
FEWEST_PLAIN: Final = 3  # words in small letters: no names, which have no language
MOST_BARE: Final = 2  # words of an answer that only says yes or no
# Plain answers to a question of yes or no, each with the languages that have it.
_BARE: Final = {
    language: frozenset(words.split())
    for language, words in {
        "en": "yes no yep yeah nope",
        "de": "ja nein doch",
        "fr": "oui non si",
        "es": "sí si no",
        "it": "sì si no",
        "pt": "sim não nao",
        "nl": "ja nee",
        "sv": "ja nej jo",
        "da": "ja nej jo",
        "pl": "tak nie",
        "cs": "ano ne",
        "tr": "evet hayır",
        "fi": "kyllä ei",
        "ru": "да нет",
        "uk": "так ні",
        "ja": "はい いいえ",
        "zh": "是 是的 否 不是",
        "ko": "네 예 아니요 아니오",
    }.items()
}


def foreign_language(text: str, at_home: Iterable[str]) -> str | None:
    """Return the language a text is clearly in, unless one of `at_home` may be too."""
    found = language_probabilities(prose_of(text))
    best = max(found, key=found.__getitem__, default=None)
    if best is None or found[best] < LIKELIEST:
        return None
    words = set(lowered_words(text))
    plain = [word for word in text.split() if word[0].isalpha() and word[0] >= "a"]
    is_sentence = found[best] >= SURE and len(plain) >= FEWEST_PLAIN
    if not is_sentence and not _only(best) & words:
        return None
    known = False
    for home in at_home:
        here = language_probabilities(prose_of(home))
        likely = max(here, key=here.__getitem__, default=None)
        if likely is None:
            continue
        if here.get(best, 0.0) > UNLIKELY or is_too_near(best, likely):
            return None
        if not is_sentence and words & FUNCTION_WORDS.get(likely, frozenset()):
            return None
        known = True
    return best if known else None


def bare_in(text: str) -> frozenset[str]:
    """Return the languages that a single yes or no is of; none for other texts."""
    words = lowered_words(text)
    if not 0 < len(words) <= MOST_BARE:
        return frozenset()
    return frozenset(code for code, known in _BARE.items() if known.issuperset(words))


@cache
def _only(language: str) -> frozenset[str]:
    """Return the function words that no other language needs."""
    own = FUNCTION_WORDS.get(language, frozenset())
    others = (known for code, known in FUNCTION_WORDS.items() if code != language)
    return own.difference(*others)
