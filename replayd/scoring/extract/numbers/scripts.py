"""Numerals, dates and months of other scripts, rewritten into Western notation.

Chinese numerals (`一万二千`), dates by year, month and day characters (`2025年3月9日`,
`2025년 3월 9일`), and Devanagari month names and small numbers.
"""

import re
from typing import Final

_ODD = re.compile(r"[\u0600-\u06ff\u0900-\u097f\u3400-\u9fff\uac00-\ud7af]")
_FIGURES: Final = {c: n for n, c in enumerate("〇一二三四五六七八九")} | {
    "零": 0,
    "两": 2,
    "兩": 2,
}
_TENS: Final = {"十": 10, "百": 100, "千": 1_000}
_MYRIADS: Final = {"万": 10**4, "萬": 10**4, "億": 10**8, "亿": 10**8, "兆": 10**12}
_ALL: Final = "".join((*_FIGURES, *_TENS, *_MYRIADS))
# What is counted; without it, or a ten, a figure is as likely part of a word.
_COUNTERS: Final = "時时點点分秒日号號月年人名個个件本枚台回次歳岁才階阶层楼元円圆块票张張杯匹頭头軒度倍割週周章番位泊天間间種种家只隻條条項项步句頁页秒倍斤里米公部通着錠株様曲袋束組羽台颗粒把支盒瓶杯包份辆艘架座层级课堂篇首封%％"
_NUMERAL = re.compile(
    rf"(?<![第\w])(?P<counted>[{_ALL}]{{1,24}})(?=\s?[{_COUNTERS}])"
    rf"|(?<![{_ALL}\d])(?P<run>[{_ALL}]{{0,12}}[{''.join(_TENS)}{''.join(_MYRIADS)}][{_ALL}]{{0,12}})(?=[^\w]|\Z)"
    rf"|(?<=[\u3040-\u309f\u3400-\u9fff\s])(?P<inner>[{_ALL}]{{1,24}})(?=[{_COUNTERS}])"
)
_DATE = re.compile(
    r"(?P<y>\d{4})\s?[年년]\s?(?P<m>\d{1,2})\s?[月월]\s?(?P<d>\d{1,2})\s?[日号號일]"
)
_DOTTED = re.compile(
    r"(?<![\d.])(?P<y>(?:19|20)\d\d)\.\s?(?P<m>\d{1,2})\.\s?(?P<d>\d{1,2})\.?(?!\d)"
)
_DAY = re.compile(r"(?<!\d)(?P<m>\d{1,2})\s?[月월]\s?(?P<d>\d{1,2})\s?[日号號일]")
_MONTH_ALONE = re.compile(r"(?<![\d.,/年년])(?P<m>1[0-2]|[1-9])[月월](?![\d末底初中])")
_TIME = re.compile(
    r"(?P<half>午後|午前|下午|上午|晚上|早上|傍晚|夜里|凌晨|清晨|夕方|夜|朝|오후|오전|저녁|밤|아침)?の?\s?(?<!\d)(?P<h>\d{1,2})\s?(?P<mark>時|时|點|点|시)(?!间|間|간)"
    r"\s?(?:(?P<min>\d{1,2})\s?(?:分|분)|(?P<mid>半|반))?(?:鐘|钟)?"
)
_BAJE = re.compile(
    r"(?P<half>दोपहर|शाम|रात|सुबह)?\s?(?<!\d)(?P<h>\d{1,2})(?::(?P<min>\d\d))?\s?(?P<mark>बजे)(?P<mid>(?!))?"
)
_ARABIC_HOURS: Final = {
    word: hour
    for hour, word in enumerate(
        "الواحدة|الثانية|الثالثة|الرابعة|الخامسة|السادسة|السابعة|الثامنة|التاسعة|العاشرة|الحادية عشرة|الثانية عشرة".split(
            "|"
        ),
        start=1,
    )
}
_ARABIC_DAYS: Final = {
    word: number
    for number, word in enumerate(
        "الأول|الثاني|الثالث|الرابع|الخامس|السادس|السابع|الثامن|التاسع|العاشر".split(
            "|"
        ),
        start=1,
    )
}
_ARABIC_DAY = re.compile(rf"(?<=اليوم )(?:{'|'.join(_ARABIC_DAYS)})\b")
_SAA = re.compile(
    rf"(?:(?P<told>(?:{'|'.join(sorted(_ARABIC_HOURS, key=len, reverse=True))}))|(?<![\d:.])(?P<h>\d{{1,2}})(?::(?P<min>[0-5]\d))?)"
    r"(?:\s(?P<mid>والنصف|والربع))?\s(?:في\s)?(?P<half>صباح|مساء|ظهر|عصر|ليل|الصباح|المساء|الظهر|العصر|الليل)[\u064b-\u0652\u0621ا]*(?!\w)"
)
_LATE: Final = frozenset(
    "दोपहर शाम रात 午後 下午 晚上 傍晚 夜里 夕方 夜 오후 저녁 밤".split()
)
_KANA = re.compile(r"[\u3041-\u30ff]")
# A point is one of several where it is shown or counted, and where reasons follow.
_SHOWN = re.compile(r"[这那哪几有前后下列共的][\s]*\Z")
_IS_COUNTED = re.compile(
    r"\s*(?:建议|建議|意见|意見|原因|理由|要求|说明|說明|内容|內容|好处|好處|内|都|很|是|如下|[:：])"
)
_MONTHS: Final = (
    "January February March April May June July August September October November"
    " December"
).split()
_HINDI: Final = {
    name: _MONTHS[month]
    for month, names in enumerate(
        "जनवरी|फ़रवरी फरवरी|मार्च|अप्रैल|मई|जून|जुलाई|अगस्त|सितंबर सितम्बर"
        "|अक्टूबर अक्तूबर|नवंबर नवम्बर|दिसंबर दिसम्बर".split("|")
    )
    for name in names.split()
}
_HINDI_MONTH = re.compile("|".join(sorted(_HINDI, key=len, reverse=True)))
_HINDI_NUMBERS: Final = {
    word: value
    for value, words in {
        2: "दो",
        3: "तीन",
        4: "चार",
        5: "पाँच पांच",
        6: "छह छः",
        7: "सात",
        8: "आठ",
        9: "नौ",
        10: "दस",
        11: "ग्यारह",
        12: "बारह",
        15: "पंद्रह पन्द्रह",
        20: "बीस",
        25: "पच्चीस",
        30: "तीस",
        40: "चालीस",
        50: "पचास",
        60: "साठ",
    }.items()
    for word in words.split()
}
_HINDI_NUMBER = re.compile(
    r"(?<![\u0900-\u097f])(?:(?P<few>"
    + "|".join(_HINDI_NUMBERS)
    + r")(?:\s(?P<scale>सौ|हज़ार|हजार|लाख))?)(?![\u0900-\u097f])"
)
_KOREAN: Final = {
    word: value
    for value, words in {
        2: "두",
        3: "세 석 서",
        4: "네 넉",
        5: "다섯",
        6: "여섯",
        7: "일곱",
        8: "여덟",
        9: "아홉",
        10: "열",
        11: "열한",
        12: "열두",
        20: "스무",
    }.items()
    for word in words.split()
}
# Native numbers of Korean stand before what they count.
_KOREAN_NUMBER = re.compile(
    rf"(?<![가-힣])(?P<n>{'|'.join(sorted(_KOREAN, key=len, reverse=True))})\s?"
    r"(?=달|개|명|번|시|주|살|마리|권|장|대|곳|가지|사람|배|잔|병|그루)"
)
_KOREAN_MONTHS = re.compile(r"(?<=\d)\s?달(?!러|력)")
_HINDI_SCALES: Final = {"सौ": 100, "हज़ार": 1_000, "हजार": 1_000, "लाख": 100_000}
MOST_FIGURES = 24  # characters of one numeral


def western(text: str) -> str:
    """Return `text` with numerals and dates of other scripts in Western notation."""
    if not _ODD.search(text):
        return text
    text = _SAA.sub(_arabic_time, text)
    text = _BAJE.sub(_time, text)
    text = _HINDI_MONTH.sub(lambda m: _HINDI[m[0]], text)
    text = _ARABIC_DAY.sub(lambda m: str(_ARABIC_DAYS[m[0]]), text)
    text = _HINDI_NUMBER.sub(_hindi_number, text)
    text = _KOREAN_NUMBER.sub(lambda m: f"{_KOREAN[m['n']]}", text)
    text = _KOREAN_MONTHS.sub("개월", text)
    text = _NUMERAL.sub(_numeral, text)
    text = _DATE.sub(lambda m: _iso(m) or m[0], text)
    text = _DAY.sub(_day, text)
    text = _MONTH_ALONE.sub(lambda m: f" {_MONTHS[int(m['m']) - 1]} ", text)
    return _TIME.sub(_time, text)


def dotted_dates(text: str) -> str:
    """Return `text` with `2025. 3. 9.` as an ISO date."""
    return _DOTTED.sub(lambda m: _iso(m) or m[0], text)


def _iso(match: re.Match[str]) -> str:
    month, day = int(match["m"]), int(match["d"])
    if not (1 <= month <= 12 and 1 <= day <= 31):
        return ""
    return f"{match['y']}-{month:02}-{day:02} "


def _day(match: re.Match[str]) -> str:
    month, day = int(match["m"]), int(match["d"])
    if not (1 <= month <= 12 and 1 <= day <= 31):
        return match[0]
    return f" {day} {_MONTHS[month - 1]} "


def _time(match: re.Match[str]) -> str:
    hour = int(match["h"])
    minute = int(match["min"] or (30 if match["mid"] else 0))
    if hour > 24 or minute > 59 or _counts_points(match):
        return match[0]
    if match["half"] in _LATE and hour < 12:
        hour += 12
    return f" {hour:02}:{minute:02} "


def _arabic_time(match: re.Match[str]) -> str:
    """Return `السادسة صباحا` and `6:00 مساء` as a time."""
    hour = _ARABIC_HOURS.get(match["told"] or "") or int(match["h"])
    minute = {"والنصف": 30, "والربع": 15}.get(
        match["mid"] or "", int(match["min"] or 0)
    )
    if not 1 <= hour <= 12:
        return match[0]
    early = "صباح" in match["half"] or ("ليل" in match["half"] and hour < 6)
    return f" {hour % 12 + (0 if early else 12):02}:{minute:02} "


def _counts_points(match: re.Match[str]) -> bool:
    """Whether `三点` are three points and not three o'clock."""
    if match["mark"] not in "点點" or match["half"] or match["min"] or match["mid"]:
        return False
    text = match.string
    before, behind = text[: match.start()], text[match.end() : match.end() + 8]
    return bool(
        _KANA.search(text) or _SHOWN.search(before[-4:]) or _IS_COUNTED.match(behind)
    )


def _numeral(match: re.Match[str]) -> str:
    text = match[0]
    value = _value(text) if len(text) <= MOST_FIGURES else None
    return text if value is None else str(value)


def _hindi_number(match: re.Match[str]) -> str:
    scale = _HINDI_SCALES.get(match["scale"] or "", 1)
    return str(_HINDI_NUMBERS[match["few"]] * scale)


def _value(text: str) -> int | None:
    """Return the value of a numeral: by place (`二〇二五`) or composed (`一万二千`)."""
    if all(c in _FIGURES for c in text):
        return int("".join(str(_FIGURES[c]) for c in text))
    total = section = figure = 0
    for c in text:
        if c in _FIGURES:
            figure = _FIGURES[c]
        elif c in _TENS:
            section += (figure or 1) * _TENS[c]
            figure = 0
        else:
            total += (section + figure or 1) * _MYRIADS[c]
            section = figure = 0
    return total + section + figure
