"""Which language a text is in, where that can be told; None where it cannot.

By script, then by function words: the few dozen words that every sentence of a
language needs. No model, no download, a few microseconds a word. A short or mixed
text is undecided rather than guessed.
"""

import re
import unicodedata
from collections import Counter
from functools import lru_cache
from string import ascii_letters, digits

from replayd.scoring.extract.structure.splitting import splitter

FUNCTION_WORDS: dict[str, frozenset[str]] = {
    language: frozenset(words.split())
    for language, words in {
        "en": "the of and to is was are were in on at it its for with that this from by"
        " as be been has have had not you your they their which there what will would"
        " can an or but if we our he she his her them than into about after before",
        "de": "der die das und ist war sind waren nicht ein eine einen einem einer"
        " eines mit von für auf im den dem des zu zum zur sich auch es ich sie wir ihr"
        " nach bei aus wie oder aber wenn dass noch nur wird werden wurde hat haben"
        " über unter am um liegt betrug beträgt",
        "fr": "le la les des et est était sont une du dans pour que qui sur avec pas"
        " ne au aux ce cette ces il elle ils nous vous leur plus par ou où mais sans"
        " être avoir ont été son sa ses",
        "es": "el los las y es era son una del en para que con por no se su sus al lo"
        " como más pero este esta estos fue ser ha han muy sin sobre entre también hay"
        " un está están",
        "it": "il lo gli e è era sono una dei della delle di che per con non si nel"
        " nella al alla ma come più questo questa questi ha hanno del dal dalla sul un"
        " anche essere stato",
        "pt": "o os as e é era são uma do da dos das em para que com por não se no na"
        " nos nas ao mais mas como este esta foi ser um sua seu também há está pelo",
        "nl": "de het een en is was zijn waren niet van in op met voor dat die te aan"
        " er bij ook als maar naar uit over wordt worden heeft hebben deze dit om",
        "sv": "och är var det att som en ett på av för med inte den till har de om men"
        " från vid kan ska jag vi du sig så eller också",
        "da": "og er var det at som en et på af for med ikke den til har de om men fra"
        " ved kan skal jeg vi du sig så eller også blev",
        "pl": "i jest był była są nie na w z do że się to jak o od po za ale przez dla"
        " jego jej ten ta czy lub oraz tak być",
        "cs": "a je byl byla jsou ne na v z do že se to jak o od po za ale pro jeho"
        " její ten ta nebo také být který která",
        "tr": "ve bir bu da de için ile çok ne var değil olarak olan daha gibi kadar"
        " en ama veya sonra önce",
        "fi": "ja on oli ovat ei se että en mutta kun niin myös tai joka ovat kuin"
        " hän ne tämä mitä jos",
    }.items()
}
_SPEAKS: dict[str, tuple[str, ...]] = {  # a word -> the languages that need it
    word: tuple(code for code, known in FUNCTION_WORDS.items() if word in known)
    for word in frozenset().union(*FUNCTION_WORDS.values())
}
STOPWORDS = frozenset().union(*FUNCTION_WORDS.values()) | {"a", "approximately"}

# Languages whose numbers are written 1.234,5 (or with a blank), not 1,234.5.
COMMA_DECIMAL = frozenset(
    [
        "de",
        "fr",
        "es",
        "it",
        "pt",
        "nl",
        "sv",
        "da",
        "pl",
        "cs",
        "tr",
        "fi",
        "ru",
        "el",
        "uk",
        "bg",
        *("ro", "hu", "no", "nb", "sk", "sl", "hr", "sr", "lt", "lv", "et", "ca", "gl"),
        *("vi", "id", "is", "be", "kk", "az"),
    ]
)
# Languages that group thousands with a plain blank.
BLANK_GROUPS = frozenset(
    "fr es sv pl cs fi ru uk bg hu no nb sk lt lv et be kk".split()
)

_SCRIPTS = (
    ("HIRAGANA", "ja"),
    ("KATAKANA", "ja"),
    ("HANGUL", "ko"),
    ("CJK", "zh"),
    ("CYRILLIC", "ru"),
    ("GREEK", "el"),
    ("ARABIC", "ar"),
    ("HEBREW", "he"),
    ("THAI", "th"),
    ("DEVANAGARI", "hi"),
)
_ASKED_NAMES = {
    "en": "english englisch anglais inglés inglese inglês engels",
    "de": "german deutsch allemand alemán tedesco alemão duits",
    "fr": "french französisch français francés francese francês frans",
    "es": "spanish spanisch espagnol español spagnolo espanhol spaans",
    "it": "italian italienisch italien italiano",
    "pt": "portuguese portugiesisch portugais portugués português",
    "nl": "dutch niederländisch néerlandais holandés nederlands",
    "ja": "japanese japanisch japonais japonés",
    "zh": "chinese chinesisch chinois chino",
    "ru": "russian russisch russe ruso",
    "ko": "korean koreanisch coréen coreano",
}
_NAMED = {name: code for code, names in _ASKED_NAMES.items() for name in names.split()}
_ASKED = re.compile(
    r"\b(?:answer|reply|respond|write|translat\w+|antwort\w*|schreib\w*|übersetz\w*"
    r"|répond\w*|traduis\w*|traduire|respond\w*|contest\w*|traduc\w*|rispond\w*)\b"
    r"[^.!?\n]{0,40}?\b(?:in|into|to|auf|ins|en|em)\s+(?:the\s+)?(\w{5,20})",
    re.IGNORECASE,
)
_letter_words = splitter(r"[^\W\d_]+", plain=ascii_letters)
_wordlike = splitter(r"\w+", plain=f"{ascii_letters}{digits}_")

LONGEST_READ = 4_000  # characters; more would not make it surer
FEWEST_HITS = 3  # function words before a Latin-script language is named
CLEAR_LEAD = 1.4  # times the hits of the runner-up


# Letters with two marks, which only Vietnamese is written with.
_VIETNAMESE = re.compile("[ơưạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹ]")


def language_of(text: str) -> str | None:
    """Return an ISO 639-1 code, or None where the text does not say clearly."""
    words = lowered_words(text[:LONGEST_READ])
    if not words:
        return None
    if not text.isascii() and len(_VIETNAMESE.findall(text[:LONGEST_READ])) > 1:
        return "vi"
    script = None if text.isascii() else _by_script(words)
    return script or _by_function_words(words)


def lowered_words(text: str) -> list[str]:
    """Return every run of letters, lowered."""
    if text.isascii():
        return _letter_words(text.lower())
    # Each by itself: the lower form of a letter may hold marks that are no letter.
    return [word.lower() for word in _letter_words(text)]


def language_asked(instruction: str) -> str | None:
    """Return the language that a prompt asks the answer to be in, if it names one."""
    if _NAMED.keys().isdisjoint(_wordlike(instruction.lower())):
        return None  # quicker than looking for the verb
    asked = [_NAMED.get(match[1].lower()) for match in _ASKED.finditer(instruction)]
    known = [code for code in asked if code]
    return known[-1] if known else None


def _by_script(words: list[str]) -> str | None:
    joined = "".join(words)
    data = joined.encode("utf-8", "surrogatepass")
    if (len(data) - len(joined)) * 2 <= len(joined):
        return None  # too few letters beyond ASCII to be most of them
    letters: Counter[str] = Counter()
    for letter, count in Counter(joined).items():
        letters[_script_of(letter)] += count
    # A Japanese text holds many Chinese characters; a Chinese one holds no kana.
    if letters["ja"] * 5 > letters["zh"]:
        letters["ja"] += letters.pop("zh", 0)
    code, count = letters.most_common(1)[0]
    return code if code != "latin" and count * 2 > sum(letters.values()) else None


@lru_cache(maxsize=4096)
def _script_of(letter: str) -> str:
    name = unicodedata.name(letter, "")
    return next((code for s, code in _SCRIPTS if name.startswith(s)), "latin")


def _by_function_words(words: list[str]) -> str | None:
    hits: dict[str, int] = {}
    for codes in filter(None, map(_SPEAKS.get, words)):
        for code in codes:
            hits[code] = hits.get(code, 0) + 1
    best = max(hits, key=hits.__getitem__, default="")
    most = hits.pop(best, 0)
    if most < FEWEST_HITS or most < CLEAR_LEAD * max(hits.values(), default=0):
        return None
    return best
