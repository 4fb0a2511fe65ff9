"""Which recorded versions of a library speak for one that is running.

A version is vouched for by a recording of itself, of a later and an earlier version
alike, or of its own series: the same major and minor number. Anything newer than all
that was recorded is not known until it is recorded (docs/adr/0042).
"""

import functools
import re
from collections.abc import Iterable

_NUMBERS = re.compile(r"\d{1,9}")
_CACHED = 1024
_PARTS = 4


@functools.lru_cache(maxsize=_CACHED)
def numbers(version: str) -> tuple[int, ...]:
    """Return the numbers of a version, as (0, 62, 4); () if it has none."""
    release = version.partition("+")[0][:64]
    return tuple(int(n) for n in _NUMBERS.findall(release)[:_PARTS])


def vouching(version: str, recorded: Iterable[str]) -> tuple[str, ...]:
    """Return the recorded versions that speak for `version`; () if none does."""
    known = tuple(recorded)
    if version in known:
        return (version,)
    mine = numbers(version)
    if not mine:
        return ()
    ordered = sorted((numbers(v), v) for v in known if numbers(v))
    below = [v for n, v in ordered if n <= mine]
    above = [v for n, v in ordered if n > mine]
    if below and above:
        return (below[-1], above[0])
    series = [v for v in (*below[-1:], *above[:1]) if numbers(v)[:2] == mine[:2]]
    return tuple(series)
