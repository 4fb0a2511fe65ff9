"""One stream's verdict as it is shown."""

from replayd.evidence.tallies import StreamTally
from replayd.stats import StreamVerdict, smallest_found
from replayd.verdicts.views import StreamView


def stream_view(
    verdict: StreamVerdict, tally: StreamTally | None, since_ns: int = 0
) -> StreamView:
    """Return a stream's verdict as it is shown."""
    pairs = tally.pairs if tally else 0
    return StreamView(
        stream=verdict.stream,
        verdict=verdict.word,
        replays=verdict.replays,
        worse=verdict.worse,
        same=verdict.same,
        better=verdict.better,
        difference=verdict.difference,
        interval=(verdict.interval.low, verdict.interval.high),
        recent_difference=verdict.recent.difference,
        recent_replays=verdict.recent.replays,
        discordance=verdict.discordance,
        replays_needed=verdict.replays_needed,
        log_e_regression=verdict.log_e_regression,
        log_e_pass=verdict.log_e_pass,
        log_threshold_regression=verdict.log_threshold_regression,
        log_threshold_pass=verdict.log_threshold_pass,
        alpha_regression=verdict.alpha_regression,
        alpha_pass=verdict.alpha_pass,
        margin=verdict.margin,
        eps=verdict.eps,
        window_start=verdict.window_start,
        alarm_raised_at=verdict.alarm_raised_at,
        latched=verdict.latched,
        canary_score=tally.canary_sum / pairs if tally and pairs else None,
        control_score=tally.control_sum / pairs if tally and pairs else None,
        cause=tally.likeliest_cause if tally else "",
        smallest_drop=_smallest_drop(verdict),
        since_ns=since_ns,
        newest_worse=tally.newest_worse if tally else -1,
        newest_worse_at_ns=tally.newest_worse_at_ns if tally else 0,
    )


def _smallest_drop(verdict: StreamVerdict) -> float | None:
    if verdict.discordance is None:
        return None
    return smallest_found(
        verdict.replays, verdict.discordance, verdict.eps, verdict.alpha_regression
    )
