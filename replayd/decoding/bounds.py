"""Bounds on what is decoded; a medium beyond them is not looked at."""

from typing import Final

UNKNOWN: Final = "unknown"
LARGEST_BYTES: Final = 32 * 2**20
MOST_PIXELS: Final = 40_000_000
MOST_SECONDS: Final = 600.0
MOST_PAGES: Final = 200
TIMEOUT_SECONDS: Final = 5.0  # of one medium
