"""`snaptrace doctor --workers`: NATS as leader and workers see it."""

import asyncio

from rich.console import Console

from replayd.config import ReplaydConfig
from replayd.workers.inspection import inspected, plain, told
from snaptrace.cli.options import Source
from snaptrace.cli.output import CommandError, Format, print_json


def print_workers(source: Source, format: Format) -> int:  # noqa: A002 - its name
    """Print what was found; 1 where something does not work."""
    config = source.document().section("replayd", ReplaydConfig)
    if not config.workers.nats.url:
        raise CommandError(
            "replayd.workers.nats.url is not set: there are no workers", 2
        )
    findings = asyncio.run(inspected(config))
    if format == "table":
        console = Console(highlight=False)
        for line in told(findings):
            console.print(line)
    else:
        print_json(plain(findings))
    return int(not all(one.ok for one in findings))
