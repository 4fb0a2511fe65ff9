"""Contract of a fault on the way out: a known change of a model's answer."""

import random
from collections.abc import Callable
from typing import TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from replayd.model import Outcome
from snaptrace.snapshot.model import Answer


class Injury(Struct, frozen=True, kw_only=True):
    """Everything beside the answer that a fault may use; the same for the same case."""

    rng: random.Random  # seeded by case and fault
    instructions: str = ""  # system prompts and the newest question
    other: Answer = Answer()  # another case's answer, of the same modality


class Injured(Struct, frozen=True):
    """A changed answer, and what an endpoint would call it."""

    answer: Answer
    outcome: Outcome = "answered"


# None: the fault has nothing to change in this answer.
Apply: TypeAlias = Callable[[Answer, Injury], Injured | None]


class AnswerFault(Struct, frozen=True):
    """One fault, or a twin: a change that a reader would not call worse.

    To add one: a function in a file beside this one and a row in `__init__.py`. The
    contract tests find it by its row. A fault must leave an answer that a person would
    reject, or return None.
    """

    name: str  # label of metrics and certificates; never reused for another change
    apply: Apply
    harmless: bool = False


def with_text(answer: Answer, text: str | None) -> Injured | None:
    """Return the answer with another text; None if nothing changed."""
    if text is None or text == answer.text:
        return None
    return Injured(replace(answer, text=text))
