"""Words that were heard or read, in one spelling."""

import re
from collections.abc import Sequence
from typing import Final

from replayd.scoring.extract.cues import spoken
from replayd.scoring.extract.language.key_words import plain_word
from replayd.scoring.extract.language.language import language_of
from replayd.scoring.extract.numbers.clock_words import plain_clock
from replayd.scoring.extract.numbers.dates import spelt_days
from replayd.scoring.extract.numbers.marks import marked_words
from replayd.scoring.extract.numbers.notation import plain_numbers
from replayd.scoring.extract.numbers.number_words import (
    SMALL,
    names_numbers,
    number_words,
)
from replayd.scoring.extract.numbers.ordinal_words import ORDINALS
from replayd.scoring.extract.numbers.units import UNITS
from replayd.scoring.extract.structure.body import (
    body_of,
    unfenced,
    without_thoughts,
)
from replayd.scoring.extract.turns import turns_of

LONGEST_READ = 32_768  # characters
MOST_WORDS = 4_000
MAIN_SHARE = 0.4  # of an answer, from which what it quotes is the transcript

_UNSPACED = re.compile(r"[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff]")
_LETTERS = re.compile(
    rf"{_UNSPACED.pattern}|[^\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff]+"
)
# Between lines that were read as one.
_SLASH = re.compile(r"\s[/|•·–—]\s")
# A hyphen or a dash joins words; before a number alone it is a sign.
_JOINED = re.compile(r"(?<=\w)\s?[‐‑–—-]\s?(?=\w)")
# `2 x`, `2x` and the sign of a product before what is counted; `№7`; digits grouped or not.
_COUNT_SIGN = re.compile(r"\b(\d{1,3})\s?[x×*]\s?(?=[^\W\d_])", re.IGNORECASE)
_NUMBER_SIGN = re.compile(r"№\s?|\bN[º°]\s?(?=\d)|\bNo\.\s?(?=\d)")
_ESCAPED = re.compile(r"\\(?=[*_#-])")
_EMPHASIS = re.compile(r"(?<![\w*])[*_](?=\S)([^*_\n]{1,120})(?<=\S)[*_](?![\w*])")
_SIGNED = re.compile(r"^[ \t]*[—–][ \t]+(?=\w)", re.MULTILINE)
_GROUPS = re.compile(r"(?<=\d),(?=\d{3}(?![\d,]))(?<!\d,\d{3},)")
_STUCK = re.compile(
    r"(?<=\d)\s+(?=(?:[ap]\.?m|kg|mg|g|ml|cl|l|cm|mm|km|m|h|min|uhr)\b|[%€°])",
    re.IGNORECASE,
)
_ANNOUNCED = re.compile(
    r"\A(?:the|this|it|auf|der|die|das|la|le|les|el|il|en|su|sul|sulla|sur|op|på|na|на)\b[^.:\n\"“„«]{0,60}"
    r"\b(?:reads?|says?|shows?|states?|is|lautet|steht|zeigt|sagt|dit|indique|est|dice|pone|es|è|staat|står|написано)\b:?\s+",
    re.IGNORECASE,
)
_QUOTED = re.compile(
    r"\A[^\"“„«「]{0,80}[\"“„«「](?P<inside>.+)[\"”“»」][^\"”»」\w]{0,4}\Z", re.DOTALL
)
_QUOTATION = re.compile(
    r"(?:(?<![a-zA-Z0-9])[\"“„]|[«「『])(?P<inside>[^\"“”„«»「」『』]{2,2000})[\"”“»」』]"
)
_BLOCK_QUOTE = re.compile(r"^[ \t]*>[ \t]?([^\n]+)", re.MULTILINE)
_INTRODUCED = re.compile(
    r"\A(?:the|this|it|der|die|das|auf|le|la|el|il|en|o|het|de|det|speaker|transcript\w*|transkript\w*|text)\b[^:\n\"]{0,60}:\s+(?=\S)",
    re.IGNORECASE,
)
_INTRODUCES = re.compile(
    r"\b(?:command|speaker|text|sign|label|says?|said|reads?|transcri\w*|recording|befehl|lautet|steht|sagt|gesagt|dit|dice|comando|commande)\b",
    re.IGNORECASE,
)
_HOUR_AND = re.compile(r"\b(alle|ore|às|as|las|la)\s(\d{1,2}) (?:e|y) ([1-5]\d)\b")
_DEGREES = re.compile(r"(?<=\d)(\s?)°(?!\s?[cf]\b)")
_MONTH_NAMES: Final = "january|february|march|april|may|june|july|august|september|october|november|december"
_YEAR_OF_TWO = re.compile(rf"\b({_MONTH_NAMES}) (1[5-9]|20) (\d\d)\b")
_MONTH_DAY = re.compile(rf"\b({_MONTH_NAMES}) (\d{{1,2}})(?![\d:.,]*\d)\b")
_DAY_OF = re.compile(rf"\b(?:the )?(\d{{1,2}}) of ({_MONTH_NAMES})\b")
_TENTH = re.compile(
    r"\b(20|30|40|50|60|70|80|90|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety)[- ](first|second|third|fourth|fifth|sixth|seventh|eighth|ninth)\b"
)
_BLANK_LINES = re.compile(r"\n\s+(?=\S|\Z)")
_SHORT_CLOCK = re.compile(r"\d:\d\d")
_STREET = re.compile(r"(?<=[a-zäöü]{3})(?:straße|strasse|str\.?)\Z")
_CLOCK = re.compile(r"\d:\d\d")
_MARKUP = re.compile(r"\*\*|__|`|^[ \t]*>[ \t]?|^#+[ \t]", re.MULTILINE)
_STAMP = re.compile(
    r"(?:^[ \t]*[\[(]?|[\[(])\d{1,2}:\d{2}(?::\d{2})?(?:[.,]\d+)?[\])]?\s*(?:-->\s*\d{1,2}:\d{2}(?::\d{2})?(?:[.,]\d+)?)?(?=\s*[^\W\d_\n]|\s*\n)",
    re.MULTILINE,
)
_TURN = re.compile(
    r"^\s*(?:\[?(?:speaker|sprecher\w*|locuteur|hablante|spk)[ _]?\w{1,3}\]?)\s*[:.-]\s*",
    re.IGNORECASE | re.MULTILINE,
)
# At either end of a request; it changes nothing that is asked for.
_POLITE: Final = r"please|bitte|s['’]il (?:te|vous) pla[iî]t|por favor|per favore|per piacere|alsjeblieft|alstublieft|proszę|lütfen|пожалуйста|vänligen"
_PLEASE = re.compile(
    rf"\A(?:{_POLITE})\b,?\s+(?=\w)|(?<=\w),?\s+(?:{_POLITE})(?=[\s.!?]*\Z)"
)
_DIGIT_WORD: Final = "zero|oh|one|two|three|four|five|six|seven|eight|nine"
_THEN_DIGITS = re.compile(
    rf"\b(hundred|thousand)\b,? (?=(?:{_DIGIT_WORD}),? (?:{_DIGIT_WORD})\b)"
)
_OH = re.compile(
    rf"\b(?<=(?:one|two|six) )oh\b|\b(?<=(?:four|five|nine|zero) )oh\b|\boh(?= (?:{_DIGIT_WORD})\b)"
)
_AFTER_TIME = re.compile(r"\b(\d{1,2}:\d{2})\s?(?:uhr|h|heures?|o['’]clock|hrs?)\b")
_BEFORE_TIME = re.compile(
    r"\b(?:alle|all['’]|a las?|às|um|om|à|at|kl\.?|o|в|saat)\s?(?=\d\d?:\d\d)"
)
_PERCENT = re.compile(
    r"(?<=\d)\s?%|\s(?:pour cent|por ciento|por cento|per cento|per cent|prozent|procent)\b"
)
_ADDRESS = re.compile(r"\b\w+(?: dot \w+)* at \w+(?: dot \w+)+\b")
_NUMERO = re.compile(r"\bn[°º]\s?|\bnuméro\s|\bnúmero\s|\bnumero\s")
_DOTTED = re.compile(r"\d{1,3}(?:\.\d{3})+")
_LETTER_NUMBER = re.compile(
    r"\b([b-df-hj-npqs-z]) (\d{1,4})(?![\w:.,]*\d)"
)  # room B 12
_DIGIT_GROUPS = re.compile(
    r"(?<![\w/.,-])\d{3}-\d{4}(?![\w/-]|[.,]\d)|(?<![\w/.,-])\+?\d{1,4}(?:[ -]\d{2,4}){2,5}(?![\w/-]|[.,]\d)"
)
_NOISE = re.compile(
    r"\[[a-zA-Z _]{2,20}\]|\((?:inaudible|laughs?|laughter|applause|music|pause|noise)\)",
    re.IGNORECASE,
)
_FILLER = re.compile(
    r"\b(?:um|uh|uhm|erm|er|hmm?|mhm|mm|ah|eh|äh|ähm|öh|euh|heu|ehm|э+(?:-э+)*|эм|eee|yyy|ııı)\b[,.]?"
    r"|(?:えーと|えっと|ええと|あのう?|嗯+|呃+|음+|어+)[、,，]"
    r"|\A(?:well|so|naja|na ja|ben|bueno|pues|allora|nou|alltså|no więc|ну)\b,"
)
# Left out in speech before `pas`, which denies alone.
_NE = re.compile(r"\bn(?:e |['’])(?=[\w'’]+ (?:pas|plus|jamais|rien|personne)\b)")
_WEEK = re.compile(r"星期|礼拜")
_LOOSE_COMMA = re.compile(r",(?!\d)|(?<!\d),")
_MONEY_FIRST = re.compile(r"([$€£])\s?(\d[\d.,]*\d|\d)")
_MONEY_AFTER = re.compile(r"(?<=\d)\s?([$€£])(?![\d$€£])")
_MONEY_WORDS: Final = {"$": "dollars", "€": "euros", "£": "pounds"}
_ORDINAL = re.compile(r"\b(\d{1,3})(?:st|nd|rd|th|er|ère|re|ème|e|\.(?=\s)|º|ª)(?!\w)")
_DECIMAL = re.compile(
    r"\b(\d+) (?:point|komma|virgule|coma|vírgula|virgola|przecinek|запятая|целых) (\d{1,3}(?: \d)*)(?![\w.,]\d)"
)
_ORDINALS: Final = {
    word: str(number) for word, number in ORDINALS.items() if number <= 20
} | {
    word: str(number)
    for number, words in enumerate(
        (
            "premier première primero primera primer",
            "deuxième segundo segunda",
            "troisième tercero tercera tercer",
            "quatrième cuarto cuarta",
            "cinquième quinto quinta",
            "sixième sexto sexta",
            "septième séptimo séptima",
            "huitième octavo octava",
            "neuvième noveno novena",
            "dixième décimo décima",
        ),
        start=1,
    )
    for word in words.split()
}
_CONTRACTED: Final = (
    (re.compile(r"\bwon['’]t\b"), "will not"),
    (re.compile(r"\bcan['’]t\b|\bcannot\b"), "can not"),
    (re.compile(r"\bshan['’]t\b"), "shall not"),
    (re.compile(r"n['’]t\b"), " not"),
    (re.compile(r"\blet['’]s\b"), "let us"),
    (re.compile(r"['’]ll\b"), " will"),
    (re.compile(r"['’]ve\b"), " have"),
    (re.compile(r"['’]re\b"), " are"),
    (re.compile(r"\bi['’]m\b"), "i am"),
    (re.compile(r"\b([a-z]{2,})['’]s\b"), r"\1 is"),
    (re.compile(r"(?<=\d)['’][a-zçğıöşü]{1,4}\b"), ""),  # Turkish endings of digits
    # `we'd` is either, so both are written like it.
    (re.compile(r"\b(i|you|he|she|we|they|it)(?:['’]d| had| would)\b"), r"\1 would"),
    (re.compile(r"\b(segunda|terça|quarta|quinta|sexta)-feira\b"), r"\1"),
    (re.compile(r"\bgonna\b"), "going to"),
    (re.compile(r"\bwanna\b"), "want to"),
    (re.compile(r"\bgotta\b"), "got to"),
    (re.compile(r"\b(?:okay|o\.k\.)(?!\w)"), "ok"),
)
_SPELLINGS: Final = (
    (re.compile(r"(?<=[bcdfgptv])re(s?)\Z"), r"er\1"),
    (re.compile(r"(?<=[a-z]{2})our(s|ed|ing|ite|ites|able|ful)?\Z"), r"or\1"),
    (re.compile(r"is(e|es|ed|ing|ation|ations|er|ers)\Z"), r"iz\1"),
    (re.compile(r"ys(e|es|ed|ing)\Z"), r"yz\1"),
    (re.compile(r"ll(ed|ing|er|ers)\Z"), r"l\1"),
    (re.compile(r"ogue(s?)\Z"), r"og\1"),
    (re.compile(r"(?<=[a-z])ence\Z"), "ense"),
    (re.compile(r"ae(?=[a-z]{3})"), "e"),
)
_SAME: Final = {
    "doctor": "dr", "madame": "mme", "monsieur": "m", "mademoiselle": "mlle", "señor": "sr", "señora": "sra", "senhor": "sr", "senhora": "sra", "signora": "sig.ra", "mevrouw": "mevr", "meneer": "dhr", "mister": "mr", "missus": "mrs", "misses": "mrs", "saint": "st",
    "street": "st", "avenue": "ave", "professor": "prof", "versus": "vs", "grey": "gray",
    "programme": "program", "cheque": "check", "tyre": "tire", "kerb": "curb",
    "plough": "plow", "judgement": "judgment", "percent": "%", "prozent": "%",
    "et cetera": "etc", "all right": "alright", "straße": "str", "strasse": "str",
    "number": "no", "nummer": "nr",
}  # fmt: skip


_NO: Final = frozenset("no not nicht nein non nie не нет nee niet inte hayır".split())


def transcript_of(text: str, *, courtesies: bool = False) -> str:
    """Return the words that an answer passes on, without what it says about them.

    With `courtesies`, what may be one is taken as said: `Okay, so he left`.
    """
    body = without_thoughts(text).strip() if courtesies else body_of(text)
    body = _BLANK_LINES.sub("\n", unfenced(body)[:LONGEST_READ])
    body = _MARKUP.sub("", _SIGNED.sub("", _ESCAPED.sub("", body))).strip()
    for pattern in () if turns_of(body).names else (_QUOTED, _INTRODUCED):
        match = pattern.match(body)
        if match is None:
            continue
        inside = (
            match["inside"] if "inside" in match.groupdict() else body[match.end() :]
        )
        before = body[: len(body) - len(inside)]
        if inside.strip() and (
            len(inside) >= MAIN_SHARE * len(body) or _INTRODUCES.search(before)
        ):
            body = inside.strip()
    return body.strip('"“”„«»「」 ')


def heard_words(text: str, *, courtesies: bool = False) -> list[str]:
    """Return spoken words: no fillers, contractions in full, one spelling, digits."""
    said = _STAMP.sub("", transcript_of(spoken(text), courtesies=courtesies))
    plain = _NOISE.sub(" ", _TURN.sub("", turns_of(said).text)).casefold()
    plain = spelt_days(_ADDRESS.sub(_address, plain.replace("!", " ")))
    plain = _NUMERO.sub("no ", plain)
    plain = _PERCENT.sub(" percent", plain)
    for pattern, full in _CONTRACTED:
        plain = pattern.sub(full, plain)
    plain = _FILLER.sub(" ", _FILLER.sub(" ", plain).lstrip(" ,"))
    plain = _WEEK.sub("周", _NE.sub("", plain))
    plain = _MONEY_AFTER.sub(_money_last_of, plain)
    plain = _LOOSE_COMMA.sub(" ", _MONEY_FIRST.sub(_money_last, plain))
    plain = _PLEASE.sub("", " ".join(plain.split()))
    plain = _OH.sub("zero", _THEN_DIGITS.sub(r"\1 · ", plain))
    plain = _in_digits(plain_clock(plain_numbers(plain)))
    plain = plain_clock(_DECIMAL.sub(_decimal, plain))
    plain = _HOUR_AND.sub(r"\1 \2:\3", _AFTER_TIME.sub(r"\1", plain))
    plain = _LETTER_NUMBER.sub(r"\1\2", _BEFORE_TIME.sub("", plain))
    plain = _TENTH.sub(_ordinal_of_two, _DEGREES.sub(r"\1 degrees", plain))
    plain = _DIGIT_GROUPS.sub(lambda m: re.sub(r"\D", "", m[0]), plain)
    plain = _YEAR_OF_TWO.sub(r"\1 \2\3", plain)
    plain = _DAY_OF.sub(r"\1 \2", _MONTH_DAY.sub(r"\2 \1", _ORDINAL.sub(r"\1", plain)))
    found: list[str] = []
    for word in _each_letter(marked_words(plain))[:MOST_WORDS]:
        digits = word.replace(",", "").replace("\u202f", "")
        digits = digits.replace(".", "") if _DOTTED.fullmatch(digits) else digits
        word = digits if digits.isdecimal() else word  # noqa: PLW2901
        if _SHORT_CLOCK.fullmatch(word):
            word = f"0{word}"  # noqa: PLW2901
        # Read out one by one: `4 7 1 1` is `4711`.
        if word.isdecimal() and found and _spelt(found[-1]) and _spelt(word):
            found[-1] += word
        elif found and word == found[-1] and word.isalpha() and word not in _NO:
            continue  # said twice: `your, uh, your appointment`
        else:
            found.append(_one_spelling(word))
    return found


def _address(match: re.Match[str]) -> str:
    """Return an address as it is written: `j dot smith at example dot com`."""
    return match[0].replace(" dot ", ".").replace(" at ", "@")


def _decimal(match: re.Match[str]) -> str:
    """Return `3 point 1 4` in digits."""
    return f"{match[1]}.{match[2].replace(' ', '')}"


def _ordinal_of_two(match: re.Match[str]) -> str:
    """Return `twenty-first` in digits."""
    tens = int(match[1]) if match[1].isdigit() else SMALL[match[1]]
    return str(tens + int(_ORDINALS[match[2]]))


def quoted_parts(text: str) -> tuple[str, ...]:
    """Return all that a text quotes as one, and its longest quotation."""
    found = [m["inside"] for m in _QUOTATION.finditer(text[:LONGEST_READ])]
    found += ["\n".join(_BLOCK_QUOTE.findall(text[:LONGEST_READ]))]
    found = [part for part in found if part.strip()]
    whole = "\n".join(found)
    return tuple(dict.fromkeys((whole, max(found, key=len)))) if found else ()


def announced(text: str) -> str:
    """Return `text` without a sentence's beginning that announces what is read."""
    return _ANNOUNCED.sub("", text, count=1)


def _money_last(match: re.Match[str]) -> str:
    return f"{match[2]} {_MONEY_WORDS[match[1]]}"


def _money_last_of(match: re.Match[str]) -> str:
    return f" {_MONEY_WORDS[match[1]]}"


def _spelt(word: str) -> bool:
    """Whether a number may be part of one read out digit by digit."""
    return word.isdecimal() and (
        len(word) == 1 or word.startswith("0") or len(word) > 1
    )


def read_words(text: str) -> list[str]:
    """Return read words with the marks that belong to them."""
    plain = _SLASH.sub(" ", plain_numbers(_EMPHASIS.sub(r"\1", transcript_of(text))))
    plain = plain.replace("!", " ").replace("?", " ")
    plain = _JOINED.sub(" ", _STUCK.sub("", _COUNT_SIGN.sub(r"\1 x ", plain)))
    plain = _NUMBER_SIGN.sub("№ ", _GROUPS.sub("", plain))
    return [
        _STREET.sub("str", _SAME.get(w, w)) for w in _each_letter(marked_words(plain))
    ][:MOST_WORDS]


def _each_letter(words: Sequence[str]) -> list[str]:
    """Return words, those of scripts without blanks letter by letter."""
    found: list[str] = []
    for word in words:
        cut = not word.isascii() and _UNSPACED.search(word)
        found.extend(_LETTERS.findall(word) if cut else (word,))
    return found


def _in_digits(text: str) -> str:
    words = re.findall(r"[^\W\d_]+", text)
    if not names_numbers(words):
        return text
    code = language_of(text)
    pieces: list[str] = []
    at = 0
    for number in number_words(text, lambda: code):
        pieces.extend((text[at : number.start], str(number.value)))
        at = number.end
    return "".join([*pieces, text[at:]])


def _one_spelling(word: str) -> str:
    word = _STREET.sub("str", _ORDINALS.get(word) or _SAME.get(word, word))
    unit = UNITS.get(word)
    if unit is not None and (len(word) > 1 or word in "$€£%"):
        return f"{unit.dimension} {unit.factor:g}"
    if word.isascii() and word.isalpha():
        for pattern, form in _SPELLINGS:
            word = pattern.sub(form, word)
        return word
    return plain_word(word)
