"""`snaptrace collector`, or `python -m collector`: settings, exit code."""

import argparse
import asyncio
import logging
import os
import sys

import uvloop

from collector.config.relay import CollectorConfig
from collector.errors import CollectorError
from snaptrace.runtime.config import (
    ConfigError,
    Document,
    StoreConfig,
    load,
    program_parser,
)
from snaptrace.runtime.ending import end
from snaptrace.runtime.lifecycle import PartLateError, log_causes, stop_on_signals
from snaptrace.runtime.lifeline import end_with_parent
from snaptrace.runtime.telemetry import set_up_logging

log = logging.getLogger("collector")


def main(argv: list[str]) -> int:
    """Run the collector until SIGTERM.

    Returns 0 after a clean end, 1 after a failure, 2 for a mistake in the arguments or
    the configuration.
    """
    end_with_parent()
    arguments = program_parser(
        "collector",
        "Forward OTLP telemetry unchanged; keep a sample of model calls.",
        strict="end if sampling cannot work",
    ).parse_args(argv)
    try:
        document = load(arguments.config, os.environ, arguments.set)
        config = document.section("collector", CollectorConfig)
        document.section("store", StoreConfig)
    except ConfigError as error:
        sys.stderr.write(f"snaptrace collector: {error}\n")
        return 2
    set_up_logging(config.log_level)
    code = 0
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(_run(config, document, arguments))
    except* ConfigError as group:
        log_causes(group, log)
        code = 2
    except* (OSError, CollectorError, PartLateError) as group:
        log_causes(group, log)
        code = 1
    return code


async def _run(
    config: CollectorConfig, document: Document, arguments: argparse.Namespace
) -> None:
    # Not before now, so that a mistake in the settings is told at once.
    from collector import app  # noqa: PLC0415

    await app.run(
        config,
        document.tree,
        stop_on_signals(),
        strict=arguments.strict,
        ports_file=arguments.ports_file,
    )


if __name__ == "__main__":
    end(main(sys.argv[1:]))
