"""Stored answers of the serving model: a control's, else those recorded in production.

Reads the store only; nothing is sent.
"""

from collections.abc import AsyncIterator, Iterable
from typing import Final

from msgspec import Struct

from replayd.cases.intake import Intake
from replayd.cases.loader import CaseLoader, Loaded
from replayd.cases.schedule import Slice
from replayd.drills.certificate import Source
from replayd.drills.injuring import DrillPair
from replayd.errors import DamagedResultError
from replayd.ledger.ledger import Ledger, every_epoch
from replayd.model import (
    ArmAnswer,
    Case,
    Epoch,
    Outcome,
    PairAnswers,
    Planned,
)
from replayd.scoring.pair import USABLE
from snaptrace.crypto.fleet_key import FleetKey
from snaptrace.runtime.clock import Clock
from snaptrace.store.store import Store

FEWEST_PAIRS = 100  # a certificate from fewer answers would speak of chance
EPOCHS_READ = 8  # the newest
# Outcomes of a recording that can stand in for a control's, by that name.
USABLE_RECORDED: Final[dict[str, Outcome]] = {
    "answered": "answered",
    "refused": "refused",
    "truncated": "truncated",
}


class StoredPairs(Struct, frozen=True, kw_only=True):
    """Answers to drill with, and where they come from."""

    source: Source
    pairs: tuple[DrillPair, ...]
    epoch: Epoch | None = None  # whose control answered


async def stored_pairs(
    store: Store,
    key: FleetKey,
    clock: Clock,
    *,
    most: int,
    since_ns: int,
    slices: tuple[Slice, ...] = (),
) -> StoredPairs:
    """Return at most `most` answers: of the newest epochs' control, else recordings.

    Recordings are looked for in what was stored since `since_ns`.

    Raises:
        StoreUnavailableError: safe to repeat.
    """
    loader = CaseLoader(store, key)
    await loader.refresh()
    known = sorted(await every_epoch(store), key=lambda epoch: -epoch.started_at_ns)
    for epoch in known[:EPOCHS_READ]:
        found = [pair async for pair in _of_epoch(store, loader, clock, epoch, most)]
        if len(found) >= min(FEWEST_PAIRS, most):
            return StoredPairs(source="control", pairs=tuple(found), epoch=epoch)
    intake = Intake(store, since_ns, lookback_ns=0, is_erased=loader.is_erased)
    fresh = await intake.poll(clock.now_ns())
    recorded = [p async for p in _recordings(loader, fresh.cases, most, slices)]
    return StoredPairs(source="recording", pairs=tuple(recorded))


async def _of_epoch(
    store: Store, loader: CaseLoader, clock: Clock, epoch: Epoch, most: int
) -> AsyncIterator[DrillPair]:
    """Yield pairs of the traffic lane whose control gave a usable answer."""
    if not epoch.control:
        return
    ledger = Ledger(store, epoch.epoch, clock)
    planned: dict[int, Planned] = {}
    count = 0
    try:
        async for block in ledger.blocks():
            planned |= {each.number: each for each in block.planned}
        async for answers in ledger.answers():
            item = planned.get(answers.number)
            if count >= most:
                return
            if item is None or item.lane != "traffic":
                continue
            if (pair := await _pair(loader, item, answers)) is not None:
                count += 1
                yield pair
    except DamagedResultError:
        return  # what was read before is as good


async def _pair(
    loader: CaseLoader, item: Planned, answers: PairAnswers
) -> DrillPair | None:
    control, again = answers.control, answers.second_control
    if control is None or control.outcome not in USABLE:
        return None
    loaded = await loader.load(item.case)
    if not isinstance(loaded, Loaded):
        return None
    return DrillPair(
        case=item.case,
        recorded=loaded.recorded,
        answer=control,
        again=again if again is not None and again.outcome in USABLE else None,
        slices=item.slices,
    )


async def _recordings(
    loader: CaseLoader,
    cases: Iterable[Case],
    most: int,
    slices: tuple[Slice, ...],
) -> AsyncIterator[DrillPair]:
    """Yield the newest recorded answers of each modality in turn."""
    async for case, loaded in recorded_cases(loader, cases, most):
        answer = loaded.snapshot.answer
        yield DrillPair(
            case=case,
            recorded=loaded.recorded,
            answer=ArmAnswer(outcome=USABLE_RECORDED[answer.outcome], answer=answer),
            slices=tuple(each.name for each in slices if each.holds(case)),
        )


async def recorded_cases(
    loader: CaseLoader, cases: Iterable[Case], most: int
) -> AsyncIterator[tuple[Case, Loaded]]:
    """Yield the newest calls with a usable recording, each modality in turn."""
    queues: dict[str, list[Case]] = {}
    for case in sorted(cases, key=lambda case: case.recorded_at_ns):
        if case.replayable and case.verified and not case.pin:
            queues.setdefault(case.modality, []).append(case)
    count = 0
    while count < most and any(queues.values()):
        for queue in queues.values():
            if count >= most or not queue:
                continue
            case = queue.pop()
            loaded = await loader.load(case)
            if isinstance(loaded, Loaded) and _is_usable(loaded):
                count += 1
                yield case, loaded


def _is_usable(loaded: Loaded) -> bool:
    answer = loaded.snapshot.answer
    return answer.observed and answer.outcome in USABLE_RECORDED
