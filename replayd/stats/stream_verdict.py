"""Verdict of one stream, updated at every replay.

Two claims are bet against all the while: "the mean never fell below -eps" (its
refutation is the alarm, error `alpha_regression`) and "the mean is -margin or
worse" (its refutation is the pass, error `alpha_pass`). Both errors hold for the
whole epoch although one looks after every replay.

An alarm is latched. It is lifted only when, on every window that it blamed, the
evidence rules out a drop as large as the margin. Windows are blamed by the look
at which the alarm was last current, so that an alarm whose evidence has faded is
not held up by blocks opened since. Whatever windows are picked, the shares of
`restarts.py` pay for the choice.
"""

from collections.abc import Sequence

import numpy as np

from replayd.stats.bins import FloatArray
from replayd.stats.errors import DamagedStateError
from replayd.stats.evidence import (
    Evidence,
    check,
    discordance,
    mean_of,
    new_evidence,
    outcomes,
    recent,
)
from replayd.stats.histogram import GrowingEvidence
from replayd.stats.intervals import (
    Interval,
    log_threshold,
    lower_bound,
    upper_bound_mixed,
)
from replayd.stats.restarts import block_start, log_e_mixed, log_start_shares
from replayd.stats.sample_size import replays_to_pass
from replayd.stats.stream import (
    Alarm,
    StreamSettings,
    StreamState,
    StreamVerdict,
    StreamWord,
)
from replayd.stats.wealth import Bounds, Wealth

BLAME_NATS = 5.0  # starts this close to the likeliest one are blamed with it
PRIOR_REPLAYS = 25  # weight of the expected discordance beside the observed


class _Unseen:
    """Change of a fold's evidence since the last evaluation."""

    def __init__(self, regression: float, passes: FloatArray) -> None:
        self.regression = Bounds(regression)
        self.whole = Bounds(float(passes[0]))  # against "too large a drop", all replays
        # The same since whichever block, one still to be opened among them.
        self.any = Bounds(max(float(passes.max()), float(log_start_shares(2)[1])))

    def move(self, at: int, below: Wealth, above: Wealth) -> None:
        """Update for one more replay that falls into bin `at`."""
        # What was not staked yet, and what is staked from now on, stays as it is.
        self.regression.low += min(below.least[at], 0.0)
        self.regression.high += max(below.most[at], 0.0)
        self.whole.low += above.least[at]
        self.whole.high += above.most[at]
        self.any.high += max(above.most[at], 0.0)


class StreamFold:
    """Incremental verdict of one stream over differences in dispatch order.

    `add` takes some microseconds, at 20,000 replays too. The leader keeps one per
    stream; `state` is what a checkpoint stores. Not safe for threads.
    """

    def __init__(
        self, settings: StreamSettings, state: StreamState | None = None
    ) -> None:
        """Go on from `state`, or start an epoch.

        Raises:
            DamagedStateError: `state` contradicts itself or the settings.
        """
        self.settings = settings
        self._alarm_at = log_threshold(settings.alpha_regression)
        self._pass_at = log_threshold(settings.alpha_pass)
        self._below = Wealth(-settings.eps, settings.clip, below=True)
        self._above = Wealth(-settings.margin, settings.clip, below=False)
        self._counting = GrowingEvidence(new_evidence(settings.clip))
        self._replays = 0
        self._alarm: Alarm | None = None
        self._blame_is_due = False  # the alarm was current, what it blames not renewed
        self._word: StreamWord = "undecided"
        self._unseen: _Unseen | None = None
        if state is not None:
            self._restore(state)

    @property
    def state(self) -> StreamState:
        """Frozen state from which a later process can resume."""
        self._renew_blame()
        return StreamState(evidence=self._evidence, alarm=self._alarm)

    @property
    def word(self) -> StreamWord:
        """The verdict as of the last replay."""
        return self._word

    @property
    def last_number(self) -> int:
        """Newest number counted, -1 before the first."""
        return self._counting.last_number

    @property
    def _evidence(self) -> Evidence:
        return self._counting.evidence

    def add(self, difference: float, *, number: int) -> StreamWord:
        """Add one difference in [-1, 1] and return the verdict.

        Raises:
            OutOfRangeError: NaN or out of range; nothing was changed.
            OutOfOrderError: `number` did not rise; nothing was changed.
        """
        at = self._counting.bin_of(difference, number)
        if (certain := self._without_a_look(at)) is None:
            # Whom the alarm blames is as of the last look at which it was current,
            # which may be the one before this.
            self._renew_blame()
        self._count(at, number)
        if certain is None:
            self._evaluate()
        else:
            self._word = certain
        return self._word

    def _count(self, at: int, number: int) -> None:
        full = self._counting.newest
        if self._counting.add(at, number):
            self._below.open(full)
            self._above.open(full)
        self._replays += 1

    def _restore(self, state: StreamState) -> None:
        check(state.evidence)
        if state.evidence.clip != self.settings.clip:
            raise DamagedStateError(f"clip {state.evidence.clip} is not the stream's")
        blocks = state.evidence.blocks
        if state.alarm:
            _check_alarm(state.alarm, state.evidence)
        for before in ((), *blocks[:-1]) if blocks else ():
            self._below.open(before)
            self._above.open(before)
        self._counting, self._alarm = GrowingEvidence(state.evidence), state.alarm
        self._replays = state.evidence.replays
        if blocks:
            self._evaluate()

    def _without_a_look(self, at: int) -> StreamWord | None:
        """Return the word after one more replay in bin `at`, if bounds settle it."""
        if (unseen := self._unseen) is None:
            return None
        unseen.move(at, self._below, self._above)
        current = unseen.regression.at_least(self._alarm_at)
        if not current and not unseen.regression.below(self._alarm_at):
            return None
        early = self._replays + 1 < self.settings.minimum_replays
        if self._alarm is not None:
            if not early and not unseen.any.below(self._pass_at):
                return None
            self._blame_is_due |= current
            return "regressed"
        if current:
            return None
        if early or unseen.whole.below(self._pass_at):
            return "undecided"
        return "pass" if unseen.whole.at_least(self._pass_at) else None

    def _evaluate(self) -> None:
        """Judge the counts as they stand and move the alarm."""
        newest = self._counting.newest
        log_e_since = self._below.log_e_since(newest)
        regression = float(log_e_mixed(log_e_since))
        passes = self._passing(newest)
        self._unseen = _Unseen(regression, passes)
        self._blame_is_due = False
        current = regression >= self._alarm_at
        if current:
            self._blame(log_e_since)
        if self._alarm and not self._passes(passes, self._alarm.blamed_blocks):
            self._word = "regressed"
            return
        self._alarm = None
        if current:
            self._word = "pass_with_drop"
        elif self._passes(passes, (0,)):
            self._word = "pass"
        else:
            self._word = "undecided"

    def _renew_blame(self) -> None:
        if self._blame_is_due:
            self._blame(self._below.log_e_since(self._counting.newest))
            self._blame_is_due = False

    def _blame(self, log_e_since: FloatArray) -> None:
        """Raise the alarm, or renew what it blames."""
        parts = log_e_since + log_start_shares(len(log_e_since))
        best = int(parts.argmax())
        close = np.flatnonzero(parts >= parts[best] - BLAME_NATS)
        self._alarm = Alarm(
            raised_at=self._alarm.raised_at if self._alarm else self._replays,
            best_block=best,
            blamed_blocks=tuple(map(int, close)),
        )

    def _passing(self, newest: Sequence[int]) -> FloatArray:
        """Return log(gamma_k E_k) against "mean since block k <= -margin" per block."""
        log_e_since = self._above.log_e_since(newest)
        return log_start_shares(len(log_e_since)) + log_e_since

    def _passes(self, passes: FloatArray, from_blocks: tuple[int, ...]) -> bool:
        """Whether a drop as large as the margin is ruled out on each window."""
        if self._replays < self.settings.minimum_replays:
            return False
        return all(float(passes[block]) >= self._pass_at for block in from_blocks)

    def _log_e(self) -> tuple[float, float]:
        """Return the evidence of a drop, and of none as large as the margin."""
        if not self._replays:
            return 0.0, float(log_start_shares(1)[0])
        newest = self._counting.newest
        regression = float(log_e_mixed(self._below.log_e_since(newest)))
        return regression, float(self._passing(newest)[0])

    def verdict(self) -> StreamVerdict:
        """Return the verdict with its interval; takes milliseconds: use a timer."""
        self._renew_blame()
        settings, evidence = self.settings, self._evidence
        log_e_regression, log_e_pass = self._log_e()
        window = self._window()
        counts = outcomes(evidence)
        difference = mean_of(evidence.totals(window), settings.clip)
        return StreamVerdict(
            stream=settings.stream,
            word=self._word,
            replays=evidence.replays,
            worse=counts.worse,
            same=counts.same,
            better=counts.better,
            difference=difference,
            interval=self._interval(window, difference),
            window_start=block_start(window),
            recent=recent(evidence),
            discordance=discordance(evidence),
            replays_needed=self._replays_needed(),
            log_e_regression=log_e_regression,
            log_e_pass=log_e_pass,
            log_threshold_regression=self._alarm_at,
            log_threshold_pass=self._pass_at,
            alpha_regression=settings.alpha_regression,
            alpha_pass=settings.alpha_pass,
            margin=settings.margin,
            eps=settings.eps,
            alarm_raised_at=self._alarm.raised_at if self._alarm else None,
            latched=self._alarm is not None and log_e_regression < self._alarm_at,
        )

    def _window(self) -> int:
        """Return the block from which the verdict speaks."""
        if self._alarm:
            return self._alarm.best_block
        if self._word == "pass_with_drop":
            log_e_since = self._below.log_e_since(self._counting.newest)
            return int((log_e_since + log_start_shares(len(log_e_since))).argmax())
        return 0

    def _interval(self, window: int, difference: float | None) -> Interval:
        """Return the ends at which this verdict would change.

        The upper end mixes all starts; it is widened to hold the window's own
        mean where a later start speaks of a lower one.
        """
        if difference is None:
            return Interval(-self.settings.clip, self.settings.clip)
        needed = self._pass_at - float(log_start_shares(window + 1)[window])
        high = upper_bound_mixed(self._evidence, self._alarm_at)
        return Interval(
            low=lower_bound(self._evidence, needed, window),
            high=max(high, difference),
        )

    def _replays_needed(self) -> int | None:
        settings, evidence = self.settings, self._evidence
        seen = discordance(evidence) or 0.0
        expected = min(settings.expected_discordance, settings.clip**2)
        blended = (seen * evidence.replays + expected * PRIOR_REPLAYS) / (
            evidence.replays + PRIOR_REPLAYS
        )
        needed = replays_to_pass(
            blended, settings.margin, settings.alpha_pass, settings.clip
        )
        return max(needed.p90, settings.minimum_replays) if needed else None


def judge_stream(state: StreamState, settings: StreamSettings) -> StreamVerdict:
    """Return the verdict on a stored state; equal to that of the original fold.

    Raises:
        DamagedStateError: `state` contradicts itself or the settings.
    """
    return StreamFold(settings, state).verdict()


def _check_alarm(alarm: Alarm, evidence: Evidence) -> None:
    """Refuse an alarm that no fold could have left.

    Raises:
        DamagedStateError: refold the results.
    """
    if not 0 < alarm.raised_at <= evidence.replays:
        raise DamagedStateError(f"alarm at {alarm.raised_at} of {evidence.replays}")
    if alarm.best_block not in alarm.blamed_blocks or not all(
        0 <= block < len(evidence.blocks) for block in alarm.blamed_blocks
    ):
        raise DamagedStateError("an alarm blames blocks that are not there")
