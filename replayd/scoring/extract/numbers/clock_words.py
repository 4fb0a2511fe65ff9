"""Times of day told in words, rewritten as `15:30`. English, German, French, Spanish."""

import re
from functools import partial
from typing import Final

from replayd.scoring.extract.numbers.number_words import number_words

_HOURS: Final = {
    word: hour
    for hour, words in enumerate(
        (
            "one ein eins une una uma een één",
            "two zwei deux dos due duas twee",
            "three drei trois tres tre três drie",
            "four vier quatre cuatro quattro quatro",
            "five fünf cinq cinco cinque vijf",
            "six sechs seis sei zes",
            "seven sieben sept siete sette sete zeven",
            "eight acht huit ocho otto oito",
            "nine neun neuf nueve nove negen",
            "ten zehn dix diez dieci dez tien",
            "eleven elf onze once undici",
            "twelve zwölf douze doce dodici doze twaalf",
            "dreizehn treize trece tredici treze",
            "vierzehn quatorze catorce quattordici catorze",
            "fünfzehn quinze quince quindici",
            "sechzehn seize dieciséis sedici dezesseis",
            "siebzehn dix-sept diecisiete diciassette dezessete",
            "achtzehn dix-huit dieciocho diciotto dezoito",
            "neunzehn dix-neuf diecinueve diciannove dezenove",
            "zwanzig vingt veinte venti vinte",
            "einundzwanzig vingt-et-une veintiuna ventuno",
            "zweiundzwanzig vingt-deux veintidós ventidue",
            "dreiundzwanzig vingt-trois veintitrés ventitré",
        ),
        start=1,
    )
    for word in words.split()
}
_MINUTES: Final = {
    "five": 5, "ten": 10, "a quarter": 15, "quarter": 15, "twenty": 20,
    "twenty-five": 25, "half": 30, "viertel": 15, "media": 30, "cuarto": 15, "mezza": 30, "mezzo": 30,
    "un quarto": 15, "meia": 30, "um quarto": 15, "kwart": 15, "demie": 30, "quart": 15,
    "fünf": 5, "zehn": 10, "zwanzig": 20, "cinq": 5, "dix": 10, "vingt": 20, "vingt-cinq": 25,
    "cinco": 5, "diez": 10, "veinte": 20, "veinticinco": 25, "cinque": 5, "dieci": 10,
    "venti": 20, "vijf": 5, "tien": 10, "le quart": 15, "trenta": 30, "quaranta": 40,
    "quarantacinque": 45, "cinquanta": 50, "dez": 10, "vinte": 20,
}  # fmt: skip
_H: Final = rf"(?P<h>\d{{1,2}}|{'|'.join(sorted(_HOURS, key=len, reverse=True))})"
_HALF_DAY: Final = (
    r"(?P<half>\s*,?\s*(?:in the (?:morning|afternoon|evening)|at night|tonight"
    r"|this (?:morning|afternoon|evening)|morgens|vormittags|nachmittags|abends|nachts"
    r"|du matin|de l['’]après-midi|du soir|de la (?:mañana|tarde|noche)|утра|дня|вечера|ночи"
    r"|d[ai] (?:sera|mattina|notte)|del (?:pomeriggio|mattino)|da (?:manhã|tarde|noite)|['’]s (?:ochtends|middags|avonds)"
    r"|[ap]\.?\s?m\b\.?))"
)
_LATE = re.compile(
    r"afternoon|evening|night|nachm|abend|soir|après|tarde|noche|noite|sera|pomeriggio|middag|avond|вечера|дня|p\.?\s?m"
)
_MINUTE_WORD = r"(?:a )?(?P<w>quarter|five|ten|twenty-five|twenty)"
_GERMAN: Final = r"(?P<w>fünf|zehn|zwanzig|viertel)"
_FRENCH: Final = r"(?P<w>le quart|cinq|dix|vingt-cinq|vingt)"
_SPANISH: Final = r"(?P<w>cuarto|cinco|diez|veinticinco|veinte)"
_DUTCH: Final = r"(?P<w>vijf|tien|kwart)"
_ITALIAN: Final = r"(?P<w>un quarto|cinque|dieci|venti)"


def _form(pattern: str, *, half: str = "?") -> re.Pattern[str]:
    return re.compile(rf"(?<![\d:.,\w]){pattern}{_HALF_DAY}{half}", re.IGNORECASE)


# Each with the minutes that it takes from the hour it names.
_FORMS: Final = (
    (_form(rf"(?P<w>half) past {_H}\b"), 0),
    (_form(rf"{_MINUTE_WORD} past {_H}\b"), 0),
    (_form(rf"{_MINUTE_WORD} to {_H}\b"), 1),
    (_form(rf"fünf nach halb {_H}\b"), 25),
    (_form(rf"fünf vor halb {_H}\b"), 35),
    (_form(rf"halb {_H}\b"), 30),
    (_form(rf"{_GERMAN} nach {_H}\b"), 0),
    (_form(rf"{_GERMAN} vor {_H}\b"), 1),
    (_form(rf"{_H} heures? moins {_FRENCH}\b"), 1),
    (_form(rf"{_H} menos {_SPANISH}\b"), 1),
    (_form(rf"vijf voor half {_H}\b"), 35),
    (_form(rf"vijf over half {_H}\b"), 25),
    (_form(rf"tien voor half {_H}\b"), 40),
    (_form(rf"tien over half {_H}\b"), 20),
    (_form(rf"{_DUTCH} over {_H}\b"), 0),
    (_form(rf"{_DUTCH} voor {_H}\b"), 1),
    (_form(rf"(?:alle|all['’]) ?{_H} meno {_ITALIAN}\b"), 1),
    (_form(rf"{_H}\s?(?:h|uhr|heures?)\s?(?P<m>[0-5]\d)\b(?!\s?min)"), 0),
    (_form(rf"{_H}[.:](?P<m>[0-5]\d)\s?(?:uhr\b|uur\b|h\b|(?=[ap]\.?m))"), 0),
    (
        _form(
            rf"{_H}\s?(?:heures?|uhr|uur|horas|ore)\s(?P<told>[^\W\d_]+(?:-[^\W\d_]+){{0,3}})(?!\w)"
        ),
        0,
    ),
    (_form(rf"{_H}\s?(?:o['’]clock|uhr|uur)\b"), 0),
    (_form(rf"(?:à )?{_H} heures? et (?P<w>demie|quart)\b"), 0),
    (_form(rf"à {_H}\s?(?:heures?|h)\b"), 0),
    (_form(rf"a las? {_H}\.(?P<m>[0-5]\d)(?![:.\d])"), 0),
    (
        _form(
            rf"a las? {_H}(?: y (?P<w>media|cuarto|cinco|diez|veinte|veinticinco))?\b(?![:\d])"
        ),
        0,
    ),
    (_form(rf"(?:alle|all['’]) ?{_H}\.(?P<m>[0-5]\d)(?![:.\d])"), 0),
    (
        _form(
            rf"(?:alle|all['’]) ?{_H}(?: e (?P<w>mezz[ao]|un quarto|cinque|dieci|venti|trenta|quaranta|quarantacinque|cinquanta))?\b(?![:.\d]| e \d)"
        ),
        0,
    ),
    (
        _form(
            rf"(?:às|as) {_H} e (?P<told>(?:dez|quinze|vinte|trinta|quarenta|cinquenta|cinco)(?: e \w+)?)(?!\w)"
        ),
        0,
    ),
    (
        _form(
            rf"(?:às|as) {_H}(?: e (?P<w>meia|um quarto|cinco|dez|vinte))?\b(?![:h\d])"
        ),
        0,
    ),
    (_form(rf"half {_H}(?=\W*(?:['’]s|uur|\Z))"), 30),
    (_form(rf"{_H}\s(?:часов|часа|час)\b", half=""), 0),
    (_form(rf"{_H}(?::(?P<m>[0-5]\d))?(?!\w)", half=""), 0),
)
# Over lowered text, which is quicker than to ignore case.
_QUICK = re.compile(
    r"past\b|quarter|o.clock|uhr|uur|halb|viertel|\bhalf (?:\w+ )?voor|\b(?:moins|menos|meno) (?:le quart|u?n? ?[cq]u|cin|dix|vingt|die|ve[in])|(?:fünf|zehn|zwanzig|vijf|tien) (?:nach|vor|over|voor) \w|\d\s?h\b|\d\s?h\d|heure|noon|midnight"
    r"|mittag|mitternacht|midi|minuit|mediod|medianoche|\blas? \w|morning|evening"
    r"|\balle? \w|\ball['’]|\bàs \w|kwart|\bsera\b|pomeriggio|\bdi (?:mattina|notte)|manhã|noite|avonds|middags|ochtends"
    r"|утра|вечера|дня\b|ночи|\bat night|tonight|abends|morgens|nachts|soir\b|matin\b|mañana|tarde|noche|[ap]\.?m\b",
)
_NOON = re.compile(r"\b(?:12\s?)?(?:noon|midi|mediodía|mittags)\b", re.IGNORECASE)
_MIDNIGHT = re.compile(r"\b(?:midnight|minuit|medianoche|mitternacht)\b", re.IGNORECASE)


def plain_clock(text: str) -> str:
    """Return `text` with times in words as `HH:MM`."""
    if not _QUICK.search(text.lower()):
        return text
    text = _MIDNIGHT.sub("00:00", _NOON.sub("12:00", text))
    for pattern, before in _FORMS:
        text = pattern.sub(partial(_time, before), text)
    return text


def _time(before: int, match: re.Match[str]) -> str:
    """Return a time; `before` is 1 where its minutes lead up to the hour named."""
    parts = match.groupdict()
    named = match["h"].lower()
    hour = int(named) if named.isdecimal() else _HOURS[named]
    if told := parts.get("told"):
        numbers = list(number_words(told, lambda: None))
        if len(numbers) != 1 or not 0 < numbers[0].value < 60:
            return match[0]
        parts["m"] = str(numbers[0].value)
    minute = int(parts.get("m") or _MINUTES.get((parts.get("w") or "").lower(), 0))
    if before:
        hour, minute = hour - 1, 60 - (minute or before)
    half = (match["half"] or "").lower()
    late = bool(_LATE.search(half))
    if late and hour < 12:
        hour += 12
    elif half and not late and hour == 12:
        hour = 0
    return f"{hour % 24:02}:{minute:02}" if hour <= 24 else match[0]
