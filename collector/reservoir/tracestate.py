"""Sampling probability of upstream samplers, from `tracestate`.

Source: OpenTelemetry, "TraceState: Probability Sampling" (2024): key `ot`, sub-key
`th`, the rejection threshold as up to 14 hex digits without trailing zeros, and `rv`,
the 14 hex digits of explicit randomness it was compared with. Samplers of the earlier
draft (2021) wrote `p`, minus the binary logarithm of the probability, and `r`.
"""

import re

_OT = re.compile(r"(?:^|,)\s*ot=([^,]*)")
_THRESHOLD = re.compile(r"(?:^|;)th:([0-9a-f]{1,14})(?:;|$)")
_RANDOMNESS = re.compile(r"(?:^|;)rv:([0-9a-f]{14})(?:;|$)")
_DRAFT_P = re.compile(r"(?:^|;)p:([0-9]{1,2})(?:;|$)")
_DRAFT_R = re.compile(r"(?:^|;)r:([0-9]{1,2})(?:;|$)")
_DRAFT_NEVER = 63  # as `p`: probability zero, kept for another reason
_SPAN = 1 << 56


def upstream_probability(trace_state: str) -> float | None:
    """Return the sampling probability that `tracestate` states; None if none.

    A threshold that the stated randomness does not pass is inconsistent: the span was
    kept for another reason, with an unknown probability.
    """
    if "ot=" not in trace_state or (found := _OT.search(trace_state)) is None:
        return None
    fields = found[1].strip()
    if (stated := _THRESHOLD.search(fields)) is None:
        return _draft_probability(fields)
    threshold = int(stated[1].ljust(14, "0"), 16)
    randomness = _RANDOMNESS.search(fields)
    if randomness is not None and int(randomness[1], 16) < threshold:
        return None
    return (_SPAN - threshold) / _SPAN


def _draft_probability(fields: str) -> float | None:
    if (stated := _DRAFT_P.search(fields)) is None:
        return None
    exponent, randomness = int(stated[1]), _DRAFT_R.search(fields)
    if exponent >= _DRAFT_NEVER:
        return None
    if randomness is not None and int(randomness[1]) < exponent:
        return None
    return float(2.0**-exponent)
