"""Slices that are watched and shown, and decide nothing. Bounded.

Routes, services, kept attributes, scorers, quota strata and pins: each has evidence
of its own, compared all at once with e-BH, so that a long list stays honest.
"""

from collections.abc import Iterator

from msgspec import Struct, field

from replayd.model import STREAMS, PairResult, Stream
from replayd.stats import (
    SLACK,
    ZERO_BIN,
    Evidence,
    GrowingEvidence,
    SliceFlags,
    check,
    flag_slices,
    lowest_bar,
    mean_of,
    most_growth,
    outcomes,
)

MOST_SLICES = 80  # per modality
MOST_VALUES = 8  # per attribute: an id must not take every place
MOST_ROUTES = 16
FLAG_EVERY = 50  # results between two looks, fixed so that a fold repeats itself
MOST_PLACES = 4096  # remembered; ids among the attributes would make them endless


class SliceWatchState(Struct):
    """Evidence by `modality/slice/stream`, and what has been flagged."""

    evidence: dict[str, Evidence] = field(default_factory=dict)
    names: dict[str, list[str]] = field(default_factory=dict)  # modality -> slices
    # As `SliceFlags`, in lists: a set has no order, and equal folds give equal bytes.
    flagged: list[str] = field(default_factory=list)
    frozen_log_e: dict[str, float] = field(default_factory=dict)
    untracked: int = 0  # pairs of slices that found no place


class WatchedSlice(Struct, frozen=True, kw_only=True):
    """One watched stream as it is shown."""

    modality: str
    slice: str
    stream: str
    replays: int
    worse: int
    better: int
    difference: float | None
    log_e: float
    flagged: bool


class _Watched:
    """Evidence of one slice's stream, and what is known of its log e-value."""

    __slots__ = ("counted", "high", "log_e")

    def __init__(self, evidence: Evidence) -> None:
        self.counted = GrowingEvidence(evidence)
        self.log_e: float | None = None  # as of now, once asked for
        self.high = float("inf")  # it is not above this


class _Place:
    """Slices and streams that some pairs have in common, and pairs to be counted.

    Nearly all pairs differ in nothing. Those are counted together: within a block of
    evidence their order does not matter.
    """

    __slots__ = ("newest", "same", "untracked", "watched")

    def __init__(self, watched: list[list[_Watched]], untracked: int) -> None:
        self.watched = watched  # by slice, then by stream
        self.untracked = untracked  # slices that found no place
        self.same = 0  # pairs without any difference, not counted yet
        self.newest = -1  # number of those


class SliceWatch:
    """The watched slices of an epoch."""

    def __init__(self, eps: float, state: SliceWatchState | None = None) -> None:
        """Go on from `state`, which is then owned by this object.

        Raises:
            DamagedStateError: counts that no fold could have left.
        """
        self._eps = eps
        self._state = state or SliceWatchState()
        for evidence in self._state.evidence.values():
            check(evidence)
        self._watched = {
            key: _Watched(evidence) for key, evidence in self._state.evidence.items()
        }
        self._growth = most_growth(-eps, Evidence().clip)
        self._places: dict[tuple[object, ...], _Place] = {}
        self._uncounted: list[_Place] = []

    @property
    def state(self) -> SliceWatchState:
        """State to resume from; changes with the next result."""
        self._count_same()
        watched = self._watched.items()
        self._state.evidence = {key: one.counted.evidence for key, one in watched}
        return self._state

    def add(self, result: PairResult) -> None:
        """Count one judged pair in every slice it belongs to."""
        streams: list[Stream] = []
        differences: list[float] = []
        for stream in STREAMS:
            score = result.streams.get(stream)
            if score and score.canary is not None and score.control is not None:
                streams.append(stream)
                differences.append(score.canary - score.control)
        place = self._place(result, streams)
        self._state.untracked += place.untracked
        if any(differences):
            self._count_same()
            for watched in place.watched:
                for one, difference in zip(watched, differences, strict=True):
                    self._count(one, difference, result.number)
        else:
            if not place.same:
                self._uncounted.append(place)
            place.same += 1
            place.newest = result.number

    def _place(self, result: PairResult, streams: list[Stream]) -> _Place:
        quality = result.streams.get("quality")
        key = (
            result.modality,
            result.lane,
            result.route,
            result.service,
            quality and quality.scorer,
            *streams,
            *result.attributes.items(),
        )
        if (place := self._places.get(key)) is None:
            if len(self._places) >= MOST_PLACES:
                self._count_same()
                self._places.clear()
            place = self._places[key] = self._new_place(result, streams)
        return place

    def _new_place(self, result: PairResult, streams: list[Stream]) -> _Place:
        found: list[list[_Watched]] = []
        names = list(_slices(result))
        for name in names:
            if not self._admit(result.modality, name):
                continue
            keys = [f"{result.modality}/{name}/{stream}" for stream in streams]
            for key in keys:
                if key not in self._watched:
                    self._watched[key] = _Watched(Evidence())
            found.append([self._watched[key] for key in keys])
        return _Place(found, len(names) - len(found))

    def _count(self, one: _Watched, difference: float, number: int) -> None:
        at = one.counted.bin_of(difference, number)
        one.counted.add(at, number)
        one.log_e = None
        one.high += self._growth[at]

    def _count_same(self) -> None:
        for place in self._uncounted:
            for watched in place.watched:
                for one in watched:
                    one.counted.add_same(place.same, place.newest)
                    one.log_e = None
                    one.high += place.same * self._growth[ZERO_BIN]
            place.same = 0
        self._uncounted.clear()

    def evaluate(self) -> None:
        """Move the flags; called at fixed numbers only."""
        self._count_same()
        if self._watched:
            state = self._state
            # What is certainly too low to be flagged is not worked out.
            bar, frozen = lowest_bar() - SLACK, state.frozen_log_e
            values = {
                key: one.high if one.high < bar or key in frozen else self._value(one)
                for key, one in self._watched.items()
            }
            before = SliceFlags(frozenset(state.flagged), state.frozen_log_e)
            flags = flag_slices(values, before, watched=len(values))
            state.flagged = sorted(flags.flagged)
            state.frozen_log_e = flags.frozen_log_e

    def shown(self) -> list[WatchedSlice]:
        """Return every watched stream, flagged ones first, then by evidence."""
        self._count_same()
        found = [self._shown(key, one) for key, one in self._watched.items()]
        return sorted(found, key=lambda s: (not s.flagged, -s.log_e, s.slice, s.stream))

    def _shown(self, key: str, one: _Watched) -> WatchedSlice:
        modality, rest = key.split("/", 1)
        name, stream = rest.rsplit("/", 1)
        evidence = one.counted.evidence
        signs = outcomes(evidence)
        return WatchedSlice(
            modality=modality,
            slice=name,
            stream=stream,
            replays=evidence.replays,
            worse=signs.worse,
            better=signs.better,
            difference=mean_of(evidence.totals(), evidence.clip),
            log_e=self._value(one),
            flagged=key in self._state.flagged,
        )

    def _value(self, one: _Watched) -> float:
        if one.log_e is None:
            one.log_e = one.high = one.counted.log_e_regression(-self._eps)
        return one.log_e

    def _admit(self, modality: str, name: str) -> bool:
        names = self._state.names.setdefault(modality, [])
        if name in names:
            return True
        head = name.partition("=")[0]
        alike = sum(other.partition("=")[0] == head for other in names)
        limit = MOST_ROUTES if head == "route" else MOST_VALUES
        if len(names) >= MOST_SLICES or alike >= limit:
            return False
        names.append(name)
        return True


def _slices(result: PairResult) -> Iterator[str]:
    """Name the slices of a pair; a lane of its own is a slice of its own."""
    if result.lane != "traffic":
        yield result.lane
        return
    if result.route:
        yield f"route={result.route}"
    if result.service:
        yield f"service={result.service}"
    for key in sorted(result.attributes):
        yield f"{key}={result.attributes[key]}"[:120]
    if quality := result.streams.get("quality"):
        yield f"scorer={quality.scorer}"
