"""`snaptrace watch`: whether the production model itself changed, and since when."""

import asyncio
from collections.abc import Iterable
from datetime import UTC, datetime

import msgspec
from rich.console import Group, RenderableType
from rich.text import Text

from replayd.watch.state import Changed, WatchState, stored_states
from snaptrace.cli.options import Source
from snaptrace.cli.output import Format, console_of, print_json, print_lines
from snaptrace.cli.session import Opened
from snaptrace.runtime.fitted_table import Column, FittedTable

WORST_SHOWN = 5


def watch(
    source: Source | None = None,
    *,
    format: Format = "table",  # noqa: A002 - the name of the option
) -> int:
    """Show what the watch on production has found.

    Per modality: anchors, pairs, and a change with its start and the calls that show
    it. Reads the store; replayd does the watching, see `replayd.watch`. Exits 1 while
    a change is shown.
    """
    states = asyncio.run(stored_states(Opened.of(source).store))
    if format == "json":
        print_json(states)
    elif format == "jsonl":
        print_lines(msgspec.to_builtins(state) for state in states.values())
    else:
        console_of().print(watch_lines(states.values()))
    return int(any(state.changed is not None for state in states.values()))


def watch_lines(states: Iterable[WatchState]) -> RenderableType:
    """Return the state of every modality, and its change if there is one."""
    table = FittedTable(
        (
            Column("modality"),
            Column("anchors", right=True, rank=4),
            Column("pairs", right=True),
            Column("refused", right=True, rank=2),
            Column("latency", right=True, rank=3),
            Column("served", rank=1, wraps=16),
            Column("state"),
        )
    )
    found: list[RenderableType] = []
    for state in states:
        table.add(*_row(state))
        if state.changed is not None:
            found += [Text(""), *_change(state.modality, state.changed)]
    if not len(table):
        return Text("nothing is watched: set replayd.watch.anchors")
    return Group(table, *found)


def _row(state: WatchState) -> tuple[str | Text, ...]:
    recent = state.recent
    count = len(recent) or 1
    refused = sum(answer.outcome == "refused" for answer in recent) / count
    latency = sum(answer.latency_ms for answer in recent) / count / 1000
    word = Text("unchanged", "green")
    if state.changed is not None:
        word = Text("changed", "bold red")
    elif not state.pairs:
        word = Text("collecting", "dim")
    return (
        state.modality,
        str(len(state.anchors)),
        str(state.pairs),
        f"{refused:.0%}",
        f"{latency:.1f} s",
        recent[-1].served_model if recent else "-",
        word,
    )


def _change(modality: str, changed: Changed) -> Iterable[Text]:
    low, high = _moment(changed.since_low_ns), _moment(changed.since_high_ns)
    yield Text.assemble(
        (f"{modality}: ", "bold"),
        f"mean score {changed.difference:+.2f} since {_moment(changed.since_ns)} UTC",
    )
    yield Text(f"  began between {low} and {high} (90 %)")
    for pair in changed.worst[:WORST_SHOWN]:
        before, now = pair.before, pair.now
        yield Text(
            f"  {pair.snapshot_id}  {before.score:.2f} to {now.score:.2f}  {now.scorer}"
        )
        served = (before.served_model, before.fingerprint)
        if served != (now.served_model, now.fingerprint):
            yield Text(
                f"    served {' '.join(served).strip() or '-'}, now"
                f" {now.served_model} {now.fingerprint}".rstrip(),
                "dim",
            )


def _moment(at_ns: int) -> str:
    return f"{datetime.fromtimestamp(at_ns / 1e9, UTC):%Y-%m-%d %H:%M}"
