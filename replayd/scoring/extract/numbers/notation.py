"""Number notations rewritten into the one that the number reader knows.

Full-width and Arabic digits, every dash that can be a minus sign, accounting
parentheses, thin blanks, LaTeX, vulgar fractions, powers of ten and Indian groups. Only
notation changes: a text without any of these comes back as it is.
"""

import re
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from typing import Final
from unicodedata import normalize

from replayd.scoring.extract.numbers.scripts import dotted_dates, western

# Both over lowered text, which is quicker than to ignore case.
_ODD = re.compile(
    r"\brp\.?\s?\d|million|billion|thousand|mil[li]|mln|"
    r"\{,\}|\\|\d[eE][+-]?\d|\^|\(\s*[-$(]?\s*[\d$]|(?<![\w.,])\.\d"
    r"|\d,\d\d,\d|0:\d\d:|[x*]\s?10\b|\d(?:/\d)|\b(?:minus|moins|menos|meno|negative)\s"
    r"|\d\s?(?:k|m|bn|b|mn|md|mio|mrd)\b|\+/-|\bplus (?:or|ou|oder) |\bcent|\d\s(?:bc|v\.|av\.|a\.)|\b\d{4}\. ?\d"
    r"|\b(?:a|b|ab|o|0)\b[\s-]*(?:rh|rhesus|neg|pos)|siècle|siglo|secolo|jahrhundert|quartal|quarter\b|trimestre|kwartaal|kvartal",
)
_DIGITS: Final = {
    **{ord("０") + n: str(n) for n in range(10)},
    **{0x0660 + n: str(n) for n in range(10)},
    **{0x06F0 + n: str(n) for n in range(10)},
    **{0x0966 + n: str(n) for n in range(10)},
    0x066C: ",",
    0x066B: ".",
    0x066A: "%",
    0xFF0E: ".",
    0xFF0C: ",",
    0xFF05: "%",
    0xFF0D: "-",
    0xFF0B: "+",
    0xFF1A: ":",
    0x2212: "-",
    0x2011: "-",
    0x2012: "-",
    0x2009: "\u202f",
    0x2006: "\u202f",
    0x2007: "\u202f",
    0x2008: "\u202f",
    0x2103: "°C",
    0x2109: "°F",
    **{n: normalize("NFKC", chr(n)) for n in range(0x3380, 0x33E0)},  # `㎏`, `㎡`
}
_SUPERSCRIPTS: Final = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")
_VULGAR: Final = {
    "½": "1/2", "⅓": "1/3", "⅔": "2/3", "¼": "1/4", "¾": "3/4", "⅕": "1/5",
    "⅖": "2/5", "⅗": "3/5", "⅘": "4/5", "⅙": "1/6", "⅚": "5/6", "⅛": "1/8",
    "⅜": "3/8", "⅝": "5/8", "⅞": "7/8", "⅒": "1/10",
}  # fmt: skip
_MONEY = "$€£¥₹"
_A_VULGAR = re.compile(rf"(?:(?P<whole>\d+)\s?)?(?P<part>[{''.join(_VULGAR)}])")
_LATEX_GROUP = re.compile(r"(?<=\d)(?:\{,\}|\\,|\\;|\\ |\{\\,\})(?=\d{3})")
_LATEX_FRACTION = re.compile(r"\\[dt]?frac\s*\{?(-?\d+)\}?\s*\{?(-?\d+)\}?")
_LATEX_WORDS = re.compile(
    r"\\(?:text|mathrm|mathbf|textbf|operatorname)\s*\{([^{}]*)\}"
)
_LATEX_MARKS = re.compile(r"\\(?=[$%&#])|\\[,;:! ]|\\(?:left|right)\b")
# `4m 12s` and `1h 5m`: minutes, not metres.
_SHORT_DURATION = re.compile(
    r"(?<![\w.,])(?P<n>\d{1,3})\s?m(?=\s?\d{1,2}\s?s\b)|(?<=\dh )(?P<n2>\d{1,2})\s?m\b"
)
# `00:12:37` is the place 12:37 of a recording.
_PERCENT_SPELT = re.compile(r"百分之([〇零一二三四五六七八九十百两\d.]+)")
# Behind a label that ends in an ideogram a colon is none of a clock's.
_LABEL_COLON = re.compile(r"(?<=[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af])[：:](?=\d)")
_WARI = re.compile(r"(\d)割(?:(\d)分)?")  # tenths and hundredths
_LONG_CLOCK = re.compile(r"(?<![\d:])00?:(?=\d\d:\d\d(?![\d:]))")
_UNIT_POWER = re.compile(
    r"(?<=\d)(?P<gap>\s?)(?P<unit>(?:k|c|m|d)?m|in|ft)\^\{?(?P<n>[23])\}?(?!\w)"
)
_SUBSCRIPT = re.compile(r"(?<=[A-Za-z)])_\{?(\d{1,3})\}?")
_POWER = re.compile(
    r"(?<![\w.])(?P<m>\d+(?:[.,]\d+)?)\s?(?:[x×*·]|\\times|\\cdot)\s?10"
    r"(?:\^\{?(?P<e>[-+]?\d{1,2})\}?|(?P<sup>[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]{1,3}))"
    r"|(?<![\w.])10(?:\^\{?(?P<e2>\d{1,2})\}?|(?P<sup2>[⁰¹²³⁴⁵⁶⁷⁸⁹]{1,2}))(?![\w])"
    r"|(?<![\w.,])(?P<m3>\d+(?:[.]\d+)?)[eE](?P<e3>[+-]?\d{1,2})(?!\w)"
)
# Before a time two numbers are a date: `3/5 14:30`.
_FRACTION = re.compile(
    r"(?<![\w./,:-])(?!\d{1,2}/\d{1,2},? \d{1,2}:\d\d)(?:(?P<whole>\d{1,4})\s)?(?P<a>\d{1,3})/(?P<b>\d{1,3})(?![\w/]|[.,]\d)"
)
_INDIAN = re.compile(r"(?<![\w.,])\d{1,2}(?:,\d{2})+,\d{3}(?![\w,])")
_BARE_POINT = re.compile(r"(?<![\w.,)])\.(?=\d)")
# A dash stuck to a number and to nothing before it is a sign.
_DASH_SIGN = re.compile(rf"(?<![\w)\]%{_MONEY}])(?<!\d\s)[–—](?=[{_MONEY}]?\d)")
_WORD_SIGN = re.compile(
    rf"(?<!\d )(?<!\w)(?:minus|moins|menos|meno|negative)\s(?=[{_MONEY}]?\d)",
    re.IGNORECASE,
)
_ACCOUNTING = re.compile(
    rf"(?P<before>[^\n|:]{{0,40}}?)(?<!\w)\((?P<inside>\s?(?P<money>[{_MONEY}]|[A-Z]{{3}}\s)?"
    r"(?P<number>(?P<grouped>\d{1,3}(?:[,.]\d{3})+(?:[.,]\d+)?)|\d+(?:[.,]\d+)?)"
    r"(?P<scale>[kKmMbB]|\s?(?:[KMB]|bn|thousand|million|billion))?\s?)\)"
)
# A name or a number before them: the parentheses add to it, as in `Everest (8,849 m)`.
_ADDS = re.compile(r"\d|\b[A-Z][\w'’-]+\s*$")


# A letter for a scale beside money, or a capital one stuck to digits.
_SCALES: Final = {
    "k": "thousand", "m": "million", "mn": "million", "mio": "million",
    "b": "billion", "bn": "billion", "md": "billion", "mrd": "billion",
    "t": "trillion", "tn": "trillion",
}  # fmt: skip
_CODES: Final = "USD|EUR|GBP|CHF|INR|BRL|AUD|CAD|JPY|CNY|SEK|NOK|DKK|PLN"
_MONEY_SCALE = re.compile(
    rf"(?P<n>\d{{1,3}}(?:[ \u00a0]\d{{3}})+(?:,\d+)?|\d)\s?(?P<s>k|m|mio|mn|md|mrd|bn|b|tn|t)\.?\s?(?=[{_MONEY}]|(?:{_CODES})\b)",
    re.IGNORECASE,
)
_SCALED_MONEY = re.compile(
    rf"(?P<n>(?:[{_MONEY}]|\b(?:{_CODES}))\s?\d[\d.,]*)\s?(?P<s>k|mn|mio|m|bn|b|mrd|tn)\b(?!\w)",
    re.IGNORECASE,
)
_CAPITAL_SCALE = re.compile(r"(?<![\w.,-])(?P<n>\d[\d.,]*)(?P<s>K|M|B|bn|mn)\b")
# `from 4.8 to 4.1 million`: the scale is that of both.
_SHARED_SCALE = re.compile(
    r"(?<![\w.,$€£¥])(?P<a>\d{1,3}(?:[.,]\d{1,2})?)(?P<between>\s(?:to|and|bis|und|auf|à|et|a|y|e|até|tot|en|do|i|до|и|till|och)\s|\s?[–-]\s?)(?=\d{1,3}(?:[.,]\d{1,2})?\s?(?P<s>thousand|million|billion|millions|millionen|mio\.|milliarden|tausend|milliards|millones|mil|milioni|miliardi|milhões|miljoen|miljard|mln|mld|tys\.?|млн|млрд|тыс\.?|miljoner|miljarder)\b)",
    re.IGNORECASE,
)
_RUPIAH = re.compile(r"\b(?:Rp|IDR)\.?\s?(?P<n>\d{1,3}(?:\.\d{3})*|\d+)")
_TELLS = re.compile(
    r"\d\s?(?:k|m|bn|b|mn|md|mio|mrd|tn?)\b|\+/-|\bplus|\bcent|jahrh|si[èg]|secolo|eeuw|wiek|век"
    r"|\d(?:st|nd|rd|th)?\s(?:bc|b\.c|v\.|av\.|a\.)|neg|pos|quart|trim",
)
_QUARTERS: Final = tuple(
    "|".join(words.split())
    for words in (
        "first 1st 1\\. erste[ns]? premier 1er primer primo primeiro eerste första",
        "second 2nd 2\\. zweite[ns]? deuxième 2e segundo secondo tweede andra",
        "third 3rd 3\\. dritte[ns]? troisième 3e tercer terzo terceiro derde tredje",
        "fourth 4th 4\\. vierte[ns]? quatrième 4e cuarto quarto vierde fjärde",
    )
)
_QUARTER = re.compile(
    r"(?<!\w)(?:"
    + "|".join(f"({words})" for words in _QUARTERS)
    + r")\s(?:quarter|quartal|trimestre|kwartaal|kvartal\w*)\b(?!\sof an?\b)",
    re.IGNORECASE,
)
_PLUS_MINUS = re.compile(
    r"\+/-|\bplus(?: or |/| ou | oder )(?:minus|moins)\b", re.IGNORECASE
)
_CENTURY: Final = (
    r"(?:century|centuries|jahrhunderts?|siècle|siglo|secolo|eeuw|wiek\w*|век\w*)"
)
_ROMAN_CENTURY = re.compile(
    rf"\b(?P<a>[IVX]{{1,5}})(?:\.|e|ème)?(?=\s{_CENTURY}\b)|\b(?:siglo|secolo)\s(?P<b>[IVX]{{1,5}})\b"
)
_ORDINALS: Final = {
    word: n
    for n, word in enumerate(
        "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth"
        " thirteenth fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth"
        " twentieth twenty-first".split(),
        start=1,
    )
}
_WORD_CENTURY = re.compile(
    rf"\b(?P<w>{'|'.join(sorted(_ORDINALS, key=len, reverse=True))})(?=\s(?:century|floor|grade|place)\b)",
    re.IGNORECASE,
)
_BEFORE_CHRIST = re.compile(
    r"(?<![\w-])(?P<n>\d{1,4})(?P<c>(?:st|nd|rd|th)? century)?\s(?:BCE?|B\.C\.(?:E\.)?|v\.\s?Chr\.?|av\.\s?J\.?-?\s?C\.?|a\.\s?C\.)(?!\w)"
)
_BLOOD = re.compile(
    r"(?<!\w)(?P<g>AB|A|B|O|0)[\s-]*(?:Rh(?:esus)?(?:\(?D\)?)?[\s-]*)?(?:(?P<n>neg(?:ative|ativ|atif)?)|(?P<p>pos(?:itive|itiv|itif)?))\b"
)
_ROMANS: Final = {"I": 1, "V": 5, "X": 10}
_MYRIADS: Final = {
    "千": 10**3,
    "万": 10**4,
    "萬": 10**4,
    "億": 10**8,
    "亿": 10**8,
    "兆": 10**12,
    "천": 10**3,
    "만": 10**4,
    "억": 10**8,
}
_MYRIAD = re.compile(
    rf"(?<![\d.,])(?:[\d,]+(?:\.\d+)?[{''.join(_MYRIADS)}]+)+(?:\d{{1,4}}(?![\d,.]))?"
)
_MYRIAD_PART = re.compile(rf"([\d,.]+)([{''.join(_MYRIADS)}]*)")


# Scripts without blanks: the number begins where the ideograms end.
_AFTER_IDEOGRAM = re.compile(r"(?<=[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af])(?=[-\d])")


def _myriads(match: re.Match[str]) -> str:
    """Compose `1億2,500万`."""
    total = Decimal(0)
    for digits, scales in _MYRIAD_PART.findall(match[0]):
        part = Decimal(digits.replace(",", "") or 0)
        for scale in scales:
            part *= _MYRIADS[scale]
        total += part
    return format(total.normalize() + 0, "f")


@lru_cache(maxsize=256)  # of one pair's texts, which several rules read
def plain_numbers(text: str) -> str:
    """Return `text` with every number in plain notation."""
    if text.isascii() and not _ODD.search(text.lower()):
        return text
    if not text.isascii():
        text = _LABEL_COLON.sub(": ", text)
        text = _PERCENT_SPELT.sub(r"\1%", text).replace("°С", "°C")
        text = western(text.translate(_DIGITS))
        if "割" in text:
            text = _WARI.sub(lambda m: f"{m[1]}{m[2] or 0}%", text)
    if "\\" in text or "{,}" in text:
        text = _without_latex(text)
    if "^" in text:  # a square or cubic unit
        text = _UNIT_POWER.sub(
            lambda m: f"{m['gap']}{m['unit']}{'²' if m['n'] == '2' else '³'}", text
        )
    text = _LONG_CLOCK.sub("", text)
    text = _SHORT_DURATION.sub(lambda m: f"{m['n'] or m['n2']} min", text)
    text = _SHARED_SCALE.sub(r"\g<a> \g<s>\g<between>", _worded(dotted_dates(text)))
    text = _POWER.sub(_power, text)
    if not text.isascii():
        text = _A_VULGAR.sub(_vulgar, text)
        text = _AFTER_IDEOGRAM.sub(" ", _MYRIAD.sub(_myriads, text))
        text = _DASH_SIGN.sub("-", text)
    text = _FRACTION.sub(_fraction, text)
    text = _INDIAN.sub(lambda match: match[0].replace(",", ""), text)
    text = _BARE_POINT.sub("0.", text)
    text = _RUPIAH.sub(lambda m: f"IDR {m['n'].replace('.', '')}", text)
    text = _WORD_SIGN.sub("-", text)
    return _ACCOUNTING.sub(_accounting, text) if "(" in text else text


def _worded(text: str) -> str:
    """Rewrite scales by letter, plus-minus, centuries, years before Christ, blood groups."""
    if not _TELLS.search(text.lower()):
        return text
    text = _MONEY_SCALE.sub(_scaled, text)
    text = _SCALED_MONEY.sub(lambda m: f"{m['n']} {_SCALES[m['s'].lower()]}", text)
    text = _CAPITAL_SCALE.sub(lambda m: f"{m['n']} {_SCALES[m['s'].lower()]}", text)
    text = _PLUS_MINUS.sub("±", text)
    text = _QUARTER.sub(lambda m: f"Q{_quarter(m)}", text)
    text = _WORD_CENTURY.sub(lambda m: f"{_ORDINALS[m['w'].lower()]}th", text)
    text = _ROMAN_CENTURY.sub(lambda m: f"{_roman(m['a'] or m['b'])}th", text)
    text = _BEFORE_CHRIST.sub(lambda m: f"-{m['n']}{m['c'] or ''}", text)
    return _BLOOD.sub(lambda m: m["g"] + ("-" if m["n"] else "+"), text)


def _quarter(match: re.Match[str]) -> int:
    return match.lastindex or 0


def _scaled(match: re.Match[str]) -> str:
    number = match["n"].replace(" ", "\u202f").replace("\u00a0", "\u202f")
    return f"{number} {_SCALES[match['s'].lower()]} "


def _roman(text: str) -> int:
    values = [_ROMANS[c] for c in text]
    return sum(
        -v if any(later > v for later in values[i + 1 : i + 2]) else v
        for i, v in enumerate(values)
    )


def _without_latex(text: str) -> str:
    text = _LATEX_GROUP.sub("\u202f", text)
    text = _LATEX_FRACTION.sub(r"\1/\2", text)
    text = _LATEX_WORDS.sub(r"\1", text)
    text = _SUBSCRIPT.sub(r"\1", _LATEX_MARKS.sub("", text))
    return text.replace("{,}", ",").replace("^{\\circ}", "°").replace("^\\circ", "°")


def _power(match: re.Match[str]) -> str:
    mantissa = match["m"] or match["m3"] or "1"
    sup = (match["sup"] or match["sup2"] or "").translate(_SUPERSCRIPTS)
    exponent = int(match["e"] or match["e2"] or match["e3"] or sup)
    value = Decimal(mantissa.replace(",", ".")).scaleb(exponent)
    return format(value.normalize() + 0, "f") if abs(exponent) < 40 else match[0]


def _vulgar(match: re.Match[str]) -> str:
    value = Fraction(_VULGAR[match["part"]]) + int(match["whole"] or 0)
    return _decimal(value)


def _fraction(match: re.Match[str]) -> str:
    """Rewrite `3/4` and `1 1/2`; what may be a date, a score or a ratio stays."""
    top, bottom = int(match["a"]), int(match["b"])
    if not bottom or (top >= bottom and match["whole"]):
        return match[0]
    if bottom > 31 and bottom not in {50, 100} and not match["whole"]:
        return match[0]
    return _decimal(int(match["whole"] or 0) + Fraction(top, bottom))


def _decimal(value: Fraction) -> str:
    """Return a decimal, of six places where it does not end."""
    exact = Decimal(value.numerator) / Decimal(value.denominator)
    return format(round(exact, 6).normalize() + 0, "f")


def _accounting(match: re.Match[str]) -> str:
    """Read parentheses around a sum as its sign, unless they add it to a name."""
    sum_like = match["money"] or match["grouped"] or match["scale"]
    if not sum_like or _ADDS.search(match["before"]):
        return match[0]
    return f"{match['before']}-{match['inside'].strip()}"
