"""Current samples of the time series of verdicts."""

from collections.abc import Iterator
from typing import get_args

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


class Sample(Struct, frozen=True):
    """One sample of a scrape."""

    series: str
    labels: tuple[str, ...]
    value: float
    pair: str = ""  # `EPOCH/NUMBER` of a pair that shows it, as an exemplar
    pair_at: float = 0.0  # when that pair was committed, Unix time


def samples_of(verdicts: Verdicts) -> Iterator[Sample]:
    """Yield every sample of `verdicts`; unknown values have none."""
    for canary, view in verdicts.canaries.items():
        yield from _of_canary(canary, view)
        for modality, shown in view.modalities.items():
            yield from _of_modality(canary, modality, shown, view)
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


def _of_modality(
    canary: str, modality: str, shown: ModalityView, view: CanaryView
) -> Iterator[Sample]:
    here = (canary, modality)
    since = {"": shown.since_ns}
    since |= {name: stream.since_ns for name, stream in shown.protected.items()}
    for name, at_ns in since.items():
        at = (at_ns or view.started_at_ns) / NANOSECONDS
        yield Sample("verdict_since_timestamp_seconds", (*here, name), at)
    for word in MODALITY_WORDS:
        yield Sample("verdict", (*here, "", word), float(word == shown.verdict))
    for name, stream in shown.streams.items():
        yield from _of_stream((*here, "", name), stream, view.epoch)
        for stream_word in STREAM_WORDS:
            held = float(stream_word == stream.verdict)
            yield Sample("stream_verdict", (*here, name, stream_word), held)
    for name, stream in shown.protected.items():
        yield from _of_stream((*here, name, "protected"), stream, view.epoch)
        for word in MODALITY_WORDS:
            yield Sample("verdict", (*here, name, word), float(word == stream.verdict))
    for name, stream in shown.deciders.items():
        yield from _of_stream((*here, "", name), stream, view.epoch)
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


def _of_stream(
    labels: tuple[str, ...], stream: StreamView, epoch: str
) -> Iterator[Sample]:
    pair = f"{epoch}/{stream.newest_worse}" if stream.newest_worse >= 0 else ""
    at = stream.newest_worse_at_ns / NANOSECONDS
    yield from _signs(
        labels, stream.worse, stream.replays, stream.better, pair=pair, pair_at=at
    )
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
    labels: tuple[str, ...],
    worse: int,
    replays: int,
    better: int,
    *,
    pair: str = "",
    pair_at: float = 0.0,
) -> Iterator[Sample]:
    yield Sample("pairs", (*labels, "worse"), worse, pair, pair_at)
    yield Sample("pairs", (*labels, "same"), replays - worse - better)
    yield Sample("pairs", (*labels, "better"), better)
