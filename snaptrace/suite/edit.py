"""Additions to a suite file that keep its comments and its order."""

from collections.abc import Callable, Collection
from typing import Final

import msgspec
import yaml

from snaptrace.suite.errors import Problem, SuiteFileError
from snaptrace.suite.yaml_tree import read

SCHEMA_LINE: Final = "# yaml-language-server: $schema=suite.schema.json\n"


def template(name: str, owner: str) -> str:
    """Return a suite file to begin with."""
    said = f"owner: {_scalar(owner)}\n" if owner else ""
    return (
        f"{SCHEMA_LINE}"
        f"suite: {_scalar(name)}\n"
        f"{said}"
        "\n"
        "# Cases by id, or by rule; `snaptrace suite lock` resolves rules into ids.\n"
        "pin:\n"
        '  - rule: "every route at least 3"\n'
        "    why: a floor under every route\n"
        "\n"
        "# What answers must satisfy; a pin without an assertion is held to its\n"
        "# recording.\n"
        "assert: []\n"
        "\n"
        "# What is left out of the recording and of every answer before it is judged.\n"
        "ignore: []\n"
    )


def with_pins(text: str, entries: list[dict[str, str | bool]]) -> str:
    """Return the file with more pins at the end of its list.

    Raises:
        SuiteFileError: the file is no suite, or its list is written in one line.
    """
    return _with_entries(text, "pin", lambda indent: _written(entries, indent))


def with_ignore(text: str, kind: str, value: str, scope: dict[str, str]) -> str:
    """Return the file with one more rule at the end of its `ignore` list.

    `kind` is a named class, `json` or `pattern`; an empty `scope` is for all cases.

    Raises:
        SuiteFileError: the file is no suite, or its list is written in one line.
    """
    rule = _scalar(value) if value else "true"
    inner = ", ".join(f"{key}: {_scalar(each)}" for key, each in scope.items())

    def written(indent: int) -> list[str]:
        if not scope and not value:
            return [f"{' ' * indent}- {kind}\n"]
        lines = [f"{' ' * indent}- {kind}: {rule}\n"]
        if scope:
            lines.append(f"{' ' * indent}  for: {{{inner}}}\n")
        return lines

    return _with_entries(text, "ignore", written)


def _with_entries(text: str, key: str, written: Callable[[int], list[str]]) -> str:
    """Return the file with more lines at the end of one of its lists."""
    read(text.encode())  # within the bounds, before it is composed again
    text = text if text.endswith("\n") else f"{text}\n"
    node = yaml.compose(text, Loader=yaml.SafeLoader)
    pairs = node.value if isinstance(node, yaml.MappingNode) else []
    entries = {name.value: value for name, value in pairs}.get(key)
    lines = text.splitlines(keepends=True)
    if entries is None:
        return "".join([*lines, f"{key}:\n", *written(2)])
    if not isinstance(entries, yaml.SequenceNode) or not entries.value:
        at = entries.start_mark.line
        empty = lines[at].split(f"{key}:", 1)[0] + f"{key}:\n"
        return "".join([*lines[:at], empty, *written(2), *lines[at + 1 :]])
    if entries.flow_style:
        place = entries.start_mark
        why = f"write the list with one {key} a line, so that more can be added"
        raise SuiteFileError([Problem(place.line + 1, place.column + 1, key, why)])
    last = _end(entries, lines)
    return "".join([*lines[:last], *written(entries.start_mark.column), *lines[last:]])


def without_pins(text: str, ids: Collection[str]) -> str:
    """Return the file without the entries that name these ids.

    Raises:
        SuiteFileError: the file is no suite.
    """
    read(text.encode())
    text = text if text.endswith("\n") else f"{text}\n"
    node = yaml.compose(text, Loader=yaml.SafeLoader)
    pairs = node.value if isinstance(node, yaml.MappingNode) else []
    pin = {key.value: value for key, value in pairs}.get("pin")
    if not isinstance(pin, yaml.SequenceNode) or not pin.value or pin.flow_style:
        return text
    lines = text.splitlines(keepends=True)
    starts = [item.start_mark.line for item in pin.value]
    ends = [*starts[1:], _end(pin, lines)]
    gone: set[int] = set()
    for item, start, end in zip(pin.value, starts, ends, strict=True):
        if _id_of(item) in ids:
            gone |= set(range(start, end))
    return "".join(line for n, line in enumerate(lines) if n not in gone)


def _id_of(item: yaml.Node) -> str:
    pairs = item.value if isinstance(item, yaml.MappingNode) else []
    return next((str(value.value) for key, value in pairs if key.value == "id"), "")


def _end(pin: yaml.SequenceNode, lines: list[str]) -> int:
    """Return the line after a block's last entry; comments behind it are not its own.

    Its mark is at the next token, past blanks and comments.
    """
    last: int = pin.value[-1].end_mark.line
    while last > 0 and (not lines[last - 1].strip() or _is_comment(lines[last - 1])):
        last -= 1
    return last


def _is_comment(line: str) -> bool:
    return line.lstrip().startswith("#")


def _written(entries: list[dict[str, str | bool]], indent: int) -> list[str]:
    lines: list[str] = []
    for entry in entries:
        for place, (key, value) in enumerate(entry.items()):
            dash = "- " if place == 0 else "  "
            lines.append(f"{' ' * indent}{dash}{key}: {_scalar(value)}\n")
    return lines


def _scalar(value: str | bool) -> str:  # noqa: FBT001 - a YAML value
    """Return a value as YAML; JSON's strings are YAML's."""
    return msgspec.json.encode(value).decode()
