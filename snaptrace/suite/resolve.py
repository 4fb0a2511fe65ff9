"""A suite file against a store: which cases its pins come to, and what is wrong."""

from collections.abc import Callable, Mapping

from msgspec import Struct

from snaptrace.query.facts import facts_of, texts_of
from snaptrace.query.language import Known, Query
from snaptrace.query.search import Search
from snaptrace.snapshot.model import Snapshot
from snaptrace.store import pins
from snaptrace.store.browser import Browser
from snaptrace.store.store import Store
from snaptrace.suite import rules
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


async def resolve(
    suite: Suite,
    store: Store,
    browser: Browser,
    now_ns: int,
    on_segment: Callable[[], None] = lambda: None,
) -> Resolved:
    """Find every case that a suite's pins name.

    Goes through the store twice: once for who is selected, once for the snapshots.

    Raises:
        StoreUnavailableError: safe to run again.
    """
    search = _Search(suite, browser, now_ns)
    names: dict[str, str] = {}
    async for found in browser.snapshots(on_segment):
        if search.offer(found.header.collector, found.snapshot):
            names[found.snapshot.snapshot_id] = found.name
    async for name, _, snapshot in pins.pinned(store, suite.name):
        if snapshot.snapshot_id not in names and not browser.is_erased(snapshot):
            search.offer_pinned(snapshot)
            names[snapshot.snapshot_id] = name
    wanted, problems = search.wanted()
    cases: dict[str, Case] = {}
    async for found in browser.snapshots():
        one = found.snapshot
        if one.snapshot_id in wanted and one.snapshot_id not in cases:
            cases[one.snapshot_id] = _case(found.name, one, wanted[one.snapshot_id])
    async for name, _, one in pins.pinned(store, suite.name):
        if one.snapshot_id in wanted and one.snapshot_id not in cases:
            cases[one.snapshot_id] = _case(name, one, wanted[one.snapshot_id])
    return Resolved(
        cases=tuple(cases[each] for each in sorted(cases)), problems=tuple(problems)
    )


def _case(name: str, snapshot: Snapshot, wanted: _Wanted) -> Case:
    return Case(
        name=name,
        snapshot=snapshot,
        owner=wanted.owner,
        why=tuple(wanted.why),
        hard=wanted.hard,
    )


class _Search:
    """Collects who is named by id, and who is in the running for each rule."""

    def __init__(self, suite: Suite, browser: Browser, now_ns: int) -> None:
        self._suite, self._frame = suite, browser.frame
        self._by_id: dict[int, set[str]] = {
            pin.place: set() for pin in suite.pins if pin.id
        }
        self._rules: list[tuple[PinEntry, Query, Pool]] = []
        for pin in suite.pins:
            if pin.rule:
                rule = rules.parse(pin.rule)
                self._rules.append((pin, rule.query(now_ns), Pool(rule)))
        self._seen: set[str] = set()

    def offer(self, collector: str, snapshot: Snapshot) -> bool:
        """Look at a stored snapshot; return whether it is new."""
        if snapshot.snapshot_id in self._seen:
            return False
        self._seen.add(snapshot.snapshot_id)
        self.offer_pinned(snapshot)
        facts = facts_of(snapshot)
        probability = self._frame.probability(collector, snapshot)
        known = Known(
            probability=lambda _: probability,
            uniform=lambda _: self._frame.is_uniform(collector, snapshot),
        )
        for _, query, pool in self._rules:
            if not query.matches(facts, known):
                continue
            texts = tuple(texts_of(snapshot))
            if query.matches_text(texts):
                pool.add(facts, 1.0 / probability if probability else 1.0, texts[0])
        return True

    def offer_pinned(self, snapshot: Snapshot) -> None:
        """Look at a snapshot that only entries with ids can name."""
        for pin in self._suite.pins:
            if pin.id and snapshot.snapshot_id.startswith(pin.id):
                self._by_id[pin.place].add(snapshot.snapshot_id)

    def wanted(self) -> tuple[dict[str, _Wanted], list[tuple[int, str]]]:
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
            selected = pool.selected()
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
    pool = Pool(rules.Rule(kind="newest", count=limit))
    async for hit in search.hits(query):
        pool.add(hit.facts, 1.0, "")
    return [each.snapshot_id for each in pool.selected()]


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
