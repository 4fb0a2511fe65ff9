"""Regular expressions of suites, by RE2: time is linear in the text.

No backreferences and no look-around; such a pattern is refused when it is read.
"""

from functools import lru_cache
from typing import Any, Final

import re2

LONGEST_PATTERN: Final = 1_000  # characters
MOST_MEMORY_BYTES: Final = 4 * 2**20  # of one compiled pattern


@lru_cache(maxsize=256)
def compiled(pattern: str) -> Any:  # noqa: ANN401 - the library has no types
    """Return a compiled pattern.

    Raises:
        ValueError: not a pattern of RE2, or too large once compiled.
    """
    if len(pattern) > LONGEST_PATTERN:
        raise ValueError(f"longer than {LONGEST_PATTERN} characters")
    options = re2.Options()
    options.max_mem = MOST_MEMORY_BYTES
    options.log_errors = False
    try:
        return re2.compile(pattern, options)
    except re2.error as error:
        reason = error.args[0] if error.args else "no pattern"
        text = reason.decode() if isinstance(reason, bytes) else str(reason)
        raise ValueError(text) from None


def pattern_problem(pattern: str) -> str:
    """Return why a pattern cannot be used, "" if it can."""
    try:
        compiled(pattern)
    except ValueError as error:
        return f"{error} (RE2 syntax)"
    return ""
