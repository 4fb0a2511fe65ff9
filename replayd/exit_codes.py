"""From how a program ended to its exit code."""

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any

import uvloop

from replayd import gc_tuning
from replayd.errors import ReplaydError
from snaptrace.crypto.fleet_key import KeyFileError
from snaptrace.runtime.config import ConfigError
from snaptrace.runtime.lifecycle import PartLateError, log_causes
from snaptrace.snapshot.errors import SnapshotError


def run_to_code(program: Coroutine[Any, Any, None], log: logging.Logger) -> int:
    """Run a program on a loop of its own; return its exit code, and log why.

    0 after a clean end, 1 after a failure, 2 for a configuration that cannot work.
    """
    gc_tuning.search_seldom()
    code = 0
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(program)
    except* ConfigError as group:
        log_causes(group, log)
        code = 2
    except* (
        OSError,
        ReplaydError,
        SnapshotError,
        KeyFileError,
        PartLateError,
    ) as group:
        log_causes(group, log)
        code = 1
    return code
