"""Why a snapshot is in the store: its rank, each reservoir's bar, the probability."""

from snaptrace.snapshot.inclusion_probability import Frame, Membership
from snaptrace.snapshot.segment import RANK_SPAN
from snaptrace.store.browser import Found

UNIFORM = "uniform"


def facts(frame: Frame, found: Found) -> dict[str, object]:
    """Return what a script needs; ranks and bars as shares of all ranks."""
    snapshot, collector = found.snapshot, found.header.collector
    stages = frame.stages(collector, snapshot)
    return {
        "rank": snapshot.rank / RANK_SPAN,
        "span_rank": snapshot.span_rank / RANK_SPAN,
        "collector": collector,
        "window_start_ns": snapshot.window_start_ns,
        "window_length_ns": found.header.window_length_ns,
        "filed_by_arrival": snapshot.late,
        "supplement": found.header.supplement,
        "trace_probability": stages.trace if stages else None,
        "span_probability": stages.span if stages else None,
        "upstream_probability": snapshot.upstream_probability,
        "probability": frame.probability(collector, snapshot),
        "reservoirs": [
            {
                "reservoir": one.key.stratum or UNIFORM,
                "holds": one.holds,
                "threshold": one.state.threshold / RANK_SPAN,
                "pre_threshold": one.state.pre_threshold / RANK_SPAN,
                "span_threshold": one.bar.span_rank / RANK_SPAN,
                "size": one.state.size,
                "seen": one.state.seen,
                "kept": one.state.kept,
            }
            for one in frame.memberships(collector, snapshot)
        ],
    }


def lines(frame: Frame, found: Found) -> list[tuple[str, str]]:
    """Return (what, words) for a person, in the order of the decisions."""
    snapshot, collector = found.snapshot, found.header.collector
    members = frame.memberships(collector, snapshot)
    rank = snapshot.rank / RANK_SPAN
    told = [("rank", f"R {rank:.6f} of its trace, alike on every collector")]
    if snapshot.late:
        told.append(("window", "of its arrival: its own clock is too far off"))
    elif found.header.supplement:
        told.append(("window", f"came late, in supplement {found.header.supplement}"))
    told += [(_name(one), _decision(one, rank)) for one in members]
    told.append(("probability", _probability(frame, found, members)))
    return told


def _name(one: Membership) -> str:
    return f"  {one.key.stratum or UNIFORM}"


def _decision(one: Membership, rank: float) -> str:
    state, bar = one.state, one.bar
    threshold = bar.rank / RANK_SPAN
    by = "decode budget" if state.pre_threshold > state.threshold else "T"
    room = f"{state.kept} of {state.seen} seen calls, at most {state.size} traces"
    if one.holds:
        words = f"kept: R > {by} {threshold:.6f}" if bar.rank else "kept: all were"
        return f"{words} ({room}){_span_cap(one)}"
    if rank > threshold or not bar.rank:
        return f"not kept: too many calls in its trace{_span_cap(one)}"
    return f"not kept: R below {by} {threshold:.6f} ({room})"


def _span_cap(one: Membership) -> str:
    if not one.bar.span_rank:
        return ""
    return f"; of its trace, spans above {one.bar.span_rank / RANK_SPAN:.6f}"


def _probability(frame: Frame, found: Found, members: list[Membership]) -> str:
    snapshot, collector = found.snapshot, found.header.collector
    stages = frame.stages(collector, snapshot)
    whole = frame.probability(collector, snapshot)
    if stages is None or whole is None:
        return "none: a later seal of its window raised every bar above it"
    lowest = min(members, key=lambda one: one.bar.rank)
    parts = [
        f"{stages.trace:.4g} (1 - the lowest bar, {lowest.key.stratum or UNIFORM})"
    ]
    if stages.span < 1:
        parts.append(f"{stages.span:.4g} (its span among its trace's)")
    if snapshot.upstream_probability is None:
        upstream = "; whether a sampler before us let through less is not known"
    else:
        parts.append(f"{snapshot.upstream_probability:.4g} (upstream, by tracestate)")
        upstream = ""
    product = " * ".join(parts)
    return f"{whole:.4g} = {product}: stands for {1 / whole:.4g} calls{upstream}"
