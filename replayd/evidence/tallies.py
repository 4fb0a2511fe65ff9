"""Counts of a modality beside its evidence. Bounded; folded like it."""

import math

from msgspec import Struct, field

from replayd.model import ArmOutcome, Outcome, PairResult, StreamScore

FAILURES: frozenset[Outcome] = frozenset(
    {"rate_limited", "server_error", "timeout", "malformed", "connection"}
)
PAIR_FAULT = "pair_fault"  # excluded: a defect of ours, after the pair was sent
ARM_UNREACHABLE = "arm_unreachable"  # excluded: two outages caught the pair
UNREACHABLE_LIMIT = 0.02  # share of pairs; what crashes an arm must not pass
STRETCH_PAIRS = 50  # two of these are looked back on
FEWEST_PAIRS = 10  # before a share of failures says anything
FAILURE_LIMIT = 0.2  # share of a stretch from which no pass is issued
OUTAGE_SPREADS = 2.0  # unequal outages beyond this many standard deviations
# Exclusions that mean: sent and answered, but no rule can value the answer. The others
# say that the case could not be replayed.
UNSCORABLE = frozenset({"unscorable_redacted", "unknown_assertion"})
UNSCORABLE_OPERATION = "no_scorer_"  # prefix; the operation follows
MOST_CAUSES = 32  # distinct words kept per counter; the rest are `other`


class Stretch(Struct):
    """Failures of both arms in a run of pairs."""

    pairs: int = 0
    canary: int = 0
    control: int = 0


class StreamTally(Struct):
    """Sums of one stream's scores, and why the canary fell behind."""

    pairs: int = 0
    canary_sum: float = 0.0
    control_sum: float = 0.0
    away_canary: int = 0  # an outside judge did not answer
    away_control: int = 0
    faults: int = 0  # a scorer broke its promise
    causes: dict[str, int] = field(default_factory=dict)
    seen: int = 0  # of a slice: pairs that came to it,
    unscored: int = 0  # and those among them without a value for quality
    newest_worse: int = -1  # number of the newest pair in which the canary lost
    newest_worse_at_ns: int = 0

    @property
    def scored_share(self) -> float | None:
        """Of a slice: share of its pairs with a value for quality; None: no pairs."""
        return 1.0 - self.unscored / self.seen if self.seen else None

    def see(self, score: StreamScore | None) -> None:
        """Count a pair of a slice by whether its quality was valued for both arms."""
        self.seen += 1
        self.unscored += score is None or score.canary is None or score.control is None

    def add(self, score: StreamScore, cause: str, result: PairResult) -> None:
        """Count a score of a pair that both arms have."""
        canary, control = score.canary or 0.0, score.control or 0.0
        self.pairs += 1
        self.canary_sum += canary
        self.control_sum += control
        if canary < control:
            count(self.causes, cause)
            self.newest_worse = result.number
            self.newest_worse_at_ns = result.committed_at_ns

    @property
    def unequal_outage(self) -> bool:
        """Whether judges stayed away from one arm more often than chance allows."""
        both = self.away_canary + self.away_control
        spread = abs(self.away_canary - self.away_control)
        return spread > OUTAGE_SPREADS * math.sqrt(both)

    @property
    def likeliest_cause(self) -> str:
        """The most frequent cause of worse pairs, "" if there is none."""
        return max(self.causes, key=lambda c: (self.causes[c], c), default="")


class ModalityTally(Struct):
    """Counts of one modality's traffic lane."""

    pairs: int = 0  # judged, not excluded
    excluded: dict[str, int] = field(default_factory=dict)  # by reason
    unscored: int = 0  # no quality rule applied
    unsupported: int = 0  # the canary alone does not take the modality
    canary_outcomes: dict[str, int] = field(default_factory=dict)
    control_outcomes: dict[str, int] = field(default_factory=dict)
    streams: dict[str, StreamTally] = field(default_factory=dict)
    recorded_seconds_sum: int = 0  # Unix time of the recordings, summed
    oldest_recorded_ns: int = 0
    newest_committed_ns: int = 0
    stretch: Stretch = field(default_factory=Stretch)
    stretch_before: Stretch = field(default_factory=Stretch)

    def count_pair(self, result: PairResult) -> None:
        """Count a pair of the traffic lane that was judged."""
        self.pairs += 1
        self.recorded_seconds_sum += result.recorded_at_ns // 1_000_000_000
        if not self.oldest_recorded_ns or (
            result.recorded_at_ns < self.oldest_recorded_ns
        ):
            self.oldest_recorded_ns = result.recorded_at_ns
        # Clocks jump; the newest commit never goes back.
        self.newest_committed_ns = max(self.newest_committed_ns, result.committed_at_ns)
        self._count_outcomes(result.canary, result.control)
        if "quality" not in result.streams:
            self.unscored += 1

    def _count_outcomes(
        self, canary: ArmOutcome | None, control: ArmOutcome | None
    ) -> None:
        if self.stretch.pairs >= STRETCH_PAIRS:
            self.stretch_before, self.stretch = self.stretch, Stretch()
        self.stretch.pairs += 1
        if canary is not None:
            count(self.canary_outcomes, canary.outcome)
            self.stretch.canary += canary.outcome in FAILURES
            if canary.outcome == "unsupported_modality" and (
                control is None or control.outcome != "unsupported_modality"
            ):
                self.unsupported += 1
        if control is not None:
            count(self.control_outcomes, control.outcome)
            self.stretch.control += control.outcome in FAILURES

    def scored(self, judged: int = 0) -> int:
        """Pairs whose quality was valued for both arms, `judged` by a judge alone."""
        quality = self.streams.get("quality")
        return judged + (quality.pairs if quality else 0)

    def scored_share(self, judged: int = 0) -> float | None:
        """Share of the replayed calls whose quality was valued; None: no calls yet."""
        unscorable = sum(n for why, n in self.excluded.items() if is_unscorable(why))
        replayed = self.pairs + unscorable
        return self.scored(judged) / replayed if replayed else None

    @property
    def arm_is_failing(self) -> bool:
        """Whether either arm failed too often of late for a pass to mean anything."""
        pairs = self.stretch.pairs + self.stretch_before.pairs
        worst = max(
            self.stretch.canary + self.stretch_before.canary,
            self.stretch.control + self.stretch_before.control,
        )
        return pairs >= FEWEST_PAIRS and worst > FAILURE_LIMIT * pairs

    @property
    def _often_unreachable(self) -> bool:
        """Whether outages took out more pairs than a pass can do without."""
        gone = self.excluded.get(ARM_UNREACHABLE, 0)
        return gone > UNREACHABLE_LIMIT * (self.pairs + gone)

    def withheld_because(self) -> tuple[str, ...]:
        """Return why no pass may be issued, in words of a bounded set."""
        reasons: list[str] = []
        if self.arm_is_failing or self._often_unreachable:
            reasons.append("arm_failing")
        if any(tally.unequal_outage for tally in self.streams.values()):
            reasons.append("judge_outage")
        if any(tally.faults for tally in self.streams.values()):
            reasons.append("scorer_fault")
        if self.excluded.get(PAIR_FAULT):
            reasons.append(PAIR_FAULT)
        return tuple(reasons)


def is_unscorable(excluded: str) -> bool:
    """Whether a pair was excluded because no rule can value its answers."""
    return excluded in UNSCORABLE or excluded.startswith(UNSCORABLE_OPERATION)


def count(counts: dict[str, int], word: str) -> None:
    """Add one to `word`, or to `other` once the counter holds enough words."""
    if word not in counts and len(counts) >= MOST_CAUSES:
        word = "other"
    counts[word] = counts.get(word, 0) + 1
