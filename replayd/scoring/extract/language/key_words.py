"""The words of a short answer that carry it: what the question does not already say."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Final

from rapidfuzz import fuzz

from replayd.scoring.extract.language.language import STOPWORDS
from replayd.scoring.extract.numbers.dates import MONTHS
from replayd.scoring.extract.numbers.marks import marked_words

SAME_WORD = 90.0  # percent; and only for long words
LONG_WORD = 7  # letters, from which a slip of the pen is still the same word

# Words that frame an answer and state nothing themselves.
_FRAMING: Final = STOPWORDS | frozenset(
    "i me my mine so just only also too very here thing things one ones called named name"
    " known about around roughly nearly almost approximately exactly total answer result"
    " shown shows show see seen picture image photo chart document file text video says"
    " say said according caller speaker person people man woman someone ca circa etwa"
    " ungefähr rund genau heißt name bild dokument laut zeigt environ appelle nomme image"
    " aproximadamente llama imagen como según document belongs belong does do did goes"
    " located lies found stands hangs could would should can think believe then d'une"
    " d'un l'on c'est s'il there these those some any each per at by"
    " made produced produces built written painted invented discovered founded developed"
    " nur lediglich bloß seulement uniquement solo solamente únicamente sólo apenas somente só soltanto"
    " là adalah ialah jsou jest є це"
    " alleen slechts endast bara tylko jedynie jen pouze только лишь sadece yalnızca chỉ hanya"
    " created composed directed wrote unit units einheiten unités unidades unità sir mr mrs ms dr prof herr frau".split()
) - {"not", "no", "nicht", "non", "pas", "ne", "sans", "without"}  # fmt: skip
_AMERICA = re.compile(r"\b(?:USA|U\.S\.(?:A\.)?|(?<![A-Z$] )US(?=[\s.,;)]|\Z))")
_UNCASED = re.compile(
    r"[\u0600-\u06ff\u0900-\u097f\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]"
)
_COPULA = re.compile(r"(?:です|でした|だ|である|になります)\Z")
_UNSPACED = re.compile(r"[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff]")
LONGEST_PARTICLE: Final = 3
_ENDINGS = re.compile(
    r"(?:ies|es|s|ed|ing|ly|en|er|e|n|ns|a|o|os|as|ées?|és?|i|hi|he|'s)\Z",
    re.IGNORECASE,
)


def plain_word(word: str) -> str:
    """Return `word` without accents, case-folded."""
    if word.isascii():
        return word
    decomposed = unicodedata.normalize("NFD", word.replace("ø", "o").replace("ł", "l"))
    return "".join(c for c in decomposed if not unicodedata.combining(c))


def stem(word: str) -> str:
    """Return a word without its ending, as far as that is safe to guess."""
    word = plain_word(word)
    return _ENDINGS.sub("", word) if len(word) > 4 else word


def key_words(text: str, *, known: Iterable[str] = ()) -> tuple[str, ...]:
    """Return the words that carry `text`, in order, without numbers and `known` ones."""
    text = _AMERICA.sub("United States", text)
    stems = {stem(word) for word in known}
    found = [
        word
        for word in marked_words(text)
        if word not in _FRAMING
        and not word[0].isdigit()
        and any(c.isalnum() for c in word)
        and stem(word) not in stems
        and not any(len(k) > 4 and word.startswith(k) for k in stems)
    ]
    return tuple(dict.fromkeys(found))


def holds_word(words: Sequence[str], wanted: str) -> bool:
    """Whether `wanted` is among `words`, its ending and accents aside."""
    root = stem(wanted)
    return any(same_word(root, wanted, word) for word in words)


def same_word(root: str, wanted: str, word: str) -> bool:
    """Whether two words are one: the same stem, or a long word with a slip."""
    if word == wanted:
        return True
    if any(map(str.isdigit, wanted)) or any(map(str.isdigit, word)):
        return False  # a code is right to the character
    if stem(word) == root or word == f"{wanted}s" or wanted == f"{word}s":
        return True
    if wanted in MONTHS:
        return MONTHS[wanted] == MONTHS.get(word)  # `Aug` for August
    if _UNSPACED.match(wanted) and len(wanted) > 1:
        return _COPULA.sub("", wanted) in word  # no blanks tell where it begins
    if _UNCASED.match(wanted) and len(wanted) > 1:
        # A particle or an ending behind it.
        return word.startswith(wanted) and len(word) - len(wanted) <= LONGEST_PARTICLE
    if len(wanted) < LONG_WORD or len(word) < LONG_WORD or any(map(str.isdigit, word)):
        return False
    return plain_word(word)[:3] == plain_word(wanted)[:3] and (
        fuzz.ratio(plain_word(word), plain_word(wanted)) >= SAME_WORD
    )
