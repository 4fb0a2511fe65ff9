"""Values and names of an answer that its reference does not state."""

import re
from collections.abc import Sequence
from typing import Final, NamedTuple

from replayd.scoring.extract.numbers.measures import Measure, measured, same_measure

MOST_COUNTED: Final = 12
_QUESTION = re.compile(r"[^.!?？\n]*[?？؟]\W*\Z")  # the last sentence of a request
_LISTING = re.compile(r":\s*([^.:!?]+)")
_BETWEEN = re.compile(
    r"\n\s*(?:[-*•]|\d+[.)])\s*|[,;]\s*(?:and|or|und|et|y|e|en|och|i)\s|[,;]\s|\s(?:and|und|et|y|e|en|och)\s"
)
MOST_VALUES: Final = 150  # of one text that are compared
HALF_DAY: Final = 12  # hours
FARTHEST_LISTING: Final = 60  # characters between a count and what it announces
_NUMBERING = re.compile(
    r"^([ \t]*(?:\*\*)?)(\d{1,2})(?=[.)](?:\*\*)?[ \t])", re.MULTILINE
)


class Values(NamedTuple):
    """Counts of values asked, given and met, and the wrong ones."""

    met: int
    asked: int
    given: int
    wrong: tuple[str, ...]


def values_compared(reference: str, answer: str, known: str, asked: str = "") -> Values:
    """Return how the values of an answer meet those of its reference.

    A value out of `known` is wrong only where it stands for one of the reference's, and
    not where that one is only `asked` about.
    """
    reference, answer = without_numbering(reference), without_numbering(answer)
    stated = measured(reference).measures[:MOST_VALUES]
    wanted = [m for m in stated if not m.quantity.optional]
    got = [m for m in measured(answer).measures if not m.quantity.optional]
    got = [each for each in got[:MOST_VALUES] if not _refers(each, answer)]
    given = measured(known).measures[:MOST_VALUES] if known else ()
    missing = [each for each in wanted if not _among(each, got)]
    question = _QUESTION.search(asked)
    echoed = measured(question[0]).measures if question else ()
    told = [each for each in stated if not _among(each, echoed)]
    untold = [each for each in missing if not _among(each, echoed)]
    wrong = [
        min(each.quantity.readings)
        for each in got
        if not _among(each, stated)
        and not any(_same_hour(each, other) for other in stated)
        and not _said_shortly(each, answer, reference)
        and not _sign_said(each, stated, reference + answer)
        and not _said_as_adverb(each, reference)
        and not (_says_nothing(each) and not missing)
        and not _counts_what_follows(each, measured(answer).text)
        and (_rivals(each, told) or _replaces(each, untold) or not _among(each, given))
    ]
    met = min(len(wanted) - len(missing), len(got))
    return Values(met, len(wanted), len(got), tuple(wrong))


_REFERENCE = re.compile(
    r"(?:\b(?:clauses?|sections?|articles?|art\.|paragraphs?|pages?|p\.|schedule|annex|cláusulas?|sección|artículos?|apartado|páginas?|abschnitt|klausel|artikel|ziffer|absatz|seite|clausola|articolo|sezione|pagina|cláusula|artigo|seção|punkt|paragraf|sida|пункт\w*|стать\w+|раздел\w*|madde)|§)\s*\Z",
    re.IGNORECASE,
)


def _refers(measure: Measure, answer: str) -> bool:
    """Whether a number names the place where something stands: `under clause 5`."""
    before = measured(answer).text[max(0, measure.start - 14) : measure.start]
    return measure.unit is None and _REFERENCE.search(before) is not None


def _same_hour(one: Measure, other: Measure) -> bool:
    """Whether one is an hour of the afternoon, and the other says it as a bare number.

    `until six` for 18:00: which half of the day is meant goes without saying.
    """
    bare, clock = (one, other) if one.is_number else (other, one)
    if not bare.is_number or bare.unit is not None or bare.per:
        return False
    hours = {
        f"time {int(r) + 12:02}:00"
        for r in bare.quantity.readings
        if r.isdigit() and 0 < int(r) < HALF_DAY
    }
    if clock.is_number:
        return False
    return not hours.isdisjoint(clock.quantity.readings)


def _said_shortly(measure: Measure, answer: str, reference: str) -> bool:
    """Whether a text says a weekday without its second part: `na quarta`."""
    name = measured(answer).text[measure.start : measure.end].casefold()
    short = name.removesuffix("-feira")
    return (
        short != name
        and re.search(rf"\b{short}\b", reference, re.IGNORECASE) is not None
    )


def without_numbering(text: str) -> str:
    """Return a text without the numbers of its list, which only count its lines."""
    marks = [int(found[2]) for found in _NUMBERING.finditer(text)]
    if len(marks) < 2 or marks != list(range(1, len(marks) + 1)):
        return text
    return _NUMBERING.sub(r"\1•", text)


def _replaces(measure: Measure, missing: Sequence[Measure]) -> bool:
    """Whether a value of the same kind, or the same in another unit, is not said."""
    return any(
        not measure.quantity.readings.isdisjoint(other.quantity.readings)
        or (
            other.unit == measure.unit
            and (
                not (other.noun and measure.noun) or other.noun[:4] == measure.noun[:4]
            )
        )
        for other in missing
    )


_ADVERBS: Final = {
    "1": r"\b(?:once|einmal|une fois|una vez|una volta|uma vez|eenmaal|однажды|раз)\b|一度|一回|一次|한 번",
    "2": r"\b(?:twice|double|zweimal|zweifach|deux fois|dos veces|due volte|duas vezes|tweemaal|dwukrotnie|дважды|both|beide\w*|iki kez)\b|两次|二回|二度|两人|双方|두 번",
    "3": r"\b(?:thrice|triple|dreimal|dreifach|trois fois|tres veces|tre volte|três vezes|driemaal|трижды|üç kez)\b|三次|三回|세 번",
    "12": r"\b(?:dozen|dutzend|douzaine|docena|dozzina|dúzia|dozijn|tuzin|дюжин\w*|düzine)\b|열두",
    "15": r"\b(?:quarter of an hour|viertelstunde|quart d['’]heure|cuarto de hora|quarto d['’]ora|quarto de hora|kwartier|kwadrans|четверт\w+ часа|çeyrek saat)\b|一刻",
    "24": r"\b(?:a day|one day|einen? tag|un jour|un día|un giorno|um dia|een dag|dob[aęy]|сут\w+)\b|一天|一日|하루",
    "30": r"\b(?:half (?:an? )?hour|halben? stunde|demi-heure|media hora|mezz['’]ora|meia hora|half uur|pół godziny|полчаса|yarım saat)\b|半小时|半時間|삼십 분",
    "4": r"네 (?:명|개|곳|번)",
    "5": r"다섯",
    "6": r"여섯|\bhalf a dozen\b",
    "7": r"일곱|\b(?:a week|eine woche|une semaine|una semana|una settimana|uma semana|een week|недел[яюи])\b",
    "8": r"여덟",
    "9": r"아홉",
    "10": r"열 (?:명|개|곳|번)",
}
# One of something is mostly an article, all of it a hundred percent.
_OF_NO_ACCOUNT: Final = frozenset({"1", "100%", "100"})


def _said_as_adverb(measure: Measure, reference: str) -> bool:
    """Whether a text says a value as an adverb: `twice a day` for `two times`."""
    return any(
        reading in _ADVERBS and re.search(_ADVERBS[reading], reference, re.IGNORECASE)
        for reading in measure.quantity.readings
    )


def _says_nothing(measure: Measure) -> bool:
    """Whether a value is one that phrases bring along."""
    if measure.quantity.readings.isdisjoint(_OF_NO_ACCOUNT):
        return False
    shares = measure.unit is not None and measure.unit.dimension == "share"
    return "1" in measure.quantity.readings or shares


_FALLING = re.compile(
    r"\b(?:down|lower|less|fell|fall\w*|drop\w*|decreas\w+|loss|lost|below|declin\w+|minus"
    r"|weniger|gesunken|gefallen|unter|baiss\w+|moins|bajó|menos|sces\w+|meno)\b",
    re.IGNORECASE,
)


def _sign_said(measure: Measure, others: Sequence[Measure], texts: str) -> bool:
    """Whether a value is another's with its sign in words: down 1.8 % for -1.8 %."""
    if not _FALLING.search(texts):
        return False
    bare = {reading.lstrip("-") for reading in measure.quantity.readings}
    return any(
        reading.lstrip("-") in bare
        for other in others
        for reading in other.quantity.readings
        if (reading[:1] == "-") != ("-" in {r[:1] for r in measure.quantity.readings})
    )


def _counts_what_follows(measure: Measure, answer: str) -> bool:
    """Whether a value only says how many things are listed: `three reasons: a, b, c`."""
    counted = min(measure.quantity.readings)
    if not (counted.isdigit() and 2 <= int(counted) <= MOST_COUNTED):
        return False
    for listing in _LISTING.finditer(answer):
        if not 0 <= listing.start() - measure.start <= FARTHEST_LISTING:
            continue  # it announces something else
        items = [item for item in _BETWEEN.split(listing[1]) if item.strip()]
        if len(items) == int(counted):
            return True
    return False


def _rivals(measure: Measure, others: Sequence[Measure]) -> bool:
    """Whether another value of the same thing stands among others: 3 days, one day."""
    return any(
        other.is_number
        and measure.is_number
        and bool(measure.noun or measure.unit)
        and other.unit == measure.unit
        and other.noun[:4] == measure.noun[:4]
        for other in others
    )


def _among(measure: Measure, others: Sequence[Measure]) -> bool:
    return any(same_measure(other, measure) for other in others)


_NAME = re.compile(
    r"(?<![.!?:;\n•·*#|–-] )(?<!^)(?<![\w\"“„*#|(\n])[A-ZÀ-Þ][\w'-]+|\b[A-Z]{2,}\b"
)
SHOUTED = 0.5  # share of capitals, from which they are no sign of a name


def names_instead(
    reference: str, answer: str, known: str, language: str
) -> tuple[str, ...]:
    """Return names that stand where the reference has others."""
    # Where every noun has a capital, it is no sign either.
    if language == "de" or _shouted(reference) or _shouted(answer):
        return ()
    wanted = {n.casefold() for n in _NAME.findall(reference)}
    held = reference.casefold() + known.casefold()
    new = [n for n in _NAME.findall(answer) if n.casefold() not in held]
    folded = answer.casefold()
    gone = [n for n in wanted if n not in folded]
    return tuple(new) if new and gone else ()


def _shouted(text: str) -> bool:
    letters = [letter for letter in text if letter.isalpha()]
    return sum(map(str.isupper, letters)) > SHOUTED * len(letters)
