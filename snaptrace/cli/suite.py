"""`snaptrace test`: a pinned suite against one endpoint, for pipelines. No daemon."""

import asyncio
import os
import random
import sys
from collections.abc import Mapping
from contextlib import AsyncExitStack
from typing import Annotated, Literal

import msgspec
from cyclopts import Parameter
from rich.console import Console
from rich.table import Table
from rich.text import Text

from replayd.arms.arm import Arm, endpoint_settings
from replayd.arms.endpoint import Endpoint
from replayd.cases.loader import CaseLoader
from replayd.config import ArmConfig
from replayd.offline.suite.entries import Entries, locked_entries, stored_entries
from replayd.offline.suite.outcome import Outcome, SuiteCase, outcome_of, settled
from replayd.offline.suite.run import HARD_RUNS, Settings, SuiteRun
from replayd.providers import PROVIDERS
from snaptrace.cli.options import Source
from snaptrace.cli.output import CommandError, Format, print_json
from snaptrace.cli.session import Opened
from snaptrace.cli.suite_file import is_file, read_lock, read_suite
from snaptrace.runtime.clock import SystemClock
from snaptrace.runtime.config import Duration
from snaptrace.store.store import Store
from snaptrace.suite.errors import LockError
from snaptrace.suite.lock import SHOWN_HASH

_SAID = {
    "passed": "[green]passed[/green]",
    "failed": "[red]failed[/red]",
    "undecided": "[yellow]undecided[/yellow]",
    "unknown": "[yellow]nothing was judged[/yellow]",
}
_STYLES = {
    "passed": "green",
    "failed": "red",
    "quarantined": "magenta",
    "not_judged": "yellow",
}
LONGEST_SHOWN = 300  # characters of an answer in a table


def run_pinned(
    source: Source | None = None,
    *,
    suite: str,
    canary: str,
    api: str = "openai_chat",
    model: str = "",
    api_key_env: str = "",
    control: str = "",
    control_model: str = "",
    control_key_env: str = "",
    timeout: Annotated[float, Parameter(help="Seconds for one case.")] = 120.0,
    runs: int = HARD_RUNS,
    in_flight: int = 8,
    format: Format = "table",  # noqa: A002 - the name of the option
) -> int:
    """Run a pinned suite against an endpoint, without a daemon.

    Exits as a gate: 0 every judged case passed, 1 one failed, 2 one was left unjudged,
    3 nothing was judged. A case fails without a usable answer, where an invariant is
    worse kept than in the recording, where an assertion is not met, and, without one,
    where the answer differs from the recording by the rules for live traffic.

    Parameters
    ----------
    suite
        Name of a suite in the store, as given to `snaptrace pin`, or a suite file.
    canary
        Base URL of the endpoint, as http://canary/v1.
    api
        Which API the endpoints speak.
    model
        The model to ask for; the one recorded with each case if not given.
    api_key_env
        Environment variable that holds the credential.
    control
        Base URL of the production model: what fails there too is quarantined.
    control_model
        The model to ask the control for; the recorded one if not given.
    control_key_env
        Environment variable that holds the control's credential.
    runs
        How often a hard pin is asked; more than half must pass.
    in_flight
        Pins asked at once.
    """
    if runs < 1 or in_flight < 1:
        raise CommandError("--runs and --in-flight are at least 1", 2)
    opened = Opened.of(source)
    asked: dict[Literal["canary", "control"], tuple[str, str, str]]
    asked = {"canary": (canary, model, api_key_env)}
    if control:
        asked["control"] = (control, control_model, control_key_env)
    arms = {
        role: ArmConfig(
            role=role,
            url=url,
            model=name,
            api=api,
            api_key_env=key_env,
            timeout=Duration(timeout),
        )
        for role, (url, name, key_env) in asked.items()
    }
    settings = Settings(hard_runs=runs, in_flight=in_flight)
    found = asyncio.run(_run(opened, arms, suite, settings))
    if format == "json":
        print_json(found.cases)
    elif format == "jsonl":
        for case in found.cases:
            sys.stdout.buffer.write(msgspec.json.encode(case) + b"\n")
        sys.stdout.buffer.flush()
    else:
        print_outcome(found)
    return found.exit_code


async def _run(
    opened: Opened,
    arms: Mapping[Literal["canary", "control"], ArmConfig],
    suite: str,
    settings: Settings,
) -> Outcome:
    found = await entries_of(opened.store, suite)
    content = CaseLoader(opened.store, opened.key)
    await content.refresh()
    opened.read(f"test --suite {suite}", [e.snapshot_id for e in found.entries])
    cases: list[SuiteCase] = []
    async with AsyncExitStack() as stack:
        progress = stack.enter_context(opened.progress())
        bar = progress.add_task(f"testing {suite}", total=len(found.entries))
        asked = {}
        for name, config in arms.items():
            endpoint = Endpoint(
                endpoint_settings(name, config, os.environ, at=f"--{name}"),
                PROVIDERS[config.api],
                SystemClock(),
                random.SystemRandom(),
            )
            asked[name] = Arm(name, config, await stack.enter_async_context(endpoint))
        run = SuiteRun(
            opened.store,
            content,
            asked["canary"],
            control=asked.get("control"),
            settings=settings,
        )
        async for case in run.cases(found.entries):
            cases.append(case)
            progress.advance(bar)
    return outcome_of(found.suite, settled(cases), found.suite_hash)


async def entries_of(store: Store, suite: str) -> Entries:
    """Return the pins of a suite in the store, or of a suite file and its lock.

    Raises:
        CommandError: the file or its lock cannot be used.
    """
    if not is_file(suite):
        return await stored_entries(store, suite)
    try:
        return await locked_entries(store, read_suite(suite), read_lock(suite))
    except LockError as error:
        raise CommandError(str(error), 2) from None


def print_outcome(found: Outcome) -> None:
    """Print every case, and what all of them come to."""
    table = Table(show_lines=True, header_style="bold")
    for heading in ("snapshot", "modality", "state", "why", "recorded", "answered"):
        table.add_column(heading, overflow="fold")
    for case in found.cases:
        table.add_row(
            case.snapshot_id[:12],
            case.modality,
            Text(case.state.replace("_", " "), _STYLES[case.state]),
            Text("\n".join(filter(None, (*case.why, *_warned(case), case.note)))),
            Text(case.recorded[:LONGEST_SHOWN]),
            Text(case.answer[:LONGEST_SHOWN] or case.outcome),
        )
    console = Console(highlight=False)
    if found.cases:
        console.print(table)
    else:
        console.print(f"no cases in the suite {found.suite!r}")
    version = found.suite_hash[:SHOWN_HASH]
    console.print(f"{_SAID[found.verdict]} (suite {found.suite}, version {version})")
    for sentence in found.statement:
        console.print(sentence)


def _warned(case: SuiteCase) -> list[str]:
    return [f"warning: {warning}" for warning in case.warnings]
