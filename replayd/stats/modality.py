"""Verdicts of a modality and of a gate: the worst of their inputs.

No average over streams or modalities exists here.
"""

from collections.abc import Sequence
from typing import Literal

from msgspec import Struct, structs

from replayd.stats.alpha_allocation import GATING_STREAMS, MOST_PROTECTED_SLICES
from replayd.stats.errors import OutOfRangeError
from replayd.stats.intervals import Interval
from replayd.stats.stream import StreamVerdict, StreamWord

Intent = Literal["equivalent", "upgrade"]
ModalityWord = Literal[
    "pass",
    "pass_with_drop",
    "changed",
    "regressed",
    "regressed_previous_epoch",
    "undecided",
]
Reason = Literal["", "noise", "unsupported", "blind", "unscored", "pass_withheld"]
GateWord = Literal["pass", "regressed", "undecided"]

# Worst last. A carried-over regression outranks all but a fresh one.
SEVERITY: tuple[ModalityWord, ...] = (
    "pass",
    "pass_with_drop",
    "undecided",
    "changed",
    "regressed_previous_epoch",
    "regressed",
)


class Circumstances(Struct, frozen=True, kw_only=True):
    """Conditions around a modality's streams that can withdraw its verdict."""

    coverage: float | None  # share of live traffic replayable; None: not known
    coverage_limit: float  # below it the modality is blind; [0, 1]
    scored: float | None = None  # share of replayed calls scored; None: not known
    scored_limit: float = 0.0  # below it the modality is unscored; 0: no limit
    unscored_slices: frozenset[str] = frozenset()  # protected ones below that limit
    insensitive: bool = False  # a fault that a pass must show is not known to be seen
    noise_alarm: bool = False  # the A/A stream alarmed: the harness is broken
    unsupported: bool = False  # the canary does not take this modality at all
    pass_withheld: bool = False  # failures or judge outages differ between arms
    regressed_previously: bool = False  # in the epoch before, and not since lifted


class ModalityVerdict(Struct, frozen=True, kw_only=True):
    """The verdict of one modality; numbers are those of the deciding stream."""

    modality: str
    word: ModalityWord
    deciding: str  # stream that decided, "" if a circumstance did
    reason: Reason  # why circumstances decided, "" if a stream did
    streams: tuple[StreamVerdict, ...]  # the three gating ones
    protected: tuple[StreamVerdict, ...]
    coverage: float | None
    replays: int
    difference: float | None
    interval: Interval
    replays_needed: int | None


def decide_quality(
    agreement: StreamVerdict,
    deciders: Sequence[StreamVerdict],
    intent: Intent,
    judge: StreamVerdict | None = None,
) -> StreamVerdict:
    """Return the `quality` verdict of a canary under its intent.

    `equivalent`: agreement with the reference decides and a drop is a
    regression; `deciders` (assertions, adjudication) only make it worse.
    `upgrade`: a drop in agreement says `changed` until the deciders have all
    passed or one has regressed. Without a drop in agreement none need pass, and
    if all of them pass, agreement need not.

    `judge` is the stream of a judge model that may gate. It counts the pairs of
    agreement too, and judges again those that differ: for `equivalent` it stands in
    the place of an agreement that is undecided, for `upgrade` it is a decider.

    A decider that is `regressed` always decides. The result is named after the
    stream that decided.
    """
    if judge is not None:
        deciders = (*deciders, judge)
    worst = _worst(deciders) if deciders else None
    if worst is not None and worst.word == "regressed":
        return worst
    if intent == "equivalent":
        if judge is None:
            return agreement
        return judge if agreement.word == "undecided" else _worst((agreement, judge))
    if worst is not None and worst.word in {"pass", "pass_with_drop"}:
        return worst
    if agreement.word == "regressed":
        return structs.replace(agreement, word="changed")
    return agreement


def judge_modality(
    modality: str,
    streams: Sequence[StreamVerdict],
    circumstances: Circumstances,
    protected: Sequence[StreamVerdict] = (),
) -> ModalityVerdict:
    """Return the worst of exactly three gating streams and all protected slices.

    `streams` come in the order of `GATING_STREAMS`. Circumstances go first, in
    this order: an unsupported modality is `regressed`; a noise alarm takes every
    measured verdict away; a regression that was found stands even where coverage
    is short; below the coverage limit or the scored limit anything else is
    `undecided`, and so is a pass without a scored share or with an unscored protected
    slice; a pass that could not show a required fault is blind; withheld, a pass is
    undecided too. An undecided modality that regressed in the
    previous epoch says so.

    Raises:
        OutOfRangeError: not three streams, or more than eight protected slices.
    """
    if len(streams) != len(GATING_STREAMS):
        raise OutOfRangeError("gating streams", len(streams), "{3}")
    if len(protected) > MOST_PROTECTED_SLICES:
        raise OutOfRangeError("protected slices", len(protected), "[0, 8]")
    deciding = _worst((*streams, *protected))
    word, reason = _word(deciding.word, circumstances)
    if word == "undecided" and circumstances.regressed_previously:
        word = "regressed_previous_epoch"
    return ModalityVerdict(
        modality=modality,
        word=word,
        deciding="" if reason else deciding.stream,
        reason=reason,
        streams=tuple(streams),
        protected=tuple(protected),
        coverage=circumstances.coverage,
        replays=deciding.replays,
        difference=deciding.difference,
        interval=deciding.interval,
        replays_needed=deciding.replays_needed,
    )


def judge_gate(modalities: Sequence[ModalityVerdict], *, strict: bool) -> GateWord:
    """Return the gate's verdict: the worst modality's, `undecided` without any.

    `pass_with_drop` passes unless `strict`, which makes it `regressed`. A
    regression of the previous epoch leaves a gate undecided: the new one is asked.
    """
    if not modalities:
        return "undecided"
    worst = max((verdict.word for verdict in modalities), key=SEVERITY.index)
    if worst == "regressed":
        return "regressed"
    if worst == "pass_with_drop":
        return "regressed" if strict else "pass"
    return "pass" if worst == "pass" else "undecided"


def _word(
    word: StreamWord, circumstances: Circumstances
) -> tuple[ModalityWord, Reason]:
    """Return what circumstances leave of the streams' word, and why."""
    coverage, limit = circumstances.coverage, circumstances.coverage_limit
    if circumstances.unsupported:
        return "regressed", "unsupported"
    if circumstances.noise_alarm:
        return "undecided", "noise"
    if word == "regressed":
        return word, ""
    if coverage is None or coverage < limit:
        return "undecided", "blind"
    passing = word in {"pass", "pass_with_drop"}
    if _unscored(circumstances, passing=passing):
        return "undecided", "unscored"
    if circumstances.insensitive and passing:
        return "undecided", "blind"
    if circumstances.pass_withheld and passing:
        return "undecided", "pass_withheld"
    return word, ""


def _unscored(circumstances: Circumstances, *, passing: bool) -> bool:
    """Whether quality was checked for too small a share of the replayed calls.

    Before the first pair nothing is known: that alone is no finding, but no pass.
    """
    scored, limit = circumstances.scored, circumstances.scored_limit
    if scored is None:
        return passing and limit > 0.0
    return scored < limit or (passing and bool(circumstances.unscored_slices))


def _worst(verdicts: Sequence[StreamVerdict]) -> StreamVerdict:
    """Return the worst verdict; among equal words the clearest or least sure one."""
    return max(verdicts, key=_badness)


def _badness(verdict: StreamVerdict) -> tuple[int, float]:
    if verdict.word in {"regressed", "changed"}:
        clear = verdict.log_e_regression - verdict.log_threshold_regression
    else:
        clear = verdict.log_threshold_pass - verdict.log_e_pass
    return SEVERITY.index(verdict.word), clear
