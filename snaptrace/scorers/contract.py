"""Contract of a scorer that comes from outside, and the data that passes through it.

A scorer is an object found by an entry point of the group `snaptrace.scorers`, or by
`module:name`. It runs in a confined process of its own (`snaptrace/sandbox`).
"""

from collections.abc import Awaitable
from typing import Protocol, TypeAlias

from msgspec import Struct

from snaptrace.snapshot.conversation import Conversation
from snaptrace.snapshot.model import Answer, Snapshot

GROUP = "snaptrace.scorers"


class Score(Struct, frozen=True):
    """Score of an answer under one rule."""

    value: float | None  # 0 useless .. 1 right; None: an outside judge was away
    reason: str = ""  # one line for a person; required when value is None
    unsure: bool = False  # rewording or another statement: no rule can tell


class ScorerCase(Struct, frozen=True, kw_only=True):
    """The case that an answer is scored against. It is never a scored answer."""

    snapshot: Snapshot  # the recorded call
    conversation: Conversation | None  # typed view of the request; None: no messages
    reference: Answer  # the recorded answer
    task: str = ""  # of the call, as `table`; "" if unknown

    @property
    def question(self) -> str:
        """Text of the newest user turn, "" where there is none."""
        messages = self.conversation.messages if self.conversation else ()
        turns = [message for message in messages if message.role == "user"]
        parts = turns[-1].parts if turns else ()
        return "\n".join(text for part in parts if (text := getattr(part, "text", "")))


Given: TypeAlias = Score | float | bool | None


class Scorer(Protocol):
    """Judges an answer: same inputs, same score.

    `snaptrace scorer check` tests all that is promised here.
    """

    name: str
    version: str  # another one after every change of a value

    def applies(self, case: ScorerCase) -> bool:
        """Decided from request and reference alone; no answer is seen."""
        ...

    def score(self, case: ScorerCase, answer: Answer) -> Given | Awaitable[Given]:
        """Return how usable an answer is, in [0, 1]; which arm gave it is unknown.

        An empty, refused or unparseable answer scores 0, not None.
        """
        ...
