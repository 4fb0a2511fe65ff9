"""This tree's own capture, for drivers: no package index has it yet."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[2] / "capture" / "python"))


def capture(provider: object) -> None:
    """Switch the capture on."""
    import snaptrace_capture  # noqa: PLC0415 - found through the path above

    snaptrace_capture.install(tracer_provider=provider)
