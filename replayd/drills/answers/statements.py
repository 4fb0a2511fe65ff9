"""Faults in what is said: negation, language, length, refusal, foreign facts."""

import re
from typing import Final

from msgspec.structs import replace

from replayd.drills.answers.contract import Injured, Injury, with_text
from replayd.scoring.extract.language.language_id import likely_language
from replayd.scoring.extract.structure.json_values import NOTHING, structured
from snaptrace.snapshot.model import Answer

# Per language: (pattern, replacement), the first that is found once is taken.
_NEGATIONS: Final = tuple(
    (re.compile(pattern, re.IGNORECASE), other)
    for pattern, other in (
        (r"\b(is|are|was|were|can|will|does|do|did|has|have) not\b", r"\1"),
        (r"\b(is|are|was|were|does|do|did|has|have|could|would)n['’]t\b", r"\1"),
        (r"\bcannot\b", "can"),
        (r"\A(\W*)yes\b", r"\1No"),
        (r"\A(\W*)no\b", r"\1Yes"),
        (r"\A(\W*)ja\b", r"\1Nein"),
        (r"\A(\W*)nein\b", r"\1Ja"),
        (r"\A(\W*)oui\b", r"\1Non"),
        (r"\A(\W*)non\b", r"\1Oui"),
        (r"\A(\W*)s[ií]\b", r"\1No"),
        (r"(?<=:)(\s*)true\b(?=\s*[,}\]\n])", r"\1false"),
        (r"(?<=:)(\s*)false\b(?=\s*[,}\]\n])", r"\1true"),
        (r"\b(ist|sind|war|waren|wird|kann|hat|haben) nicht\b", r"\1"),
        (r"\bn['’]est pas\b", "est"),
        (r"\bno (es|está|son|puede|hay)\b", r"\1"),
        # No lead-in as `Here is`, and no `has to`.
        (
            r"(?<!here )\b(is|are|was|were|can|will|has|have)\b(?! (?:not|to)\b)(?=\s+\w)",
            r"\1 not",
        ),
        (
            r"\b(ist|sind|war|waren|wird|kann|hat|haben)\b(?! nicht)(?=\s+\w)",
            r"\1 nicht",
        ),
        (r"\b(?<!')est\b(?! pas)(?=\s+\w)", "n'est pas"),
        (r"\b(?<!no )(es|está|son|puede|hay)\b(?=\s+\w)", r"no \1"),
        (r"(?<=で)す(?=[。、])", "はありません"),
        (r"是(?=[^否])", "不是"),
    )
)
# Plain sentences about nothing in particular, to stand in for a translation.
_FOREIGN: Final = {
    "de": "die Antwort auf diese Frage steht in dem Dokument und wurde von uns mit"
    " großer Sorgfalt geprüft bevor sie an alle beteiligten Stellen verschickt wird"
    " denn nur so lässt sich sagen ob es wirklich stimmt oder nicht",
    "en": "the answer to this question stands in the document and we checked it with"
    " great care before it is sent to everyone who takes part because that is the only"
    " way to say whether it is really true or not",
}
_REFUSALS: Final = {
    "de": "Es tut mir leid, aber dabei kann ich nicht helfen.",
    "fr": "Je suis désolé, mais je ne peux pas vous aider avec cela.",
    "es": "Lo siento, pero no puedo ayudarte con eso.",
    "en": "I'm sorry, but I can't help with that.",
}
_WORD: Final = re.compile(r"[^\W\d_]+")
SENTENCE: Final = re.compile(r"[^.!?。！？\n]{20,300}[.!?。！？](?=\s|\Z)")
SAYS: Final = re.compile(r"\d|(?<=[a-z,] )[A-Z]\w{2,}")
NAME: Final = re.compile(r"(?<=[a-z,] )[A-Z][a-z]{2,}|(?<![\w.,])\d[\d.,]*\d")
FENCE: Final = re.compile(r"```[^\n]*\n(?:(?!```)[\s\S])*```")
KEPT_SHARE: Final = 0.6  # of an answer's text when it is cut
SHORTEST_CUT: Final = 24  # characters; of a shorter answer a cut leaves a torn word
FEWEST_WORDS: Final = 4  # for an answer to be in a language at all


def negation_flipped(answer: Answer, _injury: Injury) -> Injured | None:
    """Say that something is not so, or that it is after all."""
    for pattern, other in _NEGATIONS:
        changed, count = pattern.subn(other, answer.text, count=1)
        if count:
            return with_text(answer, changed)
    return None


def other_language(answer: Answer, _injury: Injury) -> Injured | None:
    """Answer in German, or in English to Germans, with names and numbers kept.

    Words are replaced by a passage of that language: which language it is can be told,
    what it says cannot.
    """
    text = answer.text
    if structured(text) is not NOTHING or len(_WORD.findall(text)) < FEWEST_WORDS:
        return None
    passage = _FOREIGN["en" if likely_language(text) == "de" else "de"].split()
    at = -1

    def next_word(found: re.Match[str]) -> str:
        nonlocal at
        word = found[0]
        if word[0].isupper() and found.start() and text[found.start() - 2] not in ".!?":
            return word  # a name, most likely
        at += 1
        return passage[at % len(passage)]

    return with_text(answer, _WORD.sub(next_word, text))


def truncated(answer: Answer, _injury: Injury) -> Injured | None:
    """Cut the text at a limit of length."""
    text = answer.text.rstrip()
    if len(text) < SHORTEST_CUT:
        return None
    cut = text[: int(len(text) * KEPT_SHARE)]
    return Injured(
        replace(answer, text=cut, outcome="truncated", finish_reason="length"),
        "truncated",
    )


def refused(answer: Answer, _injury: Injury) -> Injured | None:
    """Decline politely."""
    if answer.outcome == "refused":
        return None
    language = likely_language(answer.text) or "en"
    text = _REFUSALS.get(language, _REFUSALS["en"])
    said = replace(answer, text=text, tool_calls=(), media=(), outcome="refused")
    return Injured(said, "refused")


def foreign_facts(answer: Answer, injury: Injury) -> Injured | None:
    """Add a sentence of another case's answer that names or counts something."""
    if structured(answer.text) is not NOTHING or not answer.text.strip():
        return None
    sentences = SENTENCE.findall(injury.other.text)
    foreign = [
        each.strip()
        for each in sentences
        if SAYS.search(each) and each.strip() not in answer.text
    ]
    if not foreign:
        return None
    return with_text(answer, f"{answer.text.rstrip()} {injury.rng.choice(foreign)}")
