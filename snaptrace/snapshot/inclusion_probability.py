"""Inclusion probabilities of a stored sample. No I/O; all that readers need.

A reservoir keeps the traces whose rank is above its threshold T. Ranks are uniform on
[0, 2**56) and alike in the whole fleet, so probabilities follow from the headers alone
and stay right when headers of several collectors and seals are put together.
Source: E. Cohen, H. Kaplan, "Summarizing data using bottom-k sketches" (PODC 2007),
rank conditioning; here mirrored to the highest ranks.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple, Protocol

from snaptrace.snapshot.segment import RANK_SPAN, ReservoirState, SegmentHeader


class ReservoirKey(NamedTuple):
    """Identifies one reservoir of the fleet."""

    collector: str
    window_start_ns: int
    service: str
    modality: str
    stratum: str  # "" is the uniform reservoir


class Sampled(Protocol):
    """Fields of a stored call that determine its probability."""

    @property
    def service(self) -> str: ...  # noqa: D102 - as on Snapshot, as all of these
    @property
    def modality(self) -> str: ...  # noqa: D102
    @property
    def window_start_ns(self) -> int: ...  # noqa: D102
    @property
    def rank(self) -> int: ...  # noqa: D102
    @property
    def span_rank(self) -> int: ...  # noqa: D102
    @property
    def strata(self) -> tuple[str, ...]: ...  # noqa: D102
    @property
    def upstream_probability(self) -> float | None: ...  # noqa: D102


class Placed(NamedTuple):
    """The sampling fields of a call only, to hold very many of them."""

    service: str
    modality: str
    window_start_ns: int
    rank: int
    span_rank: int
    strata: tuple[str, ...] = ()
    upstream_probability: float | None = None

    @classmethod
    def of(cls, call: Sampled) -> "Placed":
        """Return the fields of a call that determine its probability."""
        return cls(
            call.service,
            call.modality,
            call.window_start_ns,
            call.rank,
            call.span_rank,
            call.strata,
            call.upstream_probability,
        )


class Stages(NamedTuple):
    """Probabilities of the two draws that selected a call."""

    trace: float  # probability that its trace ranked high enough
    span: float  # that it did itself, in a trace with more calls than the cap


class Membership(NamedTuple):
    """A reservoir that a call belongs to, and its result there."""

    key: ReservoirKey
    state: ReservoirState
    bar: "Bar"
    holds: bool


class Bar(NamedTuple):
    """Thresholds that a call must exceed to be in a reservoir."""

    rank: int  # of its trace
    span_rank: int = 0  # of its span, where its trace had too many calls


class Frame:
    """Merged reservoir states of any number of collectors and seals.

    Adding is associative, commutative and idempotent.
    """

    def __init__(self, headers: Iterable[SegmentHeader] = ()) -> None:
        self._states: dict[ReservoirKey, ReservoirState] = {}
        for header in headers:
            self.add(header)

    def add(self, header: SegmentHeader) -> None:
        """Add one header. Idempotent."""
        for state in header.reservoirs:
            key = ReservoirKey(
                header.collector,
                header.window_start_ns,
                state.service,
                state.modality,
                state.stratum,
            )
            self._put(key, state)

    def items(self) -> Iterator[tuple[ReservoirKey, ReservoirState]]:
        """Yield every reservoir and its state."""
        yield from self._states.items()

    def _put(self, key: ReservoirKey, state: ReservoirState) -> None:
        known = self._states.get(key)
        self._states[key] = state if known is None else merged(known, state)

    def holders(self, collector: str, snapshot: Sampled) -> list[ReservoirKey]:
        """Return the reservoirs that hold this call; empty if merging dropped it.

        A later seal of the same window may have raised a threshold above the rank
        of a call that was stored before: such a call is no longer in the sample.
        """
        return [
            key
            for key, state in self._of(collector, snapshot)
            if _is_above(snapshot, bar_of(state, snapshot.rank))
        ]

    def memberships(self, collector: str, snapshot: Sampled) -> list[Membership]:
        """Return every reservoir that the call belongs to, the uniform one first."""
        found: list[Membership] = []
        for key, state in self._of(collector, snapshot):
            bar = bar_of(state, snapshot.rank)
            found.append(Membership(key, state, bar, _is_above(snapshot, bar)))
        return found

    def stages(self, collector: str, snapshot: Sampled) -> Stages | None:
        """Return the probabilities of both draws; None: no reservoir holds the call.

        The trace was above the lowest bar; given its rank, and so which reservoirs
        hold it, the span was above the lowest bar of those.
        """
        bars = [
            bar_of(state, snapshot.rank) for _, state in self._of(collector, snapshot)
        ]
        holding = [bar for bar in bars if _is_above(snapshot, bar)]
        if not holding:
            return None
        return Stages(
            1 - min(bar.rank for bar in bars) / RANK_SPAN,
            1 - min(bar.span_rank for bar in holding) / RANK_SPAN,
        )

    def probability(self, collector: str, snapshot: Sampled) -> float | None:
        """Return the probability that this call was kept, in (0, 1].

        Given that it reached the collector, times the upstream sampler's probability
        where that is known. None: the sample does not hold the call. The inverse
        adds up, in expectation, to the calls that there were.
        """
        stages = self.stages(collector, snapshot)
        if stages is None:
            return None
        upstream = snapshot.upstream_probability
        return stages.trace * stages.span * (1.0 if upstream is None else upstream)

    def is_uniform(self, collector: str, snapshot: Sampled) -> bool:
        """Return whether the call is in its window's equal-probability sample."""
        key = _key(collector, snapshot, "")
        state = self._states.get(key)
        return state is not None and _is_above(snapshot, bar_of(state, snapshot.rank))

    def equal_probability_threshold(
        self,
        *,
        services: frozenset[str] | None = None,
        modality: str | None = None,
        since_ns: int = 0,
    ) -> int:
        """Return the rank above which a trace was kept wherever it passed.

        Over the uniform reservoirs of these services (None: all), this modality
        (None: all) and the windows that begin at or after `since_ns`. Traces above
        it are an equal-probability sample of all of them together, without weights.
        """
        return max(
            (
                max(state.threshold, state.pre_threshold)
                for key, state in self._states.items()
                if key.stratum == ""
                and key.window_start_ns >= since_ns
                and (services is None or key.service in services)
                and (modality is None or key.modality == modality)
            ),
            default=0,
        )

    def seen(self) -> dict[tuple[str, str], int]:
        """Return calls offered, by service and modality, as the collectors counted.

        Calls below a pre-threshold were never decoded and are not in it.
        """
        totals: dict[tuple[str, str], int] = {}
        for key, state in self._states.items():
            if key.stratum == "":
                cell = (key.service, key.modality)
                totals[cell] = totals.get(cell, 0) + state.seen
        return totals

    def pre_threshold(self, collector: str, snapshot: Sampled) -> int:
        """Return the rank up to which calls of its kind were rejected undecoded."""
        state = self._states.get(_key(collector, snapshot, ""))
        return state.pre_threshold if state else 0

    def _of(
        self, collector: str, snapshot: Sampled
    ) -> Iterator[tuple[ReservoirKey, ReservoirState]]:
        for stratum in ("", *snapshot.strata):
            key = _key(collector, snapshot, stratum)
            if (state := self._states.get(key)) is not None:
                yield key, state


def _key(collector: str, snapshot: Sampled, stratum: str) -> ReservoirKey:
    return ReservoirKey(
        collector,
        snapshot.window_start_ns,
        snapshot.service,
        snapshot.modality,
        stratum,
    )


def merged(one: ReservoirState, other: ReservoirState) -> ReservoirState:
    """Join two states of the same reservoir; both only ever grow within a window.

    But for what was seen: where the pre-threshold rises, less counts as seen.
    """
    spans = dict(one.span_thresholds)
    for rank, threshold in other.span_thresholds.items():
        spans[rank] = max(threshold, spans.get(rank, 0))
    _, seen = max((one.pre_threshold, one.seen), (other.pre_threshold, other.seen))
    return ReservoirState(
        kind=one.kind,
        service=one.service,
        modality=one.modality,
        stratum=one.stratum,
        size=min(one.size, other.size),
        threshold=max(one.threshold, other.threshold),
        pre_threshold=max(one.pre_threshold, other.pre_threshold),
        seen=seen,
        kept=max(one.kept, other.kept),
        span_thresholds=spans,
    )


def bar_of(state: ReservoirState, rank: int) -> Bar:
    """Return the thresholds for a call of the trace with `rank`."""
    return Bar(
        max(state.threshold, state.pre_threshold),
        state.span_thresholds.get(rank, 0),
    )


def _is_above(snapshot: Sampled, bar: Bar) -> bool:
    # Zero rejects no call: without a threshold, even the lowest of 2**56 ranks is
    # admitted.
    return (snapshot.rank > bar.rank or bar.rank == 0) and (
        bar.span_rank == 0 or snapshot.span_rank > bar.span_rank
    )
