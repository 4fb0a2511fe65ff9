"""Which cases a rule selects, and why each. Deterministic for the same snapshots."""

import heapq
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Final, TypeAlias

from msgspec import Struct
from rapidfuzz import fuzz

from snaptrace.query.facts import Facts
from snaptrace.suite.rules import Rule, group_of

NEAR: Final = 92.0  # percent of words in common, from which two cases are one
MOST_COMPARED: Final = 400  # cases of one cell that a case is compared with
LONGEST_COMPARED: Final = 600  # characters
SPARE: Final = 8  # times what a rule takes is kept of a group, for near-duplicates
Group: TypeAlias = tuple[str, ...]
_NUMBER = re.compile(r"\d+")


class Candidate(Struct, frozen=True):
    """A case that a rule may select."""

    facts: Facts
    text: str  # of the newest turn


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
        self._most = rule.count if rule.kind == "newest" else SPARE * rule.count + SPARE
        self._held: defaultdict[Group, list[tuple[int, str, Candidate]]]
        self._held = defaultdict(list)
        self._weights: defaultdict[Group, float] = defaultdict(float)

    def add(self, facts: Facts, weight: float, text: str) -> None:
        """Offer one case, each once."""
        group = self._group(facts)
        self._weights[group] += weight
        entry = (
            facts.at_ns,
            facts.snapshot_id,
            Candidate(facts, text[:LONGEST_COMPARED]),
        )
        held = self._held[group]
        if len(held) < self._most:
            heapq.heappush(held, entry)
        elif entry[:2] > held[0][:2]:
            heapq.heapreplace(held, entry)

    def _group(self, facts: Facts) -> Group:
        if self._rule.kind == "newest":
            return ("",)
        if self._rule.kind == "every":
            return (group_of(facts, self._rule.by),)
        return (facts.service, facts.route, facts.modality)

    def selected(self) -> list[Selected]:
        """Return what the rule selects, and why each."""
        groups = {
            group: [entry[2] for entry in sorted(held, key=lambda e: (-e[0], e[1]))]
            for group, held in self._held.items()
        }
        count = self._rule.count
        if self._rule.kind == "newest":
            return [
                Selected(c.facts.snapshot_id, f"{place} of the {count} newest")
                for place, c in enumerate(groups.get(("",), []), start=1)
            ]
        if self._rule.kind == "every":
            return _every(self._rule, groups)
        return _representative(count, groups, self._weights)


def _every(rule: Rule, groups: Mapping[Group, Sequence[Candidate]]) -> list[Selected]:
    found: list[Selected] = []
    for group in sorted(groups):
        kept, _ = _distinct(groups[group], rule.count)
        found += [
            Selected(
                c.facts.snapshot_id,
                f"{place} of {len(kept)} for {rule.by} {group[0] or '(none)'}",
            )
            for place, c in enumerate(kept, start=1)
        ]
    return found


def _representative(
    count: int,
    groups: Mapping[Group, Sequence[Candidate]],
    weights: Mapping[Group, float],
) -> list[Selected]:
    """Give each cell of route and modality its share, and each at least one."""
    total = sum(weights.values()) or 1.0
    kept = {cell: _distinct(held, count) for cell, held in groups.items()}
    shares = _shares(count, weights, {c: len(k) for c, (k, _) in kept.items()})
    found: list[Selected] = []
    for cell in sorted(shares, key=lambda c: (-weights[c], c)):
        distinct, collapsed = kept[cell]
        near = f", {collapsed} near-duplicates collapsed" if collapsed else ""
        service, route, modality = cell
        why = (
            f"{shares[cell]} for {service} route {route or '(none)'} {modality}: "
            f"{weights[cell] / total:.1%} of traffic{near}"
        )
        found += [
            Selected(candidate.facts.snapshot_id, why)
            for candidate in _spread(distinct, shares[cell])
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


def _spread(kept: Sequence[Candidate], count: int) -> list[Candidate]:
    """Return `count` of them: a case of each combination of strata first."""
    ordered: list[Candidate] = []
    later: list[Candidate] = []
    seen: set[tuple[str, ...]] = set()
    for candidate in kept:
        strata = candidate.facts.strata
        (later if strata in seen else ordered).append(candidate)
        seen.add(strata)
    return [*ordered, *later][:count]


def _distinct(newest: Sequence[Candidate], count: int) -> tuple[list[Candidate], int]:
    """Return up to `count` cases, no two alike, and how many were left out as such."""
    kept: list[Candidate] = []
    texts: list[str] = []
    collapsed = 0
    for candidate in newest:
        text = _NUMBER.sub("#", candidate.text[:LONGEST_COMPARED].casefold())
        if text and any(
            fuzz.token_sort_ratio(text, other, score_cutoff=NEAR)
            for other in texts[-MOST_COMPARED:]
        ):
            collapsed += 1
            continue
        texts.append(text)
        kept.append(candidate)
        if len(kept) == count:
            break
    return kept, collapsed
