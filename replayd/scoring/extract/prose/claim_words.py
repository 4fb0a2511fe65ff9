"""Words as claims compare them: stems, synonyms and opposites, in many languages."""

import re
from collections.abc import Sequence
from functools import cache, lru_cache
from typing import Final, Literal, NamedTuple

import snowballstemmer

from replayd.scoring.extract.language.language import STOPWORDS
from replayd.scoring.extract.lexicon import rows, table

Relation = Literal["same", "opposite", "none"]

SHORTEST_STEM: Final = 4  # letters that two words must share from their beginning
SHARED_STEM: Final = 0.7  # of the longer word, where no stemmer knows the language
MOST_STEMMED: Final = 20_000  # words that are remembered

_STEMMERS: Final = {
    "ar": "arabic",
    "da": "danish",
    "de": "german",
    "el": "greek",
    "en": "english",
    "es": "spanish",
    "fi": "finnish",
    "fr": "french",
    "hi": "hindi",
    "hu": "hungarian",
    "id": "indonesian",
    "it": "italian",
    "nl": "dutch",
    "no": "norwegian",
    "pt": "portuguese",
    "ro": "romanian",
    "ru": "russian",
    "sv": "swedish",
    "tr": "turkish",
}
_GRADED = re.compile(r"\A(?P<base>[a-z]{3,})(?:er|est)\Z")
_COMPOUNDING: Final = frozenset(["de", "nl", "sv", "da", "no", "fi"])
_TURNED = re.compile(r"\A(?:un|in|im|ir|il|dis|non-?|mis|dés|des)(?P<base>\w{4,})\Z")

# A yes or no before a sentence, which says nothing that the sentence does not.
LEADING = re.compile(
    r"\A\W*(?:yes|no|yeah|nope|ja|nein|oui|non|sí|no|sì|sim|não|nee|nej|да|нет|tak|hayır|evet|はい|いいえ|نعم|لا|हाँ|नहीं|네|아니요)\s*[,.;:!–—、،，。-]\s*",
    re.IGNORECASE,
)

_KEPT_FROM = re.compile(r"\b(?:away from|out of(?= (?:the|direct|any|reach)))\b")
_ELISION = re.compile(r"\b(?:[cdjlmnst]|qu|dell|nell|all|sull|dall|un|quest)'(?=\w\w)")


@cache
def _courtesies() -> tuple[tuple[str, re.Pattern[str]], ...]:
    said = table("courtesies.toml")["said"]
    return tuple(
        (mark, re.compile("|".join(patterns), re.IGNORECASE))
        for mark, patterns in said.items()
    )


def plainly(text: str) -> str:
    """Return a text without phrases of courtesy, unless it is little else."""
    folded, shorter = text.casefold(), text
    for mark, pattern in _courtesies():
        if mark in folded:
            shorter = pattern.sub(" ", shorter)
    return shorter if len(shorter) * 2 > len(text) else text


def spoken(text: str) -> str:
    """Return a text case-folded, with its contractions taken apart."""
    folded = text.casefold().replace("n't", " n't").replace("can not", "cannot")
    folded = folded.replace("cannot", "can not").replace("'s ", " ")
    folded = _KEPT_FROM.sub(" without ", folded)
    return _ELISION.sub(lambda m: f"{m[0][:-1]} ", folded)


@cache
def _stemmer(language: str) -> snowballstemmer.stemmer:
    return snowballstemmer.stemmer(_STEMMERS[language])


@lru_cache(maxsize=MOST_STEMMED)
def stem(word: str, language: str) -> str:
    """Return the stem of a case-folded word; the word where no stemmer knows it."""
    if language == "ko":
        return _korean(word)
    if language not in _STEMMERS or not word.isalpha():
        return word
    return str(_stemmer(language).stemWord(word))


_PARTICLES = re.compile(
    r"(?:으로부터|에서부터|에게서|으로는|에서는|에서도|에게는|까지는|이라고|이라는|이며|이고|에서|에게|한테|으로|까지|부터|보다|처럼|마다|이나|이란|라도|조차|밖에|은|는|이|가|을|를|의|에|도|와|과|로|만|나|들)\Z"
)
_ENDINGS = re.compile(
    r"(?:하|되|시키)(?:[가-힣]{0,6})\Z|(?:했|됐|합|됩|해|돼|할|될|한|된|함|됨)[가-힣]{0,5}\Z"
    r"|(?:습니다|ㅂ니다|입니다|어요|아요|여요|예요|에요|세요|네요|지만|면서|으며|으면|려고|니다)\Z"
)


def _korean(word: str) -> str:
    """Return a Korean word without its particle, or a verb's noun without its ending."""
    for pattern, fewest in ((_ENDINGS, 2), (_PARTICLES, 1)):
        found = pattern.search(word)
        if found and found.start() >= fewest:
            return word[: found.start()]
    return word


@cache
def _verbs() -> frozenset[str]:
    return frozenset(stem(word, "en") for row in rows("verbs.txt") for word in row)


def is_verb(word: str, language: str) -> bool:
    """Whether a word is mostly a verb, as far as is known; many can say the same."""
    return language == "en" and stem(word, language) in _verbs()


@cache
def minor_words() -> frozenset[str]:
    """Return the words that carry no claim of their own."""
    return STOPWORDS | frozenset(table("polarity.toml")["minor"]["words"])


@cache
def negations() -> frozenset[str]:
    """Return the words that turn a statement round."""
    return frozenset(table("polarity.toml")["negation"]["words"])


@cache
def absences() -> frozenset[str]:
    """Return the words that turn round what follows, and a negation back again."""
    return frozenset(table("polarity.toml")["absence"]["words"])


@cache
def comparisons() -> frozenset[str]:
    """Return the words that stand between the two sides of a comparison."""
    return frozenset(table("polarity.toml")["comparison"]["words"])


@lru_cache(maxsize=MOST_STEMMED)
def relation(one: str, other: str, language: str) -> Relation:
    """Return whether two words mean the same, the opposite, or neither."""
    if one == other:
        return "same"
    first, second = stem(one, language), stem(other, language)
    if first == second:
        return "same"
    if language == "en":
        bases = _ungraded(one), _ungraded(other)
        if bases != (one, other):
            return relation(*bases, language)
    if _opposite(one, other, first, second, language):
        return "opposite"
    if _akin(one, other, language) or (
        language == "en" and not _synonyms(one).isdisjoint(_synonyms(other))
    ):
        return "same"
    return "none"


@lru_cache(maxsize=MOST_STEMMED)
def _ungraded(word: str) -> str:
    """Return an English word without the ending of a comparison: `cheap` of `cheaper`."""
    graded = _GRADED.match(word)
    if graded is None or word in minor_words() or is_verb(word, "en"):
        return word
    base = graded["base"]
    turned = base[:-1] + "y" if base[-1] == "i" else base[:-1]
    return next((w for w in (base, base + "e", turned) if _antonyms(w)), word)


def _akin(one: str, other: str, language: str) -> bool:
    """Whether the beginnings of two words tell that they belong together."""
    shorter, longer = sorted((one, other), key=len)
    if len(shorter) < SHORTEST_STEM:
        return False
    shared = _shared_start(shorter, longer)
    if shared >= max(SHORTEST_STEM, SHARED_STEM * len(longer)):
        return True
    # Compounds, as in German, hold the word that they are a kind of.
    if language not in _COMPOUNDING:
        return False
    if len(shorter) == SHORTEST_STEM:
        return longer.startswith(shorter) or longer.endswith(shorter)
    return shorter in longer


def _opposite(one: str, other: str, first: str, second: str, language: str) -> bool:
    for word, base in ((one, second), (other, first)):
        turned = _TURNED.match(word)
        if turned and stem(turned["base"], language) == base:
            return True
        if word.endswith("less") and stem(word[:-4] + "ful", language) == base:
            return True
    if language in _TURNING and _turned_within(one, other, language):
        return True
    if language == "en" and (second in _antonyms(first) or other in _antonyms(one)):
        return True
    sides, others = _sides(one, language), _sides(other, language)
    return any((row, not side) in others for row, side in sides)


# Where a part of the word turns it round: Turkish -me-, Korean 불-.
_TURNING: Final = {
    "tr": re.compile(r"m[ae](?=m[ıiuü]ş|d[ıi]|y[ae]|l[ıi]|z?\Z)|m[ae]z(?=\Z|s)"),
    "ko": re.compile(r"\A[불비미무](?=[가-힣]{2})"),
}


def _turned_within(one: str, other: str, language: str) -> bool:
    turning = _TURNING[language]
    for word, base in ((one, other), (other, one)):
        bare = turning.sub("", word, count=1)
        if bare != word and not turning.search(base) and _begins_as(bare, base):
            return True
    return False


def _shared_start(one: str, other: str) -> int:
    """Return how many letters two words share from their beginning."""
    for at, (a, b) in enumerate(zip(one, other, strict=False)):
        if a != b:
            return at
    return min(len(one), len(other))


def _begins_as(one: str, other: str) -> bool:
    shared = _shared_start(one, other)
    return shared >= max(2, SHARED_STEM * min(len(one), len(other)))


Meaning = tuple[int, str]  # a row of synonyms, and one word of it or "" for all


@cache
def _english() -> tuple[dict[str, set[Meaning]], dict[str, set[str]]]:
    synonyms: dict[str, set[Meaning]] = {}
    for number, row in enumerate(rows("synonyms.txt")):
        stems = [stem(word, "en") for word in row]
        rare = [word for word in stems if word not in _verbs()]
        # `back` and `second` meet in `endorse`, a verb that neither of them mostly is.
        apart = {(number, word) for word in rare} if len(rare) < len(row) else set()
        for word in stems:
            mine = {(number, word)} & apart or {(number, ""), *apart}
            synonyms.setdefault(word, set()).update(mine)
    antonyms: dict[str, set[str]] = {}
    for one, other in rows("antonyms.txt"):
        for a, b in ((one, other), (other, one)):
            antonyms.setdefault(a, set()).add(b)
            antonyms.setdefault(stem(a, "en"), set()).add(stem(b, "en"))
    return synonyms, antonyms


def _synonyms(word: str) -> set[Meaning]:
    return _english()[0].get(stem(word, "en"), set())


def _antonyms(word: str) -> set[str]:
    return _english()[1].get(word, set())


def is_denial(word: str, language: str) -> bool:
    """Whether an English word begins with what turns its rest round: `unaffected`."""
    turned = _TURNED.match(word) if language == "en" else None
    return turned is not None and turned["base"] in _antonyms(word)


class Vocabulary:
    """The words of a text, to be asked whether they hold one like another."""

    def __init__(self, words: Sequence[str], language: str) -> None:
        self._language = language
        self._words = frozenset(words)
        self._stems = frozenset(stem(word, language) for word in words)
        self._meanings: frozenset[Meaning] = frozenset()
        if language == "en":
            self._meanings = frozenset[Meaning]().union(*map(_synonyms, words))
        self._begun: dict[str, list[str]] = {}
        for word in self._words:
            self._begun.setdefault(word[:SHORTEST_STEM], []).append(word)

    def __contains__(self, word: str) -> bool:
        """Whether the text has the word, another form of it, or a synonym."""
        if word in self._words or stem(word, self._language) in self._stems:
            return True
        if self._meanings and not self._meanings.isdisjoint(_synonyms(word)):
            return True
        # Compounds may hold the word anywhere; else their beginnings are alike.
        likely = (
            self._words
            if self._language in _COMPOUNDING
            else self._begun.get(word[:SHORTEST_STEM], ())
        )
        return any(relation(word, other, self._language) == "same" for other in likely)


class _Concepts(NamedTuple):
    """The words of `opposites.toml` for one language, and those that only begin so."""

    whole: dict[str, frozenset[tuple[str, bool]]]
    begun: dict[str, tuple[tuple[str, str, bool], ...]]  # by first letter


@cache
def _concepts(suffix: str) -> _Concepts:
    whole: dict[str, set[tuple[str, bool]]] = {}
    begun: dict[str, list[tuple[str, str, bool]]] = {}
    for row, sides in table("opposites.toml").items():
        for side, name in ((True, "one"), (False, "other")):
            for word in sides[name + suffix]:
                if word.endswith("*"):
                    begun.setdefault(word[0], []).append((word[:-1], row, side))
                else:
                    whole.setdefault(word, set()).add((row, side))
    return _Concepts(
        {word: frozenset(sides) for word, sides in whole.items()},
        {letter: tuple(found) for letter, found in begun.items()},
    )


def has_opposite(word: str, language: str) -> bool:
    """Whether a word stands on a side of a concept: `before`, `all`, `more`."""
    return bool(_sides(word, language))


@lru_cache(maxsize=MOST_STEMMED)
def _sides(word: str, language: str) -> frozenset[tuple[str, bool]]:
    """Return the concepts that a word belongs to, and on which side."""
    concepts = _concepts("" if language == "en" else "_more")
    found = set(concepts.whole.get(word, ()))
    begun = concepts.begun.get(word[:1], ())
    found.update((row, side) for start, row, side in begun if word.startswith(start))
    # A beginning that both sides share, as `larg` of French and Spanish, tells nothing.
    return frozenset(each for each in found if (each[0], not each[1]) not in found)
