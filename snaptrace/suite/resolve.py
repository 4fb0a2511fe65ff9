"""A suite file against a store: which cases its pins come to, and what is wrong.

Facts come from the indexes; segments are opened for cases that may be selected.
"""

import heapq
from collections.abc import Iterable, Mapping

from msgspec import Struct

from snaptrace.query.facts import Facts
from snaptrace.query.language import Query
from snaptrace.query.search import Hit, Search
from snaptrace.snapshot.model import Snapshot
from snaptrace.store import pins
from snaptrace.store.store import Store
from snaptrace.suite import rules
from snaptrace.suite.likeness import Likeness, likeness_of
from snaptrace.suite.lock import Lock, LockedCase, file_digest, record_digest
from snaptrace.suite.model import PinEntry, Suite
from snaptrace.suite.selection import Pool


class Case(Struct, frozen=True, kw_only=True):
    """One case of a suite and where it stands."""

    name: str  # of its segment, or of its pin
    snapshot: Snapshot
    owner: str
    why: tuple[str, ...]
    hard: bool


class Resolved(Struct, frozen=True, kw_only=True):
    """Resolved suite file."""

    cases: tuple[Case, ...]
    problems: tuple[tuple[int, str], ...]  # place in `pin`, and what is wrong


class _Wanted(Struct):
    """State of one case while entries are resolved."""

    owner: str
    why: list[str]
    hard: bool


async def resolve(suite: Suite, store: Store, search: Search, now_ns: int) -> Resolved:
    """Find every case that a suite's pins name.

    Raises:
        StoreUnavailableError: safe to run again.
    """
    naming = _Naming(suite, search, now_ns)
    async for hit in search.hits(Query()):
        naming.offer(hit)
    await naming.look_for_texts()
    pinned: dict[str, tuple[str, Snapshot]] = {}
    async for name, _, snapshot in pins.pinned(store, suite.name):
        if not search.is_erased(snapshot):
            naming.offer_pinned(snapshot.snapshot_id)
            pinned[snapshot.snapshot_id] = (name, snapshot)
    known = await _likenesses(search, naming.candidates())
    wanted, problems = naming.wanted(known)
    cases: dict[str, Case] = {}
    hits = [naming.hits[each] for each in wanted if each in naming.hits]
    async for hit, one in search.snapshots(hits):
        cases[one.snapshot_id] = _case(hit.segment, one, wanted[one.snapshot_id])
    for each in wanted.keys() & pinned.keys() - cases.keys():
        cases[each] = _case(*pinned[each], wanted[each])
    return Resolved(
        cases=tuple(cases[each] for each in sorted(cases)), problems=tuple(problems)
    )


async def _likenesses(search: Search, hits: Iterable[Hit]) -> dict[str, Likeness]:
    found = search.snapshots(hits)
    return {one.snapshot_id: likeness_of(one) async for _, one in found}


def _case(name: str, snapshot: Snapshot, wanted: _Wanted) -> Case:
    return Case(
        name=name,
        snapshot=snapshot,
        owner=wanted.owner,
        why=tuple(wanted.why),
        hard=wanted.hard,
    )


def _can_be_a_case(query: Query, facts: Facts) -> bool:
    """Return whether a rule may select a call: it can be sent, and was answered.

    A filter that speaks of fidelity, or of outcomes, has its own say on that.
    """
    asked = {term.field for term in query.terms}
    sendable = facts.fidelity != "unreplayable" or "fidelity" in asked
    return sendable and (facts.outcome != "error" or "outcome" in asked)


class _Naming:
    """Collects who is named by id, and who is in the running for each rule."""

    def __init__(self, suite: Suite, search: Search, now_ns: int) -> None:
        self._suite, self._search = suite, search
        self._by_id: dict[int, set[str]] = {
            pin.place: set() for pin in suite.pins if pin.id
        }
        self._rules: list[tuple[PinEntry, Query, Pool]] = []
        for pin in suite.pins:
            if pin.rule:
                rule = rules.parse(pin.rule)
                self._rules.append((pin, rule.query(now_ns), Pool(rule)))
        self.hits: dict[str, Hit] = {}  # named by id, or in the running

    def offer(self, hit: Hit) -> None:
        """Take a stored snapshot; rules that ask for texts look for themselves."""
        if self.offer_pinned(hit.facts.snapshot_id):
            self.hits[hit.facts.snapshot_id] = hit
        known = self._search.known(hit.collector)
        for _, query, pool in self._rules:
            if query.texts or not query.matches(hit.facts, known):
                continue
            if _can_be_a_case(query, hit.facts):
                pool.add(hit, self._weight(hit))

    async def look_for_texts(self) -> None:
        """Search for each rule that asks for a text."""
        for _, query, pool in self._rules:
            if query.texts:
                async for hit in self._search.hits(query):
                    if _can_be_a_case(query, hit.facts):
                        pool.add(hit, self._weight(hit))

    def _weight(self, hit: Hit) -> float:
        probability = self._search.frame.probability(hit.collector, hit.facts)
        return 1.0 / probability if probability else 1.0

    def offer_pinned(self, snapshot_id: str) -> bool:
        """Take a snapshot that entries with ids can name; return whether one does."""
        named = [
            pin.place
            for pin in self._suite.pins
            if pin.id and snapshot_id.startswith(pin.id)
        ]
        for place in named:
            self._by_id[place].add(snapshot_id)
        return bool(named)

    def candidates(self) -> list[Hit]:
        """Return who is in the running for any rule."""
        every = (hit for _, _, pool in self._rules for hit in pool.candidates())
        found = {hit.facts.snapshot_id: hit for hit in every}
        self.hits |= found
        return list(found.values())

    def wanted(
        self, known: Mapping[str, Likeness]
    ) -> tuple[dict[str, _Wanted], list[tuple[int, str]]]:
        """Return who is wanted, and the entries that name nobody or several."""
        wanted: dict[str, _Wanted] = {}
        problems: list[tuple[int, str]] = []
        for pin in self._suite.pins:
            if not pin.id:
                continue
            found = self._by_id[pin.place]
            if len(found) != 1:
                how = (
                    "several snapshots begin so" if found else "erased, or never there"
                )
                problems.append((pin.place, f"{pin.id}: {how}"))
                continue
            self._add(wanted, pin, min(found), pin.why or "named", problems)
        for pin, _, pool in self._rules:
            selected = pool.selected(known)
            if not selected:
                problems.append((pin.place, f"{pin.rule!r} selects nothing"))
            for each in selected:
                self._add(wanted, pin, each.snapshot_id, each.why, problems)
        return wanted, problems

    def _add(
        self,
        wanted: dict[str, _Wanted],
        pin: PinEntry,
        snapshot_id: str,
        why: str,
        problems: list[tuple[int, str]],
    ) -> None:
        owner = pin.owner or self._suite.owner
        there = wanted.get(snapshot_id)
        if there is None:
            wanted[snapshot_id] = _Wanted(owner, [why], pin.hard)
            return
        if pin.id and there.owner != owner:
            both = f"owned by {there.owner or '(nobody)'} and {owner or '(nobody)'}"
            problems.append((pin.place, f"{snapshot_id}: {both}"))
        there.why.append(why)
        there.hard = there.hard or pin.hard


async def newest(search: Search, query: Query, limit: int) -> list[str]:
    """Return the ids of the newest snapshots that a filter lets through."""
    held: list[tuple[int, str]] = []
    async for hit in search.hits(query):
        heapq.heappush(held, (hit.facts.at_ns, hit.facts.snapshot_id))
        if len(held) > limit:
            heapq.heappop(held)
    return [snapshot_id for _, snapshot_id in sorted(held, reverse=True)]


def lock_of(suite: Suite, cases: tuple[Case, ...]) -> Lock:
    """Return the lock of a suite that came to these cases."""
    return Lock(
        suite=suite.name,
        file=file_digest(suite),
        cases=tuple(
            LockedCase(
                id=case.snapshot.snapshot_id,
                record=record_digest(case.snapshot),
                media=tuple(sorted(pins.digests_of(case.snapshot))),
                owner=case.owner,
                why=case.why,
                hard=case.hard,
            )
            for case in cases
        ),
    )


class Change(Struct, frozen=True):
    """One difference between two locks."""

    what: str  # added, removed, changed
    id: str
    why: str


def differences(old: Lock | None, new: Lock) -> list[Change]:
    """Return what a new lock changes, in the order of ids."""
    before = _by_id(old)
    after = _by_id(new)
    found = [
        Change("added", case.id, "; ".join(case.why))
        for case in new.cases
        if case.id not in before
    ]
    for case_id, case in before.items():
        now = after.get(case_id)
        if now is None:
            found.append(Change("removed", case_id, "; ".join(case.why)))
        elif (now.record, now.media) != (case.record, case.media):
            found.append(Change("changed", case_id, "other bytes under the same id"))
    return sorted(found, key=lambda change: change.id)


def _by_id(lock: Lock | None) -> Mapping[str, LockedCase]:
    return {case.id: case for case in lock.cases} if lock is not None else {}
