"""The live table: one row per modality, from what the programs themselves export.

Reads the collector's metrics and replayd's verdicts over HTTP, as an operator would;
it computes nothing of its own.
"""

from collections.abc import Mapping
from typing import Any

import aiohttp
from msgspec import Struct
from prometheus_client.parser import text_string_to_metric_families
from rich.table import Table
from rich.text import Text

SEEN = "snaptrace_collector_calls"
KEPT = "snaptrace_collector_sampled_calls"

_STYLES = {
    "pass": "bold green",
    "pass_with_drop": "green",
    "regressed": "bold red",
    "changed": "yellow",
    "undecided": "dim",
}


class Row(Struct, kw_only=True):
    """One modality, or a protected slice of it."""

    name: str
    seen: int = 0
    kept: int = 0
    replays: int = 0
    canary_score: float | None = None
    control_score: float | None = None
    difference: float | None = None
    interval: tuple[float, float] | None = None
    verdict: str = ""
    deciding: str = ""
    is_slice: bool = False


class TableReading(Struct, kw_only=True):
    """State of both programs at one moment."""

    seen: dict[str, int]
    kept: dict[str, int]
    verdicts: dict[str, Any]  # the body of GET /api/v1/verdicts

    def modality(self, arm: str, name: str) -> dict[str, Any]:
        """Return one modality's verdict object, empty before the first replay."""
        canary = self.verdicts.get("canaries", {}).get(arm, {})
        found = canary.get("modalities", {}).get(name, {})
        return found if isinstance(found, dict) else {}

    def words(self, arm: str, name: str) -> dict[str, str]:
        """Return the verdict of a modality and of each protected slice of it."""
        found = self.modality(arm, name)
        words = {name: str(found.get("verdict", ""))}
        for each, verdict in found.get("protected", {}).items():
            words[f"{name}/{each}"] = str(verdict.get("verdict", ""))
        return words

    def rows(self, arm: str, modalities: tuple[str, ...]) -> list[Row]:
        """Return a row per modality, each followed by its protected slices."""
        rows = []
        for name in modalities:
            found = self.modality(arm, name)
            row = _row(name, found)
            row.seen, row.kept = self.seen.get(name, 0), self.kept.get(name, 0)
            rows.append(row)
            for each, verdict in found.get("protected", {}).items():
                part = _row(each, verdict)
                part.is_slice = True
                rows.append(part)
        return rows


def _row(name: str, verdict: Mapping[str, Any]) -> Row:
    low, high = verdict.get("interval") or (None, None)
    return Row(
        name=name,
        replays=int(verdict.get("pairs", verdict.get("replays", 0))),
        canary_score=verdict.get("canary_score"),
        control_score=verdict.get("control_score"),
        difference=verdict.get("difference"),
        interval=None if low is None or high is None else (low, high),
        verdict=str(verdict.get("verdict", "")),
        deciding=str(verdict.get("deciding") or ""),
    )


async def read(
    session: aiohttp.ClientSession, collector: str, replayd: str
) -> TableReading:
    """Ask both programs; one that does not answer is shown as it was: with nothing."""
    counts: dict[str, dict[str, int]] = {SEEN: {}, KEPT: {}}
    try:
        async with session.get(f"http://{collector}/metrics") as response:
            for family in text_string_to_metric_families(await response.text()):
                if family.name in counts:
                    for sample in family.samples:
                        if sample.labels.get("reason", "kept") != "kept":
                            continue
                        modality = sample.labels.get("modality", "")
                        into = counts[family.name]
                        into[modality] = into.get(modality, 0) + int(sample.value)
    except (aiohttp.ClientError, TimeoutError, ValueError):
        pass
    verdicts: dict[str, Any] = {}
    try:
        async with session.get(f"http://{replayd}/api/v1/verdicts") as response:
            verdicts = await response.json()
    except (aiohttp.ClientError, TimeoutError, ValueError):
        pass
    return TableReading(seen=counts[SEEN], kept=counts[KEPT], verdicts=verdicts)


def render(rows: list[Row], title: str) -> Table:
    """Return the table for a terminal."""
    table = Table(
        title=title,
        title_justify="left",
        header_style="bold",
        box=None,
        pad_edge=False,
    )
    table.add_column("", no_wrap=True)
    for heading in ("seen", "kept", "replays", "canary", "control"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("difference [interval]", justify="right", no_wrap=True)
    table.add_column("verdict", no_wrap=True)
    for row in rows:
        table.add_row(
            Text(f"  {row.name}", style="dim") if row.is_slice else row.name,
            "" if row.is_slice else str(row.seen),
            "" if row.is_slice else str(row.kept),
            str(row.replays),
            _score(row.canary_score),
            _score(row.control_score),
            _difference(row),
            _verdict(row),
        )
    return table


def line(rows: list[Row]) -> str:
    """Return the same in one line, for logs and pipes."""
    return "  ".join(
        f"{row.name}: {row.replays} replays, {row.verdict or 'waiting'}" for row in rows
    )


def _score(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"


def _difference(row: Row) -> str:
    if row.difference is None:
        return ""
    text = f"{row.difference:+.3f}"
    if row.interval is not None:
        text += f" [{row.interval[0]:+.2f}, {row.interval[1]:+.2f}]"
    return text


def _verdict(row: Row) -> Text:
    word = row.verdict or "waiting"
    text = Text(word, style=_STYLES.get(row.verdict, "dim"))
    if row.deciding and row.verdict in ("regressed", "changed"):
        text.append(f" ({row.deciding})", style="dim")
    return text
