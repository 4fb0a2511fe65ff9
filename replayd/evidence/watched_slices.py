"""Slices that are watched and shown, and decide nothing. Bounded.

Routes, services, kept attributes, scorers, quota strata and pins: each has evidence
of its own, compared all at once with e-BH, so that a long list stays honest.
"""

from collections.abc import Iterator

from msgspec import Struct, field

from replayd.model import STREAMS, PairResult, Stream
from replayd.stats import (
    SLACK,
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
        # The same by modality and slice, then by stream.
        self._by_slice: dict[tuple[str, str], dict[Stream, _Watched]] = {}

    @property
    def state(self) -> SliceWatchState:
        """State to resume from; changes with the next result."""
        watched = self._watched.items()
        self._state.evidence = {key: one.counted.evidence for key, one in watched}
        return self._state

    def add(self, result: PairResult) -> None:
        """Count one judged pair in every slice it belongs to."""
        differences = [
            (stream, score.canary - score.control)
            for stream in STREAMS
            if (score := result.streams.get(stream))
            and score.canary is not None
            and score.control is not None
        ]
        for name in _slices(result):
            streams = self._by_slice.get((result.modality, name))
            if streams is None:
                if not self._admit(result.modality, name):
                    self._state.untracked += 1
                    continue
                streams = self._by_slice[result.modality, name] = {}
            for stream, difference in differences:
                if (one := streams.get(stream)) is None:
                    key = f"{result.modality}/{name}/{stream}"
                    one = self._watched.get(key) or _Watched(Evidence())
                    streams[stream] = self._watched[key] = one
                self._count(one, difference, result.number)

    def _count(self, one: _Watched, difference: float, number: int) -> None:
        at = one.counted.bin_of(difference, number)
        one.counted.add(at, number)
        one.log_e = None
        one.high += most_growth(-self._eps, one.counted.clip)[at]

    def evaluate(self) -> None:
        """Move the flags; called at fixed numbers only."""
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
