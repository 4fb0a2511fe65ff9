"""Number words of thirteen languages, composed: `nine hundred and thirty-five`.

One vocabulary for all of them: no word has two values. Compounds written as one word
(`zweihundertvierzig`, `trentacinque`) are taken apart by their longest parts.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from typing import Final, NamedTuple

_UNITS = {
    0: "zero null zéro cero nul ноль",
    1: "một satu one ein eins eine einen einem einer un une uno una um uma een één",
    2: "hai dua två two zwei deux dos due dois duas twee"
    " два две двух двум двумя dwa dwie dwóch iki дві двох двом dva dvě dvou",
    3: "ba tiga three drei trois tres tre três drie три трёх трех трём тремя trzy trzech üç üçe üçte üçten трьох трьом tři tří",
    4: "bốn empat fyra four vier quatre cuatro quattro quatro"
    " четыре четырёх четырех четырём cztery czterech dört dörde dörtte dörtten чотири чотирьох čtyři čtyř",
    5: "lima fem five fünf cinq cinco cinque vijf пять пяти пятью pięć pięciu beş beşe beşte beşten pět pěti",
    6: "sáu enam six sechs sech seis sei zes шесть шести sześć sześciu altı altıya altıda altıdan шість šest šesti",
    7: "bảy tujuh sju seven sieben sieb sept siete sette sete zeven семь семи siedem siedmiu yedi yediye yedide yediden сім sedm sedmi",
    8: "tám delapan åtta eight acht huit ocho otto oito восемь восьми osiem ośmiu sekiz sekize sekizde sekizden вісім osm osmi",
    9: "chín sembilan nio nine neun neuf nueve nove negen девять девяти dziewięć dziewięciu dokuz dokuza dokuzda dokuzdan devět devíti",
    10: "mười sepuluh tio ten zehn dix diez dieci dez tien десять десяти dziesięć dziesięciu deset deseti",
    11: "sebelas elva eleven elf onze once undici одиннадцать одиннадцати jedenaście одинадцять jedenáct",
    12: "tolv twelve zwölf douze doce dodici doze twaalf двенадцать двенадцати dwanaście дванадцять dvanáct",
    13: "třináct тринадцять tretton thirteen dreizehn treize trece tredici treze dertien тринадцать trzynaście",
    14: "čtrnáct чотирнадцять fjorton fourteen vierzehn quatorze catorce quattordici catorze veertien"
    " четырнадцать четырнадцати czternaście",
    15: "femton fifteen fünfzehn quinze quince quindici vijftien"
    " пятнадцать пятнадцати piętnaście patnáct",
    16: "šestnáct шістнадцять sexton sixteen sechzehn seize dieciséis sedici dezesseis zestien"
    " шестнадцать szesnaście",
    17: "sedmnáct сімнадцять sjutton seventeen siebzehn diecisiete diciassette dezessete zeventien"
    " семнадцать siedemnaście",
    18: "osmnáct вісімнадцять arton eighteen achtzehn dieciocho diciotto dezoito achttien"
    " восемнадцать восемнадцати osiemnaście",
    19: "devatenáct nitton nineteen neunzehn diecinueve diciannove dezenove negentien"
    " девятнадцать dziewiętnaście",
}
_TENS = {
    20: "tjugo twenty zwanzig vingt vingts veinte venti vinte twintig vent veinti"
    " двадцать двадцати dwadzieścia yirmi двадцять двадцяти dvacet dvaceti",
    30: "trettio thirty dreißig dreissig trente treinta trenta trinta dertig trent"
    " тридцать тридцати trzydzieści otuz тридцять тридцяти třicet třiceti",
    40: "fyrtio forty vierzig quarante cuarenta quaranta quarenta veertig quarant"
    " сорок сорока czterdzieści kırk čtyřicet",
    50: "femtio fifty fünfzig cinquante cincuenta cinquanta cinquenta vijftig cinquant"
    " пятьдесят пятидесяти pięćdziesiąt elli padesát padesáti",
    60: "sextio sixty sechzig soixante sesenta sessanta sessenta zestig sessant"
    " шестьдесят шестидесяти sześćdziesiąt altmış шістдесят šedesát",
    70: "sjuttio seventy siebzig septante setenta settanta zeventig settant"
    " семьдесят siedemdziesiąt yetmiş сімдесят sedmdesát",
    80: "åttio eighty achtzig octante ochenta ottanta oitenta tachtig ottant huitante"
    " восемьдесят osiemdziesiąt seksen вісімдесят osmdesát",
    90: "nittio ninety neunzig nonante noventa novanta negentig novant"
    " девяносто dziewięćdziesiąt doksan devadesát",
}
_SCALES = {
    10: "puluh",
    100: "ratus seratus hundra hundred hundert cent cents ciento cien cento honderd сто ста yüz",
    1_000: "ribu seribu thousand tausend mille mil mila duizend"
    " tusen тысяча тысячу тысячи тысяч tysiąc tysiące tysięcy bin",
    1_000_000: "juta sejuta million millions millionen millón millones milione milioni milhão"
    " milhões miljoen",
    1_000_000_000: "billion billions milliarde milliarden milliard milliards miliardo"
    " miliardi miljard",
}
_HUNDREDS = {
    200: "двести dwieście doscientos doscientas duzentos duzentas двісті",
    300: "триста trzysta trescientos trescientas trezentos",
    400: "четыреста czterysta cuatrocientos cuatrocientas quatrocentos чотириста",
    500: "пятьсот pięćset quinientos quinientas quinhentos",
    600: "шестьсот sześćset seiscientos seiscientas seiscentos шістсот",
    700: "семьсот siedemset setecientos setecientas setecentos",
    800: "восемьсот osiemset ochocientos ochocientas oitocentos",
    900: "девятьсот dziewięćset novecientos novecientas novecentos",
}
_JOINING = frozenset("and und et y e en".split())
_GLUE = ("und", "en", "ën")  # inside a compound: dreiundzwanzig, tweeëntwintig
# May stand for an article; alone they are no claim of a number.
ARTICLES: Final = frozenset(_UNITS[1].split())


# Words that mean something else in another language: read only in their own, or as part
# of a longer number.
_ELSEWHERE: Final = {
    "hai": "vi",
    "ba": "vi",
    "lima": "id",
    "once": "es",
    "dos": "es xx",  # in a text of no clear language, two
    "mil": "es pt",
    "mila": "it",
    "cent": "fr",
    "cents": "fr",
    "due": "it",
    "sei": "it",
    "venti": "it",
    "vent": "",
    "trent": "",
    "um": "pt",
    "uma": "pt",
    "elf": "de nl",
    "sept": "fr",
    "sech": "",
    "sieb": "",
    "null": "de",
    "nul": "nl",
    "sto": "pl",
    "bin": "tr",
    "iki": "tr",
    "elli": "tr",
}


def _by_word(table: dict[int, str]) -> dict[str, int]:
    return {word: value for value, words in table.items() for word in words.split()}


# Hundreds in French, coins behind any other number: `twenty cents`.
_CENTS: Final = frozenset({"cent", "cents"})
_FRENCH: Final = frozenset("deux trois quatre cinq six sept huit neuf".split())

SMALL: Final = _by_word(_UNITS) | _by_word(_TENS) | _by_word(_HUNDREDS)
LARGE: Final = _by_word(_SCALES)
_PARTS = sorted({*SMALL, *LARGE, *_GLUE}, key=len, reverse=True)
_COMPOUND = re.compile(
    r"hundert|tausend|zig\b|ßig\b|ssig\b|zehn|honderd|duizend|tig\b|cento|mila|mille"
    r"|(?:vent|trent|quarant|cinquant|sessant|settant|ottant|novant)\w+|veinti"
)
_WORD = re.compile(r"[^\W\d_]+")
_BETWEEN = re.compile(r"[\s\u2010-]{1,2}")  # blanks or a hyphen between words
MOST_WORDS = 14  # of one number
LONGEST_COMPOUND = 60


class NumberWord(NamedTuple):
    """A number written in words, and where it stands."""

    start: int
    end: int
    value: int
    article: bool  # a lone `one`, which may count nothing


def names_numbers(words: Iterable[str]) -> bool:
    """Whether any of these lowered words is a number: a quick look."""
    return any(
        word in SMALL or word in LARGE or _compound(word) is not None for word in words
    )


def number_words(text: str, language: Callable[[], str | None]) -> Iterator[NumberWord]:
    """Yield the numbers that `text` writes in words, in order.

    The `language` is asked for only where a word is a number in some of them.
    """
    run: list[tuple[int, int, str]] = []
    for match in _WORD.finditer(text.replace("\u0130", "\u0131").lower()):
        word = match[0]
        known = word in SMALL or word in LARGE or _compound(word) is not None
        joins = word in _JOINING and run and run[-1][2] not in _JOINING
        if (known or joins) and (
            not run or _BETWEEN.fullmatch(text, run[-1][1], match.start())
        ):
            run.append((match.start(), match.end(), word))
            continue
        yield from _numbers_of(run, language)
        run = [(match.start(), match.end(), word)] if known else []
    yield from _numbers_of(run, language)


def _numbers_of(
    run: list[tuple[int, int, str]], language: Callable[[], str | None]
) -> Iterator[NumberWord]:
    """Cut a run of number words into numbers: `one two` is two of them."""
    at = 0
    while at < len(run):
        if run[at][2] in _JOINING:
            at += 1
            continue
        value, end = _longest([word for _, _, word in run[at : at + MOST_WORDS]])
        if end:
            last = run[at + end - 1]
            word = run[at][2]
            spoken_in = _ELSEWHERE.get(word) if end == 1 else None
            if spoken_in is None or (language() or "xx") in spoken_in.split():
                article = end == 1 and word in ARTICLES
                yield NumberWord(run[at][0], last[1], value, article)
        at += max(1, end)


def _longest(words: list[str]) -> tuple[int, int]:  # noqa: C901, PLR0912 - a grammar
    """Return the value of the longest number at the start, and its words."""
    total = current = end = 0
    last = 10**12  # what was added last; smaller parts may follow
    scale = 10**12
    for index, word in enumerate(words):
        value = SMALL.get(word)
        if value is None:
            value = _compound(word) if word not in LARGE else None
        if value is not None:
            if not _may_follow(last, value, words[index - 1] if index else ""):
                break
            # quatre-vingt: four times twenty
            if value == 20 and current % 100 == 4 and words[index - 1] == "quatre":
                current += 76
            else:
                current += value
            last = 20 if value in {20, 60} and word[0] in "vs" else value
            end = index + 1
        elif word in _CENTS and index and words[index - 1] not in _FRENCH:
            break
        elif (factor := LARGE.get(word)) is not None:
            if factor == 10:
                if not 0 < current < 10:
                    break
                current *= 10
            elif factor == 100 and 0 < current < 100 and index:
                current *= 100
            elif factor < scale and (current or factor <= 1000):
                if factor == 100:
                    current += 100
                else:
                    total, current = total + max(current, 1) * factor, 0
                    scale = factor
            else:
                break
            last, end = max(factor, 20), index + 1
        elif index == 0 or index + 1 == len(words):
            break
    return total + current, end


def _may_follow(last: int, value: int, before: str) -> bool:
    """Whether a part may be added to one before it: units to tens, tens to hundreds."""
    if last >= 100:
        return value < 100 or last >= 1000
    if last == 20 and before in {"soixante", "vingt", "vingts"}:
        return 0 < value < 20
    if before == "dix":
        return 7 <= value <= 9
    if last == 4 and before == "quatre":
        return value == 20
    if before in _JOINING and last % 10 and last < 10:
        return False
    return last in _TENS and 0 < value < 10


@lru_cache(maxsize=4096)
def _compound(word: str) -> int | None:
    """Return the value of number words written as one, None where it is none."""
    if len(word) > LONGEST_COMPOUND or not _COMPOUND.search(word):
        return None
    total = current = 0
    rest = word
    while rest:
        part = next((p for p in _PARTS if rest.startswith(p)), None)
        if part is None:
            return None
        rest = rest[len(part) :]
        if part in LARGE:
            factor = LARGE[part]
            current = max(current, 1) * factor
            if factor >= 1000:
                total, current = total + current, 0
        elif part in SMALL:
            current += SMALL[part]
    return total + current
