"""`snaptrace scorer new | check`: write a scorer, and test what it promises."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from rich.console import Console

from snaptrace.cli.output import (
    EXIT_FAILED,
    EXIT_USAGE,
    CommandError,
    Format,
    print_rows,
)
from snaptrace.scorers import cases, template
from snaptrace.scorers.check import CheckReport, check
from snaptrace.scorers.remote import RemoteScorer, ScorerFailedError


def new(name: str, *, folder: Path = Path()) -> int:
    """Write a working scorer to begin with, NAME_scorer.py.

    Parameters
    ----------
    name
        Its name: small letters, digits and _.
    folder
        Where the file is written.
    """
    try:
        text = template.template(name)
    except ValueError as error:
        raise CommandError(str(error), EXIT_USAGE) from None
    file = folder / f"{name}_scorer.py"
    if file.exists():
        raise CommandError(f"{file} is there already", EXIT_USAGE)
    file.write_text(text, encoding="utf-8")
    _say(f"wrote {file}; next: snaptrace scorer check {name}_scorer:{name}")
    return 0


def check_(
    scorer: str,
    *,
    file: Annotated[Path | None, Parameter(name="--cases")] = None,
    diagnostic: Annotated[bool, Parameter(negative="")] = False,
    network: Annotated[bool, Parameter(negative="")] = False,
    environment: Annotated[tuple[str, ...], Parameter(name="--env")] = (),
    timeout: float = 10.0,
    format_: Annotated[Format, Parameter(name="--format")] = "table",
) -> int:
    """Test a scorer against its contract: exit code 0 if it keeps it, else 1.

    It runs as in replayd: confined, without network and keys. Checked: same inputs
    give the same value in any order and process, values in [0, 1], useless answers
    are 0, more damage is never better, which model answered does not count, hostile
    and long answers are valued in bounded time.

    Parameters
    ----------
    scorer
        An entry point of `snaptrace.scorers`, or `module:name`.
    file
        JSON lines of your own cases in place of the shipped ones; docs/scorers.md.
    diagnostic
        Leave out what only a scorer that decides has to keep.
    network
        Let it open connections, as `network: true` does.
    environment
        A variable of the environment that it may read; may be repeated.
    timeout
        Seconds for one question.
    """
    try:
        known = cases.of_file(file) if file else cases.shipped()
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CommandError(f"{file}: {error}", EXIT_USAGE) from None

    def made() -> RemoteScorer:
        return RemoteScorer(
            scorer, timeout_seconds=timeout, network=network, environment=environment
        )

    try:
        report = check(made, known, quality=not diagnostic)
    except ScorerFailedError as error:
        raise CommandError(f"{scorer}: {error}", EXIT_USAGE) from None
    _print(report, format_)
    return EXIT_FAILED if report.findings else 0


def _print(report: CheckReport, format_: Format) -> None:
    if format_ != "table":
        rows = [{"check": each.check, "found": each.what} for each in report.findings]
        print_rows(rows, {}, format_, empty="")
        return
    by_check: dict[str, list[str]] = {}
    for each in report.findings:
        by_check.setdefault(each.check, []).append(each.what)
    for name, found in by_check.items():
        more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
        _say(f"{name}: {found[0]}{more}")
    kept = len(report.checks) - len(by_check)
    _say(
        f"{report.name} {report.version}: {kept} of {len(report.checks)} checks "
        f"kept on {report.cases} cases; {report.slowest_ms:.1f} ms at most"
    )


def _say(text: str) -> None:
    Console(highlight=False).print(text, markup=False, soft_wrap=True)
