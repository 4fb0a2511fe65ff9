"""`snaptrace replayd`, or `python -m replayd`: settings, exit code."""

import asyncio
import logging
import os
import sys

import uvloop

from replayd import app, gc_tuning
from replayd.config import ReplaydConfig
from replayd.errors import ReplaydError
from replayd.reload import Reread
from snaptrace.crypto.fleet_key import KeyFileError
from snaptrace.runtime.config import (
    ConfigError,
    StoreConfig,
    load,
    program_parser,
)
from snaptrace.runtime.lifecycle import (
    PartLateError,
    log_causes,
    reload_on_hangup,
    stop_on_signals,
)
from snaptrace.runtime.lifeline import end_with_parent
from snaptrace.runtime.telemetry import set_up_logging
from snaptrace.snapshot.errors import SnapshotError

log = logging.getLogger("replayd")


def main(argv: list[str]) -> int:
    """Run replayd until SIGTERM.

    Returns 0 after a clean end, 1 after a failure, 2 for a mistake in the arguments or
    the configuration.
    """
    end_with_parent()
    arguments = program_parser(
        "replayd",
        "Replay snapshots on a canary and its control, score, judge.",
        strict="as for the collector; replayd always waits for its store",
    ).parse_args(argv)

    def reread() -> tuple[ReplaydConfig, StoreConfig]:
        document = load(arguments.config, os.environ, arguments.set)
        replayd = document.section("replayd", ReplaydConfig)
        return replayd, document.section("store", StoreConfig)

    try:
        config, store = reread()
    except ConfigError as error:
        sys.stderr.write(f"snaptrace replayd: {error}\n")
        return 2
    set_up_logging(config.log_level)
    code = 0
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(_run(config, store, arguments.ports_file, reread))
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


async def _run(
    config: ReplaydConfig, store: StoreConfig, ports: str | None, reread: Reread
) -> None:
    gc_tuning.search_seldom()
    await app.run(
        config,
        store,
        stop_on_signals(),
        ports_file=ports,
        reload=reload_on_hangup(),
        reread=reread,
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
