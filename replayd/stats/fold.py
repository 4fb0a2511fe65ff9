"""The verdict of one stream, kept up to date at every replay.

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

import numpy as np

from replayd.stats.betting import fixed_growth, log_e
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
from replayd.stats.intervals import (
    Interval,
    log_threshold,
    lower_bound,
    upper_bound_mixed,
)
from replayd.stats.planning import replays_to_pass
from replayd.stats.restarts import block_start, log_e_mixed, log_start_shares
from replayd.stats.stream import (
    Alarm,
    StreamSettings,
    StreamState,
    StreamVerdict,
    StreamWord,
)

BLAME_NATS = 5.0  # starts this close to the likeliest one are blamed with it
PRIOR_REPLAYS = 25  # weight of the expected discordance beside the observed


class _Wealth:
    """Log wealth of each bet since the start of each block, for one claim.

    Kept block by block in one fixed order of additions, so that a restored fold
    equals the one that was never stopped, bit for bit.
    """

    def __init__(self, growth: FloatArray) -> None:
        self._growth = growth  # (21, 16)
        self._closed = np.zeros((0, growth.shape[1]))  # since block, closed ones only
        self._newest = np.zeros(growth.shape[1])

    def count(self, counts: tuple[int, ...], *, opened: bool) -> None:
        """Take the newest block's counts (21,); `opened` if it is a new block."""
        if opened:
            rows = np.vstack([self._closed + self._newest, np.zeros_like(self._newest)])
            self._closed = rows
        self._newest = np.asarray(counts, dtype=np.float64) @ self._growth

    def log_e_since(self) -> FloatArray:
        """Return log E since the start of each block, shape (blocks,)."""
        return log_e(self._closed + self._newest)

    def log_e_from(self, block: int) -> float:
        """Return log E since the start of `block`."""
        return float(log_e(self._closed[block] + self._newest))


class StreamFold:
    """One stream's verdict as differences arrive in dispatch order.

    `add` takes well under half a millisecond at 20,000 replays. The leader keeps
    one per stream; `state` is what a checkpoint stores. Not safe for threads.
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
        self._below = _Wealth(fixed_growth(-settings.eps, settings.clip, below=True))
        self._above = _Wealth(
            fixed_growth(-settings.margin, settings.clip, below=False)
        )
        self._evidence = new_evidence(settings.clip)
        self._alarm: Alarm | None = None
        self._word: StreamWord = "undecided"
        self._log_e_regression = 0.0
        if state is not None:
            self._restore(state)

    @property
    def state(self) -> StreamState:
        """Everything a later process needs to go on; frozen."""
        return StreamState(evidence=self._evidence, alarm=self._alarm)

    @property
    def word(self) -> StreamWord:
        """The verdict as of the last replay."""
        return self._word

    def add(self, difference: float, *, number: int) -> StreamWord:
        """Take one difference in [-1, 1] and return the verdict.

        Raises:
            OutOfRangeError: NaN or out of range; nothing was changed.
            OutOfOrderError: `number` did not rise; nothing was changed.
        """
        before = len(self._evidence.blocks)
        self._evidence = self._evidence.add(difference, number=number)
        self._count_newest(opened=len(self._evidence.blocks) > before)
        self._look()
        return self._word

    def _restore(self, state: StreamState) -> None:
        check(state.evidence)
        if state.evidence.clip != self.settings.clip:
            raise DamagedStateError(f"clip {state.evidence.clip} is not the stream's")
        blocks = state.evidence.blocks
        if state.alarm:
            _check_alarm(state.alarm, state.evidence)
        for end in range(1, len(blocks) + 1):
            self._evidence = Evidence(
                clip=self.settings.clip, last_number=-1, blocks=blocks[:end]
            )
            self._count_newest(opened=True)
        self._evidence, self._alarm = state.evidence, state.alarm
        if blocks:
            self._look()

    def _count_newest(self, *, opened: bool) -> None:
        newest = self._evidence.blocks[-1]
        self._below.count(newest, opened=opened)
        self._above.count(newest, opened=opened)

    def _look(self) -> None:
        """Judge the counts as they stand and move the alarm."""
        log_e_since = self._below.log_e_since()
        self._log_e_regression = float(log_e_mixed(log_e_since))
        current = self._log_e_regression >= self._alarm_at
        if current:
            self._blame(log_e_since + log_start_shares(len(log_e_since)))
        if self._alarm and not self._passes(self._alarm.blamed_blocks):
            self._word = "regressed"
            return
        self._alarm = None
        if current:
            self._word = "pass_with_drop"
        elif self._passes((0,)):
            self._word = "pass"
        else:
            self._word = "undecided"

    def _blame(self, parts: FloatArray) -> None:
        """Raise the alarm, or renew what it blames; `parts` (blocks,)."""
        best = int(parts.argmax())
        close = np.flatnonzero(parts >= parts[best] - BLAME_NATS)
        self._alarm = Alarm(
            raised_at=self._alarm.raised_at if self._alarm else self._evidence.replays,
            best_block=best,
            blamed_blocks=tuple(map(int, close)),
        )

    def _passes(self, from_blocks: tuple[int, ...]) -> bool:
        """Whether a drop as large as the margin is ruled out on each window."""
        if self._evidence.replays < self.settings.minimum_replays:
            return False
        return all(self._pass_evidence(block) >= self._pass_at for block in from_blocks)

    def _pass_evidence(self, block: int) -> float:
        """Return log(gamma_k E_k) against "mean since block k <= -margin"."""
        if not self._evidence.blocks:
            return float(log_start_shares(1)[0])
        share = float(log_start_shares(block + 1)[block])
        return share + self._above.log_e_from(block)

    def verdict(self) -> StreamVerdict:
        """Return the verdict with its interval; some milliseconds: on a timer."""
        settings, evidence = self.settings, self._evidence
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
            log_e_regression=self._log_e_regression,
            log_e_pass=self._pass_evidence(0),
            log_threshold_regression=self._alarm_at,
            log_threshold_pass=self._pass_at,
            alpha_regression=settings.alpha_regression,
            alpha_pass=settings.alpha_pass,
            margin=settings.margin,
            eps=settings.eps,
            alarm_raised_at=self._alarm.raised_at if self._alarm else None,
            latched=self._alarm is not None and self._log_e_regression < self._alarm_at,
        )

    def _window(self) -> int:
        """Return the block from which the verdict speaks."""
        if self._alarm:
            return self._alarm.best_block
        if self._word == "pass_with_drop":
            log_e_since = self._below.log_e_since()
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
    """Return the verdict on a stored state; the same as the fold that left it.

    Raises:
        DamagedStateError: `state` contradicts itself or the settings.
    """
    return StreamFold(settings, state).verdict()


def _check_alarm(alarm: Alarm, evidence: Evidence) -> None:
    """Refuse an alarm that no fold could have left.

    Raises:
        DamagedStateError: fold the results anew.
    """
    if not 0 < alarm.raised_at <= evidence.replays:
        raise DamagedStateError(f"alarm at {alarm.raised_at} of {evidence.replays}")
    if alarm.best_block not in alarm.blamed_blocks or not all(
        0 <= block < len(evidence.blocks) for block in alarm.blamed_blocks
    ):
        raise DamagedStateError("an alarm blames blocks that are not there")
