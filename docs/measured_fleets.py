"""The tables of docs/sizing.md about workers, many collectors and a year."""

from collections.abc import Callable, Iterator
from typing import Any

Kept = Callable[[str], dict[str, Any] | None]
Table = Callable[[list[str], list[list[str]]], str]

WORKERS = """\
**Workers** on one NATS server, all on the same two cores; models that take 300 ms, one
connection to each model per worker; then workers that score what a model answers at
once. Rates are of one run: read the times.
"""
LEADER = """\
**Leader** with workers: processor time per committed pair with {workers} workers that
answer at once, and commit and fold alone over {pairs:,} pairs (not ten minutes: on a
shared machine processor time is what can be compared), the first and the last tenth.
"""
SHARES = """\
**Where a scored pair's processor time goes**, ms by process. What is not scoring takes
its share of the same cores, so two workers on two cores cannot be two times one.
"""
SUSTAINED = """\
**Commit and fold at {sustained_per_second:,} pairs/s** for {sustained_seconds:.0f} s in
one process that makes the pairs too, while others used both cores (load {busy:.0f}): it
falls behind while it gets too little of a core, and gains afterwards.
"""
LARGE = """\
**A large epoch**: a start with {pairs:,} committed pairs until verdicts rest on all of
them: from a checkpoint of all, from one as a killed leader leaves it, and without one.
"""
FLEETS = """\
**Many collectors**, a day, at {rate:g} model calls per second and pod: a sidecar in
each pod as it is set by default; the same with hourly windows and reservoirs of 4; a
collector per node of 30 pods; gateways for 10,000 pods each. List requests of an hour
were counted at an S3-compatible server; beside them those of listing at every poll.
Money at the prices of `bench/cases/collectors.toml`.
"""
YEAR = """\
**A year**: {snapshots:,} snapshots in {segments:,} segments, {results:,} results over
{epochs} epochs. Processor seconds and the most memory; wall-clock seconds on a machine
that others used.
"""
STARTS = ("start", "start_without_checkpoint", "start_new_epoch")
LARGE_STARTS = {
    "newest": "of all pairs",
    "behind": "a twentieth behind",
    "none": "none",
}
COMMANDS = {
    "gate": "`gate`",
    "ls": "`ls`, 50 rows",
    "ls_all": "`ls`, all rows",
    "results_all": "`results`",
    "worst": "`worst`",
}


def sections(kept: Kept, table: Table) -> Iterator[str]:
    """Yield each table whose result is kept."""
    if (workers := kept("workers")) is not None:
        yield WORKERS + "\n" + table(*_workers(workers))
        if "leader" in workers and "fold" in workers:
            yield _leader(workers) + "\n" + table(*_costs(workers))
        if rows := _shares(workers):
            yield SHARES + "\n" + table(["process", "one worker", "two"], rows)
        if (sustained := workers.get("sustained")) is not None:
            busy = sustained["load_average"][-1]
            head = SUSTAINED.format(**workers["load"], busy=busy)
            yield head + "\n" + table(*_sustained(sustained))
    if (fleets := kept("collectors")) is not None:
        rate = fleets["load"]["calls_per_pod_second"]
        yield FLEETS.format(rate=rate) + "\n" + table(*_fleets(fleets))
    if (large := kept("large_epoch")) is not None:
        yield LARGE.format(**large) + "\n" + table(*_large(large))
    if (year := kept("year")) is not None:
        yield YEAR.format(**year) + "\n" + table(*_year(year))


def _workers(found: dict[str, Any]) -> tuple[list[str], list[list[str]]]:
    rows = []
    for part, what in (("latency", "300 ms"), ("scoring", "scoring")):
        for count, row in found.get(part, {}).items():
            rate, times = row["pairs_per_second"], row["times"]
            rows.append([what, count, f"{rate:.1f}", f"{times:.2f}"])
    return ["bound by", "workers", "pairs/s", "times one"], rows


def _leader(found: dict[str, Any]) -> str:
    load = found["load"]
    return LEADER.format(workers=load["leader_workers"], pairs=load["fold_pairs"])


def _costs(found: dict[str, Any]) -> tuple[list[str], list[list[str]]]:
    tenths = found["fold"]["cpu_us_per_pair_by_tenth"]
    cost = found["leader"]["leader_cpu_ms_per_pair"]
    rows = [
        ["leader, all of it", f"{1000 * cost:.0f}"],
        ["commit and fold, first tenth", f"{tenths[0]:.0f}"],
        ["commit and fold, last tenth", f"{tenths[-1]:.0f}"],
    ]
    return ["what", "µs per pair"], rows


def _shares(found: dict[str, Any]) -> list[list[str]]:
    counts = list(found.get("scoring", {}).values())
    shares = [each["cpu_ms_per_pair"] for each in counts if "cpu_ms_per_pair" in each]
    if not shares:
        return []
    return [[name, *(f"{each[name]:.2f}" for each in shares)] for name in shares[0]]


def _sustained(found: dict[str, Any]) -> tuple[list[str], list[list[str]]]:
    rows = [
        [
            str(part),
            f"{each['pairs_per_second']:,}",
            f"{each['behind_seconds'] + 0.0:.1f}",
            f"{each['cpu_us_per_pair']:.0f}",
        ]
        for part, each in enumerate(found["tenths"], 1)
    ]
    return ["tenth", "pairs/s", "seconds behind", "µs per pair"], rows


def _large(found: dict[str, Any]) -> tuple[list[str], list[list[str]]]:
    rows = []
    for name, what in LARGE_STARTS.items():
        each = found[name]
        cpu, seconds, mib = each["cpu_seconds"], each["seconds"], each["mib"]
        again = f"{each['folded_again']:,}"
        rows.append([what, again, f"{cpu:.1f}", f"{seconds:.1f}", str(mib)])
    return ["checkpoint", "folded again", "CPU s", "wall s", "MiB"], rows


def _fleets(found: dict[str, Any]) -> tuple[list[str], list[list[str]]]:
    rows = []
    for pods, shapes in found["fleets"].items():
        for name, each in shapes.items():
            money = each["money_a_day"]
            rows.append(
                [
                    f"{int(pods):,}",
                    name.replace("_", " "),
                    f"{each['collectors']:,}",
                    f"{each['objects_a_day']:,}",
                    f"{each['gib_a_day']:,.1f}",
                    f"{each['list_calls_an_hour']:,}",
                    f"{each['list_calls_at_every_poll']:,}",
                    f"{each['intake_cpu_seconds_an_hour']:,.0f}",
                    f"{sum(money.values()):,.2f}",
                ]
            )
    head = ["pods", "shape", "collectors", "objects", "GiB", "lists an hour"]
    head += ["at every poll", "intake CPU s an hour", "money"]
    return head, rows


def _year(found: dict[str, Any]) -> tuple[list[str], list[list[str]]]:
    rows = []
    for name in STARTS:
        each = found[name]
        seconds, cpu = each["leading_seconds"], each["cpu_seconds"]
        what = name.replace("_", " ")
        rows.append([what, f"{cpu:.1f}", f"{seconds:.1f}", str(each["mib"])])
    for name, shown in COMMANDS.items():
        each = found[name]
        cpu, seconds = each["cpu_seconds"], each["seconds"]
        rows.append([shown, f"{cpu:.1f}", f"{seconds:.1f}", str(each["mib"])])
    first = found["start"]
    for name in ("scrape", "gate_api", "page"):
        shown = f"{name.replace('_', ' ')} of a running replayd"
        rows.append([shown, "", f"{first[f'{name}_seconds']:.3f}", ""])
    return ["what", "CPU s", "wall s", "MiB"], rows
