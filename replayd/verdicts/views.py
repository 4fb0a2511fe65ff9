"""Verdicts as they are shown: to a gate, a page, metrics and scripts. No content.

`msgspec.json.encode` of a `Verdicts` is what `GET /api/v1/verdicts` and `gate
--format json` give out; fields are only ever added.
"""

from typing import Literal

from msgspec import Struct

from replayd.budget.control_rate import Slowed
from replayd.evidence.watched_slices import WatchedSlice
from replayd.stats import GateWord, Intent, ModalityWord, NoiseFloor, StreamWord

Why = Literal[
    "",
    "noise",
    "unsupported",
    "blind",
    "unscored",
    "pass_withheld",
    "expired",
    "no_replays",
]


class LiveModality(Struct, frozen=True, kw_only=True):
    """Live traffic of one modality, as intake counted it."""

    seen: int = 0  # calls in the equal-probability sample
    replayable: int = 0
    reasons: dict[str, int] = {}  # why the rest was not, from a bounded set

    @property
    def replayable_share(self) -> float | None:
        """Share that could be replayed; None where nothing was seen."""
        return self.replayable / self.seen if self.seen else None


class LiveTraffic(Struct, frozen=True, kw_only=True):
    """Plain facts about live traffic, by modality."""

    modalities: dict[str, LiveModality] = {}


class StreamView(Struct, frozen=True, kw_only=True):
    """One stream's verdict and everything needed to believe or doubt it."""

    stream: str  # which one decided, as `adjudication` in the place of quality
    verdict: StreamWord
    replays: int
    worse: int
    same: int
    better: int
    difference: float | None
    interval: tuple[float, float]
    recent_difference: float | None
    recent_replays: int
    discordance: float | None
    replays_needed: int | None
    log_e_regression: float
    log_e_pass: float
    log_threshold_regression: float
    log_threshold_pass: float
    alpha_regression: float
    alpha_pass: float
    margin: float
    eps: float
    window_start: int = 0  # replays before the window that difference speaks of
    alarm_raised_at: int | None = None  # replays when the standing alarm was raised
    latched: bool = False
    canary_score: float | None = None  # mean over the epoch
    control_score: float | None = None
    cause: str = ""  # what most often made a pair worse
    # Drop that this many pairs would have found nine times in ten; None: none at all.
    smallest_drop: float | None = None
    since_ns: int = 0  # when the verdict became what it is; 0: it never changed
    newest_worse: int = -1  # number of the newest pair in which the canary lost
    newest_worse_at_ns: int = 0


class PeopleView(Struct, frozen=True, kw_only=True):
    """Agreement between people and a judge model."""

    labelled: int = 0
    same: int = 0  # labels that say what the judge said
    kappa: float | None = None  # agreement beyond chance, with its 95 % interval
    kappa_interval: tuple[float, float] | None = None


class JudgeView(Struct, frozen=True, kw_only=True):
    """Work of a judge model for one modality, and its agreement with people."""

    standing: Literal["shown", "gates"]
    asked: int = 0  # pairs put to the judge
    unscored: int = 0  # pairs that only the judge valued
    away: dict[str, int] = {}  # pairs it did not judge, by why; out for both arms
    waiting_labels: int = 0  # pairs that wait for a person's label
    labelled: int = 0
    same: int = 0  # labels that say what the judge said
    kappa: float | None = None  # agreement beyond chance, with its 95 % interval
    kappa_interval: tuple[float, float] | None = None
    rubrics: dict[str, PeopleView] = {}  # the same by task@version
    closed: bool = False  # too many pairs waited for labels: the stream has ended


class ModalityView(Struct, frozen=True, kw_only=True):
    """One modality's verdict; the numbers are the deciding stream's."""

    verdict: ModalityWord
    reason: Why  # why circumstances decided, "" if a stream did
    deciding: str  # a gating stream or `slice:<name>`
    outcome: str  # what most often went wrong there, from a bounded set
    replays: int
    difference: float | None
    interval: tuple[float, float]
    replays_needed: int | None
    coverage: float | None  # share of live calls replayable and scored
    streams: dict[str, StreamView]
    protected: dict[str, StreamView] = {}
    deciders: dict[str, StreamView] = {}  # agreement, adjudication, assertions
    withheld_because: tuple[str, ...] = ()
    pairs: int = 0
    unscored: int = 0  # pairs without a quality rule
    scored: int = 0  # pairs whose quality was valued for both arms
    scored_share: float | None = None  # of replayed calls; None: none yet
    scored_limit: float = 0.0  # below it: `undecided: unscored`
    unscored_slices: tuple[str, ...] = ()  # protected slices below it
    judge: JudgeView | None = None
    excluded: dict[str, int] = {}  # by reason
    canary_outcomes: dict[str, int] = {}
    control_outcomes: dict[str, int] = {}
    canary_score: float | None = None  # quality, mean over the epoch
    control_score: float | None = None
    noise_floor: NoiseFloor | None = None  # the control against itself
    mean_age_seconds: float | None = None  # of its cases, now
    oldest_age_seconds: float | None = None
    last_replay_age_seconds: float | None = None
    last_replay_at_ns: int = 0
    seen: int = 0  # in live traffic
    replayable: int = 0
    replayable_share: float | None = None  # of live calls
    not_replayable: dict[str, int] = {}  # by reason
    waiting_decisions: int = 0  # pairs that wait for a person's decision
    smallest_drop: float | None = None  # as of the stream `quality`
    blind_to: tuple[str, ...] = ()  # faults that drills put in and no verdict caught
    insensitive_to: tuple[str, ...] = ()  # required ones that the pairs cannot show
    drilled_at_ns: int = 0  # newest sensitivity certificate; 0: there is none
    since_ns: int = 0  # when the deciding stream's verdict became what it is; 0: never


class ArmView(Struct, frozen=True, kw_only=True):
    """Whether an arm answers anybody: a state of its endpoint, no verdict."""

    arm: str
    state: str  # up, unreachable, misconfigured or rate_limited
    share: float  # of the last hour, in which it was not away
    limit: float  # below which the operator wants to know
    waiting: int = 0  # pairs that are sent again once it is back
    why: str = ""  # how the last call failed, while it is not up


class CanaryView(Struct, frozen=True, kw_only=True):
    """Everything known about one canary in its present epoch."""

    gate: GateWord
    revision: str
    epoch: str
    epochs_tried: int  # under this canary name, this one included
    intent: Intent
    control: str
    started_at_ns: int
    computed_at_ns: int
    number: int  # results folded
    noise_alarm: tuple[str, ...]  # modality/stream that broke the harness's own test
    modalities: dict[str, ModalityView]
    slices: tuple[WatchedSlice, ...] = ()
    slices_untracked: int = 0
    waiting_decisions: int = 0  # discordant pairs that nobody judged yet
    unjudged: int = 0  # given up on
    arms: tuple[ArmView, ...] = ()
    waiting: str = ""  # fresh_cases, budget, outage_canary, outage_control or nothing
    budget: str = ""  # the limit that is spent, as all:requests_per_day
    slowed: Slowed | None = None  # the control's cap, where it has lowered itself


class Verdicts(Struct, frozen=True, kw_only=True):
    """All canaries. `leading` is False until the leader's fold has caught up.

    A standby gives out what the leader published: `leading` then says that a leader
    was there `age_seconds` ago.
    """

    canaries: dict[str, CanaryView]
    leading: bool = True
    standby: bool = False  # who answers does not lead
    age_seconds: float = 0.0  # since the leader published it; 0 if it answers itself
    # Versions of the suites whose pins are judged, by name, as of the last hour.
    suites: dict[str, str] = {}
