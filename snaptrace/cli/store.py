"""`snaptrace ls | show`: what the store holds, and what the sample says of it."""

import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
from cyclopts import Parameter
from msgspec.structs import asdict
from rich.console import Console
from rich.panel import Panel
from rich.text import Text

from snaptrace.cli import explain
from snaptrace.cli.options import Source
from snaptrace.cli.output import Format, print_json, print_rows
from snaptrace.cli.queries.listed import Listed, Shown, listed, plain
from snaptrace.cli.session import Opened, query_of
from snaptrace.cli.token_report import Proven, level_now, standings_of
from snaptrace.query.facts import facts_of
from snaptrace.runtime.fitted_table import Column, facts
from snaptrace.snapshot.apis import APIS
from snaptrace.snapshot.conversation import (
    Conversation,
    MediaPart,
    Message,
    Part,
    ReasoningPart,
    TextPart,
    ToolCallPart,
    ToolResultPart,
)
from snaptrace.snapshot.inclusion_probability import Frame, Placed
from snaptrace.snapshot.media_type import SUFFIXES
from snaptrace.snapshot.model import Snapshot
from snaptrace.snapshot.traffic_estimate import traffic
from snaptrace.store.browser import Browser, Found, media_of

if TYPE_CHECKING:
    from snaptrace.query.search import Hit, Search

_COLUMNS = {
    "short_id": Column("snapshot"),
    "recorded_at": Column("recorded", rank=1),
    "service": Column("service", wraps=12),
    "modality": Column("modality"),
    "model": Column("model", rank=2, wraps=16),
    "fidelity_now": Column("fidelity"),
    "uniform": Column("uniform", rank=4),
    "inclusion_probability": Column("probability", rank=3),
}
_MOST_PATHS = 8  # shown to a person; JSON has all
_WEIGHT_COLUMNS = {
    "service": Column("service", wraps=12),
    "modality": Column("modality"),
    "snapshots": Column("snapshots", rank=4, right=True),
    "estimated_calls": Column("estimated calls", right=True),
    "standard_error": Column("±", right=True),
    "estimated_upstream": Column("before sampling upstream", rank=5, right=True),
    "seen_calls": Column("seen calls", rank=1, right=True),
    "ratio": Column("expected/seen", rank=3, right=True),
    "disagreement": Column("standard errors apart", rank=2, right=True),
}


def ls(
    where: str = "",
    source: Source | None = None,
    *,
    format: Format = "table",  # noqa: A002 - the name of the option
    service: str | None = None,
    modality: str | None = None,
    uniform: Annotated[bool, Parameter(negative="")] = False,
    weights: bool = False,
    limit: Annotated[int, Parameter(alias="-n")] = 0,
) -> int:
    """List snapshots, oldest segment first.

    Parameters
    ----------
    where
        Only calls that meet a filter, as 'service=shop outcome=refused,error since=7d';
        `snaptrace fields` lists what it may ask for.
    service
        Only calls of this service.
    modality
        Only calls of this modality.
    uniform
        Only the equal-probability sample.
    weights
        Estimate traffic per service and modality instead, beside what was seen.
    limit
        Stop after so many (0: all).
    """
    opened = Opened.of(source)
    query = query_of(where, service=service, modality=modality, uniform=uniform)

    async def gather() -> list[dict[str, object]]:
        if weights:
            return await _weights(await opened.browser())
        search = await opened.search()
        proven = await standings_of(opened.store, source)
        rows: list[dict[str, object]] = []
        count = 0
        async for hit in search.hits(query):
            level = await _level(search, hit, proven)
            row = plain(listed(search.frame, hit.collector, hit.facts, level))
            if format == "jsonl":
                sys.stdout.buffer.write(msgspec.json.encode(row) + b"\n")
            else:
                rows.append(row)
            count += 1
            if count == limit:
                break
        return rows

    rows = asyncio.run(gather())
    if weights:
        print_rows(rows, _WEIGHT_COLUMNS, format, empty="no snapshots yet")
        return 0
    if format == "jsonl":
        sys.stdout.buffer.flush()
        return 0
    for row in rows:
        if format == "table":
            row["short_id"] = str(row["snapshot_id"])[:12]
            row["recorded_at"] = str(row["recorded_at"])[5:19].replace("T", " ")
    print_rows(rows, _COLUMNS, format, empty="no snapshots yet")
    return 0


async def _level(search: "Search", hit: "Hit", proven: Proven) -> str:
    """Return a call's fidelity level now; its record is read where that may differ."""
    if not proven or hit.facts.fidelity != "unverified":
        return hit.facts.fidelity
    snapshot = await search.snapshot(hit)
    return hit.facts.fidelity if snapshot is None else level_now(snapshot, proven)


async def _weights(browser: Browser) -> list[dict[str, object]]:
    """Return, per service and modality, the re-weighted total beside the counter."""
    known: dict[str, tuple[str, Placed]] = {}
    async for found in browser.snapshots():
        # Only what the probability needs: a store may be larger than memory.
        call = (found.header.collector, Placed.of(found.snapshot))
        known.setdefault(found.snapshot.snapshot_id, call)
    return [
        {
            "service": service,
            "modality": modality,
            "snapshots": each.stored,
            "estimated_calls": round(each.calls, 1),
            "standard_error": round(each.calls_error, 1),
            "estimated_upstream": round(each.upstream_calls, 1),
            "seen_calls": each.seen,
            "ratio": each.expected_seen / each.seen if each.seen else None,
            "disagreement": round(each.disagreement, 2),
        }
        for (service, modality), each in sorted(
            traffic(browser.frame, known.values()).items()
        )
    ]


def show(
    snapshot_id: str,
    source: Source | None = None,
    *,
    format: Annotated[  # noqa: A002 - the name of the option
        Format, Parameter(help="table for a person, json for a script.")
    ] = "table",
    media: Path | None = None,
) -> int:
    """Show one snapshot: request, answer, what is missing, why it was kept.

    Parameters
    ----------
    snapshot_id
        The id, or the beginning of one.
    media
        Write its media into this folder.
    """
    opened = Opened.of(source)

    async def find() -> tuple[Found, Listed, Frame, list[Path]]:
        browser = await opened.browser()
        found = await opened.one(snapshot_id, browser)
        opened.read("show", [found.snapshot.snapshot_id])
        written: list[Path] = []
        if media is not None:
            held = await media_of(opened.store, opened.key, found)
            written = write_media(media, found.snapshot, held)
        proven = await standings_of(opened.store, source)
        level = level_now(found.snapshot, proven)
        facts = facts_of(found.snapshot)
        row = listed(browser.frame, found.header.collector, facts, level)
        return found, row, browser.frame, written

    found, row, frame, written = asyncio.run(find())
    if format != "table":
        why = explain.facts(frame, found)
        shown = Shown(**asdict(row), sampling=why, snapshot=found.snapshot)
        print_json(plain(shown))
        return 0
    _print_snapshot(found, row, explain.lines(frame, found))
    for path in written:
        Console(highlight=False).print(f"wrote {path}")
    return 0


def write_media(folder: Path, snapshot: Snapshot, held: dict[int, bytes]) -> list[Path]:
    """Write media as files that a viewer opens; return their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for index, data in held.items():
        suffix = SUFFIXES.get(snapshot.media[index].mime, ".bin")
        path = folder / f"{snapshot.snapshot_id[:12]}-{index}{suffix}"
        path.write_bytes(data)
        written.append(path)
    return written


def _print_snapshot(found: Found, row: Listed, why: list[tuple[str, str]]) -> None:
    snapshot = found.snapshot
    console = Console(highlight=False)
    usage = snapshot.answer.usage
    known = {
        "snapshot": snapshot.snapshot_id,
        "trace / span": f"{snapshot.trace_id} / {snapshot.span_id}",
        "service": snapshot.service,
        "recorded": row.recorded_at,
        "call": f"{snapshot.operation} through {snapshot.request.api or 'unknown API'}",
        "model": f"{snapshot.request.model or '?'} (answered: "
        f"{snapshot.answer.model or '?'})",
        "modality": snapshot.modality,
        "instrumentation": f"{snapshot.scope} {snapshot.scope_version} "
        f"({snapshot.dialect})",
        "fidelity": _fidelity(snapshot, row.fidelity_now),
        "redacted": _counts(snapshot.redaction.counts)
        + f" (rules {snapshot.redaction.version or 'unknown'})",
        "tokens": f"{usage.input_tokens} in, {usage.output_tokens} out",
        "segment": f"{found.name} #{found.index}",
    }
    console.print(facts([*known.items(), *why]))
    api = APIS.get(snapshot.request.api)
    if api is not None and snapshot.request.body is not None:
        _print_conversation(console, api.parse(snapshot.request.body))
    answer = snapshot.answer
    said = answer.text or answer.refusal or answer.error or "(nothing observed)"
    calls = "\n".join(f"→ {call.name}({call.arguments})" for call in answer.tool_calls)
    console.print(
        Panel(
            Text("\n".join(filter(None, [said, calls]))),
            title=f"answer ({answer.outcome}, {answer.finish_reason or 'unknown end'})",
            title_align="left",
            border_style="green",
        )
    )


def _print_conversation(console: Console, conversation: Conversation) -> None:
    for message in conversation.messages:
        text = "\n".join(_part(part) for part in message.parts)
        console.print(
            Panel(Text(text), title=_title(message), title_align="left", style="none")
        )


def _title(message: Message) -> str:
    return f"{message.role} {message.name}".strip()


def _part(part: Part) -> str:
    match part:
        case TextPart():
            return part.text
        case MediaPart():
            where = f"#{part.ref.index}" if part.ref else part.url or part.file_id
            return f"[{part.kind} {part.mime} {where}]"
        case ToolCallPart():
            return f"→ {part.name}({part.arguments})"
        case ToolResultPart():
            return f"← {''.join(_part(inner) for inner in part.content)}"
        case ReasoningPart():
            return f"(reasoning) {part.text}"
        case _:
            return f"[{msgspec.json.encode(part, enc_hook=str).decode()}]"


def _fidelity(snapshot: Snapshot, now: str) -> str:
    fidelity = snapshot.fidelity
    parts = [now if now == fidelity.level else f"{now} ({fidelity.level} at capture)"]
    for name, values in (
        ("missing", fidelity.missing),
        ("cannot be seen", fidelity.unobserved),
        ("because", fidelity.reasons),
        ("never recorded as read right", fidelity.unproven),
    ):
        if values:
            shown = ", ".join(values[:_MOST_PATHS])
            more = len(values) - _MOST_PATHS
            parts.append(f"{name}: {shown}" + (f" and {more} more" if more > 0 else ""))
    return "; ".join(parts)


def _counts(counts: dict[str, int]) -> str:
    return ", ".join(f"{n} {kind}" for kind, n in sorted(counts.items())) or "nothing"
