"""Time series of verdicts: their definitions."""

from typing import Literal

from msgspec import Struct

_OF_STREAM = ("canary", "modality", "slice", "stream")
_OF_MODALITY = ("canary", "modality")


class Series(Struct, frozen=True):
    """One metric family. `slice` is empty for a whole modality."""

    name: str  # below the prefix
    kind: Literal["gauge", "counter"]
    labels: tuple[str, ...]
    help: str


SERIES: tuple[Series, ...] = (
    Series(
        "pairs",
        "counter",
        (*_OF_STREAM, "outcome"),
        "Judged pairs by whether the canary was worse, the same or better.",
    ),
    Series(
        "delta_mean",
        "gauge",
        _OF_STREAM,
        "Mean of canary score minus control score, over the verdict's window.",
    ),
    Series(
        "delta_lower",
        "gauge",
        _OF_STREAM,
        "Lower end of the interval of delta_mean, right at every look.",
    ),
    Series(
        "delta_upper",
        "gauge",
        _OF_STREAM,
        "Upper end of the interval of delta_mean, right at every look.",
    ),
    Series(
        "delta_recent",
        "gauge",
        _OF_STREAM,
        "Mean difference of the newest 200 pairs or so; no verdict rests on it.",
    ),
    Series(
        "regression_log_e",
        "gauge",
        _OF_STREAM,
        "Log evidence that the canary fell behind by more than the practical zero.",
    ),
    Series(
        "pass_log_e",
        "gauge",
        _OF_STREAM,
        "Log evidence that the canary is not behind by the margin.",
    ),
    Series(
        "log_e_threshold",
        "gauge",
        (*_OF_STREAM, "kind"),
        "What regression_log_e or pass_log_e has to reach.",
    ),
    Series("margin", "gauge", _OF_STREAM, "Drop in mean difference that still passes."),
    Series(
        "smallest_drop",
        "gauge",
        _OF_STREAM,
        "Drop that the pairs so far would have found nine times in ten.",
    ),
    Series(
        "score_mean",
        "gauge",
        (*_OF_STREAM, "arm"),
        "Mean score of one arm in this epoch, 0 to 1.",
    ),
    Series(
        "verdict",
        "gauge",
        ("canary", "modality", "slice", "verdict"),
        "1 for the verdict that holds now, 0 for the others.",
    ),
    Series(
        "verdict_since_timestamp_seconds",
        "gauge",
        ("canary", "modality", "slice"),
        "Unix time of the pair that changed the verdict; before, the epoch's start.",
    ),
    Series(
        "stream_verdict",
        "gauge",
        ("canary", "modality", "stream", "verdict"),
        "1 for the verdict of a gating stream that holds now, 0 for the others.",
    ),
    Series(
        "verdict_reason",
        "gauge",
        (*_OF_MODALITY, "reason"),
        "1 for what took a modality's verdict away: blind, unscored, noise, ...",
    ),
    Series(
        "gate",
        "gauge",
        ("canary", "gate"),
        "1 for the word that a gate would be given now, 0 for the others.",
    ),
    Series(
        "fdr_flag",
        "gauge",
        _OF_STREAM,
        "1 for a watched slice flagged at a false discovery rate of 10 %.",
    ),
    Series(
        "slices_untracked",
        "counter",
        ("canary",),
        "Pairs of slices that found no place among those watched.",
    ),
    Series(
        "noise_discordance",
        "gauge",
        _OF_MODALITY,
        "Mean squared difference of the control asked twice.",
    ),
    Series(
        "noise_alarm",
        "gauge",
        ("canary",),
        "1 once equal arms were found to differ: no verdict is issued.",
    ),
    Series(
        "remaining_estimate",
        "gauge",
        _OF_MODALITY,
        "Replays still needed for a pass, nine times in ten, if nothing changed.",
    ),
    Series(
        "coverage_share",
        "gauge",
        _OF_MODALITY,
        "Share of live calls of the modality that could be replayed and was scored.",
    ),
    Series(
        "replayable_share",
        "gauge",
        _OF_MODALITY,
        "Share of live calls of the modality that could be replayed.",
    ),
    Series(
        "scored_share",
        "gauge",
        _OF_MODALITY,
        "Share of replayed calls whose quality was scored; below the limit: unscored.",
    ),
    Series(
        "live_calls",
        "gauge",
        (*_OF_MODALITY, "reason"),
        "Calls in the equal-probability sample by why not replayable; empty: it is.",
    ),
    Series(
        "case_age_seconds",
        "gauge",
        (*_OF_MODALITY, "kind"),
        "Age of the cases judged: mean and oldest.",
    ),
    Series(
        "last_replay_timestamp_seconds",
        "gauge",
        _OF_MODALITY,
        "Unix time of the newest committed pair.",
    ),
    Series(
        "excluded",
        "counter",
        (*_OF_MODALITY, "reason"),
        "Pairs that feed no verdict, by a reason that is blind to the arms.",
    ),
    Series(
        "unscored",
        "counter",
        _OF_MODALITY,
        "Pairs whose recording holds nothing that quality could be checked by.",
    ),
    Series(
        "outcomes",
        "counter",
        (*_OF_MODALITY, "arm", "outcome"),
        "Judged pairs by what an arm answered.",
    ),
    Series(
        "adjudication_waiting",
        "gauge",
        ("canary",),
        "Discordant pairs that wait for a judge.",
    ),
    Series(
        "labels_waiting",
        "gauge",
        _OF_MODALITY,
        "Pairs of the epoch that wait for a person's decision.",
    ),
    Series(
        "judge_gates",
        "gauge",
        _OF_MODALITY,
        "1 where the judge model's verdicts decide, 0 where they are only shown.",
    ),
    Series(
        "judge_labelled_pairs",
        "gauge",
        _OF_MODALITY,
        "Judged pairs that people labelled too.",
    ),
    Series(
        "judge_kappa",
        "gauge",
        (*_OF_MODALITY, "bound"),
        "Agreement of judge and people beyond chance: value, and 95 % interval.",
    ),
    Series(
        "epoch_info",
        "gauge",
        ("canary", "epoch", "revision", "control", "intent"),
        "1 for the epoch being judged.",
    ),
    Series(
        "epoch_started_timestamp_seconds",
        "gauge",
        ("canary",),
        "Unix time at which the epoch began.",
    ),
    Series(
        "epochs_tried",
        "gauge",
        ("canary",),
        "Epochs under this canary name, this one included.",
    ),
)
