"""Rows on the watch on production: run length, delay against an oracle, the start."""

import math

import numpy as np

from bench.calibrate.paths import Truth
from bench.calibrate.row import Measured, Row, Tools, quantile, share
from replayd.stats.bins import BINS, ZERO_BIN
from replayd.stats.change import growth, log_mean, starts, step

RUN_LENGTH = 1_000.0  # of the row on false alarms
HORIZON = 20  # run lengths, after which a stream without an alarm is cut off
WATCHED = 10_000.0  # pairs to a false alarm, in the rows on delay
LONGEST = 20_000  # pairs after the change
# Truth after the change, discordance of the model before it, calm pairs before it.
CHANGES = {
    "5 points, at once": (Truth(0.08, 0.03), 0),
    "5 points, after 1,000 calm pairs": (Truth(0.08, 0.03), 1_000),
    "10 points, after 1,000 calm pairs": (Truth(0.13, 0.03), 1_000),
}
MOST_OVER_ORACLE = 1.3
LEAST_COVERAGE = 0.85  # of sets that should hold 0.9


def run_length(noise: float) -> Row:
    """Return the row: pairs to a false alarm on an unchanged model."""

    def measure(tools: Tools) -> Measured:
        longest = int(HORIZON * RUN_LENGTH)
        ended = np.full(tools.runs, float(longest))
        live = np.arange(tools.runs)
        sums = _start(tools.runs)
        for pair in range(longest):
            sums = step(sums, growth()[_pairs(tools.rng, len(live), noise, noise)])
            alarms = log_mean(sums) >= math.log(RUN_LENGTH)
            ended[live[alarms]] = pair + 1
            live, sums = live[~alarms], sums[~alarms]
            if not len(live):
                break
        for _ in tools.each():
            pass
        mean = float(ended.mean())
        figures = {"mean": round(mean), "cut_off": share((ended == longest).tolist())}
        return Measured(figures, mean >= RUN_LENGTH)

    name = f"run length to a false alarm, discordance {2 * noise:.0%}"
    return Row(name, f"at least {RUN_LENGTH:,.0f} pairs", measure)


def delay(name: str) -> Row:
    """Return the row: pairs to the alarm, over those of one who knows the change."""
    truth, calm = CHANGES[name]

    def measure(tools: Tools) -> Measured:
        bins = _stream(tools, truth, calm)
        found, held, width = _delays(bins, calm)
        oracle = _oracle(bins, truth, calm)
        for _ in tools.each():
            pass
        base, mean = float(np.mean(oracle)), float(np.mean(found))
        coverage = share(held) if held else 0.0
        figures = {
            "oracle_mean": round(base, 1),
            "mean": round(mean, 1),
            "median": quantile(found, 0.5),
            "p90": quantile(found, 0.9),
            "over_oracle": round(mean / base, 3),
            "start_held": coverage,
            "start_width_median": quantile(width, 0.5),
        }
        kept = mean <= MOST_OVER_ORACLE * base
        return Measured(figures, kept and (not calm or coverage >= LEAST_COVERAGE))

    limit = f"mean delay at most {MOST_OVER_ORACLE} of the oracle's"
    return Row(f"change of {name}", limit, measure, of_runs=0.25)


def _stream(tools: Tools, truth: Truth, calm: int) -> np.ndarray:
    """Return bins (pairs, runs): calm ones at the control's own noise, then changed."""
    before = _pairs(tools.rng, (calm, tools.runs), truth.better, truth.better)
    after = _pairs(tools.rng, (LONGEST, tools.runs), truth.worse, truth.better)
    return np.concatenate([before, after])


def _delays(bins: np.ndarray, calm: int) -> tuple[list[int], list[bool], list[int]]:
    """Return delays, whether the shown starts held the true one, and their width."""
    found = _first(bins, calm, growth(), log_mean)
    held: list[bool] = []
    width: list[int] = []
    for run, at in enumerate(found):
        if at:
            _, low, high = starts(bins[: calm + at, run])
            held.append(low <= calm <= high)
            width.append(high - low)
    return [at for at in found if at], held, width


def _oracle(bins: np.ndarray, truth: Truth, calm: int) -> list[int]:
    """Return delays of the same sum over the one bet that suits the known change."""
    best = (truth.worse - truth.better) / (truth.worse + truth.better)
    values = np.linspace(-1.0, 1.0, BINS)
    grown = np.log1p(-values * best)[:, None]
    found = _first(bins, calm, grown, lambda sums: sums[:, 0])
    return [at for at in found if at]


def _first(bins, calm, grown, log_sum):  # noqa: ANN001, ANN202 - arrays and a function
    """Return the pair after the change at which each run alarms; 0: before it."""
    runs = bins.shape[1]
    sums = np.full((runs, grown.shape[1]), -np.inf)
    found = np.full(runs, -1)
    for pair in range(len(bins)):
        sums = step(sums, grown[bins[pair]])
        alarms = (log_sum(sums) >= math.log(WATCHED)) & (found < 0)
        found[alarms] = max(pair + 1 - calm, 0)
        if (found >= 0).all():
            break
    return found.tolist()


def _start(runs: int) -> np.ndarray:
    return np.full((runs, growth().shape[1]), -np.inf)


def _pairs(rng, shape, worse, better):  # noqa: ANN001, ANN202 - arrays
    """Draw bins of pass and fail differences."""
    drawn = rng.random(shape)
    bins = np.full(drawn.shape, ZERO_BIN, dtype=np.uint8)
    bins[drawn < worse] = 0
    bins[drawn > 1.0 - better] = BINS - 1
    return bins


def rows() -> list[Row]:
    """Return the rows."""
    return [run_length(0.03), run_length(0.004), *map(delay, CHANGES)]
