"""Coverage of live traffic by a suite's pins, and the age of each pin.

Traffic is divided into cells of service, route, modality and outcome kind; a pin covers
its cell. Shares are estimated with the sample's weights, so a quota's rare calls count
for what they are.
"""

from collections import defaultdict
from collections.abc import Iterable
from typing import Final, NamedTuple

from msgspec import Struct

from snaptrace.query.facts import Facts
from snaptrace.query.language import Query
from snaptrace.query.search import Search
from snaptrace.snapshot.weighted_estimate import Estimate, Estimator

DAY_NS: Final = 86_400 * 10**9


class Cell(NamedTuple):
    """One kind of traffic."""

    service: str
    route: str
    modality: str
    stratum: str  # refused, error, truncated, tools, language:…, or "" for the plain

    def __str__(self) -> str:
        kind = f" {self.stratum}" if self.stratum else ""
        return f"{self.service} route {self.route or '(none)'} {self.modality}{kind}"


def cell_of(facts: Facts) -> Cell:
    """Return a call's cell: of its strata but the route's, the first by name."""
    strata = sorted(s for s in facts.strata if not s.startswith("route:"))
    return Cell(facts.service, facts.route, facts.modality, strata[0] if strata else "")


class PinAge(Struct, frozen=True):
    """Age of a pin, and when its kind was last seen."""

    id: str
    cell: Cell
    age_days: float  # since it was recorded
    seen_days: float | None  # since its cell was last seen; None: not in the period


class Uncovered(Struct, frozen=True):
    """A cell of live traffic without a pin."""

    cell: Cell
    calls: float  # estimated, in the period
    share: float
    newest: str  # id of its newest snapshot: what to pin


class Coverage(Struct, frozen=True, kw_only=True):
    """Coverage of a period's traffic."""

    covered: Estimate | None  # share of calls; None: no traffic
    cells: int
    covered_cells: int
    uncovered: tuple[Uncovered, ...]  # heaviest first
    pins: tuple[PinAge, ...]  # longest unseen first


async def coverage_of(
    search: Search, query: Query, pinned: Iterable[Facts], now_ns: int
) -> Coverage:
    """Hold pins against the traffic that a filter lets through.

    Raises:
        StoreUnavailableError: safe to run again.
    """
    pins = list(pinned)
    held = {cell_of(facts) for facts in pins}
    estimator = Estimator(search.frame)
    weights: defaultdict[Cell, float] = defaultdict(float)
    newest: dict[Cell, tuple[int, str]] = {}
    async for hit in search.hits(query):
        cell = cell_of(hit.facts)
        if estimator.add(hit.collector, hit.facts, float(cell in held)):
            probability = search.frame.probability(hit.collector, hit.facts)
            weights[cell] += 1.0 / (probability or 1.0)
        seen = (hit.facts.at_ns, hit.facts.snapshot_id)
        newest[cell] = max(newest.get(cell, (0, "")), seen)
    total = sum(weights.values()) or 1.0
    missing = sorted(
        (c for c in weights if c not in held), key=lambda c: (-weights[c], c)
    )
    return Coverage(
        covered=estimator.mean(),
        cells=len(weights),
        covered_cells=sum(cell in held for cell in weights),
        uncovered=tuple(
            Uncovered(c, weights[c], weights[c] / total, newest[c][1]) for c in missing
        ),
        pins=tuple(sorted((_age(f, newest, now_ns) for f in pins), key=_unseen)),
    )


def _age(facts: Facts, newest: dict[Cell, tuple[int, str]], now_ns: int) -> PinAge:
    cell = cell_of(facts)
    seen = newest.get(cell)
    return PinAge(
        facts.snapshot_id,
        cell,
        round((now_ns - facts.at_ns) / DAY_NS, 1),
        None if seen is None else round((now_ns - seen[0]) / DAY_NS, 1),
    )


def _unseen(pin: PinAge) -> tuple[float, str]:
    return (float("-inf") if pin.seen_days is None else -pin.seen_days, pin.id)
