"""Rubrics of a suite: a judge model says whether an answer is worse than the recording.

Both orders are asked, and only one that both call worse, with a quote as evidence,
fails. Where nobody says so, the rubric is not judged.
"""

import hashlib
from collections.abc import Mapping
from typing import Final

from msgspec import Struct

from replayd.judge_model import prompt
from replayd.judge_model.model import JudgeModel
from replayd.judge_model.rubrics import TASKS, Rubric
from replayd.model import ArmAnswer
from replayd.offline.suite.file_kinds import RUBRIC
from replayd.offline.suite.held import Held
from snaptrace.suite.model import AssertEntry

ASKED_PER_ANSWER: Final = 2  # both orders


class RubricVerdicts(Struct, frozen=True, kw_only=True):
    """Verdicts of a judge model on one answer, rubric by rubric."""

    failed: tuple[str, ...] = ()  # of rubrics that every run must meet
    unjudged: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    unmet: frozenset[int] = frozenset()  # places in `Held.counted`


class RubricJudge:
    """Puts answers to a judge model. `model.arm.endpoint` is its owner's to open."""

    def __init__(self, model: JudgeModel) -> None:
        self._model = model

    async def verdicts(
        self, held: Held, answer: ArmAnswer, media: Mapping[int, bytes]
    ) -> RubricVerdicts:
        """Judge one answer by every rubric of its pin."""
        failed: list[str] = []
        unjudged: list[str] = []
        warnings: list[str] = []
        unmet: set[int] = set()
        for entry in held.rubrics:
            worse, why = await self._worse(held, entry, answer, media)
            if worse is None:
                unjudged.append(why)
            elif worse and entry in held.warned:
                warnings.append(why)
            elif worse and entry in held.counted:
                unmet.add(held.counted.index(entry))
            elif worse:
                failed.append(why)
        return RubricVerdicts(
            failed=tuple(failed),
            unjudged=tuple(unjudged),
            warnings=tuple(warnings),
            unmet=frozenset(unmet),
        )

    async def _worse(
        self,
        held: Held,
        entry: AssertEntry,
        answer: ArmAnswer,
        media: Mapping[int, bytes],
    ) -> tuple[bool | None, str]:
        said = prompt.said(held.masks.apply(answer.answer).answer)
        recorded = prompt.said(held.scoring.reference)
        if not recorded.strip():
            return None, f"{RUBRIC}: nothing was recorded to compare with"
        if said == recorded:
            return False, ""
        found = await self._model.compare(
            held.scoring, said, recorded, dict(media), rubric=self._rubric(entry)
        )
        if found.difference is None:
            return None, f"{RUBRIC}: the judge model said nothing ({found.reason})"
        quote = f": {found.quotes[0]}" if found.quotes else ""
        return found.difference < 0, f"{RUBRIC}: worse than the recording{quote}"

    def _rubric(self, entry: AssertEntry) -> Rubric:
        """Return the rubric of that name, else one of the file's own words."""
        text = str(entry.wanted)
        if text in TASKS:
            return self._model.rubrics.by_task[text]
        version = hashlib.blake2b(text.encode(), digest_size=4).hexdigest()
        return Rubric(task="prose", version=version, text=text)
