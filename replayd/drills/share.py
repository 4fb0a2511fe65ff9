"""State of the continuous drill: which recorded calls were asked, and what came of it.

A window of the newest drilled cases per modality, as differences and ids: no content.
Each case is asked under a few faults only, drawn by hash, so that a fault's figures
come from the cases in which it was tried or is known not to apply.
"""

import hashlib
import random
from collections import Counter
from collections.abc import Iterator

import msgspec
from msgspec import Struct

from replayd.budget.minutes import Spent
from replayd.cases.loader import Loaded
from replayd.drills.injuring import Measured
from replayd.drills.requests import REQUEST_FAULTS
from replayd.drills.requests.contract import Asked, OtherMedia
from replayd.errors import DamagedResultError
from replayd.model import Case
from snaptrace.snapshot import object_names
from snaptrace.snapshot.errors import CorruptSnapshotError, MissingObjectError
from snaptrace.store import numbered
from snaptrace.store.store import Store

KEY = "share-state"  # beside the certificates, which have kinds for keys
KEPT_STATES = 3
FAULTS_PER_CASE = 2
_SPAN = 2**64


class DrilledCase(Struct, frozen=True, kw_only=True):
    """One case that the control was asked, and what each fault made of it."""

    snapshot_id: str
    at_ns: int
    measured: Measured


class ShareState(Struct, frozen=True, kw_only=True):
    """Everything that a restart needs to go on."""

    control: str  # arm that was asked; another one starts anew
    drilled: tuple[DrilledCase, ...] = ()  # oldest first
    since: int = 0  # cases drilled since the newest certificate
    spent: dict[str, tuple[Spent, ...]] = {}  # by modality, of the last day
    # Cost of the case that is being asked, by modality. Written before its first call:
    # after a kill nobody knows what was sent of it, so all of it was.
    sending: dict[str, Spent] = {}


def is_drawn(case: Case, share: float) -> bool:
    """Whether a recorded call belongs to the share that is drilled."""
    name = f"drill share\0{case.unit}".encode()
    digest = hashlib.blake2b(name, digest_size=8).digest()
    return int.from_bytes(digest, "big") < share * _SPAN


def changed_requests(
    case: Case, loaded: Loaded, others: list[Loaded]
) -> tuple[dict[str, Asked], frozenset[str]]:
    """Return the requests to make of a case, by fault, and the faults left untried.

    Faults are tried in an order that is the case's own until enough of them apply.
    """
    names = sorted(f.name for f in REQUEST_FAULTS.values() if f.is_installed)
    random.Random(f"{case.snapshot_id}/faults").shuffle(names)  # noqa: S311
    asked = Asked(loaded.snapshot, loaded.media)
    requests: dict[str, Asked] = {}
    for at, name in enumerate(names):
        if len(requests) >= FAULTS_PER_CASE:
            return requests, frozenset(names[at:])
        fault = REQUEST_FAULTS[name]
        changed = fault.applied(asked, _other(fault.kind, others))
        if changed is not None:
            requests[name] = changed
    return requests, frozenset()


def _other(kind: str | None, others: list[Loaded]) -> OtherMedia:
    for each in others:
        for index, data in each.media.items():
            if each.snapshot.media[index].kind == kind:
                return OtherMedia(data, each.snapshot.media[index].mime)
    return OtherMedia()


def with_case(state: ShareState, new: DrilledCase, kept: int) -> ShareState:
    """Return the state with one more case; the newest `kept` of a modality stay."""
    found = [*state.drilled, new]
    room = Counter({each.measured.modality: kept for each in found})

    def newest() -> Iterator[DrilledCase]:
        for each in reversed(found):
            if room[each.measured.modality] > 0:
                room[each.measured.modality] -= 1
                yield each

    drilled = tuple(reversed(list(newest())))
    return msgspec.structs.replace(state, drilled=drilled, since=state.since + 1)


async def store_share(store: Store, state: ShareState) -> None:
    """Write the state under its next number; keep the last few.

    Raises:
        StoreUnavailableError: safe to repeat.
    """
    data = msgspec.msgpack.encode(state)
    await numbered.add(store, object_names.DRILLS, KEY, data, kept=KEPT_STATES)


async def stored_share(store: Store) -> ShareState | None:
    """Return the newest readable state; None if there is none.

    Raises:
        StoreUnavailableError: safe to repeat.
    """
    known = await numbered.numbers(store, object_names.DRILLS, KEY)
    for number in reversed(known):
        name = object_names.numbered(object_names.DRILLS, KEY, number)
        try:
            return _decoded(await store.get(name))
        except (MissingObjectError, CorruptSnapshotError, DamagedResultError):
            continue  # an older one lacks the last cases only
    return None


def _decoded(data: bytes) -> ShareState:
    try:
        return msgspec.msgpack.decode(data, type=ShareState)
    except msgspec.MsgspecError as error:
        raise DamagedResultError("drill share", str(error)) from None
