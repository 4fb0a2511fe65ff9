"""Write what the pages take from elsewhere: `make docs`.

docs/config.md: keys, types, defaults and bounds come from the configuration's own
Structs, the explanations from the comments beside the fields. docs/sizing.md and
docs/scoring.md: their tables come from the kept results of the benches.
docs/specs/openapi.json: routes and types of the HTTP API. docs/specs/commands.json:
what commands print as JSON. docs/diagrams: the drawings. `--check` writes nothing and
fails if a page is not what it would write.
"""

import ast
import inspect
import io
import re
import sys
import tokenize
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

import msgspec
from msgspec import NODEFAULT, Struct

from collector.config.relay import CollectorConfig
from docs import commands, diagrams, measured, openapi
from replayd.config import ReplaydConfig
from snaptrace.runtime.config import Address, ByteSize, Duration, StoreConfig

TARGET = Path(__file__).parent / "config.md"
SIZING = Path(__file__).parent / "sizing.md"
OPENAPI = Path(__file__).parent / "specs" / "openapi.json"
DIAGRAMS = Path(__file__).parent / "diagrams"
COMMANDS = Path(__file__).parent / "specs" / "commands.json"
SCORING = Path(__file__).parent / "scoring.md"
BEGIN, END = "<!-- from bench/results, by make docs -->", "<!-- end -->"
SECTIONS: dict[str, type[Struct]] = {
    "store": StoreConfig,
    "collector": CollectorConfig,
    "replayd": ReplaydConfig,
}
HEAD = """# Configuration

One YAML file with the sections `store`, `collector` and `replayd`. Each key can also be
set by the environment, `SNAPTRACE_<SECTION>__<KEY>` with two underscores for each
level, and by `--set section.key=value`; the later source wins. An unknown key, a wrong
type or an impossible value ends the program at its start, naming the key.

In the file, `${env:NAME}` stands for a variable of the environment and
`${env:NAME:-text}` gives a default, as in an OpenTelemetry Collector; `$$` is a dollar
sign. `snaptrace validate FILE` checks a file without starting anything.

`OTEL_SERVICE_NAME` and `OTEL_RESOURCE_ATTRIBUTES` name a program in the spans and
events that it sends about itself (`collector.telemetry`, `replayd.telemetry`).

A duration is a number of seconds, or `500ms`, `10s`, `5m`, `2h`, `14d`. A size is a
number of bytes, or `512KiB`, `64MiB`, `1GiB`. `NAME` in a key stands for a name that
you choose, `[]` for an entry of a list.

This page is written by `make docs`.
"""
_NAMES = {
    Address: "host:port",
    ByteSize: "size",
    Duration: "duration",
    str: "text",
    int: "whole number",
    float: "number",
    bool: "true or false",
    type(None): "nothing",
    Any: "any value",
}
_UNITS = ((86400, "d"), (3600, "h"), (60, "m"))
_SIZES = ((2**30, "GiB"), (2**20, "MiB"), (2**10, "KiB"))


def comments(schema: type[Struct]) -> dict[str, str]:
    """Return what stands beside or above each field of `schema` in its source."""
    source = inspect.getsource(schema)
    notes: dict[int, tuple[bool, str]] = {}  # line -> (alone on its line, text)
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            text = token.string.lstrip("# ").strip()
            notes[token.start[0]] = (token.line.strip().startswith("#"), text)
    (body,) = ast.parse(source).body
    if not isinstance(body, ast.ClassDef):
        raise TypeError(schema)
    found: dict[str, str] = {}
    for node in body.body:
        if not isinstance(node, ast.AnnAssign) or not isinstance(node.target, ast.Name):
            continue
        last = node.end_lineno or node.lineno
        beside = [
            notes[line][1] for line in range(node.lineno, last + 1) if line in notes
        ]
        above: list[str] = []
        line = node.lineno - 1
        while line in notes and notes[line][0]:
            above.insert(0, notes[line][1])
            line -= 1
        found[node.target.id] = " ".join(above + beside)
    return found


def hints(schema: type[Struct]) -> dict[str, Any]:
    """Return the annotations of every field, with their bounds."""
    return get_type_hints(schema, include_extras=True)


def nested(hint: object) -> tuple[str, type[Struct]] | None:
    """Return (suffix of the key, Struct) where a field holds Structs."""
    origin, arguments = get_origin(hint), get_args(hint)
    if isinstance(hint, type) and issubclass(hint, Struct):
        return "", hint
    if origin is Annotated:
        return nested(arguments[0])
    if origin is dict and (inner := nested(arguments[1])):
        return f".NAME{inner[0]}", inner[1]
    if origin in (list, tuple) and (inner := nested(arguments[0])):
        return f"[]{inner[0]}", inner[1]
    return None


def described(hint: object) -> str:
    """Return a type in words, with its bounds."""
    if isinstance(hint, type) and hint in _NAMES:
        return _NAMES[hint]
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return described(arguments[0]) + _bounds(arguments[1])
    if origin is Literal:
        return " \\| ".join(f"`{a}`" if a else "empty" for a in arguments)
    if origin is dict:
        return f"names to {described(arguments[1])}"
    if origin in (list, tuple):
        return f"list of {described(arguments[0])}"
    if origin is Union or type(hint).__name__ == "UnionType":
        return " or ".join(described(a) for a in arguments)
    return _NAMES.get(hint, str(hint))  # type: ignore[call-overload,no-any-return]


def _bounds(meta: object) -> str:
    words = {"ge": "≥", "gt": ">", "le": "≤", "lt": "<"}
    parts = [
        f"{sign} {value:g}"
        for name, sign in words.items()
        if (value := getattr(meta, name, None)) is not None
    ]
    if pattern := getattr(meta, "pattern", None):
        parts.append(f"`{pattern}`")
    return f", {', '.join(parts)}" if parts else ""


def shown(value: object) -> str:
    """Return a default as one would write it."""
    if value is None:
        return "unset"
    if value in ("", {}, [], ()):
        return "empty" if value == "" else "none"
    return f"`{_written(value)}`"


def _written(value: Any) -> str:  # noqa: ANN401 - of any type that a default can have
    match value:
        case Duration():
            for seconds, unit in _UNITS:
                if value and value % seconds == 0:
                    return f"{value / seconds:g}{unit}"
            return f"{value:g}s" if value >= 1 else f"{value * 1000:g}ms"
        case ByteSize():
            for size, unit in _SIZES:
                if value and value % size == 0:
                    return f"{value // size}{unit}"
            return f"{value:d}"
        case list() | tuple():
            return f"[{', '.join(map(str, value))}]"
        case bool():
            return str(value).lower()
        case float():
            return f"{value:g}"
    return str(value)


def rows(path: str, schema: type[Struct], given: Struct | None = None) -> Iterator[str]:
    """Yield a table row for each key below `path`; `given` holds defaults."""
    notes, types = comments_of(schema), hints(schema)
    for field in msgspec.structs.fields(schema):
        key = f"{path}.{field.encode_name}"
        hint = types[field.name]
        default = NODEFAULT if given is None else getattr(given, field.name)
        if default is NODEFAULT:
            default = field.default
        if default is NODEFAULT and field.default_factory is not NODEFAULT:
            default = field.default_factory()
        if inner := nested(hint):
            is_one = isinstance(default, Struct)
            yield from rows(key + inner[0], inner[1], default if is_one else None)
            continue
        text = "required" if default is NODEFAULT else shown(default)
        note = sentence(notes.get(field.name, "")).replace("|", "\\|")
        yield f"| `{key}` | {described(hint)} | {text} | {note} |"


def sentence(note: str) -> str:
    """Return a comment as the page has it: capital first, full stop last."""
    if re.match(r"[a-z-]+[,;:]?( |$)", note):
        note = note[0].upper() + note[1:]
    return f"{note}." if note and note[-1] not in ".…" else note


def comments_of(schema: type[Struct]) -> dict[str, str]:
    """Return the comments of `schema` and of the Structs that it extends."""
    merged: dict[str, str] = {}
    for base in reversed(schema.__mro__):
        if issubclass(base, Struct) and base is not Struct:
            merged |= comments(base)
    return merged


def document() -> str:
    """Return the whole page."""
    parts = [HEAD]
    for name, schema in SECTIONS.items():
        parts.append(
            f"\n## {name}\n\n| Key | Type | Default | Meaning |\n|---|---|---|---|\n"
        )
        parts.extend(f"{row}\n" for row in rows(name, schema))
    return "".join(parts)


def with_results(path: Path, block: str) -> str:
    """Return a page with its tables as the kept results say."""
    page = path.read_text(encoding="utf-8")
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n\n{block}\n{END}{after}"


def main(arguments: list[str]) -> int:
    """Write the pages; with `--check`, name those that differ and return 1."""
    pages = {
        TARGET: document(),
        SIZING: with_results(SIZING, measured.block()),
        SCORING: with_results(SCORING, measured.accuracy()),
        OPENAPI: openapi.document(),
        COMMANDS: commands.document(),
    }
    pages |= {
        DIAGRAMS / f"{name}.svg": diagrams.svg(drawn)
        for name, drawn in diagrams.DIAGRAMS.items()
    }
    different = [
        path
        for path, text in pages.items()
        if not path.exists() or path.read_text(encoding="utf-8") != text
    ]
    if "--check" in arguments:
        for path in different:
            sys.stderr.write(f"{path.name} is not up to date: make docs\n")
        return bool(different)
    for path in different:
        path.write_text(pages[path], encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
