"""Which language a text is in, by a statistical model of byte sequences.

The model is py3langid's (97 languages, naive Bayes, shipped in its wheel). Code,
quotes, addresses and numbers are cut first: they are in no language, or in another's.
"""

import re
import unicodedata
from functools import cache, lru_cache

from py3langid.langid import MODEL_FILE, LanguageIdentifier

from replayd.scoring.extract.language.language import language_of

LONGEST_READ = 400  # characters of prose; more would cost time and not make it surer
FEWEST_LETTERS = 12  # below that, only the script can tell
FEWEST_WIDE = 4  # the same where a letter is a syllable or a word
SURE = 0.9  # probability of the best language, after the model's own calibration
UNLIKELY = 0.02  # probability of the expected language, below which it is another

# Languages so near that a model takes one for the other: told apart by nobody here.
_KIN = (
    frozenset(["hr", "sr", "bs", "sl"]),
    frozenset(["da", "no", "nb", "nn", "sv", "fo"]),
    frozenset(["id", "ms", "jv"]),
    frozenset(["cs", "sk"]),
    frozenset(["pt", "gl", "es", "an", "ast"]),
    frozenset(["fr", "oc", "wa"]),
    frozenset(["nl", "af", "li"]),
    frozenset(["de", "lb"]),
    frozenset(["ru", "uk", "be", "bg", "mk"]),
    frozenset(["hi", "mr", "ne"]),
    frozenset(["ar", "fa", "ur", "ug", "ps"]),
    frozenset(["zh", "ja"]),
)
# Kin of which the members are told apart all the same, when the model is sure.
_APART = frozenset(
    ["pt", "es", "fr", "nl", "de", "ru", "uk", "zh", "ja", "ar", "sv", "da"]
)
# Varieties that the model counts apart and readers do not.
_VARIETIES = {
    **dict.fromkeys(("an", "ext", "ast"), "es"),
    **dict.fromkeys(("wuu", "yue", "gan", "hak", "nan"), "zh"),
    **dict.fromkeys(("pcm", "sco"), "en"),
    **dict.fromkeys(("nb", "nn"), "no"),
    **dict.fromkeys(("bar", "nds", "als", "gsw"), "de"),
    "arz": "ar",
    "gl": "pt",
}
_NOT_PROSE = re.compile(
    r"```.*?(?:```|\Z)|`[^`\n]*`|\"[^\"\n]{1,200}\"|“[^”\n]{1,200}”|«[^»\n]{1,200}»"
    r"|„[^“”\n]{1,200}[“”]|https?://\S+|\S+@\S+|<[^>\n]{1,80}>|\$[^$\n]+\$|[\d_|*#>\\/{}\[\]]+",
    re.DOTALL,
)
_WIDE = ("CJK", "HIRAGANA", "KATAKANA", "HANGUL", "THAI", "LAO", "KHMER", "MYANMAR")


def prose_of(text: str) -> str:
    """Return what is written in a language, without code, quotes and numbers."""
    return " ".join(_NOT_PROSE.sub(" ", text[: 4 * LONGEST_READ]).split())[
        :LONGEST_READ
    ]


@cache
def _model() -> LanguageIdentifier:
    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)


def language_probabilities(prose: str) -> dict[str, float]:
    """Return how likely each language is; empty for too short a text."""
    letters = sum(map(str.isalpha, prose))
    fewest = FEWEST_WIDE if script_of(prose) in _WIDE else FEWEST_LETTERS
    if letters < fewest:
        return {}
    found: dict[str, float] = {}
    for code, rng in _model().rank(prose):
        language = _VARIETIES.get(code, code)
        found[language] = found.get(language, 0.0) + float(rng)
    return found


@lru_cache(maxsize=256)
def likely_language(text: str) -> str | None:
    """Return an ISO 639-1 code, or None where the text does not say clearly."""
    found = language_probabilities(prose_of(text))
    best = max(found, key=found.__getitem__, default=None)
    return best if best and found[best] >= SURE else None


def other_language(text: str, expected: str) -> str | None:
    """Return the language that a text is in, if clearly not the expected one.

    Words that only the expected language has settle it without the model.
    """
    if language_of(text) == expected:
        return None
    found = language_probabilities(prose_of(text))
    best = max(found, key=found.__getitem__, default=None)
    if best is None or best == expected or found[best] < SURE:
        return None
    if found.get(expected, 0.0) > UNLIKELY or is_too_near(best, expected):
        return None
    return best


def is_too_near(one: str, other: str) -> bool:
    """Whether a model takes one of two languages for the other."""
    kin = any(one in family and other in family for family in _KIN)
    return kin and not (one in _APART and other in _APART)


def script_of(text: str) -> str:
    """Return Unicode's name of the script of most letters, "" for none."""
    if text.isascii():
        return "LATIN" if any(map(str.isalpha, text)) else ""
    counts: dict[str, int] = {}
    for letter in text[:LONGEST_READ]:
        if letter.isalpha():
            name = _script(letter)
            counts[name] = counts.get(name, 0) + 1
    return max(counts, key=counts.__getitem__, default="")


@cache
def _script(letter: str) -> str:
    return unicodedata.name(letter, "").split(" ", 1)[0].split("-", 1)[0]
