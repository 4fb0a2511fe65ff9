"""Kinds of assertions that a suite file may hold: those on content, and bands.

Bands (latency, tokens) are warnings unless the file says otherwise. A rubric needs a
judge model (`replayd.judge`); without one it is reported as not judged.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from replayd.model import ArmAnswer
from replayd.scoring.assertions import KINDS

RUBRIC: Final = "rubric"


def _a_bound(wanted: Any) -> str:  # noqa: ANN401 - JSON
    held = isinstance(wanted, int | float) and not isinstance(wanted, bool)
    return "" if held and wanted > 0 else "a number above 0 is wanted"


def _a_rubric(wanted: Any) -> str:  # noqa: ANN401
    held = isinstance(wanted, str) and bool(wanted.strip())
    return "" if held else "a text that says what a good answer does is wanted"


BANDS: Final[Mapping[str, Callable[[ArmAnswer], float | None]]] = {
    "max_latency_ms": lambda arm: arm.latency_ms,
    "max_output_tokens": lambda arm: arm.answer.usage.output_tokens,
    "max_input_tokens": lambda arm: arm.answer.usage.input_tokens,
}
FILE_KINDS: Final[Mapping[str, Callable[[Any], str]]] = {
    **{name: kind.misfit for name, kind in KINDS.items()},
    **dict.fromkeys(BANDS, _a_bound),
    RUBRIC: _a_rubric,
}
