"""Flags slices for inspection under a bounded false discovery rate.

E-values of all slice streams are compared at once with the Benjamini-Hochberg
rule for e-values, which needs no independence. A slice's value is frozen when it
is first flagged, so that the list does not flicker; running maxima are never
used, since they carry no guarantee. Diagnostic only: no gate reads this.

Source: Wang and Ramdas, "False discovery rate control with e-values", JRSS-B 84
(2022), section 4 (e-BH); freezing: statistics as of first rejection stay valid
e-values at any later stopping time.
"""

import math
from collections.abc import Mapping

from msgspec import Struct

from replayd.stats.errors import OutOfRangeError

DEFAULT_FALSE_SHARE = 0.10


class SliceFlags(Struct, frozen=True):
    """Slices currently flagged, and their log e-values when first flagged."""

    flagged: frozenset[str] = frozenset()
    frozen_log_e: dict[str, float] = {}


def lowest_bar(false_share: float = DEFAULT_FALSE_SHARE) -> float:
    """Return the log e-value below which no slice is flagged, however many are."""
    return math.log(1.0 / false_share)


def flag_slices(
    log_e: Mapping[str, float],
    before: SliceFlags,
    *,
    watched: int,
    false_share: float = DEFAULT_FALSE_SHARE,
) -> SliceFlags:
    """Return the flags after one look; expected false share <= `false_share`.

    `log_e` is log E_R by slice; `watched` counts all slice streams of the epoch,
    also those without a replay yet. As `watched` grows, a flag may be lost.

    Raises:
        OutOfRangeError: `watched` is smaller than the slices given, a value is
            NaN, or `false_share` is not in (0, 1).
    """
    values = {**log_e, **before.frozen_log_e}
    if watched < len(values):
        raise OutOfRangeError("watched", watched, f"[{len(values)}, inf)")
    if not 0.0 < false_share < 1.0:
        raise OutOfRangeError("false_share", false_share, "(0, 1)")
    for name, value in values.items():
        if math.isnan(value):
            raise OutOfRangeError(f"log_e of {name}", value, "the real numbers")
    # Ties in name order, so that equal input gives equal output.
    ranked = sorted(values, key=lambda name: (-values[name], name))
    kept = 0
    for place, name in enumerate(ranked, start=1):
        if values[name] >= math.log(watched / (false_share * place)):
            kept = place
    flagged = frozenset(ranked[:kept])
    frozen = {name: values[name] for name in sorted({*before.frozen_log_e, *flagged})}
    return SliceFlags(flagged=flagged, frozen_log_e=frozen)
