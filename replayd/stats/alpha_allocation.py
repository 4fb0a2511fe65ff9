"""Allocation of the error rate to the streams that may raise an alarm in an epoch.

One number is promised: the chance that any gating stream of an unchanged canary
is ever called `regressed` or `changed` in an epoch stays below `alpha`. Four
fifths of it are split evenly over the streams frozen when the epoch starts; a
fifth is kept for modalities that appear later, so that their arrival does not
move the bar for those already being judged.
"""

from msgspec import Struct

from replayd.stats.errors import OutOfRangeError
from replayd.stats.intervals import log_threshold
from replayd.stats.stream import DEFAULT_ALPHA

GATING_STREAMS = ("answered", "invariants", "quality")  # of every modality
RESERVED_SHARE = 0.2
MOST_PROTECTED_SLICES = 8  # per modality


class ModalityPlan(Struct, frozen=True):
    """One modality's gating streams: three, plus declared ones."""

    modality: str
    protected: tuple[str, ...] = ()  # names of slices, one stream each
    deciders: tuple[str, ...] = ()  # adjudication, assertions; see `decide_quality`

    @property
    def streams(self) -> int:
        """Streams that may raise an alarm."""
        return len(GATING_STREAMS) + len(self.protected) + len(self.deciders)


class GatingSet(Struct, frozen=True, kw_only=True):
    """The modalities of an epoch: the frozen ones, then later ones in order.

    Part of an epoch's durable state: the order of arrival decides the shares.
    """

    frozen: tuple[ModalityPlan, ...]
    later: tuple[str, ...] = ()
    alpha: float = DEFAULT_ALPHA  # for the whole epoch; (0, 1)

    def __post_init__(self) -> None:
        log_threshold(self.alpha)
        for plan in self.frozen:
            if len(plan.protected) > MOST_PROTECTED_SLICES:
                raise OutOfRangeError(
                    f"protected slices of {plan.modality}",
                    len(plan.protected),
                    f"[0, {MOST_PROTECTED_SLICES}]",
                )

    def knows(self, modality: str) -> bool:
        """Whether `modality` already has a share."""
        return modality in self.later or any(
            plan.modality == modality for plan in self.frozen
        )

    def with_later(self, modality: str) -> "GatingSet":
        """Return the set with one more modality; unchanged if it is known."""
        if self.knows(modality):
            return self
        return GatingSet(
            frozen=self.frozen, later=(*self.later, modality), alpha=self.alpha
        )

    def alpha_regression(self, modality: str) -> float:
        """Return the share of each gating stream of `modality`.

        The j-th later modality (from 1) gets the part 1 / (j (j + 1)) of what was
        kept; those parts never add up to more than one. All shares together stay
        within `alpha`.

        Raises:
            KeyError: the modality was never added; `with_later` adds it.
        """
        if modality in self.later:
            j = self.later.index(modality) + 1
            kept = self.alpha * (RESERVED_SHARE if self.frozen else 1.0)
            return kept / (j * (j + 1)) / len(GATING_STREAMS)
        if not self.knows(modality):
            raise KeyError(modality)
        streams = sum(plan.streams for plan in self.frozen)
        return self.alpha * (1.0 - RESERVED_SHARE) / streams
