"""`snaptrace worker`, or `python -m replayd.worker`: settings, exit code."""

import asyncio
import logging
import os
import secrets
import sys

import uvloop

from replayd import gc_tuning
from replayd.config import ReplaydConfig
from replayd.errors import ReplaydError
from replayd.reload import check
from replayd.workers import process
from snaptrace.crypto.fleet_key import KeyFileError
from snaptrace.runtime.config import ConfigError, StoreConfig, load, program_parser
from snaptrace.runtime.lifecycle import PartLateError, log_causes, stop_on_signals
from snaptrace.runtime.ports import Ports
from snaptrace.runtime.telemetry import set_up_logging
from snaptrace.snapshot.errors import SnapshotError

log = logging.getLogger("replayd.worker")


def main(argv: list[str]) -> int:
    """Run a worker until SIGTERM.

    Returns 0 after a clean end, 1 after a failure, 2 for a mistake in the arguments or
    the configuration.
    """
    arguments = program_parser(
        "worker",
        "Ask the arms and score for a replayd, by numbers from NATS.",
        strict="as for replayd; a worker always waits for its store",
    ).parse_args(argv)
    try:
        document = load(arguments.config, os.environ, arguments.set)
        config = document.section("replayd", ReplaydConfig)
        store = document.section("store", StoreConfig)
        check(config, os.environ)
    except ConfigError as error:
        sys.stderr.write(f"snaptrace worker: {error}\n")
        return 2
    set_up_logging(config.log_level)
    code = 0
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(_run(config, store, Ports(arguments.ports_file)))
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


async def _run(config: ReplaydConfig, store: StoreConfig, ports: Ports) -> None:
    gc_tuning.search_seldom()
    bound = ports.bound("metrics")

    def serves(address: str) -> None:
        bound(address)
        ports.write()

    await process.run(
        config,
        store,
        stop_on_signals(),
        worker=f"{os.uname().nodename}-{os.getpid()}-{secrets.token_hex(4)}",
        on_bound=serves,
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
