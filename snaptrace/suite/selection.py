"""Which cases a rule selects, and why each. Deterministic for the same snapshots."""

import heapq
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, TypeAlias

from msgspec import Struct

from snaptrace.query.facts import Facts
from snaptrace.query.search import Hit
from snaptrace.suite.likeness import Likeness, alike
from snaptrace.suite.rules import Rule, group_of

MOST_COMPARED: Final = 400  # cases of one cell that a case is compared with
SPARE: Final = 8  # times what a rule takes is kept of a group, for near-duplicates
Group: TypeAlias = tuple[str, ...]
Likenesses: TypeAlias = Mapping[str, Likeness]  # by snapshot id


class Selected(Struct, frozen=True):
    """A selected case and the reason."""

    snapshot_id: str
    why: str


class Pool:
    """Cases that a rule may select, bounded: the newest of each group, and all weights.

    Groups are what the rule speaks of: one for all, the values of a field, or the cells
    of service, route and modality.
    """

    def __init__(self, rule: Rule) -> None:
        self._rule = rule
        self._most = SPARE * rule.count + SPARE
        self._held: defaultdict[Group, list[tuple[int, str, Hit]]]
        self._held = defaultdict(list)
        self._weights: defaultdict[Group, float] = defaultdict(float)

    def add(self, hit: Hit, weight: float) -> None:
        """Offer one case, each once."""
        facts = hit.facts
        group = self._group(facts)
        self._weights[group] += weight
        entry = (facts.at_ns, facts.snapshot_id, hit)
        held = self._held[group]
        if len(held) < self._most:
            heapq.heappush(held, entry)
        elif entry[:2] > held[0][:2]:
            heapq.heapreplace(held, entry)

    def candidates(self) -> Iterator[Hit]:
        """Yield the cases whose likeness `selected` must know."""
        for held in self._held.values():
            yield from (hit for _, _, hit in held)

    def _group(self, facts: Facts) -> Group:
        if self._rule.kind == "newest":
            return ("",)
        if self._rule.kind == "every":
            return (group_of(facts, self._rule.by),)
        return (facts.service, facts.route, facts.modality)

    def selected(self, known: Likenesses) -> list[Selected]:
        """Return what the rule selects, and why each; only cases that are known."""
        groups = {
            group: [
                hit
                for _, snapshot_id, hit in sorted(held, key=lambda e: (-e[0], e[1]))
                if snapshot_id in known
            ]
            for group, held in self._held.items()
        }
        if self._rule.kind == "newest":
            return _newest(self._rule.count, groups.get(("",), []), known)
        if self._rule.kind == "every":
            return _every(self._rule, groups, known)
        return _representative(self._rule.count, groups, self._weights, known)


def _newest(count: int, hits: Sequence[Hit], known: Likenesses) -> list[Selected]:
    kept, collapsed = _distinct(hits, count, known)
    near = _collapsed(collapsed)
    return [
        Selected(hit.facts.snapshot_id, f"{place} of the {count} newest{near}")
        for place, hit in enumerate(kept, start=1)
    ]


def _every(
    rule: Rule, groups: Mapping[Group, Sequence[Hit]], known: Likenesses
) -> list[Selected]:
    found: list[Selected] = []
    for group in sorted(groups):
        kept, collapsed = _distinct(groups[group], rule.count, known)
        near = _collapsed(collapsed)
        found += [
            Selected(
                c.facts.snapshot_id,
                f"{place} of {len(kept)} for {rule.by} {group[0] or '(none)'}{near}",
            )
            for place, c in enumerate(kept, start=1)
        ]
    return found


def _representative(
    count: int,
    groups: Mapping[Group, Sequence[Hit]],
    weights: Mapping[Group, float],
    known: Likenesses,
) -> list[Selected]:
    """Give each cell of route and modality its share, and each at least one."""
    total = sum(weights.values()) or 1.0
    kept = {cell: _distinct(held, count, known) for cell, held in groups.items()}
    shares = _shares(count, weights, {c: len(k) for c, (k, _) in kept.items()})
    found: list[Selected] = []
    for cell in sorted(shares, key=lambda c: (-weights[c], c)):
        distinct, collapsed = kept[cell]
        near = _collapsed(collapsed)
        service, route, modality = cell
        why = (
            f"{shares[cell]} for {service} route {route or '(none)'} {modality}: "
            f"{weights[cell] / total:.1%} of traffic{near}"
        )
        found += [
            Selected(hit.facts.snapshot_id, why)
            for hit in _spread(distinct, shares[cell])
        ]
    return found


def _shares(
    count: int,
    weights: Mapping[Group, float],
    room: Mapping[Group, int],
) -> dict[Group, int]:
    """Divide `count` over cells: one each, heaviest first, then by what is owed most.

    Sainte-Laguë's highest averages, within the room that each cell has.
    """
    order = sorted(weights, key=lambda cell: (-weights[cell], cell))
    given = dict.fromkeys(order[:count], 1)
    for _ in range(count - len(given)):
        open_cells = [cell for cell in given if given[cell] < room[cell]]
        if not open_cells:
            break
        most = max(open_cells, key=lambda c: (weights[c] / (2 * given[c] + 1), c))
        given[most] += 1
    return given


def _spread(kept: Sequence[Hit], count: int) -> list[Hit]:
    """Return `count` of them: a case of each combination of strata first."""
    ordered: list[Hit] = []
    later: list[Hit] = []
    seen: set[tuple[str, ...]] = set()
    for candidate in kept:
        strata = candidate.facts.strata
        (later if strata in seen else ordered).append(candidate)
        seen.add(strata)
    return [*ordered, *later][:count]


def _distinct(
    newest: Sequence[Hit], count: int, known: Likenesses
) -> tuple[list[Hit], int]:
    """Return up to `count` cases, no two alike, and how many were left out as such."""
    kept: list[Hit] = []
    likenesses: list[Likeness] = []
    collapsed = 0
    for hit in newest:
        own = known[hit.facts.snapshot_id]
        if any(alike(own, other) for other in likenesses[-MOST_COMPARED:]):
            collapsed += 1
            continue
        likenesses.append(own)
        kept.append(hit)
        if len(kept) == count:
            break
    return kept, collapsed


def _collapsed(count: int) -> str:
    if not count:
        return ""
    return f", {count} near-duplicate{'s' if count > 1 else ''} collapsed"
