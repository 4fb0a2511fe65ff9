"""Rows on what may not happen: false alarms, false passes, wrong intervals."""

from itertools import product

import numpy as np

from bench.calibrate.exact import false_alarm_chance
from bench.calibrate.paths import (
    SIGNS,
    Truth,
    blocks_of,
    draw,
    ever_outside,
    first_alarm,
    first_pass,
    flat,
    running_counts,
)
from bench.calibrate.row import (
    PRODUCT_EPS,
    REFERENCE_ALPHA,
    REFERENCE_EPS,
    Measured,
    Row,
    Tools,
    product_alpha,
    share,
)
from replayd.stats import SliceFlags, flag_slices
from replayd.stats.betting import growth_below, log_e_of
from replayd.stats.restarts import block_start, log_e_mixed

EXACT = {
    (300, 0.05): 0.0333026,
    (300, 0.01): 0.0069889,
    (1200, 0.05): 0.0366000,
    (1200, 0.01): 0.0078111,
}
LOOK_EVERY = 25
NULL_SLICES, TRUE_SLICES = 200, 3


def false_alarms(
    truth: Truth, eps: float, alpha: float, replays: int, *, restarts: bool
) -> Row:
    """Return the row: share of runs with any false alarm, looking always."""

    def measure(tools: Tools) -> Measured:
        hits = [
            first_alarm(draw(tools.rng, truth, replays), eps, alpha, restarts=restarts)
            is not None
            for _ in tools.each()
        ]
        found = share(hits)
        return Measured({"false_alarms": found}, found <= alpha)

    kind = "restarts" if restarts else "one start"
    return Row(
        f"false alarms, {kind}, mean {truth.mean:+.3f}, "
        f"discordance {truth.worse + truth.better:.3f}, eps {eps}, "
        f"alpha {alpha:.5f}, {replays} replays",
        f"<= {alpha:.5f}",
        measure,
    )


def family_alarms(modalities: int, replays: int) -> Row:
    """Return the row: any of all gating streams of unchanged modalities alarms."""
    alpha = product_alpha(modalities)
    streams = [flat(0.005), flat(0.01), flat(0.06)] * modalities

    def measure(tools: Tools) -> Measured:
        hits = [
            any(
                first_alarm(draw(tools.rng, truth, replays), PRODUCT_EPS, alpha)
                is not None
                for truth in streams
            )
            for _ in tools.each()
        ]
        found = share(hits)
        return Measured({"any_false_alarm": found}, found <= REFERENCE_ALPHA)

    return Row(
        f"any of {len(streams)} unchanged gating streams called regressed, "
        f"eps {PRODUCT_EPS}, {replays} replays each",
        "<= 0.05",
        measure,
    )


def family_alarms_at_the_edge(modalities: int, replays: int) -> Row:
    """Return the row where every stream's mean is exactly -eps: the worst case."""
    alpha = product_alpha(modalities)
    edge = Truth(0.03 + PRODUCT_EPS / 2, 0.03 - PRODUCT_EPS / 2)

    def measure(tools: Tools) -> Measured:
        hits = [
            any(
                first_alarm(draw(tools.rng, edge, replays), PRODUCT_EPS, alpha)
                is not None
                for _ in range(3 * modalities)
            )
            for _ in tools.each()
        ]
        found = share(hits)
        return Measured({"any_false_alarm": found}, found <= REFERENCE_ALPHA)

    return Row(
        f"any of {3 * modalities} gating streams called regressed, all exactly at "
        f"-{PRODUCT_EPS}, {replays} replays each",
        "<= 0.05",
        measure,
    )


def false_passes(margin: float, replays: int) -> Row:
    """Return the row: a pass is ever said although the drop equals the margin."""
    truth = Truth(0.03 + margin / 2, 0.03 - margin / 2)

    def measure(tools: Tools) -> Measured:
        hits = [
            first_pass(draw(tools.rng, truth, replays), margin, REFERENCE_ALPHA)
            is not None
            for _ in tools.each()
        ]
        found = share(hits)
        return Measured({"false_passes": found}, found <= REFERENCE_ALPHA)

    return Row(
        f"ever pass at a drop of exactly the margin {margin}, {replays} replays",
        "<= 0.05",
        measure,
    )


def wrong_intervals(truth: Truth, replays: int) -> Row:
    """Return the row: the 95 % interval ever misses the true mean."""

    def measure(tools: Tools) -> Measured:
        hits = [
            ever_outside(draw(tools.rng, truth, replays), truth.mean, REFERENCE_ALPHA)
            for _ in tools.each()
        ]
        found = share(hits)
        return Measured({"ever_wrong": found}, found <= REFERENCE_ALPHA)

    return Row(
        f"95 % interval ever wrong, worse {truth.worse}, better {truth.better}, "
        f"{replays} replays",
        "<= 0.05",
        measure,
    )


def exact_false_alarms(tools: Tools) -> Measured:
    """Compare the exact chance of a false alarm with the independent value."""
    found = {
        f"{pairs} pairs, alpha {alpha}": false_alarm_chance(pairs, alpha)
        for pairs, alpha in EXACT
    }
    for _ in tools.each():
        pass
    near = zip(found.values(), EXACT.values(), strict=True)
    return Measured(
        {name: round(rng, 8) for name, rng in found.items()},
        all(abs(rng - wanted) < 1e-6 for rng, wanted in near),
    )


def slice_flags(drop: float, replays: int, miss_limit: float) -> Row:
    """Return the row: 200 unchanged and 3 dropped slices, flagged at 0.10."""
    truths = [flat(0.06)] * NULL_SLICES + [Truth(0.03 + drop, 0.03)] * TRUE_SLICES
    looks = np.arange(LOOK_EVERY, replays + 1, LOOK_EVERY)
    starts = np.array([block_start(k) for k in range(blocks_of(replays))])
    growth = growth_below(-PRODUCT_EPS)[SIGNS]

    def one(rng: np.random.Generator) -> tuple[list[float], int]:
        evidence = np.empty((len(truths), len(looks)))
        for stream, truth in enumerate(truths):
            counts = running_counts(draw(rng, truth, replays))
            since = counts[looks][:, None]
            since = since - counts[np.minimum(starts, looks[:, None])]
            evidence[stream] = log_e_mixed(log_e_of(since, growth))
        flags, false_shares = SliceFlags(), []
        for look in range(len(looks)):
            values = {str(at): float(e) for at, e in enumerate(evidence[:, look])}
            flags = flag_slices(values, flags, watched=len(truths))
            wrong = sum(int(name) < NULL_SLICES for name in flags.flagged)
            false_shares.append(wrong / max(1, len(flags.flagged)))
        return false_shares, sum(int(name) >= NULL_SLICES for name in flags.flagged)

    def measure(tools: Tools) -> Measured:
        runs = [one(tools.rng) for _ in tools.each()]
        worst = float(np.mean([shares for shares, _ in runs], axis=0).max())
        missed = 1.0 - float(np.mean([found for _, found in runs])) / TRUE_SLICES
        figures = {
            "false_share_at_worst_look": round(worst, 5),
            "missed_at_the_end": round(missed, 5),
        }
        return Measured(figures, worst <= 0.10 and missed <= miss_limit)

    return Row(
        f"{NULL_SLICES} unchanged + {TRUE_SLICES} slices {drop:.2f} worse, e-BH 0.10, "
        f"eps {PRODUCT_EPS}, {replays} replays",
        f"false share <= 0.10, missed <= {miss_limit}",
        measure,
        of_runs=0.05,
    )


def rows() -> list[Row]:
    """Return all rows of this file."""
    three = product_alpha(3)
    edge = Truth(0.03 + PRODUCT_EPS / 2, 0.03 - PRODUCT_EPS / 2)
    reference = [
        false_alarms(
            flat(discordance), REFERENCE_EPS, alpha, replays, restarts=restarts
        )
        for (discordance, alpha), (replays, restarts) in product(
            [(0.06, 0.05), (0.008, 0.05), (0.06, 0.01)],
            [(5_000, False), (20_000, True)],
        )
    ]
    shipped = [
        false_alarms(truth, PRODUCT_EPS, alpha, 20_000, restarts=True)
        for truth, alpha in product([flat(0.06), edge], [0.05, three])
    ]
    return [
        *reference,
        *shipped,
        family_alarms(3, 5_000),
        family_alarms(6, 5_000),
        family_alarms_at_the_edge(3, 5_000),
        false_passes(0.03, 20_000),
        false_passes(0.02, 20_000),
        wrong_intervals(flat(0.06), 5_000),
        wrong_intervals(Truth(0.08, 0.03), 5_000),
        Row(
            "exact false alarms of one start, eps 0",
            "independent values to 1e-6",
            exact_false_alarms,
            of_runs=0.0,
        ),
        slice_flags(0.10, 2_000, miss_limit=0.0),
        slice_flags(0.05, 2_000, miss_limit=0.10),
    ]
