"""The live table: one row per modality, from what the programs themselves export.

Reads the collector's metrics and replayd's verdicts over HTTP, as an operator would;
it computes nothing of its own.
"""

from collections import Counter
from collections.abc import Mapping
from typing import Any

import aiohttp
from msgspec import Struct
from prometheus_client.parser import text_string_to_metric_families
from rich.text import Text

from replayd.results.terminal import STYLES
from snaptrace.cli.up.board_text import Counted
from snaptrace.runtime.fitted_table import Column, FittedTable

SEEN = "snaptrace_collector_calls"
KEPT = "snaptrace_collector_sampled_calls"


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
    reason: str = ""  # why circumstances decided
    replayable: float | None = None  # share of live calls
    needed: int | None = None  # pairs until a verdict, as far as it can be told
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
        reason=str(verdict.get("reason") or ""),
        replayable=verdict.get("replayable_share"),
        needed=verdict.get("replays_needed"),
    )


async def read(
    session: aiohttp.ClientSession, collector: str, replayd: str
) -> TableReading:
    """Ask both programs; one that does not answer is shown as it was: with nothing."""
    found = await counted(session, collector)
    verdicts: dict[str, Any] = {}
    try:
        async with session.get(f"http://{replayd}/api/v1/verdicts") as response:
            verdicts = await response.json()
    except (aiohttp.ClientError, TimeoutError, ValueError):
        pass
    return TableReading(seen=dict(found.seen), kept=dict(found.kept), verdicts=verdicts)


async def counted(session: aiohttp.ClientSession, collector: str) -> Counted:
    """Return the collector's counts; all zero if it does not answer."""
    try:
        async with session.get(f"http://{collector}/metrics") as response:
            return counts_of(await response.text())
    except (aiohttp.ClientError, TimeoutError, ValueError):
        return Counted()


def counts_of(page: str) -> Counted:
    """Return the counts on a metrics page."""
    requests = replayable = 0
    seen: Counter[str] = Counter()
    kept: Counter[str] = Counter()
    reasons: Counter[str] = Counter()
    for family in text_string_to_metric_families(page):
        for sample in family.samples:
            labels, value = sample.labels, int(sample.value)
            if sample.name == f"{SEEN}_total":
                seen[labels["modality"]] += value
            elif sample.name == f"{KEPT}_total" and labels.get("reason") == "kept":
                kept[labels["modality"]] += value
            elif sample.name == "snaptrace_collector_requests_total":
                requests += value
            elif sample.name == "snaptrace_collector_funnel_total":
                if labels["stage"] == "replayable" and labels["reason"]:
                    reasons[labels["reason"]] += value
                elif labels["stage"] == "replayable":
                    replayable += value
    return Counted(
        answers=True,
        requests=requests,
        seen=+seen,
        kept=+kept,
        not_replayable=+reasons,
        replayable=replayable,
    )


COLUMNS = (
    Column(""),
    Column("seen", right=True),
    Column("kept", right=True, rank=2),
    Column("replayable", right=True, rank=4),
    Column("pairs", right=True),
    Column("canary", right=True, rank=5),
    Column("control", right=True, rank=5),
    Column("difference [interval]", right=True, rank=1),
    Column("verdict"),
    Column("by", rank=3),
)


def render(rows: list[Row], title: Text | str = "") -> FittedTable:
    """Return the table for a terminal."""
    table = FittedTable(COLUMNS, title)
    for row in rows:
        table.add(
            Text(f"  {row.name}", style="dim") if row.is_slice else row.name,
            "" if row.is_slice else str(row.seen),
            "" if row.is_slice else str(row.kept),
            "" if row.replayable is None else f"{row.replayable:.0%}",
            str(row.replays),
            _score(row.canary_score),
            _score(row.control_score),
            _difference(row),
            Text(row.verdict or "waiting", style=STYLES.get(row.verdict, "dim")),
            _by(row),
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


def _by(row: Row) -> Text:
    said = row.reason
    if row.verdict in ("regressed", "changed"):
        said = row.deciding
    return Text(said, style="dim")
