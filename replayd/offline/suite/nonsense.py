"""Senseless answers: a pin that one of them passes tells nothing good from nothing.

They are judged by the same rules as the canary, without asking anybody. Such a pin is
weak: a canary that passes it has shown nothing, so it does not count as judged.
"""

from collections.abc import Mapping
from typing import Final

from replayd.model import ArmAnswer
from replayd.offline.suite.held import Held, unmet
from replayd.offline.suite.judging import judged
from replayd.scoring.contract import ScoringCase
from replayd.scoring.extract.language.language_id import likely_language
from snaptrace.snapshot.model import Answer

FILLER: Final = "Forest: 1. That is lovely, and there is nothing else to say about it."
SENSELESS: Final = (
    "filler",
    "empty promise",
    "echo of the question",
    "the question's words, reversed",
)
# Without a value or a name, in languages of many recordings; else in English.
PROMISES: Final = {
    "en": "Thank you for your patience, we will look into it and come back to you.",
    "de": "Danke für Ihre Geduld, wir kümmern uns darum und melden uns bald bei Ihnen.",
    "fr": "Merci de votre patience, nous allons regarder cela et revenir vers vous.",
    "es": "Gracias por su paciencia, vamos a revisarlo y le responderemos pronto.",
    "it": "Grazie per la pazienza, ce ne occupiamo subito e le rispondiamo presto.",
    "pt": "Obrigado pela paciência, vamos verificar isso e responder em breve.",
    "nl": "Bedankt voor uw geduld, wij kijken ernaar en komen bij u terug.",
}
LONGEST_ECHO: Final = 4_000  # characters of the question


async def passing_nonsense(held: Held) -> dict[str, ArmAnswer]:
    """Return the senseless answers that would pass this pin's rules, by name."""
    found: dict[str, ArmAnswer] = {}
    for name, text in _answers(held.scoring).items():
        answer = ArmAnswer(
            outcome="answered", answer=Answer(text=text, finish_reason="stop")
        )
        if await is_accepted(held, answer):
            found[name] = answer
    return found


async def is_accepted(held: Held, answer: ArmAnswer) -> bool:
    """Whether an answer would pass by the rules, whatever a judge model says."""
    if (await judged(held, answer)).state != "passed":
        return False
    return not unmet(held.counted, held, answer)


def in_language(scoring: ScoringCase, texts: Mapping[str, str]) -> str:
    """Return the text in the case's language, else in English."""
    language = scoring.language or scoring.recorded.text.language
    language = language or likely_language(scoring.question) or "en"
    return texts.get(language, texts["en"])


def _answers(scoring: ScoringCase) -> dict[str, str]:
    filler, promise, echo, reverse = SENSELESS
    named = {filler: FILLER, promise: in_language(scoring, PROMISES)}
    question = scoring.question[:LONGEST_ECHO]
    if question.strip():
        named[echo] = question
        named[reverse] = " ".join(reversed(question.split()))
    return named
