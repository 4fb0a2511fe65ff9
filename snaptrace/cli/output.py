"""Where a command meets a person: errors said in one line, exit codes, tables."""

import sys
from collections.abc import Callable, Iterable, Mapping
from typing import Literal

import msgspec
from rich.console import Console
from rich.text import Text

from snaptrace.crypto.fleet_key import KeyFileError
from snaptrace.runtime.config import ConfigError
from snaptrace.runtime.fitted_table import Column, FittedTable
from snaptrace.snapshot.errors import SnapshotError

Format = Literal["table", "json", "jsonl"]

PIPE_WIDTH = 140
EXIT_FAILED = 1
EXIT_USAGE = 2
UNWRITTEN = 4  # a file beside the output cannot be written; none of a verdict's codes


class CommandError(Exception):
    """The command cannot do what was asked; the message says what to do."""

    def __init__(self, text: str, code: int = EXIT_FAILED) -> None:
        super().__init__(text)
        self.code = code


def report_errors(command: Callable[[], object]) -> int:
    """Run a command; say its error on stderr and return the exit code."""
    try:
        code = command()
    except CommandError as error:
        _say(str(error))
        return error.code
    except ConfigError as error:
        _say(f"configuration: {error}")
        return EXIT_USAGE
    except KeyFileError as error:
        _say(f"key: {error}")
        return EXIT_USAGE
    except SnapshotError as error:
        _say(f"store: {error}")
        return EXIT_FAILED
    except BrokenPipeError:  # `snaptrace ls | head` is no failure.
        sys.stderr.close()
        return 0
    except KeyboardInterrupt:
        return 130
    return code if isinstance(code, int) else 0


def _say(text: str) -> None:
    said = Text.assemble(("error:", "red"), " ", text)  # its brackets are no markup
    Console(stderr=True, highlight=False).print(said, soft_wrap=True)


def console_of() -> Console:
    """Return standard output; a pipe is wide, since its tables should lose nothing."""
    width = None if sys.stdout.isatty() else PIPE_WIDTH
    return Console(highlight=False, width=width)


def print_lines(rows: Iterable[object]) -> None:
    """Print a JSON object per line, as the rows come."""
    for row in rows:
        sys.stdout.buffer.write(msgspec.json.encode(row) + b"\n")
    sys.stdout.buffer.flush()


def print_rows(
    rows: Iterable[Mapping[str, object]],
    columns: Mapping[str, Column],
    output: Format,
    *,
    empty: str,
) -> None:
    """Print rows as a table of `columns`, by key, or whole as JSON.

    `jsonl` is written as the rows come, so that a large store can be piped.
    """
    if output == "jsonl":
        print_lines(rows)
        return
    if output == "json":
        print_json(list(rows))
        return
    table = FittedTable([*columns.values()])
    for row in rows:
        table.add(*(_cell(row.get(key)) for key in columns))
    console_of().print(table if len(table) else empty)


def counted(number: int, what: str, many: str = "") -> str:
    """Return `1 segment`, `2 segments`."""
    return f"{number} {what if number == 1 else many or f'{what}s'}"


def print_json(value: object) -> None:
    """Print one JSON value, indented, as it would be parsed by a script."""
    encoded = msgspec.json.format(msgspec.json.encode(value), indent=2)
    sys.stdout.buffer.write(encoded + b"\n")
    sys.stdout.buffer.flush()


def _cell(value: object) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.3g}"
    return str(value)
