"""Numbers with their units, dates, times and weekdays: what a short answer states."""

import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Final, NamedTuple

from replayd.scoring.extract.language.language import language_of
from replayd.scoring.extract.numbers.clock_words import plain_clock
from replayd.scoring.extract.numbers.dates import MONTHS, spelt_days
from replayd.scoring.extract.numbers.joined import joined
from replayd.scoring.extract.numbers.measure import Measure, same_measure
from replayd.scoring.extract.numbers.notation import plain_numbers
from replayd.scoring.extract.numbers.number_words import SMALL
from replayd.scoring.extract.numbers.quantities import quantities
from replayd.scoring.extract.numbers.quantity import Quantity
from replayd.scoring.extract.numbers.units import Beside, unit_beside

LONGEST_READ = 16_384  # characters

_FRACTIONS: Final = (
    (re.compile(r"\bhalf (?:an?|of an?)\b(?! (?:dozen|million|billion))|\b(?:ein|eine[nrs]?) halbe[rns]?\b|\bun demi(?:-|\b)|\bune demi(?:e|-)|\bmedi[oa]\b(?= (?:litro|kilo|hora|metro))|\bmezz[oa]\b(?= )", re.IGNORECASE), "0.5"),
    (re.compile(r"\b(?:three|drei|3) ?[- ]?(?:quarters?|viertel)\b|\btrois quarts\b|\btres cuartos\b", re.IGNORECASE), "0.75"),
    (re.compile(r"\b(?:an?|one|ein|eine) (?:quarter|viertel)\b(?! (?:past|to|nach|vor))|\bun quart\b|\bun cuarto\b", re.IGNORECASE), "0.25"),
    (re.compile(r"\b(?:two|zwei) ?-?(?:thirds|drittel)\b|\bdeux tiers\b|\bdos tercios\b", re.IGNORECASE), "0.666667"),
    (re.compile(r"\b(?:an?|one|ein) ?-?(?:third|drittel)\b|\bun tiers\b|\bun tercio\b", re.IGNORECASE), "0.333333"),
    (re.compile(r"\bhalf (?:a |of )?(?=(?:million|billion|dozen)\b)", re.IGNORECASE), "0.5 "),
    (re.compile(r"\b(?:a )?dozen\b", re.IGNORECASE), "12"),
    (re.compile(r"\ba single\b(?= \w)", re.IGNORECASE), "1"),
    (re.compile(r"\b(?:an?|ein|une?|una?) (?=(?:hundred|thousand|million|billion|million|millón|milliard)\b)", re.IGNORECASE), "1 "),
    (re.compile(r"\b(?:one|two|three|four|five|six|seven|eight|nine|\d+) and a half\b", re.IGNORECASE), "+half"),
    (re.compile(r"\b(?:two|three|four|five|six|zwei|drei|vier|deux|trois|quatre|dos|tres|cuatro|due|tre|dwie|dwa|trzy|cztery|två|fyra|\d+)(?: and a half| i pół| et demie?| y media| e mezzo| och en halv|einhalb)\b", re.IGNORECASE), "+half"),
    (re.compile(r"\b(?:one|a) and a half\b|\banderthalb\w*|\beineinhalb\b|\beinundeinhalb\b|\banderhal(?:f|ve)\b|\bpółtor(?:a|ej)\b|\bполтор[аы]\b|\bпівтор[аи]\b|\b(?:bir|1) buçuk\b|\bsatu setengah\b|\ben och en halv\b|\bun[eoa]? (?:et demie?|y media|y medio|e mezz[oa]|e meia|e meio)\b", re.IGNORECASE), "1.5"),
    (re.compile(r"\bdrie kwartier\b", re.IGNORECASE), "45 min"),
    (re.compile(r"\b(?:een )?kwartier\b", re.IGNORECASE), "15 min"),
)  # fmt: skip
# One look for all of them, over lowered text, since most texts have none.
_FRACTION_WORD = re.compile(
    r"half|halb|pół|halv|anderhalve|kwartier|полтор|півтор|buçuk|setengah|meia|meio|demi|medi[oa]|mezz[oa]|quart|viertel|cuarto|third|drittel|tiers|tercio|dozen|single"
    r"|hundred|thousand|mill|billion",
)
DAYS: Final = {
    word: f"weekday {day}"
    for day, words in enumerate(
        (
            "monday mon mondays montag montags lundi lunes lunedì segunda-feira maandag"
            " måndag måndagen måndagar poniedziałek poniedziałku poniedziałki pazartesi понедельник понедельника понедельникам понеділок понеділка pondělí 월요일",
            "tuesday tue tues tuesdays dienstag dienstags mardi martes martedì dinsdag"
            " terça-feira tisdag tisdagen tisdagar wtorek wtorku wtorki salı вторник вторника вторникам вівторок вівторка úterý 화요일",
            "wednesday wed wednesdays mittwoch mittwochs mercredi miércoles mercoledì"
            " woensdag quarta-feira onsdag onsdagen onsdagar środa środę środy çarşamba среда среду среды средам середа середу středa středu 수요일",
            "thursday thu thur thurs thursdays donnerstag donnerstags jeudi jueves"
            " giovedì donderdag quinta-feira torsdag torsdagen torsdagar czwartek czwartku czwartki perşembe четверг четверга четвергам четвер четверга čtvrtek čtvrtka 목요일",
            "friday fri fridays freitag freitags vendredi viernes venerdì vrijdag"
            " sexta-feira fredag fredagen fredagar piątek piątku piątki cuma пятница пятницу пятницы пятницам п'ятниця п'ятницю pátek pátku 금요일",
            "saturday sat saturdays samstag samstags samstagen sonnabend samedi samedis sábado sábados sabato sabati"
            " zaterdag lördag lördagen lördagar sobota sobotę soboty cumartesi суббота субботу субботы субботам субота суботу 토요일",
            "sunday sundays sonntag sonntags sonntagen dimanche dimanches domingo domingos domenica domeniche zondag söndag söndagen söndagar"
            " niedziela niedzielę niedzieli niedziele pazar воскресенье воскресенья воскресеньям неділя неділю neděle neděli 일요일",
        )
    )
    for word in words.split()
}
# Korean puts particles behind a word without a blank.
_DAY = re.compile(
    rf"\b(?:{'|'.join(sorted(DAYS, key=len, reverse=True))})(?:\b|(?=[가-힣]))",
    re.IGNORECASE,
)
_LETTERS = re.compile(r"[^\W\d_]+")
_DAY_PARTS: Final = ("-feira", "요일", "'ятн")  # of names that are no run of letters
_YEAR = re.compile(r"\d{4}")
_MANY_TIMES = re.compile(
    r"\b(?P<word>zwei|drei|vier|fünf|sechs|sieben|acht|neun|zehn)mal\b|(?<![\w.,])(?P<digits>\d{1,3})\s?[x×](?=\s*(?:[.,;!]|\Z))",
    re.IGNORECASE,
)
_SHORT_DAYS = frozenset({"sat", "wed", "mon", "fri", "thu", "tue", "sun"})


_MONTH_NAMES = "|".join(sorted(MONTHS, key=len, reverse=True))
_MONTH_YEAR = re.compile(
    rf"(?<!\d[ .])(?<!\w)(?:(?P<month>{_MONTH_NAMES})\b\.?,?(?:\s(?:of|de|del|im jahr))?\s(?P<y>(?:1[5-9]|20)\d\d)"
    r"|(?P<m>0?[1-9]|1[0-2])[/.](?P<y2>(?:19|20)\d\d)|(?P<y3>(?:19|20)\d\d)-(?P<m3>0[1-9]|1[0-2]))(?![\d/-])",
    re.IGNORECASE,
)


__all__ = ["Measure", "Measured", "measured", "same_measure"]


class Measured(NamedTuple):
    """A text in plain notation and its measures, in order."""

    text: str
    measures: tuple[Measure, ...]


def measured(text: str, language: Callable[[], str | None] | None = None) -> Measured:
    """Return the measures of `text`; its `language` is asked for only where it tells."""
    if language is None:
        return _measured(text[:LONGEST_READ])
    return _read(text[:LONGEST_READ], language)


@lru_cache(maxsize=1024)
def _measured(text: str) -> Measured:
    return _read(text, None)


def _read(text: str, language: Callable[[], str | None] | None) -> Measured:
    plain = _MANY_TIMES.sub(_times, plain_clock(spelt_days(plain_numbers(text))))
    for pattern, value in _FRACTIONS if _FRACTION_WORD.search(plain.lower()) else ():
        plain = pattern.sub(_and_a_half if value == "+half" else value, plain)
    found = list(
        quantities(
            plain, language=lambda: (language and language()) or language_of(plain)
        )
    )
    taken = {q.start for q in found}
    for day in _DAY.finditer(plain) if _may_name_days(plain) else ():
        word = day[0].lower()
        if day.start() in taken or (word in _SHORT_DAYS and not day[0][0].isupper()):
            continue
        found.append(Quantity(day.start(), day.end(), frozenset({DAYS[word]})))
    for month in _MONTH_YEAR.finditer(plain) if found and _YEAR.search(plain) else ():
        found = _with_month(found, month)
    found.sort(key=lambda quantity: quantity.start)
    return Measured(plain, tuple(joined(plain, _with_units(plain, found))))


def _may_name_days(text: str) -> bool:
    """Whether any word of a text may be a weekday: a quick look."""
    lowered = text.lower()
    return any(part in lowered for part in _DAY_PARTS) or not DAYS.keys().isdisjoint(
        _LETTERS.findall(lowered)
    )


def _times(match: re.Match[str]) -> str:
    """Return `viermal` and `4x` as a number of times."""
    word = (match["word"] or "").lower()
    return f"{match['digits'] or SMALL[word]} mal"


def _with_month(found: list[Quantity], match: re.Match[str]) -> list[Quantity]:
    """Take a month with its year as one date, where no whole date stands already."""
    start, end = match.span()
    inside = [q for q in found if q.start < end and q.end > start]
    if any(" " in reading for q in inside for reading in q.readings):
        return found
    number = MONTHS.get((match["month"] or "").lower()) or int(
        match["m"] or match["m3"]
    )
    year = match["y"] or match["y2"] or match["y3"]
    date = Quantity(start, end, frozenset({f"date {year}-{number:02}"}))
    return [*(q for q in found if q not in inside), date]


def _and_a_half(match: re.Match[str]) -> str:
    word = match[0].split()[0].lower().removesuffix("einhalb")
    return f"{SMALL[word] if word in SMALL else int(word)}.5"


def _with_units(text: str, found: Sequence[Quantity]) -> list[Measure]:
    measures: list[Measure] = []
    for quantity in found:
        if any(" " in reading for reading in quantity.readings):
            measures.append(Measure(quantity, None, "", "", quantity.end))
            continue
        beside: Beside = unit_beside(text, quantity.start, quantity.end)
        digits = text[quantity.start : quantity.end]
        mark = "".join(sorted({c for c in digits if c in ".,"}))
        measures.append(
            Measure(quantity, beside.unit, beside.per, beside.noun, beside.end, mark)
        )
    return measures
