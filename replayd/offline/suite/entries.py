"""Pins of a suite as they are run: from the store, or from a file and its lock."""

from msgspec import Struct

from replayd.offline.suite.company import Recording
from replayd.offline.suite.held import Expected
from replayd.offline.suite.run import Entry
from replayd.scoring.assertions import KINDS
from replayd.scoring.recorded import scoring_case
from snaptrace.snapshot import object_names, segment
from snaptrace.snapshot.errors import CorruptSnapshotError, MissingObjectError
from snaptrace.snapshot.model import Json, Snapshot
from snaptrace.snapshot.segment import Pin
from snaptrace.store.store import Store
from snaptrace.suite.errors import LockError
from snaptrace.suite.lock import Lock, LockedCase, file_digest, pinned_version
from snaptrace.suite.model import AssertEntry, Scope, Suite, covers


class Entries(Struct, frozen=True):
    """All pins of a suite, and its version."""

    suite: str
    entries: tuple[Entry, ...]
    suite_hash: str


async def stored_entries(store: Store, suite: str) -> Entries:
    """Return every pin of a suite in the store, unreadable ones too, by name."""
    found: list[Entry] = []
    readable: list[tuple[Pin, Snapshot]] = []
    async for info in store.list(object_names.suite_folder(suite)):
        if (parsed := object_names.parse_pin(info.name)) is None:
            continue
        pin, snapshot = await _read(store, info.name)
        why = "" if pin is not None else "damaged"
        found.append(
            Entry(
                snapshot_id=parsed[1],
                name=info.name,
                pin=pin,
                problem=why,
                recording=recording_of(snapshot),
            )
        )
        if pin is not None and snapshot is not None:
            readable.append((pin, snapshot))
    return Entries(suite, tuple(found), pinned_version(suite, readable))


async def locked_entries(store: Store, suite: Suite, lock: Lock) -> Entries:
    """Return every case of a locked suite, with what the file says of it.

    Raises:
        LockError: the file was changed since.
    """
    if lock.suite != suite.name or lock.file != file_digest(suite):
        raise LockError(
            "the suite file was changed since it was locked: run `snaptrace suite lock`"
        )
    found = [await _locked(store, suite, case) for case in lock.cases]
    return Entries(suite.name, tuple(found), lock.hash)


async def _locked(store: Store, suite: Suite, case: LockedCase) -> Entry:
    name = object_names.pin(suite.name, case.id)
    pin, snapshot = await _read(store, name)
    if pin is None or snapshot is None:
        return Entry(
            snapshot_id=case.id, name=name, problem="erased, unpinned or damaged"
        )
    return Entry(
        snapshot_id=case.id,
        name=name,
        pin=pin,
        expected=expected_of(suite, snapshot, hard=case.hard),
        digest=case.record,
        recording=recording_of(snapshot),
    )


def recording_of(snapshot: Snapshot | None) -> Recording | None:
    """Return what a pin was asked and answered, for the other pins of its suite."""
    if snapshot is None:
        return None
    case = scoring_case(snapshot)
    return Recording(snapshot.snapshot_id, case.question, snapshot.answer.text)


async def _read(store: Store, name: str) -> tuple[Pin | None, Snapshot | None]:
    try:
        read = segment.read(await store.get(name), name)
        return read.header.pin, read.record(0)
    except (MissingObjectError, CorruptSnapshotError):
        return None, None


def expected_of(suite: Suite, snapshot: Snapshot, *, hard: bool) -> Expected:
    """Return what a file says of one case."""
    return Expected(
        assertions=tuple(e for e in suite.assertions if is_covered(e.scope, snapshot)),
        ignores=tuple(e for e in suite.ignores if is_covered(e.scope, snapshot)),
        hard=hard,
        runs=suite.runs,
    )


def is_covered(scope: Scope, snapshot: Snapshot) -> bool:
    """Return whether a case is in a scope."""
    return covers(
        scope,
        snapshot_id=snapshot.snapshot_id,
        route=snapshot.route,
        service=snapshot.service,
        modality=snapshot.modality,
    )


def assertion_of(suite: Suite, snapshot: Snapshot) -> Json:
    """Return what a pin in the store asserts, for the daemon; None for nothing.

    Content that every run must have; what only a run can tell stays in the file.
    """
    found = [
        {entry.kind: entry.wanted}
        for entry in suite.assertions
        if is_covered(entry.scope, snapshot) and _is_for_pins(entry)
    ]
    return found or None


def _is_for_pins(entry: AssertEntry) -> bool:
    return entry.kind in KINDS and not entry.at_least and not entry.warning


def inapplicable(suite: Suite, snapshot: Snapshot) -> list[tuple[int, str, str]]:
    """Return assertions that no answer to a case could meet or break.

    Each as (place in `assert`, kind, why).
    """
    case = scoring_case(snapshot)
    found: list[tuple[int, str, str]] = []
    for entry in suite.assertions:
        if entry.kind not in KINDS or not is_covered(entry.scope, snapshot):
            continue
        if why := KINDS[entry.kind].inapplicable(entry.wanted, case):
            found.append((entry.place, entry.kind, why))
    return found
