"""One row of the acceptance table: what is run, and what must come out."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np
from msgspec import Struct

from replayd.stats import GatingSet, ModalityPlan

REFERENCE_EPS, REFERENCE_ALPHA = 0.0, 0.05  # at which the delay limits were set
PRODUCT_EPS = 0.005
MODALITIES = ("text", "image", "audio", "document", "tool_call", "mixed")


class Tools(Struct, frozen=True):
    """Tools of a row: random numbers, size and a progress report."""

    rng: np.random.Generator
    runs: int
    advance: Callable[[], None]

    def each(self) -> Iterator[int]:
        """Yield run numbers, moving the progress bar."""
        for run in range(self.runs):
            yield run
            self.advance()


class Measured(Struct, frozen=True):
    """Figures of a row, and whether its limit held; None: no limit is set."""

    figures: Mapping[str, float | int | None]
    holds: bool | None


class Row(Struct, frozen=True):
    """A row: its name, the limit in words, its code, and how much of `--runs`."""

    name: str
    limit: str
    measure: Callable[[Tools], Measured]
    of_runs: float = 1.0  # costly rows take a part of the runs, never under 40


def product_alpha(modalities: int) -> float:
    """Return a gating stream's share with so many modalities, three streams each."""
    plans = tuple(map(ModalityPlan, MODALITIES[:modalities]))
    return GatingSet(frozen=plans).alpha_regression(MODALITIES[0])


def share(hits: Sequence[bool]) -> float:
    """Return the share of true values."""
    return round(sum(hits) / len(hits), 5)


def quantile(delays: Sequence[int | None], at: float) -> float | None:
    """Return a quantile of delays; None if it lies beyond the horizon."""
    finite = [math.inf if delay is None else float(delay) for delay in delays]
    found = sorted(finite)[max(0, math.ceil(at * len(finite)) - 1)]
    return found if math.isfinite(found) else None


def within(figure: float | None, limit: float) -> bool:
    """Whether a figure exists and is at most `limit`."""
    return figure is not None and figure <= limit
