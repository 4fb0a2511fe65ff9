"""Coverage of live traffic by a suite's pins, and the age of each pin.

Traffic is divided into cells of service, route, modality and outcome kind; a pin covers
its cell. Shares are estimated with the sample's weights, so a quota's rare calls count
for what they are.
"""

import asyncio
import heapq
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from msgspec import Struct

from snaptrace.query.facts import Facts
from snaptrace.query.language import Query
from snaptrace.query.search import Hit, Search
from snaptrace.snapshot.weighted_estimate import Estimate, Estimator

DAY_NS: Final = 86_400 * 10**9
MOST_KEPT: Final = 100  # newest calls of a covered cell, to look for a pin's like among
AT_ONCE: Final = 500  # calls that are counted before others of the loop have their turn


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


class PinAge(Struct, frozen=True, kw_only=True):
    """Age of a pin, when its kind was last seen, and what production says today."""

    id: str
    cell: Cell
    age_days: float  # since it was recorded
    seen_days: float | None  # since its cell was last seen; None: not in the period
    like_days: float | None = None  # since a near-duplicate was; None: not found
    today: str = ""  # passed, failed, not_judged: production's answer; "": none known
    why: str = ""
    judged_by: str = ""  # `assertions`, or the rule that held it to the recording
    same: str = ""  # id of the newest other call with the same request


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


class Traffic:
    """A period's traffic by cell, held against the pins of several suites at once."""

    def __init__(self, search: Search, suites: Mapping[str, Sequence[Facts]]) -> None:
        self._search, self._suites = search, suites
        self._cells = {
            name: {cell_of(facts) for facts in pins} for name, pins in suites.items()
        }
        self._estimators = {name: Estimator(search.frame) for name in suites}
        self._weights: defaultdict[Cell, float] = defaultdict(float)
        self._newest: dict[Cell, tuple[int, str]] = {}
        self._kept: dict[Cell, list[tuple[int, str, Hit]]] = {
            cell: [] for cells in self._cells.values() for cell in cells
        }

    async def read(self, query: Query) -> None:
        """Count the calls that a filter lets through.

        Raises:
            StoreUnavailableError: begin again with another object.
        """
        count = 0
        async for hit in self._search.hits(query):
            self._add(hit)
            count += 1
            if count % AT_ONCE == 0:
                await asyncio.sleep(0)

    def _add(self, hit: Hit) -> None:
        cell, facts = cell_of(hit.facts), hit.facts
        probability = self._search.frame.probability(hit.collector, facts)
        if probability is not None:
            self._weights[cell] += 1.0 / probability
        for name, estimator in self._estimators.items():
            estimator.add(hit.collector, facts, float(cell in self._cells[name]))
        seen = (facts.at_ns, facts.snapshot_id)
        self._newest[cell] = max(self._newest.get(cell, (0, "")), seen)
        kept = self._kept.get(cell)
        if kept is not None:
            heapq.heappush(kept, (*seen, hit))
            if len(kept) > MOST_KEPT:
                heapq.heappop(kept)

    def newest(self, cells: set[Cell]) -> list[Hit]:
        """Return the newest calls of covered cells, at most `MOST_KEPT` of each."""
        return [hit for cell in cells for _, _, hit in self._kept.get(cell, ())]

    def coverage(self, suite: str, now_ns: int) -> Coverage:
        """Return what one suite covers of the traffic that was read."""
        held = self._cells[suite]
        total = sum(self._weights.values()) or 1.0
        missing = sorted(
            (c for c in self._weights if c not in held),
            key=lambda c: (-self._weights[c], c),
        )
        ages = [self._age(facts, now_ns) for facts in self._suites[suite]]
        return Coverage(
            covered=self._estimators[suite].mean(),
            cells=len(self._weights),
            covered_cells=sum(cell in held for cell in self._weights),
            uncovered=tuple(
                Uncovered(
                    c,
                    self._weights[c],
                    self._weights[c] / total,
                    self._newest[c][1],
                )
                for c in missing
            ),
            pins=tuple(sorted(ages, key=_unseen)),
        )

    def _age(self, facts: Facts, now_ns: int) -> PinAge:
        cell = cell_of(facts)
        seen = self._newest.get(cell)
        return PinAge(
            id=facts.snapshot_id,
            cell=cell,
            age_days=days_since(facts.at_ns, now_ns),
            seen_days=None if seen is None else days_since(seen[0], now_ns),
        )


def days_since(at_ns: int, now_ns: int) -> float:
    """Return how many days ago something was."""
    return round((now_ns - at_ns) / DAY_NS, 1)


def _unseen(pin: PinAge) -> tuple[float, str]:
    return (float("-inf") if pin.seen_days is None else -pin.seen_days, pin.id)
