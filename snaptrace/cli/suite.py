"""`snaptrace test`: a pinned suite against one endpoint, for pipelines. No daemon."""

import asyncio
import os
import random
import sys
from typing import Annotated

import msgspec
from cyclopts import Parameter
from rich.console import Console
from rich.table import Table
from rich.text import Text

from replayd.arms.arm import Arm, endpoint_settings
from replayd.arms.endpoint import Endpoint
from replayd.cases.loader import CaseLoader
from replayd.config import ArmConfig
from replayd.offline.suite import SuiteCase, exit_code, run_suite
from replayd.providers import PROVIDERS
from snaptrace.cli.options import Source
from snaptrace.cli.output import Format, print_json
from snaptrace.cli.session import Opened
from snaptrace.runtime.clock import SystemClock
from snaptrace.runtime.config import Duration
from snaptrace.store import pins

_SAID = {
    0: "[green]passed[/green]",
    1: "[red]failed[/red]",
    2: "[yellow]undecided: not every case could be judged[/yellow]",
    3: "[yellow]no cases in this suite[/yellow]",
}
_STYLES = {"passed": "green", "failed": "red", "not_judged": "yellow"}
LONGEST_SHOWN = 300  # characters of an answer in a table


def run_pinned(
    source: Source | None = None,
    *,
    suite: str,
    canary: str,
    api: str = "openai_chat",
    model: str = "",
    api_key_env: str = "",
    timeout: Annotated[float, Parameter(help="Seconds for one case.")] = 120.0,
    format: Format = "table",  # noqa: A002 - the name of the option
) -> int:
    """Run a pinned suite against an endpoint, without a daemon.

    Exits as a gate: 0 every case passed, 1 one failed, 2 one could not be judged, 3
    there was none. A case fails without a usable answer, where an invariant is worse
    kept than in the recording, or where a pin's assertion is not met.

    Parameters
    ----------
    suite
        Name of the suite, as given to `snaptrace pin`.
    canary
        Base URL of the endpoint, as http://canary/v1.
    api
        Which API the endpoint speaks.
    model
        The model to ask for; the one recorded with each case if not given.
    api_key_env
        Environment variable that holds the credential.
    """
    opened = Opened.of(source)
    arm = ArmConfig(
        role="canary",
        url=canary,
        model=model,
        api=api,
        api_key_env=api_key_env,
        timeout=Duration(timeout),
    )
    cases = asyncio.run(_run(opened, arm, suite, format))
    if format == "json":
        print_json(cases)
    elif format == "table":
        print_cases(cases)
    return exit_code(cases)


async def _run(
    opened: Opened, config: ArmConfig, suite: str, output: Format
) -> list[SuiteCase]:
    store, content = opened.store, CaseLoader(opened.store, opened.key)
    settings = endpoint_settings("canary", config, os.environ)
    endpoint = Endpoint(
        settings, PROVIDERS[config.api], SystemClock(), random.SystemRandom()
    )
    cases: list[SuiteCase] = []
    ids = [one.snapshot_id async for _, _, one in pins.pinned(store, suite)]
    await content.refresh()
    opened.read(f"test --suite {suite}", ids)
    with opened.progress() as progress:
        bar = progress.add_task(f"testing {suite}", total=len(ids))
        async with endpoint:
            arm = Arm("canary", config, endpoint)
            async for case in run_suite(store, content, arm, suite):
                cases.append(case)
                progress.advance(bar)
                if output == "jsonl":
                    sys.stdout.buffer.write(msgspec.json.encode(case) + b"\n")
                    sys.stdout.buffer.flush()
    return cases


def print_cases(cases: list[SuiteCase]) -> None:
    """Print every case, and what all of them come to."""
    table = Table(show_lines=True, header_style="bold")
    for heading in ("snapshot", "modality", "state", "why", "recorded", "answered"):
        table.add_column(heading, overflow="fold")
    for case in cases:
        table.add_row(
            case.snapshot_id[:12],
            case.modality,
            Text(case.state, _STYLES[case.state]),
            Text("\n".join((*case.why, case.note) if case.note else case.why)),
            Text(case.recorded[:LONGEST_SHOWN]),
            Text(case.answer[:LONGEST_SHOWN] or case.outcome),
        )
    console = Console(highlight=False)
    if cases:
        console.print(table)
    console.print(_SAID[exit_code(cases)])
