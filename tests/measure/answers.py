"""Recorded answers against the true responses: per variant, what was read and lost.

`PYTHONPATH=tests:. python -m measure.answers RECORDINGS RESPONSES [--show] [--only V]`

Five fields of each call that succeeded: text, refusal, tools, finish and tokens. Each
is right, wrong (something else was read), lost (the exports carry it and nothing was
read) or absent (they do not carry it). Right are right over all but absent.
"""

import json
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import zstandard
from google.protobuf import json_format
from measure.recordings import Case, from_archive, from_folder
from measure.table import measure
from measure.true_answers import TrueAnswer, canonical, finish_class, read_response
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from collector.call import Call
from collector.recognise.prefilter import split

FIELDS = ("text", "refusal", "tools", "finish", "tokens")
_ESCAPES = re.compile(r"\\[nrtbf]|[\\\"']")
_NEAR_FINISH = re.compile(
    r"(?:finish_reason|finishReason|stop_reason|stopReason|done_reason)"
    r"(s?[:,=]\{?[^,}\])]{0,60})"
)
_TOKEN_SIGNS = ("input_tokens", "prompt_tokens", "token_count", "promptTokens")
_MORE_TOKEN_SIGNS = ("inputTokens", "prompt_eval_count", "usage_details")

Key = tuple[str, str, int]  # variant, case, and which of its requests


class Row(NamedTuple):
    """One field of one call."""

    case: Case
    field: str
    outcome: str  # right, wrong, lost or absent
    true: Any
    found: Any


def read_archive(path: Path) -> dict[Key, dict[str, Any]]:
    """Return the responses of JSON lines: variant, case, index, response."""
    decompressor = zstandard.ZstdDecompressor(max_window_size=1 << 27)
    with path.open("rb") as file:
        data = decompressor.stream_reader(file).read()
    found = {}
    for line in data.splitlines():
        variant, case, index, response = json.loads(line)
        found[variant, case, index] = response
    return found


def rows(cases: Iterable[Case], responses: dict[Key, dict[str, Any]]) -> Iterator[Row]:
    """Yield a row per field of every call whose response is known."""
    for case in cases:
        lines = measure([case])[: len(case.requests)]
        for index, line in enumerate(lines):
            response = responses.get((case.variant, case.name, index))
            true = None if response is None else read_response(response)
            if true is not None and line.call is not None:
                said = _said(case, line.call.snapshot.span_id)
                yield from _compare(case, true, line.call, said)


def _compare(case: Case, true: TrueAnswer, call: Call, said: str) -> Iterator[Row]:
    answer = call.snapshot.answer
    usage = answer.usage
    counted = usage.input_tokens is not None or usage.output_tokens is not None
    found = TrueAnswer(
        text=answer.text,
        refusal=answer.refusal,
        tools=tuple((t.name, canonical(t.arguments)) for t in answer.tool_calls),
        finish=finish_class(answer.finish_reason),
        tokens=(usage.input_tokens or 0, usage.output_tokens or 0) if counted else None,
    )
    for field in FIELDS:
        expected, ours = getattr(true, field), getattr(found, field)
        if field in ("text", "tools", "refusal") and not expected and not ours:
            continue
        if expected in ("", None) and not ours:
            continue
        outcome = "right" if _same(field, true, expected, ours) else "wrong"
        if outcome == "wrong" and (not ours or field in ("tokens", "finish")):
            carried = _is_carried(field, expected, said)
            # Counts and words that a library makes up by itself are not the reader's.
            outcome = ("wrong" if ours else "lost") if carried else "absent"
        if true.refusal and field in ("text", "refusal") and "refusal" not in said:
            outcome = "absent"  # a refusal that is told as if it were text
        yield Row(case, field, outcome, expected, ours)


def _same(field: str, true: TrueAnswer, expected: Any, ours: Any) -> bool:
    if field == "finish" and true.tools:
        # A turn that calls tools has stopped as well: emitters keep either word.
        return ours in (expected, "tool_calls", "stop")
    if field == "tokens" and expected is not None and ours is not None:
        return expected[0] == ours[0] and expected[1] == ours[1]
    return bool(expected == ours)


def _said(case: Case, span_id: str) -> str:
    """Return every value that the exports have of one span, without escapes."""
    texts = []
    for export in case.exports:
        for raw in split(export):
            kind = Span if raw.kind == "span" else LogRecord
            message = kind.FromString(raw.body)
            if message.span_id.hex() == span_id:
                tree = json_format.MessageToDict(message)
                texts.append(json.dumps(tree, ensure_ascii=False))
    return _plain("\n".join(texts))


def _plain(text: str) -> str:
    for _ in range(2):
        text = re.sub(
            r"\\u([0-9a-fA-F]{4})", lambda found: chr(int(found[1], 16)), text
        )
    return "".join(_ESCAPES.sub("", text).split())


def _is_carried(field: str, expected: Any, said: str) -> bool:
    if field in ("text", "refusal"):
        return _plain(json.dumps(expected, ensure_ascii=False)[1:-1]) in said
    if field == "tools":
        return all(
            _plain(f"{key}:{json.dumps(value, ensure_ascii=False)}") in said
            for _, arguments in expected
            for key, value in json.loads(arguments).items()
        )
    if field == "finish":
        return expected in {
            finish_class(word)
            for near in _NEAR_FINISH.findall(said)
            for word in re.findall(r"[A-Za-z_]+", near)
        }
    named = any(sign in said for sign in (*_TOKEN_SIGNS, *_MORE_TOKEN_SIGNS))
    return named and all(
        re.search(rf"(?<![0-9.]){count}(?![0-9.])", said) for count in expected or ()
    )


def table(found: list[Row]) -> str:
    """Return a line per variant: right of carried, by field."""
    counts: dict[str, Counter[tuple[str, str]]] = defaultdict(Counter)
    for row in found:
        for name in (row.case.variant, "TOTAL"):
            counts[name][row.field, row.outcome] += 1
    lines = [f"{'variant':44}" + "".join(f"{field:>14}" for field in FIELDS)]
    for name in sorted(counts, key=lambda n: (n == "TOTAL", n)):
        cells = []
        for field in FIELDS:
            right, carried = share(counts[name], field)
            cells.append(f"{right}/{carried}" if carried else "")
        lines.append(f"{name:44}" + "".join(f"{cell:>14}" for cell in cells))
    return "\n".join(lines)


def share(counts: Counter[tuple[str, str]], field: str) -> tuple[int, int]:
    """Return (right, all that the telemetry carries) of a field."""
    right = counts[field, "right"]
    return right, right + counts[field, "wrong"] + counts[field, "lost"]


def main(arguments: list[str]) -> None:
    """Print the table, and what is not right where asked for."""
    source = Path(arguments[0])
    cases = list(from_folder(source) if source.is_dir() else from_archive(source))
    only = arguments[arguments.index("--only") + 1] if "--only" in arguments else ""
    wanted = [case for case in cases if case.variant.startswith(only)]
    found = list(rows(wanted, read_archive(Path(arguments[1]))))
    sys.stdout.write(table(found) + "\n")
    if "--show" in arguments:
        for row in found:
            if row.outcome in ("wrong", "lost"):
                name = f"{row.case.variant}/{row.case.name}"
                what = f"{row.true!r:.120} got {row.found!r:.120}"
                sys.stdout.write(f"{row.outcome} {row.field} {name} {what}\n")


if __name__ == "__main__":
    main(sys.argv[1:])
