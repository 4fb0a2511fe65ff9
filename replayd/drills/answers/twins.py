"""Harmless changes: another wording, notation or layout of the same answer.

Where the instructions ask for one form, another form is no harmless change, so a twin
then has nothing to do.
"""

import json
import re
from typing import Any, Final

from replayd.drills.answers.contract import Injured, Injury, with_text
from replayd.drills.answers.statements import NAME
from replayd.scoring.extract.language.language_id import likely_language
from replayd.scoring.extract.structure.json_values import NOTHING, parsed, structured
from snaptrace.snapshot.model import Answer

# Wordings that can stand for each other in any sentence.
_WORDINGS: Final = {
    "it's": "it is",
    "isn't": "is not",
    "aren't": "are not",
    "doesn't": "does not",
    "don't": "do not",
    "can't": "cannot",
    "won't": "will not",
    "approximately": "about",
    "however": "but",
    "therefore": "so",
    "additionally": "also",
    "because": "since",
    "in order to": "to",
    "such as": "like",
    "for example": "for instance",
    "purchase": "buy",
    "is located in": "is in",
    "shows": "displays",
    "indicates": "shows",
    "ungefähr": "etwa",
    "jedoch": "aber",
    "außerdem": "zudem",
    "zum beispiel": "beispielsweise",
    "environ": "à peu près",
    "cependant": "toutefois",
    "par exemple": "à titre d'exemple",
    "sin embargo": "no obstante",
    "aproximadamente": "alrededor de",
}
_WORDING: Final = re.compile(
    r"(?<![\w'’])(?:" + "|".join(map(re.escape, _WORDINGS)) + r")(?![\w'’])",
    re.IGNORECASE,
)
_ASKS_FORM: Final = re.compile(
    r"\b(?:only|just|exactly|verbatim|nothing else|no other|one word|single (?:word|number)"
    r"|plain text|no markdown|without (?:markdown|formatting)|format|json|csv|xml|yaml"
    r"|nur|ausschließlich|seulement|uniquement|solo|solamente|únicamente)\b",
    re.IGNORECASE,
)
_LARGE: Final = re.compile(r"(?<![\w.,/:-])(\d{1,3})(\d{3})(?![\w/:-]|[.,]\d)")
_GROUPED: Final = re.compile(r"(?<![\w.,])(\d{1,3})[,](\d{3})(?![\w]|[.,]\d)")
_PROSE: Final = re.compile(r"(?m)^[A-Z][^\n|`*#{}<>]{40,}$")
_LINE_END: Final = re.compile(r"(?<=[.!?])\n(?=[A-Z])")
_APOSTROPHE: Final = re.compile(r"(?<=[^\W\d_])'(?=[^\W\d_])")
_QUOTED: Final = re.compile(r"\"([^\"\n]{1,200})\"")
FEWEST_WORDS: Final = 8  # for a thought before the answer to be no answer of its own
YEARS: Final = range(1800, 2200)


def reworded(answer: Answer, _injury: Injury) -> Injured | None:
    """Put other words of the same meaning."""
    if structured(answer.text) is not NOTHING or "```" in answer.text:
        return None

    def other(found: re.Match[str]) -> str:
        wording = _WORDINGS[found[0].lower()]
        return wording.capitalize() if found[0][0].isupper() else wording

    return with_text(answer, _WORDING.sub(other, answer.text))


def number_format(answer: Answer, injury: Injury) -> Injured | None:
    """Write thousands with a comma, or without one."""
    text = answer.text
    if structured(text) is not NOTHING or "```" in text or _form(injury):
        return None
    if _GROUPED.search(text):
        return with_text(answer, _GROUPED.sub(r"\1\2", text))

    def grouped(found: re.Match[str]) -> str:
        plain = int(found[0]) in YEARS or found[0][0] == "0"
        return found[0] if plain else f"{found[1]},{found[2]}"

    return with_text(answer, _LARGE.sub(grouped, text))


def markdown(answer: Answer, injury: Injury) -> Injured | None:
    """Set what stands out in plain prose in bold."""
    if _form(injury) or not _PROSE.search(answer.text) or "**" in answer.text:
        return None
    return with_text(answer, NAME.sub(r"**\g<0>**", answer.text, count=3))


def key_order(answer: Answer, _injury: Injury) -> Injured | None:
    """Write the fields of a JSON answer in another order."""
    value = parsed(answer.text)
    if not isinstance(value, dict | list):
        return None
    text = json.dumps(_reversed(value), ensure_ascii=False, indent=2)
    if json.dumps(_reversed(value)) == json.dumps(value):
        return None
    return with_text(answer, text)


def _reversed(value: Any) -> Any:  # noqa: ANN401 - JSON
    if isinstance(value, dict):
        return {key: _reversed(value[key]) for key in reversed(list(value))}
    if isinstance(value, list):
        return [_reversed(each) for each in value]
    return value


def reasoning_first(answer: Answer, injury: Injury) -> Injured | None:
    """Think aloud before the answer."""
    text = answer.text
    prose = structured(text) is NOTHING and len(text.split()) >= FEWEST_WORDS
    if not prose or answer.tool_calls or _form(injury):
        return None
    thought = "<think>Let me look at what is asked, and at what I know of it.</think>"
    return with_text(answer, f"{thought}\n\n{text}")


def spacing(answer: Answer, _injury: Injury) -> Injured | None:
    """Lay JSON out in another way; put a blank line between lines of prose."""
    value = parsed(answer.text)
    if isinstance(value, dict | list):
        indent = None if "\n" in answer.text.strip() else 2
        text = json.dumps(value, ensure_ascii=False, indent=indent)
        return with_text(answer, text)
    if "```" in answer.text or not _PROSE.search(answer.text):
        return None
    return with_text(answer, _LINE_END.sub("\n\n", answer.text))


def quotes(answer: Answer, injury: Injury) -> Injured | None:
    """Write curly apostrophes and quotation marks for straight ones."""
    text = answer.text
    code = structured(text) is not NOTHING or "`" in text
    if code or _form(injury) or not _PROSE.search(text):
        return None
    quoted = _QUOTED.sub("\u201c\\1\u201d", _APOSTROPHE.sub("\u2019", text))
    return with_text(answer, quoted)


def closing_offer(answer: Answer, injury: Injury) -> Injured | None:
    """Offer more help at the end."""
    text = answer.text.rstrip()
    english = likely_language(text) == "en"
    if _form(injury) or not english or not _PROSE.search(text) or "```" in text:
        return None
    return with_text(answer, f"{text}\n\nLet me know if you need anything else.")


def _form(injury: Injury) -> bool:
    """Whether the instructions ask for a form that the change would break."""
    return _ASKS_FORM.search(injury.instructions) is not None
