"""Assigns a call's window, rank, route and strata, cheaply and before redaction."""

from collections.abc import Callable

import msgspec

from collector.call import Call
from collector.reservoir import Kind, ReservoirConfig, Reservoirs, upstream_probability
from collector.reservoir.strata import conversation_of, route, strata
from snaptrace.crypto.fleet_key import FleetKey
from snaptrace.snapshot.model import Snapshot


def place(
    call: Call,
    key: FleetKey,
    reservoirs: Reservoirs,
    config: ReservoirConfig,
    label: Callable[[str], str],
) -> Call:
    """Return the call with rank, window, route and strata set.

    All of them are functions of the call alone (and of its arrival, if its clock is
    off). `label` cleans the service's name, which goes into headers as it is.
    """
    snapshot = call.snapshot
    start_ns, late = reservoirs.window_of(snapshot.ended_at_ns, snapshot.arrived_at_ns)
    conversation = conversation_of(snapshot)
    route_name = route(snapshot, conversation, config.routes)
    return msgspec.structs.replace(
        call,
        snapshot=msgspec.structs.replace(
            snapshot,
            service=label(snapshot.service),
            rank=key.rank(bytes.fromhex(snapshot.trace_id)),
            span_rank=key.span_rank(bytes.fromhex(snapshot.span_id)),
            window_start_ns=start_ns,
            late=late,
            route=route_name,
            strata=strata(snapshot, conversation, route_name, config),
            upstream_probability=upstream_probability(call.trace_state),
        ),
    )


def kind_of(snapshot: Snapshot) -> Kind:
    """Return which reservoirs a placed call belongs to."""
    return Kind(snapshot.service, snapshot.modality, snapshot.strata)
