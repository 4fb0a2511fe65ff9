"""A grid of 21 bins for differences, preserving the mean exactly.

A difference is clipped to [-clip, clip] and rounded to one of 21 evenly spaced
values, up or down by chance so that its expectation stays what it was. Pass and
fail scores (-1, 0, 1 at clip 1) lie on the grid and are never moved.

The chance comes from the dispatch number, which was fixed before anything was
sent; folding the same results again therefore gives the same counts.
"""

import math
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from replayd.stats.errors import OutOfRangeError

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

BINS = 21
ZERO_BIN = 10  # the bin of "no difference"
ON_GRID = 1e-9  # closer to a grid value than this is on it


def bin_values(clip: float = 1.0) -> FloatArray:
    """Return the bins' values, ascending, shape (21,)."""
    steps = np.arange(-ZERO_BIN, BINS - ZERO_BIN, dtype=np.float64)
    return steps * np.float64(clip / ZERO_BIN)


def rounding_draw(number: int) -> float:
    """Return a number in [0, 1) determined by the dispatch number alone."""
    digest = blake2b(
        str(number).encode(), digest_size=8, person=b"stats/round"
    ).digest()
    return (int.from_bytes(digest, "big") >> 11) * 2.0**-53


def bin_of(difference: float, draw: float, clip: float = 1.0) -> int:
    """Return the bin, 0 to 20, of `difference` in [-1, 1].

    `draw` is uniform on [0, 1) and independent of `difference`; then the
    expected bin value equals the clipped difference.

    Raises:
        OutOfRangeError: NaN or outside [-1, 1]; a scorer broke its contract.
    """
    if not -1.0 <= difference <= 1.0:  # Also refuses NaN.
        raise OutOfRangeError("difference", difference, "[-1, 1]")
    steps = max(-1.0, min(1.0, difference / clip)) * ZERO_BIN
    below = math.floor(steps + ON_GRID)
    rest = steps - below
    return below + ZERO_BIN + (rest > ON_GRID and draw < rest)
