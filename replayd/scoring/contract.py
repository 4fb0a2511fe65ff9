"""Contract of a scorer, and the case it scores."""

from collections.abc import Mapping
from functools import cached_property
from types import MappingProxyType
from typing import Final, Protocol, runtime_checkable

from msgspec import Struct
from msgspec.structs import replace

from replayd.scoring.extract.language.language import language_asked
from replayd.scoring.extract.language.language_id import likely_language
from replayd.scoring.extract.language.refusals import refuses, says_nothing
from replayd.scoring.extract.prose.facts import Facts, facts_of
from replayd.scoring.extract.request_facts import (
    asks_for_words,
    instructions,
    newest_question,
    system_prompt,
    whole_request,
)
from replayd.scoring.extract.structure.body import body_of, without_thoughts
from replayd.scoring.extract.structure.conclusion import (
    conclusion_of,
    recorded_conclusion,
)
from replayd.scoring.extract.structure.json_values import NOTHING, structured
from replayd.scoring.extract.structure.options import label_sets
from replayd.scoring.extract.text import Text
from snaptrace.scorers.contract import Score
from snaptrace.snapshot.conversation import Conversation
from snaptrace.snapshot.model import Answer, Json, Snapshot

__all__ = ["Anchored", "Corroborated", "Said", "Score", "Scorer", "ScoringCase"]


NO_BLOBS: Final[Mapping[int, bytes]] = MappingProxyType({})


class Said:
    """An answer, and what rules read in it: once, by whichever asks first."""

    def __init__(self, answer: Answer, blobs: Mapping[int, bytes] = NO_BLOBS) -> None:
        self.answer, self.blobs = answer, blobs
        self.text = Text(answer.text)

    @cached_property
    def refuses(self) -> bool:
        """Whether it declines to do what was asked."""
        return refuses(self.answer)

    @cached_property
    def is_empty(self) -> bool:
        """Whether there is no text, no tool call, no media and no refusal."""
        return says_nothing(self.answer)

    @cached_property
    def body(self) -> str:
        """Its text without reasoning, courtesies and whatever else stands around it."""
        return body_of(self.answer.text)

    @cached_property
    def json(self) -> Json:
        """The object or list that its text is, else `NOTHING`."""
        return structured(self.answer.text)


class ScoringCase(Struct, frozen=True, kw_only=True, dict=True):
    """Reference of a case. It is never a scored answer."""

    snapshot: Snapshot
    conversation: Conversation | None  # typed view of the request; None: no messages
    reference: Answer  # a pinned assertion's answer, else the recording
    assertions: tuple[dict[str, object], ...] = ()  # of the pin, if any
    reference_blobs: dict[int, bytes] = {}  # bytes of `reference.media[i]`, where kept

    @cached_property
    def recorded(self) -> Said:
        """The reference, as rules read it."""
        return Said(self.reference, self.reference_blobs)

    @cached_property
    def nothing_recorded(self) -> bool:
        """Whether there is no recorded answer that another could be held against."""
        return not self.reference.observed or self.reference.outcome == "error"

    @cached_property
    def settled(self) -> "ScoringCase":
        """The case with what the recording concludes in place of all that it says."""
        text = without_thoughts(self.reference.text)
        found = recorded_conclusion(text, self.instructions)
        if found is None:
            return self
        return replace(self, reference=replace(self.reference, text=found))

    def conclusion_of(self, said: Said) -> Said:
        """Return an answer's conclusion, where the recording has a place for it."""
        if self.settled is self:
            return said
        text = without_thoughts(said.answer.text)
        found = conclusion_of(text, self.instructions)
        if found is None:
            return said
        return Said(replace(said.answer, text=found), said.blobs)

    @cached_property
    def question(self) -> str:
        """The text of the newest user turn, "" where there is none."""
        return newest_question(self.conversation)

    @cached_property
    def system_prompt(self) -> str:
        """Instructions to the model."""
        return system_prompt(self.conversation)

    @cached_property
    def request(self) -> Text:
        """All text of the request, newest first."""
        return Text(whole_request(self.conversation))

    @cached_property
    def instructions(self) -> str:
        """System prompts and the newest user turn."""
        return instructions(self.conversation)

    @cached_property
    def asks_for_words(self) -> bool:
        """Whether the words of a recording are asked for, not an answer to them."""
        return asks_for_words(self.conversation)

    @cached_property
    def labels(self) -> tuple[str, ...]:
        """The labels offered for a classification, where the recording uses one."""
        return self.label_sets[0] if self.label_sets else ()

    @cached_property
    def label_sets(self) -> tuple[tuple[str, ...], ...]:
        """All sets of labels that the recording uses one of, the largest first."""
        return label_sets(self.instructions, self.reference.text)

    @cached_property
    def facts(self) -> Facts:
        """Claims of the reference."""
        return facts_of(self.recorded.text, question=self.question)

    @cached_property
    def language(self) -> str | None:
        """The language to answer in, None where that cannot be said."""
        recorded = self.recorded
        if self.nothing_recorded or recorded.refuses:
            return None
        if not self.reference.text.strip() or recorded.json is not NOTHING:
            return None
        # A prompt that production itself did not follow is no rule to hold others to,
        # so it counts only where the recording does not say.
        said = likely_language(self.reference.text)
        if said == "zh" and likely_language(self.question) == "ja":
            return "ja"  # names and numbers in Chinese characters alone
        return said or language_asked(instructions(self.conversation))

    def hides(self, *leaves: str) -> bool:
        """Whether the telemetry could not show, or lost, one of these body fields."""
        fidelity = self.snapshot.fidelity
        return any(
            path.split(".", 1)[0] in leaves
            for path in (*fidelity.unobserved, *fidelity.missing)
        )


class Scorer(Protocol):
    """Judges an answer: same inputs, same score.

    To add one: a file beside this one, a row in `SCORERS` (`__init__.py`), and cases
    in `tests/golden/scoring/`. The contract tests find it by its row.
    """

    name: str  # metric label; never reused once the rule has changed

    def applies(self, case: ScoringCase) -> bool:
        """Decided from request and reference alone, never from an answer."""
        ...

    async def score(self, case: ScoringCase, said: Said) -> Score:
        """An empty, refused or unparseable answer scores 0, not None."""
        ...


@runtime_checkable
class Corroborated(Protocol):
    """A scorer that reads the other arm's answer too, where there is one.

    Two answers of one model differ in wording that a recording alone cannot excuse.
    Both arms are scored beside each other by the same function, so arms that are alike
    differ by nothing on average, whatever it does.
    """

    async def score_beside(self, case: ScoringCase, said: Said, other: Said) -> Score:
        """Return the score of `said`; decided as `Scorer.score` is."""
        ...


@runtime_checkable
class Anchored(Protocol):
    """A scorer that measures by the control's answer where none was recorded.

    The control itself is measured by its second call, else by itself: it has the full
    value then, and what its own answers differ by has to be tolerated by the rule.
    """

    async def score_against(
        self, case: ScoringCase, said: Said, control: Said
    ) -> Score:
        """Return the score of `said`; decided as `Scorer.score` is."""
        ...
