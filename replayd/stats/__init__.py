"""Anytime-valid verdicts from paired replays. No clock, no I/O.

A fold over one stream, in dispatch order:

    fold = StreamFold(settings, state)            # state None: a new epoch
    fold.add(difference, number=number)           # canary minus control, [-1, 1]
    fold.state                                    # store this; < 4 KB
    fold.verdict()                                # StreamVerdict; on a timer
    judge_stream(state, settings)                 # the same from a stored state

A modality, then a gate, from those verdicts:

    quality = decide_quality(agreement, deciders, intent)
    judge_modality(modality, (answered, invariants, quality), circumstances, protected)
    judge_gate(modality_verdicts, strict=False)

Around them: `GatingSet` shares the error out over the streams frozen at epoch
start, `plan` says beforehand what a verdict will take, `add_noise` watches the
control against itself, `flag_slices` picks the slices worth a look. All errors
derive from `StatsError`.

What is promised, and under which assumptions: `docs/statistics.md`.
"""

from replayd.stats.aa_noise import (
    NOISE_ALPHA,
    NoiseFloor,
    NoiseState,
    add_noise,
    noise_floor,
)
from replayd.stats.alpha_allocation import (
    GATING_STREAMS,
    MOST_PROTECTED_SLICES,
    GatingSet,
    ModalityPlan,
)
from replayd.stats.bins import ZERO_BIN
from replayd.stats.errors import (
    DamagedStateError,
    OutOfOrderError,
    OutOfRangeError,
    StatsError,
)
from replayd.stats.evidence import (
    Evidence,
    Outcomes,
    Recent,
    check,
    discordance,
    mean_of,
    new_evidence,
    outcomes,
    recent,
)
from replayd.stats.fdr import SliceFlags, flag_slices, lowest_bar
from replayd.stats.histogram import GrowingEvidence
from replayd.stats.intervals import Interval, interval, log_threshold
from replayd.stats.modality import (
    Circumstances,
    GateWord,
    Intent,
    ModalityVerdict,
    ModalityWord,
    Reason,
    decide_quality,
    judge_gate,
    judge_modality,
)
from replayd.stats.prediction_powered import Agreement, agreement
from replayd.stats.sample_size import (
    Plan,
    ReplaysNeeded,
    plan,
    replays_to_find,
    replays_to_pass,
    smallest_found,
)
from replayd.stats.stream import (
    DEFAULT_ALPHA,
    DEFAULT_EPS,
    DEFAULT_MARGINS,
    OTHER_MARGIN,
    Alarm,
    StreamSettings,
    StreamState,
    StreamVerdict,
    StreamWord,
)
from replayd.stats.stream_verdict import StreamFold, judge_stream
from replayd.stats.wealth import SLACK, most_growth

__all__ = [
    "DEFAULT_ALPHA",
    "DEFAULT_EPS",
    "DEFAULT_MARGINS",
    "GATING_STREAMS",
    "MOST_PROTECTED_SLICES",
    "NOISE_ALPHA",
    "OTHER_MARGIN",
    "SLACK",
    "ZERO_BIN",
    "Agreement",
    "Alarm",
    "Circumstances",
    "DamagedStateError",
    "Evidence",
    "GateWord",
    "GatingSet",
    "GrowingEvidence",
    "Intent",
    "Interval",
    "ModalityPlan",
    "ModalityVerdict",
    "ModalityWord",
    "NoiseFloor",
    "NoiseState",
    "OutOfOrderError",
    "OutOfRangeError",
    "Outcomes",
    "Plan",
    "Reason",
    "Recent",
    "ReplaysNeeded",
    "SliceFlags",
    "StatsError",
    "StreamFold",
    "StreamSettings",
    "StreamState",
    "StreamVerdict",
    "StreamWord",
    "add_noise",
    "agreement",
    "check",
    "decide_quality",
    "discordance",
    "flag_slices",
    "interval",
    "judge_gate",
    "judge_modality",
    "judge_stream",
    "log_threshold",
    "lowest_bar",
    "mean_of",
    "most_growth",
    "new_evidence",
    "noise_floor",
    "outcomes",
    "plan",
    "recent",
    "replays_to_find",
    "replays_to_pass",
    "smallest_found",
]
