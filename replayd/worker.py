"""`snaptrace worker`, or `python -m replayd.worker`: settings, exit code."""

import logging
import os
import secrets
import sys

from replayd.config import ReplaydConfig
from replayd.exit_codes import run_to_code
from replayd.reload import check
from replayd.workers import process
from snaptrace.runtime.config import ConfigError, StoreConfig, load, program_parser
from snaptrace.runtime.ending import end
from snaptrace.runtime.lifecycle import stop_on_signals
from snaptrace.runtime.ports import Ports
from snaptrace.runtime.telemetry import set_up_logging

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
    return run_to_code(_run(config, store, Ports(arguments.ports_file)), log)


async def _run(config: ReplaydConfig, store: StoreConfig, ports: Ports) -> None:
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
    end(main(sys.argv[1:]))
