"""What a scorer promises."""

from typing import Protocol

from msgspec import Struct

from snaptrace.snapshots.conversation import Conversation
from snaptrace.snapshots.model import Answer, Snapshot


class Score(Struct, frozen=True):
    """How good an answer is under one rule."""

    value: float | None  # 0 useless .. 1 right; None: an outside judge was away
    reason: str = ""  # one line for a person; required when value is None


class ScoringCase(Struct, frozen=True, kw_only=True):
    """What an answer is judged against. The reference is never a scored answer."""

    snapshot: Snapshot
    conversation: Conversation | None  # typed view of the request; None: no messages
    reference: Answer  # a pinned assertion's answer, else the recording
    assertions: tuple[dict[str, object], ...] = ()  # of the pin, if any


class Scorer(Protocol):
    """Judges an answer: same inputs, same score.

    To add one: a file beside this one, a row in `SCORERS` (`__init__.py`), and cases
    in `tests/golden/scoring/`. The contract tests find it by its row.
    """

    name: str  # metric label; never reused once the rule has changed

    def applies(self, case: ScoringCase) -> bool:
        """Decided from request and reference alone, never from an answer."""
        ...

    async def score(self, case: ScoringCase, answer: Answer) -> Score:
        """An empty, refused or unparseable answer scores 0, not None."""
        ...
