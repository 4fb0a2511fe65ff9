"""Units and currencies beside a number, and how they convert."""

import re
from typing import Final, NamedTuple

from replayd.scoring.extract.lexicon import table


class Unit(NamedTuple):
    """Unit of a number: a dimension and its size in that dimension's base unit."""

    dimension: str
    factor: float


# dimension -> factor -> names. Money and counted things have a dimension of their own.
_TABLE: Final[dict[str, dict[float, str]]] = {
    "mass": {
        1e-6: "mg milligram milligrams milligramm milligrammes miligramo miligramos milligrammi miligramas",
        1e-3: "g gram grams gramm gramme grammes gramo gramos grammi grammo gramas",
        1: "kg kilo kilos kilogram kilograms kilogramm kilogrammes kilogramos kgs 公斤 千克 キロ 킬로그램 кг",
        1e3: "t tonne tonnes tonnen toneladas tonnellate ton. 吨 トン 톤 тонн",
        1e6: "kt kilotonnes",
        1e9: "mt megatonnes",
        907.18474: "ton tons",
        0.45359237: "lb lbs libras livres pfund",
        0.028349523125: "oz ounce ounces unzen onces onzas",
    },
    "length": {
        1e-6: "µm micron microns",
        1e-3: "mm millimetre millimetres millimeter millimeters milímetros millimetri ミリ 毫米 밀리미터 мм",
        1e-2: "cm centimetre centimetres centimeter centimeters centímetros zentimeter centimetri センチ 厘米 公分 센티미터 см",
        1: "m mét metre metres meter meters mètre mètres metro metros metri metern 米 メートル 미터 м метров",
        1e3: "km kms kilometre kilometres kilometer kilometers kilomètre kilomètres"
        " kilómetro kilómetros chilometri quilómetros kilometern 公里 キロメートル 킬로미터 км",
        0.0254: "in inch inches zoll pouces pulgadas",
        0.3048: "ft foot feet fuß pieds pies",
        0.9144: "yd yard yards",
        1609.344: "mi mile miles meilen milles millas",
    },
    "area": {
        1: "m2 m² sqm qm quadratmeter quadratmetern",
        1e4: "ha hectare hectares hektar hectáreas",
        4046.8564224: "acre acres",
        1e6: "km2 km² quadratkilometer",
        0.09290304: "sqft ft2 ft²",
    },
    "volume": {
        1e-3: "ml millilitre millilitres milliliter milliliters mililitros",
        1e-2: "cl centilitre centilitres centiliter",
        0.1: "dl decilitre deciliter",
        1: "l litre litres liter liters litro litros litri litern",
        3.785411784: "gal gallon gallons gallonen",
        0.473176473: "pint pints",
        1e3: "m3 m³",
    },
    "time": {
        1e-3: "ms millisecond milliseconds millisekunden",
        1: "s sec secs second seconds sekunde sekunden seconde secondes segundo segundos"
        " secondi segundos seconden sekunder sekundy sekund секунд saniye 秒 초",
        60: "min mins minute minutes minuten minuto minutos minuti minuut minuten minuter minuty minut минут минуты dakika dk 分 分钟 分間 분",
        3600: "h hr hrs hour hours stunde stunden heure heures hora horas ora ore godzina godziny godzinę godzin godz timme timmar uur час часа часов saat sa 小时 時間 시간",
        86400: "d day days tag tage tagen jour jours día días giorno giorni dia dias dag dagen dagar dni dzień день дня дней gün 天 일",
        604800: "week weeks woche wochen semaine semaines semana semanas settimana settimane weken vecka veckor tydzień tygodni неделя недели недель hafta 周",
    },
    "months": {
        1: "month months monat monate monaten mois mes meses mese mesi mês maand maanden månad månader miesiąc miesiące miesięcy месяц месяца месяцев ay 个月 ヶ月 개월",
        12: "yr yrs year years jahr jahre jahren an ans année années año años anno anni"
        " annum ano anos jaar år rok lata lat год года лет yıl 年 년",
    },
    "temperature": {1: "°c celsius centigrade c"},
    "temperature_f": {1: "°f fahrenheit f"},
    "temperature_k": {1: "kelvin"},
    "angle": {
        1: "° degree degrees grad degré degrés grado grados gradi graus graden grader градус градуса градусов 度 도"
    },
    "share": {
        0.01: "% percent pct prozent pourcent percento porciento p.c.",
        1e-4: "bps bp",
    },
    "points": {1: "pp percentage-points prozentpunkte"},
    "data": {
        1: "byte bytes",
        1e3: "kb kilobyte kilobytes kib",
        1e6: "mb megabyte megabytes mib",
        1e9: "gb gigabyte gigabytes gib",
        1e12: "tb terabyte terabytes tib",
    },
    "speed": {
        1: "km/h kmh kph km/std",
        1.609344: "mph",
        3.6: "m/s",
        3_600: "km/s",
        1.852: "kn knots knoten",
    },
    "power": {1: "w watt watts", 1e3: "kw kilowatt", 1e6: "mw megawatt", 1e9: "gw"},
    "energy": {
        1: "wh",
        1e3: "kwh",
        1e6: "mwh",
        1e9: "gwh",
        1e12: "twh",
        1.163: "kcal",
        0.000277777778: "j joule joules",
        0.277777778: "kj",
    },
    "frequency": {1: "hz hertz", 1e3: "khz", 1e6: "mhz", 1e9: "ghz"},
    "pressure": {1: "pa", 100: "hpa mbar", 1e3: "kpa", 1e5: "bar", 6894.757: "psi"},
    "concentration": {1: "mmol/l", 1e-3: "µmol/l"},
    "density": {1: "mg/dl", 10: "mg/l", 1e3: "g/l"},
    "dots": {1: "px pixel pixels"},
    "pounds": {1: "pound pounds"},  # of mass or of money
    "voltage": {1: "v volt volts"},
    "current": {1: "a amp amps ampere"},
}
_MONEY: Final = {
    "$": "$ dollar dollars dólares dollari dólar долл доллар доллара долларов 美金 달러 ドル",
    "EUR": "€ eur euro euros евро 欧元 ユーロ 유로",
    "GBP": "£ gbp sterling",
    "¥": "¥ ￥",
    "CHF": "chf franken sfr",
    "INR": "₹ inr rupee rupees rs",
    "USD": "usd us$ 美元",
    "JPY": "jpy yen 円 日元",
    "CNY": "cny rmb yuan 元 块 圆 人民币",
    "kr": "kr kronor kroner kroner",
    "SEK": "sek",
    "NOK": "nok",
    "DKK": "dkk",
    "PLN": "pln zł złoty zloty złote złotych",
    "CZK": "czk kč koruna koruny korun",
    "AUD": "aud a$ au$",
    "CAD": "cad c$ ca$",
    "BRL": "brl r$ reais real",
    "KRW": "krw ₩ won 원",
    "TRY": "try ₺ tl lira",
    "RUB": "rub ₽ руб рублей рубля рубль",
    "MXN": "mxn mx$",
    "ZAR": "zar",
    "HKD": "hkd hk$",
    "SGD": "sgd s$",
    "NZD": "nzd nz$",
}
_CENTS: Final = (
    "cent cents ¢ ct centimes céntimos centesimi centavos pence grosze groszy"
)


def _by_language() -> dict[str, Unit]:
    """Return the names that a data file adds for further languages."""
    found: dict[str, Unit] = {}
    for row in table("units.toml").values():
        for meaning, names in row.items():
            dimension, _, factor = meaning.rpartition(" ")
            found.update(dict.fromkeys(names, Unit(dimension, float(factor))))
    return found


UNITS: Final[dict[str, Unit]] = _by_language() | {
    name: Unit(dimension, factor)
    for dimension, sizes in _TABLE.items()
    for factor, names in sizes.items()
    for name in names.split()
} | {
    name: Unit(f"money {code}", 1.0)
    for code, names in _MONEY.items()
    for name in names.split()
} | {name: Unit("cents", 1.0) for name in _CENTS.split()}  # fmt: skip
PURE = "share"  # of one; a bare number may mean it
# Short names that are letters or words elsewhere: only right after the digits.
_SHORT = frozenset(
    "a c d f g h j l m s t v w pa an kn won try in mi min ha once ore".split()
)
_SURE_SHORT = frozenset("g l h ha".split())  # no words where a number precedes
# Two or three words that are one unit.
_PHRASES = (
    (re.compile(r"(?:square|sq\.?)\s(?:metres?|meters?)", re.IGNORECASE), "m2"),
    (re.compile(r"(?:square|sq\.?)\s(?:kilometres?|kilometers?|km)", re.IGNORECASE), "km2"),
    (re.compile(r"(?:square|sq\.?)\s(?:feet|ft)", re.IGNORECASE), "sqft"),
    (re.compile(r"(?:mètres?|metros|metri|meter) (?:carrés?|cuadrados?|quadrat[io]s?|quadrados?)|vierkante meter|kvadratmeter", re.IGNORECASE), "m2"),
    (re.compile(r"(?:kilomètres?|kilómetros|chilometri|quilómetros) (?:carrés?|cuadrados?|quadrati|quadrados?)", re.IGNORECASE), "km2"),
    (re.compile(r"cubic\s(?:metres?|meters?)|(?:mètres?|metros|metri) (?:cubes?|cúbicos?|cubi)|kubikmeter", re.IGNORECASE), "m3"),
    (re.compile(r"percentage points?|pp\b|prozentpunkte?|points? de pourcentage|puntos porcentuales|punti percentuali|pontos percentuais", re.IGNORECASE), "pp"),
    (re.compile(r"(?:per|pour|por)\s(?:cent|ciento|cento)", re.IGNORECASE), "%"),
    (re.compile(r"degrees? (?:celsius|centigrade|c\b)|grad celsius|°\s?c\b|º\s?c\b|degrés celsius|grados celsius", re.IGNORECASE), "°c"),
    (re.compile(r"degrees? fahrenheit|°\s?f\b|º\s?f\b", re.IGNORECASE), "°f"),
    (re.compile(r"(?:kilomet(?:er|re)s?|kilomètres?|kilómetros?|quilômetros?|quilómetros?|chilometri|kilometrów|км|км\.|km)\s?(?:per|an|pro|/|par|por|all['’]|à l['’]|i|na|в)\s?(?:hour|h\b|stunde|heure|hora|ora\b|timme\w*|uur|godzinę|час)|km/h|時速|км/ч", re.IGNORECASE), "km/h"),
    (re.compile(r"miles (?:per|an) hour", re.IGNORECASE), "mph"),
    (re.compile(r"(?:met(?:er|re)s?|mètres?|metros?|metri) (?:per|pro|par|por|al) (?:second|sekunde|seconde|segundo|secondo)", re.IGNORECASE), "m/s"),
    (re.compile(r"في الم(?:ا)?ئة|phần trăm|τοις εκατό", re.IGNORECASE), "%"),
    (re.compile(r"ki-?lô-?mét|kilô-?mét", re.IGNORECASE), "km"),
    (re.compile(r"xăng-?ti-?mét|xen-?ti-?mét", re.IGNORECASE), "cm"),
    (re.compile(r"ki-?lô-?gam", re.IGNORECASE), "kg"),
    (re.compile(r"градус\w* (?:по )?цельси[яю]|stopni(?:e|a)? celsjusza|gradi celsius|graus celsius|derece celsius", re.IGNORECASE), "°c"),
    (re.compile(r"градус\w* (?:по )?фаренгейт\w*", re.IGNORECASE), "°f"),
    (re.compile(r"(?:us|u\.s\.)\s?dollars?", re.IGNORECASE), "usd"),
    (re.compile(r"swiss francs?|schweizer franken", re.IGNORECASE), "chf"),
    (re.compile(r"pounds? sterling|british pounds?", re.IGNORECASE), "gbp"),
)  # fmt: skip
# An abbreviation with capitals inside, as TWh or mAh, is a unit though no table has it.
_UNKNOWN = re.compile(r"[a-zµ]{0,3}[A-Z]?[a-z]{0,2}[A-Z][a-zA-Z]{0,2}\Z")
_IDEOGRAM = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
# Vowel signs of Devanagari and Thai are marks, not letters, to a regular expression.
_WORD = re.compile(
    r"(?:[^\W\d_]|[\u0900-\u0963\u0e31-\u0e4e])+(?:[/][^\W\d_]+)?[²³23]?|[%°$€£¥₹¢₩₺₽฿₫₪](?:[CFcf]\b)?"
)
_RATE = re.compile(
    r"[\s,]*(?:(?:/|per|an?\b|each|every|pro|je|par|por|al|i(?=\s)|na(?=\s)|в(?=\s)|alla|all['’]|à l['’]|im|jährlich|p\.?\s?)\s?"
    r"(?P<unit>[^\W\d_]{1,10}|a\.)|(?P<adverb>yearly|annually|monthly|weekly|daily|hourly"
    r"|jährlich|monatlich|wöchentlich|täglich))",
    re.IGNORECASE,
)
_PERIODS: Final = {
    word: period
    for period, words in {
        "year": "year yr annum a a. an année año jahr anno yearly annually jährlich ano y år jaar rok rocznie год anno yıl",
        "month": "month mo monat mois mes mese monthly monatlich m mês månad månaden mån maand miesiąc miesięcznie месяц mese ay",
        "week": "week woche semaine semana settimana weekly wöchentlich wk vecka tydzień неделю settimana",
        "day": "day tag jour día giorno daily täglich d dia dag dzień день gün",
        "hour": "hour hr h stunde heure hora ora hourly timme timmen uur godzina godzinę час saat",
        "minute": "minute min",
        "second": "second sec s sekunde seconde segundo",
        "person": "person head kopf personne persona capita",
        "unit": "unit item piece stück pièce",
        "kilogram": "kg kilo kilogram",
        "litre": "litre liter l",
        "night": "night nacht nuit noche",
        "user": "user seat nutzer",
    }.items()
    for word in words.split()
}
_OF = re.compile(r"(?:de |di |of |d['’])")
# Between a sum and the time it is for.
_QUALIFIER = re.compile(
    r"\s(?:brut|net|gross|brutto|netto|bruto|neto|lordi?)(?:os?|as?|s|es)?(?=\s?[\w/])",
    re.IGNORECASE,
)
_BEFORE = re.compile(
    r"\b(?P<second>seconds?|sekunde|seconde|segundo|secondo)|\b(?P<minute>minute|minuto|minuut)",
    re.IGNORECASE,
)
_SIGNS: Final = frozenset("€£¥₹￥₺₽₩฿₫₪")
_DOLLAR = re.compile(r"(?<![A-Za-z])[A-Z]{0,2}\$\Z")
# A word between a number and its unit of time: `60 business days`.
_QUALIFIED = re.compile(r"[^\W\d_]{4,} (?P<unit>[^\W\d_]{3,})")
_OF_TIME: Final = frozenset({"time", "months"})
MOST_BETWEEN = 3  # blanks and marks between a number and its unit


class Beside(NamedTuple):
    """Unit and counted noun beside a number."""

    unit: Unit | None
    per: str  # "" where nothing says so
    end: int  # where that ends
    noun: str  # the word that follows, where it is no unit


def unit_beside(text: str, start: int, end: int) -> Beside:
    """Return the unit of the number that stands at `text[start:end]`."""
    at = end
    while (
        at < len(text) and at - end < MOST_BETWEEN and text[at] in " \u00a0\u202f-*\\`"
    ):
        at += 1
    unit, noun, stop = None, "", end
    if of := _OF.match(text, at):  # `3,2 millones de toneladas`
        at = of.end() if _unit_at(text, of.end(), stuck=False) else at
    if (found := _unit_at(text, at, stuck=at == end)) is not None:
        unit, stop = found
    elif match := _WORD.match(text, at):
        noun = match[0].lower()
    if unit is None:
        unit = _money_before(text, start, end) or _time_before(text, start)
    if unit is None and noun and (later := _qualified(text, at)) is not None:
        unit, stop = later
    per = ""
    qualified = _QUALIFIER.match(text, stop)
    if rate := _RATE.match(text, qualified.end() if qualified else stop):
        word = (rate["unit"] or rate["adverb"] or "").lower()
        per = _PERIODS.get(word, "")
        stop = rate.end() if per else stop
    return Beside(unit, per, stop, noun)


def _qualified(text: str, at: int) -> tuple[Unit, int] | None:
    """Return the unit of time behind one other word: `60 business days`."""
    match = None if _RATE.match(text, at) else _QUALIFIED.match(text, at)
    unit = UNITS.get(match["unit"].lower()) if match else None
    if match is None or unit is None or unit.dimension not in _OF_TIME:
        return None
    return unit, match.end()


def _unit_at(text: str, at: int, *, stuck: bool) -> tuple[Unit, int] | None:
    for phrase, name in _PHRASES:
        if match := phrase.match(text, at):
            return UNITS[name], match.end()
    match = _WORD.match(text, at)
    if match is None:
        return None
    word = match[0]
    known = UNITS.get(word.lower().rstrip("."))
    if known is None and "/" in word:  # `mg/jour`: a rate follows
        word = word.partition("/")[0]
        known = UNITS.get(word.lower())
        if known is not None:
            return known, at + len(word)
    if known is None and _IDEOGRAM.match(word):
        return _ideogram_unit(word, at)
    if known is None and len(word) > 1 and _UNKNOWN.match(word) and not word.isupper():
        return Unit(f"unit {word}", 1.0), match.end()
    if known is None:
        return None
    # `5 a` is no ampere; a capital C is a letter, not a unit, unless it is stuck.
    short = word.lower() in _SHORT and not stuck and word not in _SURE_SHORT
    if short and not _ends_here(text, match.end()):
        return None
    return known, match.end()


def _ideogram_unit(word: str, at: int) -> tuple[Unit, int] | None:
    """Return the unit that begins a run of words written without blanks."""
    for length in (3, 2, 1):
        if len(word) >= length and (known := UNITS.get(word[:length])):
            return known, at + length
    return None


def _ends_here(text: str, at: int) -> bool:
    return at >= len(text) or not (
        text[at].isalnum() or text[at : at + 2].strip().isalpha()
    )


def _time_before(text: str, start: int) -> Unit | None:
    """Return the unit of time that names the number behind it: `minute 78`."""
    word = text[max(0, start - 9) : start].rstrip()
    match = _BEFORE.search(word)
    if match is None or match.end() < len(word):
        return None
    return UNITS["s"] if match["second"] else UNITS["min"]


def _money_before(text: str, start: int, end: int) -> Unit | None:
    inside = text[start:end].strip("+- 0123456789.,'’\u202f\u00a0")[:1]
    if inside == "$" and (
        dollar := _DOLLAR.search(f"{text[max(0, start - 3) : start]}$")
    ):
        return UNITS.get(dollar[0].lower(), UNITS["$"])
    if inside and inside in "$€£¥₹":
        return UNITS[inside]
    before = text[max(0, start - 6) : start].rstrip(" -\u00a0\u202f*")
    if dollar := _DOLLAR.search(before):
        return UNITS.get(dollar[0].lower(), UNITS["$"])
    if before[-1:] in _SIGNS:
        return UNITS[before[-1]]
    code = before[-3:]
    if len(code) == 3 and code.isupper() and code.lower() in UNITS:
        return UNITS[code.lower()]
    return None
