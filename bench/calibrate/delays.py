"""Rows on how long a finding takes: against an oracle, late drops, and planned."""

import numpy as np

from bench.calibrate.paths import (
    Truth,
    draw,
    first_alarm,
    first_oracle,
    first_pass,
    flat,
)
from bench.calibrate.row import (
    PRODUCT_EPS,
    REFERENCE_ALPHA,
    REFERENCE_EPS,
    Measured,
    Row,
    Tools,
    product_alpha,
    quantile,
    share,
    within,
)
from replayd.stats import replays_to_find, replays_to_pass

# Truth, largest median over the oracle's with one start, largest median in the
# product's form, horizon.
AGAINST_ORACLE = {
    "3 points": (Truth(0.06, 0.03), 1.40, 700, 20_000),
    "5 points": (Truth(0.08, 0.03), 1.35, 300, 10_000),
    "10 points": (Truth(0.13, 0.03), 1.35, 115, 5_000),
    "5 points, noisy": (Truth(0.15, 0.10), 1.55, None, 30_000),
}
RESTART_PRICE = 0.15  # added to the ratio when three quarters start at once


def against_oracle(name: str) -> Row:
    """Return the row: median delay over that of one who knows the truth."""
    truth, most, most_median, horizon = AGAINST_ORACLE[name]

    def measure(tools: Tools) -> Measured:
        oracle, plain, mixed = [], [], []
        for _ in tools.each():
            pairs = draw(tools.rng, truth, horizon)
            settings = (pairs, REFERENCE_EPS, REFERENCE_ALPHA)
            oracle.append(first_oracle(pairs, truth, REFERENCE_ALPHA))
            plain.append(first_alarm(*settings, restarts=False))
            mixed.append(first_alarm(*settings))
        base = quantile(oracle, 0.5) or 1.0
        medians = [(quantile(delays, 0.5) or horizon) for delays in (plain, mixed)]
        figures = {
            "oracle_median": base,
            "one_start_median": medians[0],
            "one_start_p90": quantile(plain, 0.9),
            "restarts_median": medians[1],
            "restarts_p90": quantile(mixed, 0.9),
            "one_start_over_oracle": round(medians[0] / base, 3),
            "restarts_over_oracle": round(medians[1] / base, 3),
        }
        holds = (
            medians[0] <= most * base
            and medians[1] <= (most + RESTART_PRICE) * base
            and (most_median is None or medians[1] <= most_median)
        )
        return Measured(figures, holds)

    return Row(
        f"replays to find {name}, eps 0, alpha 0.05",
        f"median/oracle <= {most}, with restarts <= {most + RESTART_PRICE:.2f}"
        + (f", median <= {most_median}" if most_median else ""),
        measure,
    )


def late_drop(
    drop: float, calm: int, most: int | None, eps: float, alpha: float
) -> Row:
    """Return the row: delay after a drop that begins late."""

    def measure(tools: Tools) -> Measured:
        delays: list[int | None] = []
        early = 0
        for _ in tools.each():
            before = draw(tools.rng, flat(0.06), calm)
            after = draw(tools.rng, Truth(0.03 + drop, 0.03), 4 * (most or 2_000))
            at = first_alarm(np.concatenate([before, after]), eps, alpha)
            if at is not None and at <= calm:
                early += 1
                continue
            delays.append(None if at is None else at - calm)
        median = quantile(delays, 0.5)
        figures = {
            "delay_median": median,
            "delay_p90": quantile(delays, 0.9),
            "alarmed_before": round(early / tools.runs, 5),
        }
        return Measured(figures, within(median, most) if most else None)

    return Row(
        f"delay of a {drop:.2f} drop after {calm} calm replays, eps {eps}, "
        f"alpha {alpha:.5f}",
        f"median <= {most}" if most else "kept for comparison",
        measure,
        of_runs=0.5,
    )


def product_finding(
    name: str, truth: Truth, modalities: int, limits: tuple[int, int] | None = None
) -> Row:
    """Return the row: replays to `regressed` as shipped, beside the plan."""
    alpha = product_alpha(modalities)
    horizon = 20_000
    drop, usual = -truth.mean, 2 * min(truth.worse, truth.better)

    def measure(tools: Tools) -> Measured:
        delays = [
            first_alarm(draw(tools.rng, truth, horizon), PRODUCT_EPS, alpha)
            for _ in tools.each()
        ]
        planned = replays_to_find(drop, usual, PRODUCT_EPS, alpha)
        median = quantile(delays, 0.5)
        figures = {
            "median": median,
            "p90": quantile(delays, 0.9),
            "planned_median": planned.median if planned else None,
            "planned_p90": planned.p90 if planned else None,
        }
        if limits is None:
            return Measured(figures, None)
        found = share([within(delay, limits[1]) for delay in delays])
        figures[f"found_within_{limits[1]}"] = found
        return Measured(figures, within(median, limits[0]) and found >= 0.95)

    return Row(
        f"replays to find {name}, {modalities} modalities, eps {PRODUCT_EPS}, "
        f"alpha {alpha:.5f}",
        f"median <= {limits[0]}, 95 % within {limits[1]}"
        if limits
        else "kept for comparison",
        measure,
    )


def product_pass(discordance: float, margin: float) -> Row:
    """Return the row: equal arms reach `pass` within what was planned."""

    def measure(tools: Tools) -> Measured:
        planned = replays_to_pass(discordance, margin, REFERENCE_ALPHA)
        if planned is None:
            return Measured({"planned_p90": None}, holds=False)
        horizon = 3 * planned.p90
        delays = [
            first_pass(
                draw(tools.rng, flat(discordance), horizon), margin, REFERENCE_ALPHA
            )
            for _ in tools.each()
        ]
        in_time = share([within(delay, planned.p90) for delay in delays])
        in_the_end = share([delay is not None for delay in delays])
        figures = {
            "median": quantile(delays, 0.5),
            "p90": quantile(delays, 0.9),
            "planned_median": planned.median,
            "planned_p90": planned.p90,
            "within_planned_p90": in_time,
            "within_three_times": in_the_end,
        }
        return Measured(figures, in_time >= 0.85 and in_the_end >= 0.99)

    return Row(
        f"replays to pass, equal arms, discordance {discordance}, margin {margin}",
        ">= 85 % within the planned p90, >= 99 % within three times",
        measure,
        of_runs=0.5,
    )


def rows() -> list[Row]:
    """Return all rows of this file."""
    three = product_alpha(3)
    image = Truth(0.1156, 0.0176)  # 10 % spoilt beside 2 % flakes in either arm
    return [
        *map(against_oracle, AGAINST_ORACLE),
        late_drop(0.05, 5_000, 800, REFERENCE_EPS, REFERENCE_ALPHA),
        late_drop(0.03, 5_000, 1_750, REFERENCE_EPS, REFERENCE_ALPHA),
        late_drop(0.05, 20_000, 1_000, REFERENCE_EPS, REFERENCE_ALPHA),
        late_drop(0.05, 5_000, None, PRODUCT_EPS, three),
        late_drop(0.10, 5_000, None, PRODUCT_EPS, three),
        product_finding("3 points", Truth(0.06, 0.03), 3),
        product_finding("5 points", Truth(0.08, 0.03), 3),
        product_finding("10 points", Truth(0.13, 0.03), 3),
        product_finding("10 % spoilt answers", image, 3, limits=(200, 600)),
        *(
            product_pass(discordance, margin)
            for discordance in (0.0, 0.005, 0.02, 0.04, 0.06, 0.12)
            for margin in (0.02, 0.03, 0.05)
        ),
    ]
