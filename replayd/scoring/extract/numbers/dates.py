"""Dates and times in a text, whatever the order and the language of their parts."""

import re
from collections.abc import Iterator, Sequence

from replayd.scoring.extract.numbers.ordinal_words import ORDINALS
from replayd.scoring.extract.numbers.quantity import Quantity

MONTHS = {
    name: month
    for month, names in enumerate(
        (
            "january jan januar janvier janv enero ene gennaio gen janeiro januari"
            " stycznia styczeń ocak января январь يناير",
            "february feb februar février fév févr febrero febbraio fevereiro fev"
            " februari lutego luty şubat февраля февраль فبراير",
            "march mar märz mär mrz mars marzo março maart mrt marca marzec mart марта март"
            " مارس",
            "april apr avril avr abril abr aprile kwietnia kwiecień nisan апреля апрель"
            " أبريل",
            "may mai mayo maggio mag maio mei maj maja mayıs мая май مايو",
            "june jun juni juin junio giugno giu junho czerwca czerwiec haziran июня июнь"
            " يونيو",
            "july jul juli juillet juil julio luglio lug julho lipca lipiec temmuz июля"
            " июль يوليو",
            "august aug août aoû agosto ago augustus augusti sierpnia sierpień ağustos"
            " августа август أغسطس",
            "september sep sept septembre septiembre settembre set setembro września"
            " wrzesień eylül сентября сентябрь سبتمبر",
            "october oct oktober okt octobre octubre ottobre ott outubro out października"
            " październik ekim октября октябрь أكتوبر",
            "november nov novembre noviembre novembro listopada listopad kasım ноября ноябрь"
            " نوفمبر",
            "december dec dezember dez décembre déc diciembre dic dicembre dezembro grudnia"
            " grudzień aralık декабря декабрь ديسمبر",
        ),
        start=1,
    )
    for name in names.split()
}
# Words of other meanings too: a month only where a year follows, or a capital begins
# and nothing in small letters follows, as in `5 May`.
_DOUBTFUL = frozenset("may mai mag mar mars mart maj set out ago gen mei".split())
_MONTH = r"(?P<month>[^\W\d_]{3,12})\.?"
# Digits with which something else than a plain number may begin: a date, a time, or
# thousands grouped by blanks. One search for all, since most texts have none of them.
_SPECIAL = re.compile(
    r"\d(?=[-/:.\sapsnrteº])(?=[-/:]\d|\.\s?\d|\s?[ap]\.?m|(?P<grouped> \d{3})"
    rf"|(?:st|nd|rd|th|er|º|\.)?\s(?:(?:of|de)\s)?(?:{'|'.join(sorted({name[:3] for name in MONTHS}))}))",
    re.IGNORECASE,
)
_DATES = (
    re.compile(r"(?<![\w.])(?P<y>\d{4})-(?P<m>\d{1,2})-(?P<d>\d{1,2})(?!\d)"),
    re.compile(r"(?<![\w.])(?P<y>\d{4})/(?P<m>\d{1,2})/(?P<d>\d{1,2})(?!\d)"),
    re.compile(r"(?<![\w.])(?P<d>\d{1,2})\.\s?(?P<m>\d{1,2})\.\s?(?P<y>\d{4})(?!\d)"),
    re.compile(r"(?<![\w.])(?P<d>\d{1,2})\.\s?(?P<m>0[1-9]|1[0-2])\.(?!\w)"),
    re.compile(
        r"(?<![\w.-])(?P<a>\d{1,2})(?P<mark>[/-])(?P<b>\d{1,2})(?P=mark)(?P<y>\d{4})(?![\d-])"
    ),
    re.compile(r"(?<![\w.])(?P<a>\d{1,2})[/-](?P<b>\d{1,2})(?=,? \d{1,2}:\d\d)"),
    re.compile(
        rf"(?<![\w.])(?P<d>\d{{1,2}})(?:st|nd|rd|th|er|º|\.)?\s(?:(?:of|de)\s)?{_MONTH}"
        r"(?:,?\s(?:de\s)?(?P<y>\d{4}))?(?!\d)",
        re.IGNORECASE,
    ),
)
_A_DAY = re.compile(r"\s(?<=[^\W\d_]\s|\.\s)\d\d?(?![\d.,]*\d)")  # of a month?
_MONTH_BEFORE = re.compile(rf"(?<!\w){_MONTH}\Z")
_MONTH_FIRST = re.compile(
    rf"(?<!\w){_MONTH}\s(?P<d>\d{{1,2}})(?:st|nd|rd|th)?(?:,?\s(?P<y>\d{{4}}))?(?![\d.,]*\d)"
    # `avril 9 °C` is a value of April.
    r"(?!\s?(?:[°%€$£¥]|degr|grad|celsius|mm\b|cm\b|km\b|kg\b|t\b|kwh|mwh|gwh|mio|mill|tsd|thousand|million))",
    re.IGNORECASE,
)
_ENDS = re.compile(
    r"\s*(?:\Z|[^\w\s]|[가-힣]|\d|\n|(?:at|um|à|a las|from|to|and|und)\b)"
)
_DAYS_SPELT = ORDINALS | {"premier": 1, "zweiter": 2, "dritter": 3}
_SPELT_DAY = re.compile(
    rf"\b(?:the )?(?P<day>{'|'.join(sorted(_DAYS_SPELT, key=len, reverse=True)).replace('-', '[- ]')})\s(?:day of |of )?"
    rf"(?=(?:{'|'.join(sorted(MONTHS, key=len, reverse=True))})\b)",
    re.IGNORECASE,
)
# One quick look, since most texts spell none.
_MAY_BE_SPELT = re.compile(
    r"(?:st|nd|rd|th|te|ten|ter|ier) (?:day of |of )?[JFMASONDjfmasondеэюя]"
)
LONGEST_MONTH = 13  # letters, with its mark
_TIME = re.compile(
    r"(?<![\w.:])(?P<h>\d{1,2})(?::(?P<min>\d{2}))?(?:\s?(?P<half>[ap])\.?m\b\.?|(?<=:\d\d)(?![:\d]))",
    re.IGNORECASE,
)


def spelt_days(text: str) -> str:
    """Return `text` with the days of months in digits: `the ninth of May`."""
    if not _MAY_BE_SPELT.search(text):
        return text
    return _SPELT_DAY.sub(
        lambda m: f"{_DAYS_SPELT[m['day'].lower().replace(' ', '-')]} ", text
    )


def beginnings(text: str) -> tuple[list[int], bool]:
    """Return where dates and times may begin, and if a blank may group thousands."""
    found = list(_SPECIAL.finditer(text))
    starts = [_start_of_run(text, last.start()) for last in found]
    return starts, any(last["grouped"] for last in found)


def _start_of_run(text: str, last: int) -> int:
    """Return where the digits begin whose last one is given; four are enough."""
    start = last
    while start > max(0, last - 3) and text[start - 1].isdecimal():
        start -= 1
    return start


def dates(text: str, starts: Sequence[int]) -> Iterator[Quantity]:
    """Yield the dates that begin at `starts`, then those that a month begins."""
    for pattern in _DATES:
        for start in starts:
            if match := pattern.match(text, start):
                yield from _date(match)
    for day in _A_DAY.finditer(text):
        earliest = max(0, day.start() - LONGEST_MONTH)
        month = _MONTH_BEFORE.search(text, earliest, day.start())
        if month and _month(month["month"]):
            match = _MONTH_FIRST.match(text, month.start())
            yield from _date(match) if match else ()


def _date(match: re.Match[str]) -> Iterator[Quantity]:
    parts = match.groupdict()
    if _doubtful(match, parts):
        return
    if days := _days(parts):
        short = frozenset(f"date {day}" for day in days)
        year = match.groupdict().get("y")
        full = frozenset(f"date {year}-{day}" for day in days)
        yield Quantity(
            match.start(),
            match.end(),
            full if year else short,
            shortened=short if year else frozenset(),
            written=f"{parts['a']}/{parts['b']}" if len(days) > 1 else "",
        )


def _doubtful(match: re.Match[str], parts: dict[str, str | None]) -> bool:
    """Whether what stands for a month is more likely another word."""
    month = parts.get("month")
    if not month or month.lower() not in _DOUBTFUL or parts.get("y"):
        return False
    return not (month[0].isupper() and _ENDS.match(match.string, match.end()))


def _days(parts: dict[str, str | None]) -> list[str]:
    """Return the days, as `03-31`, that a date's parts may mean."""
    if parts.get("a"):
        a, b = int(parts["a"] or 0), int(parts["b"] or 0)
        orders = {(a, b), (b, a)}
    elif parts.get("month"):
        month = _month(parts["month"] or "")
        orders = {(month, int(parts["d"] or 0))} if month else set()
    else:
        orders = {(int(parts["m"] or 0), int(parts["d"] or 0))}
    return [
        f"{month:02}-{day:02}"
        for month, day in sorted(orders)
        if 1 <= month <= 12 and 1 <= day <= 31
    ]


def _month(word: str) -> int | None:
    return MONTHS.get(word.lower())


def times(text: str, starts: Sequence[int]) -> Iterator[Quantity]:
    """Yield the times of day that begin at `starts`."""
    for start in starts:
        if match := _TIME.match(text, start):
            hour, minute = int(match["h"]), int(match["min"] or 0)
            half = (match["half"] or "").lower()
            if half:
                hour = hour % 12 + (12 if half == "p" else 0)
            if hour < 24 and minute < 60:
                time = frozenset({f"time {hour:02}:{minute:02}"})
                yield Quantity(start, match.end(), time)
