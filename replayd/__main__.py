"""`snaptrace replayd`, or `python -m replayd`: settings, exit code."""

import logging
import os
import sys

from replayd import app
from replayd.config import ReplaydConfig
from replayd.exit_codes import run_to_code
from replayd.reload import Reread
from snaptrace.runtime.config import (
    ConfigError,
    StoreConfig,
    load,
    program_parser,
)
from snaptrace.runtime.ending import end
from snaptrace.runtime.lifecycle import (
    reload_on_hangup,
    stop_on_signals,
)
from snaptrace.runtime.lifeline import end_with_parent
from snaptrace.runtime.telemetry import set_up_logging

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
    return run_to_code(_run(config, store, arguments.ports_file, reread), log)


async def _run(
    config: ReplaydConfig, store: StoreConfig, ports: str | None, reread: Reread
) -> None:
    await app.run(
        config,
        store,
        stop_on_signals(),
        ports_file=ports,
        reload=reload_on_hangup(),
        reread=reread,
    )


if __name__ == "__main__":
    end(main(sys.argv[1:]))
