"""`snaptrace replayd`, or `python -m replayd`: settings, exit code."""

import argparse
import asyncio
import gc
import logging
import os
import sys

from replayd import app
from replayd.config import ReplaydConfig
from replayd.errors import ReplaydError
from snaptrace.runtime.config import ConfigError, StoreConfig, load
from snaptrace.runtime.lifecycle import PartLateError, stop_on_signals
from snaptrace.runtime.telemetry import set_up_logging
from snaptrace.snapshots.errors import SnapshotError
from snaptrace.snapshots.keys import KeyFileError

log = logging.getLogger("replayd")


def main(argv: list[str]) -> int:
    """Run replayd until SIGTERM.

    Returns 0 after a clean end, 1 after a failure, 2 for a mistake in the arguments or
    the configuration.
    """
    arguments = _parser().parse_args(argv)
    try:
        document = load(arguments.config, os.environ, arguments.set)
        config = document.section("replayd", ReplaydConfig)
        store = document.section("store", StoreConfig)
    except ConfigError as error:
        sys.stderr.write(f"snaptrace replayd: {error}\n")
        return 2
    set_up_logging(config.log_level)
    code = 0
    try:
        asyncio.run(_run(config, store, arguments.ports_file))
    except* ConfigError as group:
        _say(group)
        code = 2
    except* (
        OSError,
        ReplaydError,
        SnapshotError,
        KeyFileError,
        PartLateError,
    ) as group:
        _say(group)
        code = 1
    return code


async def _run(config: ReplaydConfig, store: StoreConfig, ports: str | None) -> None:
    # What was imported stays: looking through it for garbage, again and again, would
    # keep every connection waiting for tens of milliseconds.
    gc.collect()
    gc.freeze()
    await app.run(config, store, stop_on_signals(), ports_file=ports)


def _say(group: BaseExceptionGroup[BaseException]) -> None:
    for error in group.exceptions:
        if isinstance(error, BaseExceptionGroup):
            _say(error)
        else:
            log.error("ended", extra={"why": str(error)})


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="snaptrace replayd",
        description="Replay snapshots on a canary and its control, score, judge.",
    )
    parser.add_argument("--config", metavar="FILE", help="YAML configuration")
    parser.add_argument(
        "--set",
        metavar="SECTION.KEY=VALUE",
        action="append",
        default=[],
        help="override one key; may be repeated",
    )
    parser.add_argument(
        "--strict", action="store_true", help="as for the collector; replayd always is"
    )
    parser.add_argument(
        "--ports-file", metavar="FILE", help="write the bound addresses as JSON"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
