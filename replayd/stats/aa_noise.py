"""Noise floor: the control against itself, and whether that comparison is unbiased.

Two runs of the same model differ by chance only, so the mean of their
differences is zero. If evidence says otherwise, in either direction, the harness
treats its two arms unlike and no verdict of it means anything. Such an alarm
stays for the epoch: no later evidence repairs the pairs that were judged.
"""

from msgspec import Struct

from replayd.stats.evidence import Evidence, discordance, mean_of
from replayd.stats.intervals import log_threshold
from replayd.stats.stream import DEFAULT_EPS

NOISE_ALPHA = 0.01  # chance of stopping a sound harness, both directions together


class NoiseState(Struct, frozen=True, kw_only=True):
    """State of a fold over A/A results."""

    evidence: Evidence = Evidence()
    alarmed_at: int | None = None  # A/A pairs when the alarm was raised; latched


class NoiseFloor(Struct, frozen=True, kw_only=True):
    """Difference between two runs of the control."""

    replays: int
    difference: float | None  # None before any A/A pair; should be near 0
    discordance: float | None  # mean squared difference; feeds `plan`
    alarmed: bool


def add_noise(
    state: NoiseState,
    difference: float,
    *,
    number: int,
    eps: float = DEFAULT_EPS,
    alpha: float = NOISE_ALPHA,
) -> NoiseState:
    """Return the state with one more A/A difference, in [-1, 1].

    Second run minus first; the two in the order in which they were dispatched.
    A mean within +-eps raises no alarm.

    Raises:
        OutOfRangeError: NaN or out of range; a scorer broke its contract.
        OutOfOrderError: `number` was folded before or came late.
    """
    evidence = state.evidence.add(difference, number=number)
    alarmed_at = state.alarmed_at
    if alarmed_at is None and difference != 0.0:
        threshold = log_threshold(alpha / 2)
        sides = (evidence, mirrored(evidence))
        if any(side.log_e_regression(-eps) >= threshold for side in sides):
            alarmed_at = evidence.replays
    return NoiseState(evidence=evidence, alarmed_at=alarmed_at)


def mirrored(evidence: Evidence) -> Evidence:
    """Return the evidence with signs reversed."""
    return Evidence(
        clip=evidence.clip,
        last_number=evidence.last_number,
        blocks=tuple(counts[::-1] for counts in evidence.blocks),
    )


def noise_floor(state: NoiseState) -> NoiseFloor:
    """Return the noise floor measured from the A/A pairs."""
    return NoiseFloor(
        replays=state.evidence.replays,
        difference=mean_of(state.evidence.totals(), state.evidence.clip),
        discordance=discordance(state.evidence),
        alarmed=state.alarmed_at is not None,
    )
