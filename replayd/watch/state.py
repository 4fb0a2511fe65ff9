"""State of the watch on one modality. Data only; numbers and ids, no content.

Each anchor is a recorded call. When it enters, the model answers it several times: a
bank of earlier answers. Each later answer is paired with one of them, which is then
used up: a pair never shares an answer with another, so pairs are independent while the
model is unchanged. An anchor whose bank is empty leaves, and another call takes over.
"""

import msgspec
from msgspec import Struct

from replayd.budget.minutes import Spent
from replayd.errors import DamagedResultError
from replayd.model import Case, Outcome
from replayd.stats.change import ChangeState
from snaptrace.snapshot import object_names
from snaptrace.snapshot.errors import CorruptSnapshotError, MissingObjectError
from snaptrace.store import numbered
from snaptrace.store.store import Store

KEPT_STATES = 3
WORST_KEPT = 20  # pairs shown; the newest of equal ones


class Answered(Struct, frozen=True, kw_only=True):
    """Numbers of one answer of the production model."""

    at_ns: int
    score: float  # the worst of its streams, as for a protected slice
    outcome: Outcome
    scorer: str = ""  # whose score it is
    served_model: str = ""
    fingerprint: str = ""
    latency_ms: float = 0.0


class Anchor(Struct, frozen=True, kw_only=True):
    """One recorded call that is asked again and again."""

    case: Case
    entered_at_ns: int
    next_at_ns: int  # when it is asked again
    bank: tuple[Answered, ...] = ()  # earlier answers that no pair has used
    wanted: int = 1  # answers that its bank is to hold
    filled: bool = False  # the bank was complete once: from then on it is used up


class WatchedPair(Struct, frozen=True, kw_only=True):
    """Today's answer beside an earlier one."""

    number: int
    snapshot_id: str
    before: Answered
    now: Answered

    @property
    def difference(self) -> float:
        """Score now minus score then, in [-1, 1]."""
        return self.now.score - self.before.score


class Changed(Struct, frozen=True, kw_only=True):
    """A detected change of the production model, in time."""

    at_ns: int  # when it was detected
    since_ns: int  # likeliest start, and the first and last that may be it
    since_low_ns: int
    since_high_ns: int
    difference: float  # mean since then
    pairs: int  # counted by the detector when it was raised
    worst: tuple[WatchedPair, ...] = ()


class WatchState(Struct, frozen=True, kw_only=True):
    """Everything known about one modality."""

    modality: str
    control: str  # arm that is watched
    anchors: tuple[Anchor, ...] = ()
    detector: ChangeState = ChangeState()
    asked_at_ns: tuple[int, ...] = ()  # of each pair in `detector.recent`
    worst: tuple[WatchedPair, ...] = ()  # of those pairs
    next_number: int = 0
    changed: Changed | None = None  # the newest change, until it is outlived
    spent: tuple[Spent, ...] = ()  # of the last day
    # Context of the newest answers: why a change may have come.
    recent: tuple[Answered, ...] = ()

    @property
    def pairs(self) -> int:
        """Pairs counted since the detector last started."""
        return self.detector.pairs


async def store_state(store: Store, state: WatchState) -> None:
    """Write a state under its modality's next number; keep the last few.

    Raises:
        StoreUnavailableError: safe to repeat.
    """
    data = msgspec.msgpack.encode(state)
    await numbered.add(
        store, object_names.WATCH, state.modality, data, kept=KEPT_STATES
    )


async def stored_states(store: Store) -> dict[str, WatchState]:
    """Return the newest readable state of every modality.

    Raises:
        StoreUnavailableError: safe to repeat.
    """
    names = [info.name async for info in store.list(object_names.WATCH)]
    parsed = {object_names.parse_numbered(name) for name in names}
    modalities = sorted({found[0] for found in parsed if found is not None})
    found: dict[str, WatchState] = {}
    for modality in modalities:
        state = await _newest(store, modality)
        if state is not None:
            found[modality] = state
    return found


async def _newest(store: Store, modality: str) -> WatchState | None:
    for number in reversed(await numbered.numbers(store, object_names.WATCH, modality)):
        try:
            return decoded(await store.get(_name(modality, number)))
        except (MissingObjectError, CorruptSnapshotError, DamagedResultError):
            continue  # an older one lacks the last answers only
    return None


def decoded(data: bytes) -> WatchState:
    """Return a stored state.

    Raises:
        DamagedResultError: the bytes are no state.
    """
    try:
        return msgspec.msgpack.decode(data, type=WatchState)
    except msgspec.MsgspecError as error:
        raise DamagedResultError("watch", str(error)) from None


def _name(modality: str, number: int) -> str:
    return object_names.numbered(object_names.WATCH, modality, number)
