"""Reasons and probability with which a pair's case was kept and drawn."""

from msgspec import Struct

from replayd.model import Planned
from snaptrace.snapshot import object_names
from snaptrace.snapshot.inclusion_probability import Frame
from snaptrace.snapshot.model import Snapshot
from snaptrace.snapshot.segment import SegmentHeader


class Drawn(Struct, frozen=True, kw_only=True):
    """Why a case is in the pair, in words and numbers."""

    why: str
    probability: float | None  # of being kept, as its segment was sealed
    uniform: bool
    upstream: float | None  # of a sampler before the collector; None: unknown
    seen: int = 0  # calls that its window's reservoir was offered
    kept: int = 0


def drawn(
    planned: Planned, snapshot: Snapshot | None, header: SegmentHeader | None
) -> Drawn:
    """Return why a case was drawn; numbers only where its segment is still there."""
    probability, seen, kept = None, 0, 0
    parsed = object_names.parse_segment(planned.case.segment)
    if snapshot is not None and header is not None and parsed is not None:
        frame = Frame([header])
        probability = frame.probability(header.collector, snapshot)
        found = frame.memberships(header.collector, snapshot)
        if found:
            seen, kept = found[0].state.seen, found[0].state.kept
    return Drawn(
        why=_why(planned),
        probability=probability,
        uniform=planned.case.uniform,
        upstream=snapshot.upstream_probability if snapshot else None,
        seen=seen,
        kept=kept,
    )


def _why(planned: Planned) -> str:
    lane, _, name = planned.lane.partition(":")
    if lane == "pin":
        return f"pinned in suite {name}"
    if lane == "slice":
        return (
            f"drawn for the protected slice {name}, whose lane has a share of its own"
        )
    if lane == "quota":
        return f"drawn for the rare stratum {name}; it feeds no gating stream"
    turn = f"turn {planned.case.turn}" if planned.case.turn else "one turn"
    return (
        "drawn from the equal-probability sample of recent traffic: each session once "
        f"an epoch, {turn} of it chosen by hash before any answer was seen"
    )
