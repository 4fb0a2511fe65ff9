"""Reports of `snaptrace test`: a table for a person, files for pipelines."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import msgspec
from cyclopts import Parameter
from rich.console import Console
from rich.text import Text

from replayd.offline.suite.cost import SuiteCost
from replayd.offline.suite.junit import junit
from replayd.offline.suite.markdown import markdown
from replayd.offline.suite.outcome import Outcome, SuiteCase
from snaptrace.cli.output import UNWRITTEN, CommandError, console_of, print_json
from snaptrace.runtime.fitted_table import Column, FittedTable
from snaptrace.suite.lock import SHOWN_HASH

TestFormat = Literal["table", "json", "jsonl", "junit", "markdown"]
_SAID = {
    "passed": "[green]passed[/green]",
    "failed": "[red]failed[/red]",
    "undecided": "[yellow]undecided[/yellow]",
    "unknown": "[yellow]nothing was judged[/yellow]",
}
_STYLES = {
    "passed": "green",
    "failed": "red",
    "weak": "yellow",
    "quarantined": "magenta",
    "not_judged": "yellow",
}
LONGEST_SHOWN = 300  # characters of an answer in a table


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Reports:
    """Files that are written beside what is printed."""

    junit: Path | None = None
    """Write JUnit XML into this file."""

    markdown: Path | None = None
    """Write Markdown into this file."""

    json: Path | None = None
    """Write everything as JSON into this file."""

    def write(self, outcome: Outcome) -> None:
        """Write the files that were asked for.

        Raises:
            CommandError: one cannot be written; the exit code is none of a verdict's.
        """
        for path, content in (
            (self.junit, junit),
            (self.markdown, lambda found: markdown(found).encode()),
            (self.json, msgspec.json.encode),
        ):
            if path is None:
                continue
            try:
                path.write_bytes(content(outcome))
            except OSError as error:
                why = f"{path} cannot be written: {error.strerror}"
                raise CommandError(why, UNWRITTEN) from None


def print_plan(cost: SuiteCost) -> None:
    """Say on stderr what a run will take, before anything is sent."""
    Console(stderr=True, highlight=False).print(cost.told(), soft_wrap=True)


def print_outcome(found: Outcome, output: TestFormat) -> None:
    """Print a run in a format."""
    out = sys.stdout.buffer
    if output == "json":
        print_json(found)
    elif output == "jsonl":
        for case in found.cases:
            line = {"suite_hash": found.suite_hash, **msgspec.to_builtins(case)}
            out.write(msgspec.json.encode(line) + b"\n")
    elif output == "junit":
        out.write(junit(found))
    elif output == "markdown":
        out.write(markdown(found).encode())
    else:
        _print_table(found)
    out.flush()


def _print_table(found: Outcome) -> None:
    console = console_of()
    if found.cases:
        console.print(cases_table(found.cases))
    else:
        console.print(f"no cases in the suite {found.suite!r}")
    version = found.suite_hash[:SHOWN_HASH]
    console.print(f"{_SAID[found.verdict]} (suite {found.suite}, version {version})")
    for sentence in found.statement:
        console.print(sentence)


def cases_table(cases: Sequence[SuiteCase]) -> FittedTable:
    """Return a row per case; a narrow terminal has no room for the recording."""
    table = FittedTable(
        (
            Column("snapshot"),
            Column("modality"),
            Column("state"),
            Column("why", wraps=16),
            Column("recorded", rank=1, wraps=24),
            Column("answered", wraps=16),
        ),
        ruled=True,
    )
    for case in cases:
        table.add(
            case.snapshot_id[:12],
            case.modality,
            Text(case.state.replace("_", " "), _STYLES[case.state]),
            "\n".join(filter(None, (*case.why, *_warned(case), case.note))),
            case.recorded[:LONGEST_SHOWN],
            case.answer[:LONGEST_SHOWN] or case.outcome,
        )
    return table


def _warned(case: SuiteCase) -> list[str]:
    return [f"warning: {warning}" for warning in case.warnings]
