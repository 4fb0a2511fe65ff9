"""Settings, state and verdict of one stream. Data only; see `stream_verdict.py`."""

from typing import Literal

from msgspec import Struct

from replayd.stats.errors import OutOfRangeError
from replayd.stats.evidence import Evidence, Recent
from replayd.stats.intervals import Interval, log_threshold

StreamWord = Literal["pass", "pass_with_drop", "changed", "regressed", "undecided"]

DEFAULT_ALPHA = 0.05
DEFAULT_EPS = 0.005
# Margins in score points by modality, where the operator set none.
DEFAULT_MARGINS = {
    "text": 0.02,
    "document": 0.03,
    "mixed": 0.03,
    "image": 0.03,
    "audio": 0.05,
    "video": 0.05,
}
OTHER_MARGIN = 0.03


class StreamSettings(Struct, frozen=True, kw_only=True):
    """Settings of one stream's test; fixed for the epoch.

    Raises:
        OutOfRangeError: a value out of range, on construction.
    """

    stream: str  # "quality", "answered", "invariants", "chart/quality" ...
    margin: float  # drop in mean difference that still passes; (eps, clip)
    alpha_regression: float  # this stream's share of the false alarms; (0, 1)
    alpha_pass: float = DEFAULT_ALPHA  # chance of a false pass; (0, 1)
    eps: float = DEFAULT_EPS  # practical zero: smaller drops raise no alarm; >= 0
    clip: float = 1.0  # differences beyond +-clip count as clip; (0, 1]
    minimum_replays: int = 0  # no pass before; for protected slices
    expected_discordance: float = 0.02  # of the last epoch's noise stream; [0, 1]

    def __post_init__(self) -> None:
        log_threshold(self.alpha_regression)
        log_threshold(self.alpha_pass)
        if not 0.0 < self.clip <= 1.0:
            raise OutOfRangeError("clip", self.clip, "(0, 1]")
        if not 0.0 <= self.eps < self.clip:
            raise OutOfRangeError("eps", self.eps, f"[0, {self.clip})")
        if not self.eps < self.margin < self.clip:
            raise OutOfRangeError("margin", self.margin, f"({self.eps}, {self.clip})")
        if self.minimum_replays < 0:
            raise OutOfRangeError("minimum_replays", self.minimum_replays, "[0, inf)")
        if not 0.0 <= self.expected_discordance <= 1.0:
            raise OutOfRangeError(
                "expected_discordance", self.expected_discordance, "[0, 1]"
            )


class Alarm(Struct, frozen=True, kw_only=True):
    """A detected regression that is not yet lifted."""

    raised_at: int  # replays counted when it was first raised
    best_block: int  # where the drop most likely began, as of the last current look
    blamed_blocks: tuple[int, ...]  # all starts within 5 nats of the best


class StreamState(Struct, frozen=True, kw_only=True):
    """State of a fold over results; under 4 KB at 4,000 replays."""

    evidence: Evidence = Evidence()
    alarm: Alarm | None = None  # latched: lasts when its evidence fades


class StreamVerdict(Struct, frozen=True, kw_only=True):
    """Verdict of one stream, with the numbers that support it.

    `difference` and `interval` speak of the window from `window_start` on: the
    whole epoch, or, for `regressed` and `pass_with_drop`, since the likeliest
    start of the drop. With `pass` the interval lies above -margin; with a
    current alarm below -eps. Both ends hold at every look, the lower with error
    `alpha_pass`, the upper with error `alpha_regression`.
    """

    stream: str
    word: StreamWord
    replays: int
    worse: int
    same: int
    better: int
    difference: float | None  # mean of canary minus control; None before any replay
    interval: Interval
    window_start: int  # replays before the window
    recent: Recent  # newest blocks only; for display
    discordance: float | None  # mean squared difference in this epoch
    replays_needed: int | None  # in all, for a pass of an equal canary, nine in ten
    log_e_regression: float  # alarm is current at log(1 / alpha_regression)
    log_e_pass: float  # whole epoch; passes at log(1 / alpha_pass)
    log_threshold_regression: float
    log_threshold_pass: float
    alpha_regression: float
    alpha_pass: float
    margin: float
    eps: float
    alarm_raised_at: int | None = None  # replays when the standing alarm was raised
    latched: bool = False  # the alarm stands although its evidence has faded
