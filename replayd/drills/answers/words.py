"""Faults in single words: a name, a comparison, an option, a link, an operator."""

import re
from typing import Final

from replayd.drills.answers.contract import Injured, Injury, with_text
from replayd.drills.answers.statements import FENCE, NAME
from replayd.scoring.extract.structure.json_values import NOTHING, structured
from snaptrace.snapshot.model import Answer

# Each of a pair says the opposite of the other wherever it compares.
_OPPOSITES: Final = (
    ("more than", "less than"),
    ("higher", "lower"),
    ("above", "below"),
    ("before", "after"),
    ("increased", "decreased"),
    ("increase", "decrease"),
    ("larger", "smaller"),
    ("faster", "slower"),
    ("cheaper", "dearer"),
    ("left", "right"),
    ("north", "south"),
    ("east", "west"),
    ("most", "least"),
    ("maximum", "minimum"),
    ("at least", "at most"),
    ("earliest", "latest"),
    ("open", "closed"),
    ("mehr als", "weniger als"),
    ("höher", "niedriger"),
    ("vor dem", "nach dem"),
    ("steigt", "sinkt"),
    ("plus de", "moins de"),
    ("avant", "après"),
    ("más de", "menos de"),
    ("antes", "después"),
)
_TURNED: Final = {
    word: other for one, two in _OPPOSITES for word, other in ((one, two), (two, one))
}
_COMPARES: Final = re.compile(
    r"(?<!\w)(?:" + "|".join(map(re.escape, _TURNED)) + r")(?!\w)", re.IGNORECASE
)
_ELSEWHERE: Final = ("Bergen", "Osaka", "Tarifa", "Quito")
# `B`, `(B)`, `B.`, `Answer: B`: an answer that is a letter of a list.
_OPTION: Final = re.compile(
    r"\A\W*(?:(?:the\s+)?(?:answer|option|antwort|choice)\s*(?:is)?\s*[:=]?\s*)?"
    r"\W{0,3}(?P<letter>[A-E])(?=\W|\Z)(?![\w'’ ]*[a-z]{2})",
    re.IGNORECASE,
)
_LINK: Final = re.compile(r"https?://[^\s<>()\"'\]]+|[\w.+-]+@[\w-]+\.[\w.-]+\w")
_OPERATOR: Final = re.compile(
    r"(?<=[\w)\]] )(==|!=|<=|>=|<|>|\+|-|\*|and|or|AND|OR)(?= [\w(\[\"'])"
)
_WRONG: Final = {
    "==": "!=",
    "!=": "==",
    "<=": ">",
    ">=": "<",
    "<": ">=",
    ">": "<=",
    "+": "-",
    "-": "+",
    "*": "+",
    "and": "or",
    "or": "and",
    "AND": "OR",
    "OR": "AND",
}
_STATEMENT: Final = re.compile(r"(?i)\A\s*(?:select|with|update|delete)\b")


def name_changed(answer: Answer, injury: Injury) -> Injured | None:
    """Put another name in the place of one."""
    if structured(answer.text) is not NOTHING:
        return None
    found = [each for each in NAME.finditer(answer.text) if each[0][0].isupper()]
    if not found:
        return None
    chosen = injury.rng.choice(found)
    names = [each[0] for each in NAME.finditer(injury.other.text)]
    others = [
        name
        for name in (*names, *_ELSEWHERE)
        if name[0].isupper() and name not in answer.text
    ]
    if not others:
        return None
    return _in_place(answer, chosen, injury.rng.choice(others))


def comparison_reversed(answer: Answer, injury: Injury) -> Injured | None:
    """Say more for less, before for after, left for right."""
    found = list(_COMPARES.finditer(answer.text))
    if not found:
        return None
    chosen = injury.rng.choice(found)
    other = _TURNED[chosen[0].lower()]
    cased = other.capitalize() if chosen[0][0].isupper() else other
    return _in_place(answer, chosen, cased)


def option_changed(answer: Answer, injury: Injury) -> Injured | None:
    """Choose another letter of a list."""
    found = _OPTION.match(answer.text)
    if found is None:
        return None
    letter = found["letter"]
    other = injury.rng.choice([each for each in "ABCD" if each != letter.upper()])
    start, end = found.span("letter")
    cased = other if letter.isupper() else other.lower()
    return with_text(answer, answer.text[:start] + cased + answer.text[end:])


def link_changed(answer: Answer, injury: Injury) -> Injured | None:
    """Misspell one link or address."""
    found = list(_LINK.finditer(answer.text))
    if not found:
        return None
    chosen = injury.rng.choice(found)
    letters = [at for at, each in enumerate(chosen[0]) if each.isalpha() and at > 8]
    if not letters:
        return None
    at = injury.rng.choice(letters)
    other = injury.rng.choice([c for c in "aeimnorstu" if c != chosen[0][at].lower()])
    return _in_place(answer, chosen, chosen[0][:at] + other + chosen[0][at + 1 :])


def operator_changed(answer: Answer, injury: Injury) -> Injured | None:
    """Change one operator in code: `<` for `>=`, `or` for `and`."""
    text = answer.text
    blocks = [found.span() for found in FENCE.finditer(text)]
    if not blocks and _STATEMENT.match(text):
        blocks = [(0, len(text))]
    found = [
        each for start, end in blocks for each in _OPERATOR.finditer(text, start, end)
    ]
    if not found:
        return None
    chosen = injury.rng.choice(found)
    return _in_place(answer, chosen, _WRONG[chosen[0]])


def _in_place(answer: Answer, found: re.Match[str], other: str) -> Injured | None:
    text = answer.text
    return with_text(answer, text[: found.start()] + other + text[found.end() :])
