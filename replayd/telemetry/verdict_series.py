"""Time series of verdicts: definitions and current samples."""

from collections.abc import Iterator
from typing import Literal, get_args

from msgspec import Struct

from replayd.stats import GateWord, ModalityWord, StreamWord
from replayd.verdicts.views import (
    CanaryView,
    JudgeView,
    ModalityView,
    StreamView,
    Verdicts,
)

NANOSECONDS = 1_000_000_000
MODALITY_WORDS: tuple[ModalityWord, ...] = get_args(ModalityWord)
STREAM_WORDS: tuple[StreamWord, ...] = get_args(StreamWord)
GATE_WORDS: tuple[GateWord, ...] = get_args(GateWord)

_OF_STREAM = ("canary", "modality", "slice", "stream")
_OF_MODALITY = ("canary", "modality")


class Series(Struct, frozen=True):
    """One metric family. `slice` is empty for a whole modality."""

    name: str  # below the prefix
    kind: Literal["gauge", "counter"]
    labels: tuple[str, ...]
    help: str


class Sample(Struct, frozen=True):
    """One sample of a scrape."""

    series: str
    labels: tuple[str, ...]
    value: float


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


def samples_of(verdicts: Verdicts) -> Iterator[Sample]:
    """Yield every sample of `verdicts`; unknown values have none."""
    for canary, view in verdicts.canaries.items():
        yield from _of_canary(canary, view)
        for modality, shown in view.modalities.items():
            yield from _of_modality(canary, modality, shown)
        for watched in view.slices:
            labels = (canary, watched.modality, watched.slice, watched.stream)
            yield from _signs(labels, watched.worse, watched.replays, watched.better)
            if watched.difference is not None:
                yield Sample("delta_mean", labels, watched.difference)
            yield Sample("regression_log_e", labels, watched.log_e)
            yield Sample("fdr_flag", labels, float(watched.flagged))


def _of_canary(canary: str, view: CanaryView) -> Iterator[Sample]:
    for word in GATE_WORDS:
        yield Sample("gate", (canary, word), float(word == view.gate))
    yield Sample("slices_untracked", (canary,), view.slices_untracked)
    yield Sample("noise_alarm", (canary,), float(bool(view.noise_alarm)))
    yield Sample("adjudication_waiting", (canary,), view.waiting_decisions)
    info = (canary, view.epoch, view.revision, view.control, view.intent)
    yield Sample("epoch_info", info, 1.0)
    started = view.started_at_ns / NANOSECONDS
    yield Sample("epoch_started_timestamp_seconds", (canary,), started)
    yield Sample("epochs_tried", (canary,), view.epochs_tried)


def _of_modality(canary: str, modality: str, shown: ModalityView) -> Iterator[Sample]:
    here = (canary, modality)
    for word in MODALITY_WORDS:
        yield Sample("verdict", (*here, "", word), float(word == shown.verdict))
    for name, stream in shown.streams.items():
        yield from _of_stream((*here, "", name), stream)
        for stream_word in STREAM_WORDS:
            held = float(stream_word == stream.verdict)
            yield Sample("stream_verdict", (*here, name, stream_word), held)
    for name, stream in shown.protected.items():
        yield from _of_stream((*here, name, "protected"), stream)
        for word in MODALITY_WORDS:
            yield Sample("verdict", (*here, name, word), float(word == stream.verdict))
    for name, stream in shown.deciders.items():
        yield from _of_stream((*here, "", name), stream)
    if shown.reason:
        yield Sample("verdict_reason", (*here, shown.reason), 1.0)
    yield from _around(here, shown)


def _around(here: tuple[str, str], shown: ModalityView) -> Iterator[Sample]:
    """Yield what surrounds a modality's evidence."""
    floor = shown.noise_floor
    if floor is not None and floor.discordance is not None:
        yield Sample("noise_discordance", here, floor.discordance)
    if shown.replays_needed is not None:
        left = max(0, shown.replays_needed - shown.replays)
        yield Sample("remaining_estimate", here, left)
    ages = (("mean", shown.mean_age_seconds), ("oldest", shown.oldest_age_seconds))
    for kind, age in ages:
        if age is not None:
            yield Sample("case_age_seconds", (*here, kind), age)
    if shown.last_replay_at_ns:
        newest = shown.last_replay_at_ns / NANOSECONDS
        yield Sample("last_replay_timestamp_seconds", here, newest)
    yield from _counts(here, shown)


def _counts(here: tuple[str, str], shown: ModalityView) -> Iterator[Sample]:
    """Yield what was counted of live traffic and of pairs."""
    yield Sample("labels_waiting", here, shown.waiting_decisions)
    if shown.coverage is not None:
        yield Sample("coverage_share", here, shown.coverage)
    if shown.replayable_share is not None:
        yield Sample("replayable_share", here, shown.replayable_share)
    if shown.scored_share is not None:
        yield Sample("scored_share", here, shown.scored_share)
    yield Sample("live_calls", (*here, ""), shown.replayable)
    for reason, calls in shown.not_replayable.items():
        yield Sample("live_calls", (*here, reason), calls)
    for reason, pairs in shown.excluded.items():
        yield Sample("excluded", (*here, reason), pairs)
    yield Sample("unscored", here, shown.unscored)
    if shown.judge is not None:
        yield from _of_judge(here, shown.judge)
    for outcome, pairs in shown.canary_outcomes.items():
        yield Sample("outcomes", (*here, "canary", outcome), pairs)
    for outcome, pairs in shown.control_outcomes.items():
        yield Sample("outcomes", (*here, "control", outcome), pairs)


def _of_judge(here: tuple[str, str], judge: JudgeView) -> Iterator[Sample]:
    yield Sample("judge_gates", here, float(judge.standing == "gates"))
    yield Sample("judge_labelled_pairs", here, judge.labelled)
    if judge.kappa is not None and judge.kappa_interval is not None:
        low, high = judge.kappa_interval
        for bound, value in (("value", judge.kappa), ("lower", low), ("upper", high)):
            yield Sample("judge_kappa", (*here, bound), value)


def _of_stream(labels: tuple[str, ...], stream: StreamView) -> Iterator[Sample]:
    yield from _signs(labels, stream.worse, stream.replays, stream.better)
    if stream.difference is not None:
        yield Sample("delta_mean", labels, stream.difference)
    yield Sample("delta_lower", labels, stream.interval[0])
    yield Sample("delta_upper", labels, stream.interval[1])
    if stream.recent_difference is not None:
        yield Sample("delta_recent", labels, stream.recent_difference)
    yield Sample("regression_log_e", labels, stream.log_e_regression)
    yield Sample("pass_log_e", labels, stream.log_e_pass)
    alarm, passing = stream.log_threshold_regression, stream.log_threshold_pass
    yield Sample("log_e_threshold", (*labels, "regression"), alarm)
    yield Sample("log_e_threshold", (*labels, "pass"), passing)
    yield Sample("margin", labels, stream.margin)
    if stream.smallest_drop is not None:
        yield Sample("smallest_drop", labels, stream.smallest_drop)
    for arm, score in (
        ("canary", stream.canary_score),
        ("control", stream.control_score),
    ):
        if score is not None:
            yield Sample("score_mean", (*labels, arm), score)


def _signs(
    labels: tuple[str, ...], worse: int, replays: int, better: int
) -> Iterator[Sample]:
    yield Sample("pairs", (*labels, "worse"), worse)
    yield Sample("pairs", (*labels, "same"), replays - worse - better)
    yield Sample("pairs", (*labels, "better"), better)
