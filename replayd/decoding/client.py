"""Asks the confined process for measures of a medium; one per program."""

from functools import cache
from typing import Any

import msgspec

from replayd.decoding.bounds import LARGEST_BYTES, TIMEOUT_SECONDS
from snaptrace.sandbox.process import ConfinedProcess

MODULE = "replayd.decoding.measuring"


@cache
def _process() -> ConfinedProcess:
    return ConfinedProcess(MODULE, (), TIMEOUT_SECONDS)


def measures_of(kind: str, data: bytes) -> dict[str, Any]:
    """Return what `kind` measures of a medium; empty where it cannot be decoded.

    Raises:
        ProcessFailedError: the process did not answer.
    """
    if not data or len(data) > LARGEST_BYTES:
        return {}
    answer = _process().ask(kind, data)
    found: dict[str, Any] = msgspec.json.decode(answer or b"{}")
    return found


def close() -> None:
    """End the process; the next question starts another."""
    _process().close()
