"""Expectation of a pin: its recording or assertions, without masked parts.

Assertions on content that every run must meet go to the scorer; those that some of
several runs must meet, warnings and bands are looked at here.
"""

from collections.abc import Sequence
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from replayd.model import ArmAnswer
from replayd.offline.suite.company import ALONE, Company
from replayd.offline.suite.file_kinds import BANDS, RUBRIC
from replayd.offline.suite.masks import Masks
from replayd.scoring.assertions import KINDS, met
from replayd.scoring.contract import Said, ScoringCase
from replayd.scoring.extract.masking import ANSWER_TEXT, masked_reference
from replayd.scoring.recorded import scoring_case
from snaptrace.snapshot.model import Json, Snapshot
from snaptrace.suite.model import AssertEntry, IgnoreEntry

MOST_MASKED: Final = 0.8  # of a recording, from which nothing is left to hold to


class Expected(Struct, frozen=True):
    """Entry of a suite file for one case."""

    assertions: tuple[AssertEntry, ...] = ()
    ignores: tuple[IgnoreEntry, ...] = ()
    hard: bool = False
    runs: int = 0  # of a hard pin; 0: as the command says


class Held(Struct, frozen=True, kw_only=True):
    """One case as its answers are judged."""

    scoring: ScoringCase
    masks: Masks
    by_recording: bool  # no assertion takes the recording's place
    counted: tuple[AssertEntry, ...] = ()  # at least k of n runs
    warned: tuple[AssertEntry, ...] = ()
    rubrics: tuple[AssertEntry, ...] = ()  # for a judge model
    masked_stretches: int = 0
    masked_share: float = 0.0
    company: Company = ALONE  # recordings of the whole suite


def held_to(
    snapshot: Snapshot,
    assertion: Json,
    expected: Expected | None,
    company: Company = ALONE,
) -> Held:
    """Return what a pin's answers are held to.

    A suite file stands above the assertion that the pin itself has.
    """
    if expected is None:
        scoring = scoring_case(snapshot, assertion)
        return Held(
            scoring=scoring,
            masks=Masks(),
            by_recording=not scoring.assertions,
            company=company,
        )
    masks = Masks(expected.ignores)
    snapshot, stretches, share = _masked(snapshot, masks)
    gating = [each for each in expected.assertions if not _warns(each)]
    required = [
        {each.kind: each.wanted}
        for each in gating
        if each.kind in KINDS and not each.at_least
    ]
    return Held(
        scoring=scoring_case(snapshot, required or None),
        masks=masks,
        by_recording=not gating,
        counted=tuple(each for each in gating if each.at_least),
        warned=tuple(each for each in expected.assertions if _warns(each)),
        rubrics=tuple(e for e in expected.assertions if e.kind == RUBRIC),
        masked_stretches=stretches,
        masked_share=share,
        company=company,
    )


def _warns(entry: AssertEntry) -> bool:
    return entry.warning or (entry.kind in BANDS and not entry.at_least)


def _masked(snapshot: Snapshot, masks: Masks) -> tuple[Snapshot, int, float]:
    """Return the snapshot with a masked recording, and how much of it was masked."""
    if not masks.kinds:
        return snapshot, 0, 0.0
    # Redacted stretches first: their offsets are those of the recorded text.
    reference = masked_reference(snapshot, snapshot.answer)
    masked = masks.apply(reference)
    cut = tuple(
        replace(each, path="answer", start=0, end=0)
        if each.path == ANSWER_TEXT
        else each
        for each in snapshot.redaction.replaced
    )
    redaction = replace(snapshot.redaction, replaced=cut)
    changed = replace(snapshot, answer=masked.answer, redaction=redaction)
    return changed, masked.stretches, masked.share


def unmet(
    entries: Sequence[AssertEntry], held: Held, answer: ArmAnswer
) -> tuple[str, ...]:
    """Return which of `entries` an answer does not meet, each with what was found."""
    said = Said(held.masks.apply(answer.answer).answer)
    return tuple(
        _found(entry, answer)
        for entry in entries
        if not _meets(entry, held.scoring, said, answer)
    )


def _meets(
    entry: AssertEntry, case: ScoringCase, said: Said, answer: ArmAnswer
) -> bool:
    if entry.kind in BANDS:
        value = BANDS[entry.kind](answer)
        return value is None or value <= entry.wanted
    if entry.kind == RUBRIC:
        return True  # a judge model's to say
    if said.is_empty:
        return False
    return met(entry.kind, entry.wanted, said, case)


def _found(entry: AssertEntry, answer: ArmAnswer) -> str:
    if entry.kind in BANDS:
        return f"{entry.kind}: {BANDS[entry.kind](answer):g} above {entry.wanted:g}"
    return f"{entry.kind}: not met"
