"""Judge model verdicts, corrected by human labels of a random sample.

Each pair has a verdict f of the judge in {-1, 0, 1}; with probability p, drawn from its
number alone, a person's label y is asked for as well. The value

    x = f + (xi / p) (y - f),    xi = 1 where a label was asked for, else 0

has the mean of y whatever the judge does: a good judge only makes it vary less. It
lies within +-(2/p - 1), so x / (2/p - 1) is a difference in [-1, 1] that every stream
here can fold, right at every look; margin and practical zero are divided alike.

Sources: A. Angelopoulos et al., "Prediction-powered inference", Science 382 (2023);
T. Zrnic and E. Candes, "Active statistical inference", ICML 2024, eq. 2 (the value
above); D. Csillag et al., "Prediction-powered e-values", arXiv 2502.04294 (2025), for
betting on such values.
"""

import math

from msgspec import Struct

from replayd.stats.errors import OutOfRangeError

_Z = 1.96
WORDS = (-1, 0, 1)


def value(judge: int, label: int | None, share: float) -> float:
    """Return x; `label` None: none was asked for.

    Raises:
        OutOfRangeError: a share outside (0, 1].
    """
    _check(share)
    return float(judge) if label is None else judge + (label - judge) / share


def scale(share: float) -> float:
    """Return what x is multiplied by to lie in [-1, 1].

    Raises:
        OutOfRangeError: a share outside (0, 1].
    """
    _check(share)
    return 1.0 / (2.0 / share - 1.0)


class Agreement(Struct, frozen=True):
    """Agreement of judge and people beyond chance."""

    labelled: int
    same: int
    kappa: float | None  # None: everybody always said one thing
    low: float | None
    high: float | None


def agreement(confusion: tuple[int, ...]) -> Agreement:
    """Return kappa with a 95 % interval, from nine counts: judge by label.

    Source: J. Cohen, "A coefficient of agreement for nominal scales", Educational and
    Psychological Measurement 20 (1960), with its standard error.
    """
    rows = [confusion[at : at + 3] for at in (0, 3, 6)]
    total, same = sum(confusion), sum(rows[at][at] for at in range(3))
    if not total:
        return Agreement(0, 0, None, None, None)
    columns = [sum(row[at] for row in rows) for at in range(3)]
    rng = sum(sum(row) * columns[at] for at, row in enumerate(rows)) / total**2
    if rng >= 1.0:
        return Agreement(total, same, None, None, None)
    observed = same / total
    kappa = (observed - rng) / (1.0 - rng)
    error = math.sqrt(observed * (1.0 - observed) / total) / (1.0 - rng)
    low, high = max(-1.0, kappa - _Z * error), min(1.0, kappa + _Z * error)
    return Agreement(total, same, kappa, low, high)


def place(judge: int, label: int) -> int:
    """Return the index of a (judge, label) pair among the nine counts."""
    return 3 * WORDS.index(judge) + WORDS.index(label)


def _check(share: float) -> None:
    if not 0.0 < share <= 1.0:
        raise OutOfRangeError("label share", share, "(0, 1]")
