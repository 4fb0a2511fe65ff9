"""The tables of docs/sizing.md and docs/scoring.md: `make docs`.

They come out of the kept results of the benches.

A result that is not kept is not in the table; the page says from which file each row
comes, so that nobody has to believe it.
"""

import json
import math
import statistics
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from docs import measured_fleets
from replayd.stats import replays_to_find, replays_to_pass

RESULTS = Path(__file__).parents[1] / "bench" / "results"
SPANS_PER_SECOND = (1_000, 10_000, 100_000)
DISCORDANCE = (0.0, 0.02, 0.06, 0.12)
MARGIN = 0.05
# As the gate ships, three modalities of three streams; see docs/statistics.md.
ALPHA_PASS, ALPHA_REGRESSION, EPS = 0.05, 0.04 / 9, 0.005
PRICE_PER_CALL = 0.002  # an example, so that a person can scale it

COLLECTOR = """\
**Collector**, sampling included: median of the kept repetitions, user and system time,
and the most memory of both processes. The relay and the sampling process use a core
each at most; where the sum passes that, run more collectors.
"""
STORE = """\
**Store**, text calls whose answers are all different, per service and modality:
"""
REPLAYD = """\
**replayd**, on one core; a pair is two requests:
"""
PAIRS = f"""\
**Pairs per verdict** of one stream, median (nine of ten), by the arithmetic of
`snaptrace plan`, at a margin of {MARGIN:.0%}, with three modalities, by the share of
pairs that differ by chance. Money: nine of ten passes, both arms, at {PRICE_PER_CALL}
per call; scale it to your price.
"""


def kept(name: str) -> dict[str, Any] | None:
    """Return a kept result, None where there is none."""
    path = RESULTS / f"{name}.json"
    return json.loads(path.read_text()) if path.exists() else None


def median(rows: list[dict[str, float]], figure: str) -> float:
    """Return the median of one figure over all repetitions."""
    return statistics.median(row[figure] for row in rows)


def table(head: list[str], rows: list[list[str]]) -> str:
    """Return a Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def collector() -> Iterator[list[str]]:
    """Yield a row for each kept case of the relay."""
    for path in sorted(RESULTS.glob("forward_*.json")):
        found = json.loads(path.read_text())
        rows = found["targets"].get("collector")
        if not rows or "cpu_us_per_span" not in rows[0]:
            continue
        load, cost = found["load"], median(rows, "cpu_us_per_span")
        cores = [f"{rate * cost / 1e6:.2f}" for rate in SPANS_PER_SECOND]
        memory = median(rows, "high_water_mib") + median(rows, "sampler_high_water_mib")
        yield [
            f"`{path.stem}`",
            f"{load['spans']}",
            f"{load['model_share']:.0%}",
            f"{cost:.1f}",
            *cores,
            f"{memory:.0f}",
        ]


def accuracy() -> str:
    """Return how well the default scorers tell same answers from worse ones."""
    found = kept("scoring")
    if found is None:
        return ""
    rows = [
        [
            f"`{name}`",
            str(row["answers"]),
            *(f"{row[figure]:.0%}" for figure in ("scored", "found", "false")),
            f"{row['auc']:.3f}",
        ]
        for name, row in found["tasks"].items()
    ]
    head = ["Task", "Answers", "Scored", "Found", "False", "AUC"]
    misjudged = ", ".join(f"`{kind}`" for kind in found.get("misjudged", []))
    return (
        f"{found['cases']} cases.\n\n{table(head, rows)}\n"
        f"Kinds of which an answer is valued wrongly: {misjudged or 'none'}.\n"
    )


def store() -> Iterator[list[str]]:
    """Yield what a sampled text call takes, and what that makes a day."""
    if found := kept("store_bytes"):
        size = median(found["repetitions"], "bytes_per_call")
        calls = 144 * 256  # ten-minute windows, the default reservoir
        yield [
            "`store_bytes`",
            f"{size:.0f}",
            f"{calls:,}",
            f"{calls * size / 2**20:.0f} MiB",
        ]


def replaying() -> Iterator[list[str]]:
    """Yield what the judge takes for each request it sends."""
    for name in ("replay_text", "replay_images", "replay_latency"):
        found = kept(name)
        for target in ("replayd", "engine") if found else ():
            if rows := found["targets"].get(target):
                cost = median(rows, "cpu_us_per_request")
                yield [
                    f"`{name}`",
                    "judging included" if target == "replayd" else "without judging",
                    f"{cost:.0f}",
                    f"{1e6 / cost:,.0f}",
                    f"{median(rows, 'high_water_mib'):.0f}",
                ]


def pairs() -> Iterator[list[str]]:
    """Yield replays and money until a verdict, by noise."""
    for noise in DISCORDANCE:
        passed = replays_to_pass(noise, MARGIN, ALPHA_PASS)
        found = [
            replays_to_find(drop, noise, EPS, ALPHA_REGRESSION) for drop in (0.05, 0.10)
        ]
        words = [
            f"{needed.median:,} ({needed.p90:,})" if needed else "never"
            for needed in (passed, *found)
        ]
        money = 2 * PRICE_PER_CALL * passed.p90 if passed else math.inf
        yield [f"{noise:.0%}", *words, f"{money:.2f}"]


def block() -> str:
    """Return everything that stands between the marks on the page."""
    rates = " | ".join(f"cores at {rate:,}/s" for rate in SPANS_PER_SECOND)
    columns = f"result | spans a request | model calls | µs per span | {rates} | MiB"
    parts = (
        (COLLECTOR, columns, list(collector())),
        (STORE, "result | bytes per call | calls a day at most | a day", list(store())),
        (
            REPLAYD,
            "result | what | µs per request | requests/s | MiB",
            list(replaying()),
        ),
        (
            PAIRS,
            "chance | pass | find 5 points | find 10 points | money",
            list(pairs()),
        ),
    )
    shown = [
        f"{above}\n{table(columns.split(' | '), rows)}"
        for above, columns, rows in parts
    ]
    return "\n".join([*shown, *measured_fleets.sections(kept, table)])
