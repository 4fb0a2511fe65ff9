"""Rows on the whole verdict rule: gates, small drops, upgrades, cost of a look."""

import time

import msgspec
import numpy as np

from bench.calibrate.paths import (
    Pairs,
    Truth,
    draw,
    first_alarm,
    first_pass,
    flat,
    pass_evidence,
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
from replayd.stats import StreamFold, StreamSettings, log_threshold

MARGIN = 0.03
GATE_REPLAYS = 6_000
STATE_LIMIT_BYTES = 4_096
ADD_LIMIT_SECONDS = 0.0005


def gate(streams: tuple[float, ...], eps: float, alpha: float, limits: str) -> Row:
    """Return the row: six modalities, five flat, image quality down three points.

    `streams` are the discordances of one modality's gating streams, the last one
    being that which falls for image.
    """
    checked = limits != ""

    def measure(tools: Tools) -> Measured:
        delays, flagged, false_pass, passes = [], [], [], []
        for _ in tools.each():
            image = draw(tools.rng, Truth(streams[-1] / 2 + 0.03, 0.03), GATE_REPLAYS)
            others = [
                draw(tools.rng, flat(discordance), GATE_REPLAYS)
                for discordance in streams * 5
            ]
            delays.append(first_alarm(image, eps, alpha))
            before = image[: delays[-1]]
            early = first_pass(before, MARGIN, REFERENCE_ALPHA)
            false_pass.append(early is not None)
            alarms = [first_alarm(pairs, eps, alpha) for pairs in others]
            flagged.append(any(alarm is not None for alarm in alarms))
            passes.append(_all_pass(others))
        figures = {
            "image_median": quantile(delays, 0.5),
            "image_p90": quantile(delays, 0.9),
            "any_flat_flagged": share(flagged),
            "image_passed_before_alarm": share(false_pass),
            "five_flat_pass_median": quantile(passes, 0.5),
        }
        kept = max(share(flagged), share(false_pass)) <= REFERENCE_ALPHA
        quick = (
            within(figures["image_median"], 1_200)
            and within(figures["image_p90"], 2_500)
            and within(figures["five_flat_pass_median"], 1_250)
        )
        return Measured(figures, kept and (quick or not checked))

    return Row(
        f"gate of six modalities x {len(streams)} streams, image 3 points down, "
        f"eps {eps}, alpha {alpha:.5f}",
        limits or "any flat flagged <= 0.05, image false pass <= 0.05",
        measure,
        of_runs=0.5,
    )


def _all_pass(streams: list[Pairs]) -> int | None:
    """Return after how many replays each all streams pass at once."""
    together = np.ones(GATE_REPLAYS, dtype=bool)
    for pairs in streams:
        together &= pass_evidence(pairs, MARGIN) >= log_threshold(REFERENCE_ALPHA)
    looks = np.flatnonzero(together)
    return int(looks[0]) + 1 if len(looks) else None


def small_drop(eps: float) -> Row:
    """Return the row: one point worse, margin three: what is said on the way."""
    truth, replays = Truth(0.035, 0.025), 8_000
    settings = StreamSettings(
        stream="quality", margin=MARGIN, alpha_regression=REFERENCE_ALPHA, eps=eps
    )

    def measure(tools: Tools) -> Measured:
        ever, final = [], []
        for _ in tools.each():
            fold, alarmed = StreamFold(settings), False
            for number, d in enumerate(draw(tools.rng, truth, replays)):
                alarmed |= fold.add(float(d), number=number) == "regressed"
            ever.append(alarmed)
            final.append(fold.word)
        figures = {"ever_regressed": share(ever)} | {
            f"ends_{word}": share([end == word for end in final])
            for word in ("pass", "pass_with_drop", "regressed", "undecided")
        }
        return Measured(figures, None)

    return Row(
        f"a 1 point drop under a margin of 3, eps {eps}, {replays} replays",
        "kept for comparison",
        measure,
        of_runs=0.03,
    )


def upgrade(correct: float, *, better: bool) -> Row:
    """Return the row: adjudication of a canary against a control right at 90 %."""
    control, judge, replays = 0.90, 0.85, 20_000
    loses, wins = control * (1 - correct), (1 - control) * correct
    truth = Truth(
        loses * judge + wins * (1 - judge), wins * judge + loses * (1 - judge)
    )
    alpha = product_alpha(3)

    def measure(tools: Tools) -> Measured:
        delays = [
            first_alarm(draw(tools.rng, truth, replays), PRODUCT_EPS, alpha)
            for _ in tools.each()
        ]
        found = share([delay is not None for delay in delays])
        figures = {"regressed": found, "median": quantile(delays, 0.5)}
        return Measured(figures, found == 0.0 if better else found >= 0.95)

    return Row(
        f"upgrade right on {correct:.0%}, production {control:.0%}, judge {judge:.0%}, "
        f"{replays} replays",
        "never regressed" if better else "regressed in >= 95 %",
        measure,
        of_runs=0.2,
    )


def same_alarm(tools: Tools) -> Measured:
    """Compare the first alarm of the stretched form with that of the fold."""
    settings = StreamSettings(
        stream="quality", margin=MARGIN, alpha_regression=0.01, eps=PRODUCT_EPS
    )
    same = []
    for _ in tools.each():
        pairs = draw(tools.rng, Truth(0.08, 0.03), 1_500)
        fold, alarm = StreamFold(settings), None
        for number, d in enumerate(pairs):
            word = fold.add(float(d), number=number)
            if word in {"regressed", "pass_with_drop"}:
                alarm = number + 1
                break
        same.append(alarm == first_alarm(pairs, PRODUCT_EPS, 0.01))
    return Measured({"same_replay": share(same)}, all(same))


def cost(tools: Tools) -> Measured:
    """Measure what one stream weighs, and what one replay of it takes."""
    settings = StreamSettings(stream="quality", margin=MARGIN, alpha_regression=0.01)
    fold, weights = StreamFold(settings), {}
    pairs = draw(tools.rng, flat(0.06), 20_000)
    took = []
    for number, d in enumerate(pairs):
        began = time.perf_counter()
        fold.add(float(d), number=number)
        took.append(time.perf_counter() - began)
        if number + 1 in {4_000, 20_000}:
            weights[number + 1] = len(msgspec.json.encode(fold.state))
    for _ in tools.each():
        pass
    last = float(np.median(took[-1_000:]))
    figures = {
        "state_bytes_at_4000": weights[4_000],
        "state_bytes_at_20000": weights[20_000],
        "add_us_at_20000": round(last * 1e6, 1),
    }
    holds = weights[4_000] <= STATE_LIMIT_BYTES and last <= ADD_LIMIT_SECONDS
    return Measured(figures, holds)


def rows() -> list[Row]:
    """Return all rows of this file."""
    return [
        gate(
            (0.06,),
            REFERENCE_EPS,
            REFERENCE_ALPHA / 6,
            "flagged and false pass <= 0.05; image median <= 1200, p90 <= 2500; "
            "five flat pass median <= 1250",
        ),
        gate((0.005, 0.01, 0.06), PRODUCT_EPS, product_alpha(6), ""),
        small_drop(0.0),
        small_drop(PRODUCT_EPS),
        small_drop(0.01),
        upgrade(0.94, better=True),
        upgrade(0.85, better=False),
        Row(
            "the stretched form alarms at the fold's replay",
            "always",
            same_alarm,
            of_runs=0.02,
        ),
        Row(
            "cost of one stream",
            "state <= 4096 bytes at 4,000 replays, a replay <= 500 us",
            cost,
            of_runs=0.0,
        ),
    ]
