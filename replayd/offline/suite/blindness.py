"""Models without sense that a suite as a whole would call green.

A pin may be right to accept a plain yes, and a suite in which every pin does is passed
by a model that knows nothing else. Each such model answers every judged pin here,
offline, until one pin fails it; those that are left are what the suite is blind to.
"""

import re
from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

from msgspec.structs import replace

from replayd.drills.answers.values import list_markers
from replayd.model import ArmAnswer
from replayd.offline.suite.company import Company, says_more
from replayd.offline.suite.held import Held
from replayd.offline.suite.nonsense import in_language, is_accepted
from replayd.offline.suite.sense import own_words
from snaptrace.snapshot.model import Answer

SHORTEST_HALVED: Final = 24  # characters of a recording
MOST_CONSTANTS: Final = 50  # recordings that are tried as the answer to everything
_DIGIT: Final = re.compile(r"\d")
LONGEST_COLLAGE: Final = 20_000  # characters of all recordings at once

# None: here the model's answer is no other than a right one would be.
Answering: TypeAlias = Callable[[Held], Answer | None]

# What is always said, in languages of many recordings; else in English.
_ALWAYS: Final[Mapping[str, Mapping[str, str]]] = {
    "always yes": {
        "en": "Yes.",
        "de": "Ja.",
        "fr": "Oui.",
        "es": "Sí.",
        "it": "Sì.",
        "pt": "Sim.",
        "nl": "Ja.",
        "ja": "はい。",
        "zh": "是。",
    },
    "always no": {
        "en": "No.",
        "de": "Nein.",
        "fr": "Non.",
        "es": "No.",
        "it": "No.",
        "pt": "Não.",
        "nl": "Nee.",
        "ja": "いいえ。",
        "zh": "不是。",
    },
    "always OK": {"en": "OK"},
    "always a refusal": {
        "en": "I'm sorry, but I can't help with that.",
        "de": "Es tut mir leid, aber dabei kann ich nicht helfen.",
        "fr": "Je suis désolé, mais je ne peux pas vous aider avec cela.",
        "es": "Lo siento, pero no puedo ayudarte con eso.",
    },
    "never an idea": {
        "en": "I don't know.",
        "de": "Das weiß ich nicht.",
        "fr": "Je ne sais pas.",
        "es": "No lo sé.",
    },
    "always a question": {
        "en": "Could you please provide more details?",
        "de": "Könnten Sie bitte genauer sagen, worum es geht?",
        "fr": "Pourriez-vous donner plus de détails ?",
        "es": "¿Podría dar más detalles, por favor?",
    },
}


class Blindness:
    """Senseless models that every judged pin so far accepts."""

    def __init__(self, company: Company) -> None:
        self._left = _models(company)
        self._accepted: set[str] = set()

    async def look(self, held: Held, *, trusts_judge: bool = False) -> None:
        """Try the models that are left on one more pin that a canary passed.

        With `trusts_judge` a judge model has turned down senseless answers to this
        pin: it is not asked again for each of these.
        """
        if trusts_judge:
            self._left.clear()
        for name, answering in list(self._left.items()):
            answer = answering(held)
            if answer is None:
                continue
            if await is_accepted(held, ArmAnswer(outcome="answered", answer=answer)):
                self._accepted.add(name)
            else:
                self._left.pop(name, None)

    @property
    def found(self) -> tuple[str, ...]:
        """Names of the models that would pass everything looked at."""
        return tuple(name for name in self._left if name in self._accepted)


def _models(company: Company) -> dict[str, Answering]:
    at_once = "\n".join(each.text for each in company.recordings)[:LONGEST_COLLAGE]
    constants = sorted({each.text for each in company.recordings}, key=len)
    return {
        **{name: _always(texts) for name, texts in _ALWAYS.items()},
        "half of each recording": _half,
        "each recording backwards": lambda held: _changed(held, _recorded(held)[::-1]),
        "each recording with other values": _other_values,
        "the recording of another pin": lambda held: _of(held, _next(company, held)),
        "all recordings at once": _saying(at_once),
        **{f"always {text!r}": _saying(text) for text in constants[:MOST_CONSTANTS]},
    }


def _always(texts: Mapping[str, str]) -> Answering:
    return lambda held: _text(in_language(held.scoring, texts))


def _saying(text: str) -> Answering:
    return lambda held: _of(held, text)


def _recorded(held: Held) -> str:
    return held.scoring.reference.text


def _text(text: str) -> Answer:
    return Answer(text=text, finish_reason="stop")


def _changed(held: Held, text: str) -> Answer | None:
    """Return the recording with another text, if that is a change to this suite."""
    answer = replace(held.scoring.reference, text=text)
    return None if _is_recorded(held, answer) else answer


def _is_recorded(held: Held, answer: Answer) -> bool:
    one = held.masks.apply(answer).answer
    two = held.masks.apply(held.scoring.reference).answer
    return one.text.strip() == two.text.strip() and one.tool_calls == two.tool_calls


def _of(held: Held, text: str) -> Answer | None:
    """Return recordings of the suite as the answer, unless they say the same here."""
    return _text(text) if says_more(text, own_words(held)) else None


def _next(company: Company, held: Held) -> str:
    pin, every = held.scoring.snapshot.snapshot_id, company.recordings
    places = [place for place, each in enumerate(every) if each.pin == pin]
    return every[(places[0] + 1) % len(every)].text if places else ""


def _half(held: Held) -> Answer | None:
    text = _recorded(held).strip()
    if len(text) < SHORTEST_HALVED:
        return None
    return _changed(held, text[: len(text) // 2])


def _other_values(held: Held) -> Answer | None:
    """Change every digit, in tool calls too; numbers of lists say nothing."""
    recorded = held.scoring.reference
    markers = list_markers(recorded.text)
    text = _DIGIT.sub(
        lambda m: m[0] if m.start() in markers else _other(m), recorded.text
    )
    calls = tuple(
        replace(call, arguments=_DIGIT.sub(_other, call.arguments))
        for call in recorded.tool_calls
    )
    answer = replace(recorded, text=text, tool_calls=calls)
    return None if _is_recorded(held, answer) else answer


def _other(digit: re.Match[str]) -> str:
    return str(int(digit[0]) % 9 + 1)  # no 0: it may not lead a number
