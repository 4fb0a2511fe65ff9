"""Damages the telemetry of recorded calls, and counts what nobody notices.

`PYTHONPATH=tests:. python -m measure.damage [--every N] [--only WAY] [--show]` takes
golden recordings whose request came out exact, loses something of it in all places that
the telemetry has it, and prints a line per way of losing. `silent` is a request that
would gate although it differs, and that no declaration names.
"""

import itertools
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

from measure.otlp_edit import Edit, edited
from measure.recordings import Case, TrueRequest, golden
from measure.table import OUTCOMES, Line, case_lines, recognise

_CONTENT = ("messages", "input", "contents", "system", "instructions", "prompt")
_SYSTEM = ("system", "developer")
_SCALARS = (int, float, bool, str)
_NO_PARAMETERS = (*_CONTENT, "model", "stream", "store", "user", "metadata")
_LONG = 12  # characters of a text that is found again by its words
_LIMITS = (65536, 32768, 16384, 8192, 4096, 2048, 1024, 1000, 512, 256, 128)
_HEAD = 48  # characters of a medium's bytes that tell it


class Damage(NamedTuple):
    """One way of losing something of a request, and how it is done to telemetry."""

    way: str
    edit: Edit


def texts(value: Any, roles: tuple[str, ...] = ()) -> Iterator[str]:
    """Yield the texts of a body's turns, of some roles only if they are named."""
    if isinstance(value, list):
        for item in value:
            yield from texts(item, roles)
    elif isinstance(value, dict):
        role = value.get("role")
        if isinstance(role, str) and roles and role not in roles:
            return
        for key, inner in value.items():
            if isinstance(inner, str) and key in ("text", "content", "input", "prompt"):
                yield inner
            elif key in ("content", "parts", *_CONTENT):
                yield from texts(inner, roles)


def _longest(found: Iterable[str]) -> str:
    text = max(found, key=len, default="")
    return text if len(text) >= _LONG else ""


def _system(body: dict[str, Any]) -> str:
    for key in ("system", "instructions", "systemInstruction", "system_instruction"):
        told = body.get(key)
        if isinstance(told, str) and len(told) >= _LONG:
            return told
        if told and (found := _longest(texts(told))):
            return found
    turns = body.get("messages") or body.get("input")
    held = [
        turn
        for turn in (turns if isinstance(turns, list) else [])
        if isinstance(turn, dict) and turn.get("role") in _SYSTEM
    ]
    return _longest(texts(held))


def _media(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for inner in value.values():
            yield from _media(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _media(inner)
    elif isinstance(value, str) and (
        value.startswith(("data:", "http")) or (len(value) > 80 and " " not in value)
    ):
        yield value.partition(";base64,")[2] or value


def _tools(body: dict[str, Any]) -> list[str]:
    names = []
    for tool in body.get("tools") or (body.get("toolConfig") or {}).get("tools") or ():
        held = tool.get("functionDeclarations") or tool.get("function_declarations")
        for one in held or (tool,):
            own = one.get("function") or one.get("toolSpec") or one
            names.append(own.get("name"))
    return [name for name in names if isinstance(name, str)]


def _parameters(body: dict[str, Any]) -> Iterator[str]:
    own = [body, body.get("generationConfig"), body.get("inferenceConfig")]
    for group in own:
        for key, value in (group or {}).items():
            if isinstance(value, _SCALARS) and key not in _NO_PARAMETERS:
                yield key


def _calls(value: Any) -> Iterator[str]:
    """Yield the ids of earlier calls of tools."""
    if isinstance(value, list):
        for item in value:
            yield from _calls(item)
    elif isinstance(value, dict):
        kind = value.get("type")
        if kind in ("function", "tool_use", "function_call"):
            ids = (value.get("call_id"), value.get("id"))
            yield from (one for one in ids if isinstance(one, str))
        for key in ("tool_calls", "content", "toolUse"):
            yield from _calls(value.get(key))
        if isinstance(value.get("toolUseId"), str):
            yield value["toolUseId"]


def _ascii(text: str) -> str:
    return text.encode("ascii", "replace").decode()


def _cuts(name: str, text: str) -> Iterator[Damage]:
    """Yield the text cut at a limit in the ways that exporters and SDKs have."""
    limit = next((limit for limit in _LIMITS if limit < len(text)), 0)
    if limit:
        head = text[:limit]
        yield Damage(f"{name} text cut", Edit("replace", text, head))
        yield Damage(f"{name} text cut, dots", Edit("replace", text, f"{head}..."))
        signed = f"{head}... [truncated]"
        yield Damage(f"{name} text cut, signed", Edit("replace", text, signed))


def damages(body: dict[str, Any]) -> Iterator[Damage]:
    """Yield what can be lost of a request."""
    turns = body.get("messages") or body.get("input")
    for name, text in (
        ("user", _longest(texts(body, ("user",)))),
        ("system", _system(body)),
    ):
        if text:
            yield from _of_text(name, text)
    if names := _tools(body):
        yield Damage("tools dropped", Edit("drop_tools", "tools"))
        yield Damage("tool's description lost", Edit("drop_in_tool", names[-1]))
        if len(names) > 1:
            yield Damage("one tool dropped", Edit("drop_tool", names[-1]))
    for medium in itertools.islice(_media(turns or body), 1):
        yield Damage("medium dropped", Edit("drop_part", medium[:_HEAD]))
        if not medium.startswith("http"):
            yield Damage("medium cut", Edit("cut", medium))
    for call in itertools.islice(_calls(turns), 1):
        yield Damage("call's turn dropped", Edit("drop_turn", call))
        yield Damage("call dropped", Edit("drop_part", call))
    for name in _parameters(body):
        yield Damage("parameter lost", Edit("drop_key", name))
        yield Damage("parameter renamed", Edit("rename_key", name))


def _of_text(name: str, text: str) -> Iterator[Damage]:
    yield from _cuts(name, text)
    yield Damage(f"{name} text gone", Edit("replace", text, ""))
    yield Damage(f"{name} text masked", Edit("replace", text, "[REDACTED]"))
    first, _, rest = text.partition(" ")
    if rest:
        stars = f"{first[:1]}*** {rest}"
        yield Damage(f"{name} word masked", Edit("replace", text, stars))
        sign = f"[REDACTED] {rest}"
        yield Damage(f"{name} word redacted", Edit("replace", text, sign))
    if _ascii(text) != text:
        yield Damage(f"{name} letters lost", Edit("replace", text, _ascii(text)))
    yield Damage(f"{name} turn dropped", Edit("drop_turn", text))
    yield Damage(f"{name} part dropped", Edit("drop_part", text))
    yield Damage(f"{name} role swapped", Edit("swap_role", text))


def _line(case: Case, number: int) -> Line:
    lines = case_lines(case, recognise(case))
    return next(itertools.islice(lines, number, None))


class Outcome(NamedTuple):
    """What became of one damaged call."""

    case: Case
    number: int
    damage: Damage
    line: Line


def outcomes(
    cases: Iterable[Case], wanted: Callable[[Damage], bool] = lambda _: True
) -> Iterator[Outcome]:
    """Yield what becomes of each exact call once it was damaged in each way."""
    for case in cases:
        before = list(case_lines(case, recognise(case)))
        for number, truth in enumerate(case.requests):
            if before[number].outcome == "exact" and isinstance(truth.body, dict):
                yield from _damaged(case, number, truth, wanted)


def _damaged(
    case: Case, number: int, truth: TrueRequest, wanted: Callable[[Damage], bool]
) -> Iterator[Outcome]:
    for damage in damages(truth.body):
        if wanted(damage):
            exports = edited(case.exports, damage.edit)
            if exports is not None:
                line = _line(case._replace(exports=exports), number)
                yield Outcome(case, number, damage, line)


_HEADS = tuple(name for name in OUTCOMES if name != "double")


def table(found: Iterable[Outcome]) -> str:
    """Return a row per way, with what became of the calls."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for one in found:
        counts[one.damage.way][one.line.outcome] += 1
    rows = [f"{'way':26}" + "".join(f"{name:>13}" for name in _HEADS)]
    rows += [
        f"{way:26}" + "".join(f"{count[name]:>13}" for name in _HEADS)
        for way, count in sorted(counts.items())
    ]
    return "\n".join(rows)


def main(arguments: list[str]) -> None:
    """Print the table, and the silent ones if asked for."""
    every = 1
    if "--every" in arguments:
        every = int(arguments[arguments.index("--every") + 1])
    only = arguments[arguments.index("--only") + 1] if "--only" in arguments else ""
    cases = itertools.islice(golden(), 0, None, every)
    found = list(outcomes(cases, lambda damage: damage.way.startswith(only)))
    sys.stdout.write(table(found) + "\n")
    if "--show" in arguments:
        for one in found:
            if one.line.outcome == "silent" and one.line.verdict:
                name = f"{one.damage.way}: {one.case.variant}/{one.case.name}"
                told = one.line.verdict.undeclared[:4]
                sys.stdout.write(f"{name} {one.damage.edit} {told}\n")


if __name__ == "__main__":
    main(sys.argv[1:])
