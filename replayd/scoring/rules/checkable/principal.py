"""Which part of an answer answers: one value is asked for, others only support it.

`Approval fell by 7 points, from 51 % to 44 %` answers how far it fell with 7 points;
working that ends in `$32.40` answers with that. What supports it may be left out.
"""

import re
from collections.abc import Iterable
from typing import Final

from msgspec.structs import replace

from replayd.scoring.extract.numbers.measures import Measure
from replayd.scoring.extract.structure.final import first_sentence, last_sentence

FEW_WORDS: Final = 5  # of a first sentence that is an answer by itself
_ASKS_VALUE = re.compile(
    r"\b(?:how (?:many|much|long|far|high|old|big|fast|tall|heavy|deep|wide|often)|what (?:is|was|are|does|do|percentage|share|fraction|time)\b|by how|wie (?:viel\w*|lange?|hoch|weit|alt|groß|schwer|schnell|oft)"
    r"|combien|quel(?:le)?s? (?:est|était|distance|vitesse|durée|part|montant)|cuánt\w+|cuál (?:es|era|fue)|quant[oaie]\b|qual è|qual é|hoeveel|hoe (?:lang|ver|hoog|oud)|hur (?:många|mycket|lång\w*|hög\w*)|ile\b|сколько|kaç\b)|多少|几|何|いくら|どのくらい|얼마|몇|كم|कितन",
    re.IGNORECASE,
)
_ASKS_TWO = re.compile(
    r"\b(?:and|und|et|y|e|en|och|i|и|ve|each|both|jeder?|chacun\w*|cada)\b",
    re.IGNORECASE,
)
_ASKS_YEAR = re.compile(
    r"\b(?:what|which) year|what was the year|welche[sm] jahr|quelle année|qué año|che anno|que ano|welk jaar|vilket år|którym roku|каком году|hangi yıl|何年|哪一年|哪年|몇 ?년|أي (?:عام|سنة)|किस (?:वर्ष|साल)",
    re.IGNORECASE,
)
# What a value is compared with, or made of.
_SUPPORT = re.compile(
    r"(?:\s?[,;–—-])?\s(?:(?:up|down|rising|falling|going|dropping) )?(?:from|von|de|da|från|van)\s[^.;,]{0,40}?\d[^.;,]{0,30}?\s(?:to|auf|à|a|al|till|naar|para)\s[^.;,]{0,30}?\d[\d.,]*\s?[%€$£]?"
    r"|[,;–—]\s(?:up|down|compared|versus|vs\.?|against|slightly|which|gegenüber|verglichen|contre|par rapport|frente a|respecto|rispetto|jämfört)\b[^.;]{0,90}",
    re.IGNORECASE,
)


def principal_part(text: str, question: str) -> str:
    """Return the part of an unmarked answer that states the one value asked for."""
    asked = question.strip().rpartition("\n")[2] or question
    if not _ASKS_VALUE.search(asked[-400:]):
        return text
    sentence = _principal_sentence(text, asked)
    shorter = _SUPPORT.sub("", sentence)
    return shorter if _has_digit(shorter) and shorter.strip() else sentence


def _principal_sentence(text: str, asked: str) -> str:
    first, last = first_sentence(text), last_sentence(text)
    if first == last or _ASKS_TWO.search(asked.rpartition(".")[2][-160:]):
        return text
    if is_alone(first):
        return first
    working = _has_digit(first) and _has_digit(last)
    return last if working and len(last.split()) <= 2 * len(text.split()) / 3 else text


def is_alone(sentence: str) -> bool:
    """Whether a first sentence is a value and little else: an answer by itself."""
    short = len(sentence.split()) <= FEW_WORDS and "=" not in sentence
    return short and sentence.rstrip()[-1:] not in {":", "?"} and _has_digit(sentence)


def _has_digit(text: str) -> bool:
    return any(map(str.isdigit, text))


def as_asked(measures: Iterable[Measure], question: str) -> tuple[Measure, ...]:
    """Return measures, dates as their year where a year was asked for."""
    measures = tuple(measures)
    if not _ASKS_YEAR.search(question):
        return measures
    return tuple(map(_as_year, measures))


def _as_year(measure: Measure) -> Measure:
    years = {
        reading[5:9]
        for reading in measure.quantity.readings
        if reading.startswith("date ") and reading[5:9].isdecimal()
    }
    if not years:
        return measure
    return measure._replace(
        quantity=replace(measure.quantity, readings=frozenset(years))
    )
