"""Case intake: facts of new snapshots, and sampling facts of recent windows.

Reads every segment once and keeps, per call, what the scheduler draws by; content
stays in the store until a case is sent. Whether a call can be replayed is decided
here, from the recording alone, and counted either way: that is the coverage.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Collection, Iterable
from typing import TypeAlias

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from replayd.cases.eligibility import (
    MEDIUM_INDEPENDENT,
    UNVERIFIED,
    Eligibility,
    Place,
)
from replayd.cases.traffic import TrafficSample
from replayd.model import Case
from replayd.providers.contract import Refusal
from replayd.providers.preparation.hygiene import clean
from replayd.witness.row import row_of
from snaptrace.snapshot import object_names, segment
from snaptrace.snapshot.errors import (
    CorruptSnapshotError,
    MissingObjectError,
    NewerSnapshotError,
)
from snaptrace.snapshot.inclusion_probability import Frame, Placed
from snaptrace.snapshot.model import Fidelity, Snapshot
from snaptrace.snapshot.segment import Segment, SegmentHeader
from snaptrace.store.segment_watcher import SegmentWatch
from snaptrace.store.store import Store

# Leaf paths of what is asked; everything else in a body is a parameter.
_CONTENT = frozenset(
    {
        "contents",
        "file",
        "functions",
        "input",
        "instructions",
        "messages",
        "prompt",
        "system",
        "systemInstruction",
        "tools",
    }
)
_CHARACTERS_PER_TOKEN = 4
_TOKENS_PER_MEDIUM = 1000
_NS_PER_HOUR = 3_600 * 10**9
_TOKENS_ANSWERED = 500  # where neither usage nor a limit was recorded


class Fresh(Struct, frozen=True):
    """Result of one poll of the store."""

    cases: tuple[Case, ...]
    damaged: tuple[str, ...] = ()  # names of segments that cannot be read


class Live(Struct, frozen=True, kw_only=True):
    """Recent live traffic of one modality."""

    seen: int = 0  # calls in the equal-probability sample
    replayable: int = 0
    reasons: dict[str, int] = {}  # why the rest was not


class Intake:
    """Follows the store's segments. Not safe for concurrent tasks."""

    def __init__(
        self,
        store: Store,
        since_ns: int,
        lookback_ns: int,
        allowed_tools: tuple[str, ...] = (),
        *,
        eligibility: Eligibility | None = None,
        is_erased: Callable[[Snapshot], bool] = lambda _snapshot: False,
    ) -> None:
        self._store, self._watch = store, SegmentWatch(store, since_ns)
        self._is_erased = is_erased
        self._lookback_ns, self._allowed_tools = lookback_ns, allowed_tools
        self._waiting: list[str] = []  # listed, not read yet
        self._suspects: list[str] = []  # seemed damaged; read again at the next look
        self._pins: set[str] = set()  # read before
        self.sample = RecentSample(eligibility or Eligibility())
        self.traffic = TrafficSample()

    async def poll(self, now_ns: int) -> Fresh:
        """Read segments added since the last call.

        Raises:
            StoreUnavailableError: nothing is lost; call again.
        """
        self._waiting += [info.name for info in await self._watch.new(now_ns)]
        cases = [pin async for pin in self._new_pins()]
        damaged: list[str] = []
        suspects, self._suspects = self._suspects, []
        self._waiting += suspects
        while self._waiting:
            name = self._waiting[0]
            try:
                read = await self._segment(name)
                self.sample.add(read.header, read.cases)
                self.traffic.add(read.header, read.placed, now_ns)
                cases += read.cases
            except NewerSnapshotError:
                damaged.append(name)
            except CorruptSnapshotError:
                (damaged if name in suspects else self._suspects).append(name)
            except MissingObjectError:
                pass  # its hour was compacted or it was erased since the listing
            self._waiting.pop(0)
        self.sample.forget(now_ns - self._lookback_ns)
        return Fresh(tuple(cases), tuple(damaged))

    async def _new_pins(self) -> AsyncIterator[Case]:
        names = [info.name async for info in self._store.list(object_names.PINS)]
        pins = {name for name in names if object_names.parse_pin(name) is not None}
        for name in sorted(pins - self._pins):
            try:
                found = segment.read(await self._store.get(name), name)
                pin = found.header.pin
                case = case_of(found, 0, Frame(), self._allowed_tools)
            except (CorruptSnapshotError, MissingObjectError, IndexError):
                continue  # looked at again the next time
            if pin is not None and not self._is_erased(found.record(0)):
                yield replace(
                    case,
                    pin=pin.suite,
                    unit=case.snapshot_id,
                    asserted=pin.assertion is not None,
                )
            self._pins.add(name)
        self._pins &= pins

    async def _segment(self, name: str) -> "_Read":
        return await self._store.read(
            name, lambda data: asyncio.to_thread(self._read, name, data)
        )

    def _read(self, name: str, data: bytes) -> "_Read":
        found = segment.read(data, name)
        frame = Frame([found.header])
        cases: list[Case] = []
        placed: list[tuple[str, Placed]] = []
        for index, snapshot in enumerate(found):
            if not self._is_erased(snapshot):
                cases.append(case_of(found, index, frame, self._allowed_tools))
                placed.append((snapshot.snapshot_id, Placed.of(snapshot)))
        return _Read(found.header, tuple(cases), tuple(placed))


class _Read(Struct, frozen=True):
    header: SegmentHeader
    cases: tuple[Case, ...]
    placed: tuple[tuple[str, Placed], ...]  # by snapshot id


def case_of(
    found: Segment, index: int, frame: Frame, allowed_tools: tuple[str, ...] = ()
) -> Case:
    """Return the scheduling facts of one record.

    Raises:
        CorruptSnapshotError: the record is no snapshot.
    """
    snapshot = found.record(index)
    reason = why_not(snapshot, allowed_tools)
    given, answered = estimate_tokens(snapshot)
    return Case(
        snapshot_id=snapshot.snapshot_id,
        segment=found.name,
        index=index,
        unit=snapshot.session or snapshot.trace_id,
        trace_id=snapshot.trace_id,
        service=snapshot.service,
        modality=snapshot.modality,
        api=snapshot.request.api,
        model=snapshot.request.model,
        route=snapshot.route,
        rank=snapshot.rank,
        recorded_at_ns=snapshot.ended_at_ns or snapshot.arrived_at_ns,
        uniform=frame.is_uniform(found.header.collector, snapshot),
        replayable=not reason,
        reason=reason,
        strata=snapshot.strata,
        attributes=snapshot.attributes,
        turn=snapshot.turn,
        notes=snapshot.notes,
        tokens=given + answered,
        input_tokens=given,
        row=row_of(snapshot),
    )


def why_not(snapshot: Snapshot, allowed_tools: tuple[str, ...] = ()) -> str:
    """Return why a call is not replayable, from a bounded set; "" if it is."""
    if snapshot.request.body is None:
        return "no_body"
    if why := _by_fidelity(snapshot.fidelity):
        return why
    found = clean(snapshot, snapshot.request.body, allowed_tools)
    if isinstance(found, Refusal):
        return found.reason
    return UNVERIFIED if snapshot.fidelity.level == UNVERIFIED else ""


def _by_fidelity(fidelity: Fidelity) -> str:
    if fidelity.level == "unreplayable":
        return fidelity.reasons[0] if fidelity.reasons else "unreplayable"
    if fidelity.level in ("lossy", UNVERIFIED):
        tops = {path.partition(".")[0] for path in fidelity.missing}
        return "content_lost" if tops & _CONTENT else ""
    return ""


def estimate_tokens(snapshot: Snapshot) -> tuple[int, int]:
    """Return (input, output) tokens from the provider, or a rough estimate."""
    usage = snapshot.answer.usage
    given, answered = usage.input_tokens, usage.output_tokens
    if given is None:
        text = msgspec.json.encode(snapshot.request.body, enc_hook=lambda _: "")
        given = len(text) // _CHARACTERS_PER_TOKEN
        given += _TOKENS_PER_MEDIUM * len(snapshot.media)
    if answered is None:
        said = len(snapshot.answer.text) // _CHARACTERS_PER_TOKEN
        answered = max(said, _TOKENS_ANSWERED)
    return given, answered


# Modality, why it was no case when read, its row and its place.
_Facts: TypeAlias = tuple[str, str, tuple[str, ...], Place]


class RecentSample:
    """Windows of the lookback: thresholds, production calls, coverage. Bounded."""

    def __init__(self, eligibility: Eligibility) -> None:
        self._eligibility = eligibility
        self._frames: dict[int, Frame] = {}  # by window
        self._facts: dict[_Facts, _Facts] = {}  # one object for equal ones
        # By window, then by id.
        self._cases: dict[int, dict[str, _Facts]] = {}
        self._calls: Counter[_Facts] = Counter()  # of all windows

    def add(self, header: SegmentHeader, cases: Iterable[Case]) -> None:
        """Add one segment. Idempotent."""
        window = header.window_start_ns
        self._frames.setdefault(window, Frame()).add(header)
        known = self._cases.setdefault(window, {})
        for case in cases:
            if case.uniform:
                place = (case.modality, case.service, case.route)
                new = (case.modality, case.reason, case.row, place)
                facts = self._facts.setdefault(new, new)
                if (before := known.get(case.snapshot_id)) is not None:
                    self._calls[before] -= 1
                known[case.snapshot_id] = facts
                self._calls[facts] += 1

    def forget(self, before_ns: int) -> None:
        """Drop windows that began before `before_ns`."""
        for window in [w for w in self._frames if w < before_ns]:
            del self._frames[window]
            self._calls.subtract(self._cases.pop(window, {}).values())
        self._calls = +self._calls  # the rows of what is gone take no memory

    def thresholds(
        self, wanted: Callable[[str], bool] = lambda _service: True
    ) -> dict[str, int]:
        """Return, by modality, the rank above which draws are equal-probability.

        Over the services that are `wanted`; -1 where no call was rejected.
        """
        cells = {cell for frame in self._frames.values() for cell in frame.seen()}
        services = frozenset(service for service, _ in cells if wanted(service))
        found: dict[str, int] = {}
        for modality in {modality for _, modality in cells}:
            highest = max(
                frame.equal_probability_threshold(services=services, modality=modality)
                for frame in self._frames.values()
            )
            found[modality] = highest or -1
        return found

    def production_calls(
        self, wanted: Callable[[str], bool] = lambda _service: True
    ) -> int:
        """Return the number of model calls seen by collectors in `wanted` services."""
        return sum(
            seen
            for frame in self._frames.values()
            for (service, _), seen in frame.seen().items()
            if wanted(service)
        )

    def production_calls_per_hour(
        self, now_ns: int, wanted: Callable[[str], bool] = lambda _service: True
    ) -> float:
        """Return production's call rate since the oldest retained window."""
        hours = (now_ns - min(self._frames, default=now_ns)) / _NS_PER_HOUR
        return self.production_calls(wanted) / hours if hours > 0 else 0.0

    def replayable(self) -> int:
        """Return how many of the recent calls could be replayed, in all modalities."""
        return sum(live.replayable for live in self.live().values())

    def live(self, left_out: Collection[Place] = ()) -> dict[str, Live]:
        """Return replayable traffic by modality, and the reasons for the rest."""
        totals: dict[str, dict[str, int]] = {}
        for (modality, found, row, place), calls in self._calls.items():
            if calls:
                reason = self._eligibility.reason(found, row)
                if not reason and place in left_out:
                    reason = MEDIUM_INDEPENDENT
                counts = totals.setdefault(modality, {})
                counts[reason] = counts.get(reason, 0) + calls
        return {
            modality: Live(
                seen=sum(counts.values()),
                replayable=counts.get("", 0),
                reasons={why: n for why, n in counts.items() if why},
            )
            for modality, counts in totals.items()
        }


def since(now_ns: int, *spans_seconds: float) -> int:
    """Return the start of the longest lookback, from which segments are read."""
    return object_names.hour_start_ns(max(now_ns - int(max(spans_seconds) * 1e9), 0))
