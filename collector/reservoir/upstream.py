"""The probability with which an upstream sampler let a span through.

Source: OpenTelemetry, "TraceState: Probability Sampling" (2024): key `ot`, sub-key
`th`, the rejection threshold as up to 14 hex digits without trailing zeros.
"""

import re

_OT = re.compile(r"(?:^|,)\s*ot=([^,]*)")
_THRESHOLD = re.compile(r"(?:^|;)th:([0-9a-f]{1,14})(?:;|$)")
_SPAN = 1 << 56


def upstream_probability(trace_state: str) -> float | None:
    """Return the sampling probability that `tracestate` states; None if none."""
    if "th:" not in trace_state or (found := _OT.search(trace_state)) is None:
        return None
    if (stated := _THRESHOLD.search(found[1].strip())) is None:
        return None
    return (_SPAN - int(stated[1].ljust(14, "0"), 16)) / _SPAN
