"""`snaptrace collector`, or `python -m collector`: settings, exit code."""

import argparse
import asyncio
import logging
import os
import sys

import uvloop

from collector import app
from collector.config import CollectorConfig
from collector.errors import CollectorError
from snaptrace.runtime.config import ConfigError, Document, StoreConfig, load
from snaptrace.runtime.lifecycle import PartLateError, stop_on_signals
from snaptrace.runtime.telemetry import set_up_logging

log = logging.getLogger("collector")


def main(argv: list[str]) -> int:
    """Run the collector until SIGTERM.

    Returns 0 after a clean end, 1 after a failure, 2 for a mistake in the arguments or
    the configuration.
    """
    arguments = _parser().parse_args(argv)
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
        _say(group)
        code = 2
    except* (OSError, CollectorError, PartLateError) as group:
        _say(group)
        code = 1
    return code


async def _run(
    config: CollectorConfig, document: Document, arguments: argparse.Namespace
) -> None:
    await app.run(
        config,
        document.tree,
        stop_on_signals(),
        strict=arguments.strict,
        ports_file=arguments.ports_file,
    )


def _say(group: BaseExceptionGroup[BaseException]) -> None:
    for error in group.exceptions:
        if isinstance(error, BaseExceptionGroup):
            _say(error)
        else:
            log.error("ended", extra={"why": str(error)})


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="snaptrace collector",
        description="Forward OTLP telemetry unchanged; keep a sample of model calls.",
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
        "--strict", action="store_true", help="end if sampling cannot work"
    )
    parser.add_argument(
        "--ports-file", metavar="FILE", help="write the bound addresses as JSON"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
