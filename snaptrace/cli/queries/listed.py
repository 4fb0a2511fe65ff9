"""Shapes that `ls` and `show` print as JSON; their schema: docs/specs/commands.json."""

from datetime import UTC, datetime
from typing import Any

import msgspec
from msgspec import Struct

from snaptrace.query.facts import Facts
from snaptrace.snapshot.inclusion_probability import Frame
from snaptrace.snapshot.model import MediaRef, Snapshot


class Listed(Struct, frozen=True, kw_only=True):
    """One line of `ls`, in the shape that scripts rely on."""

    snapshot_id: str
    trace_id: str
    span_id: str
    service: str
    modality: str
    operation: str
    model: str
    inclusion_probability: float | None
    uniform: bool
    kept_by: list[str]
    fidelity: str
    fidelity_now: str  # after replays' token counts
    recorded_at: str  # ISO 8601
    dialect: str
    route: str
    attributes: dict[str, str]


class Shown(Listed, frozen=True, kw_only=True):
    """Output of `show --format json`; media stand as `{"$media": index}`."""

    sampling: dict[str, Any]
    snapshot: Snapshot


def listed(frame: Frame, collector: str, facts: Facts, fidelity_now: str) -> Listed:
    """Return one line of `ls`."""
    holders = frame.holders(collector, facts)
    return Listed(
        snapshot_id=facts.snapshot_id,
        trace_id=facts.trace_id,
        span_id=facts.span_id,
        service=facts.service,
        modality=facts.modality,
        operation=facts.operation,
        model=facts.model,
        inclusion_probability=frame.probability(collector, facts),
        uniform=frame.is_uniform(collector, facts),
        kept_by=sorted(key.stratum or "uniform" for key in holders),
        fidelity=facts.fidelity,
        fidelity_now=fidelity_now,
        recorded_at=datetime.fromtimestamp(facts.at_ns / 1e9, UTC).isoformat(
            timespec="milliseconds"
        ),
        dialect=facts.dialect,
        route=facts.route,
        attributes=dict(facts.attributes),
    )


def plain(value: object) -> Any:  # noqa: ANN401 - JSON
    """Return a value of the store as JSON values."""
    return msgspec.to_builtins(
        value,
        enc_hook=lambda inner: (
            {"$media": inner.index, "form": inner.form}
            if isinstance(inner, MediaRef)
            else str(inner)
        ),
    )
