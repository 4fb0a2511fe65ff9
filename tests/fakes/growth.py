"""How the processor time of some work grows with its input."""

import time

_FACTOR = 4
_MOST_RATIO = 10.0  # linear work takes 4 times as long, quadratic 16 times
_NOISE_SECONDS = 0.02


def spent(work, data):
    """Return the least processor seconds of three runs."""
    found = []
    for _ in range(3):
        began = time.process_time()
        work(data)
        found.append(time.process_time() - began)
    return min(found)


def assert_linear(work, made, size):
    """Fail where `work(made(n))` takes more than in proportion to `n`."""
    small, large = spent(work, made(size)), spent(work, made(_FACTOR * size))
    assert large <= _MOST_RATIO * small + _NOISE_SECONDS, (small, large)
