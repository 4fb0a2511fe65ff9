"""Who is kept. Pure arithmetic: no clock, no I/O, no metrics, no chance of its own."""

from collector.reservoir.bottom import Reservoir
from collector.reservoir.prethreshold import PreThreshold
from collector.reservoir.reservoirs import Reservoirs
from collector.reservoir.upstream import upstream_probability
from collector.reservoir.window import Decision, Kind, Reason
from collector.sampling_config import ReservoirConfig, RouteRule, StratumRule

__all__ = [
    "Decision",
    "Kind",
    "PreThreshold",
    "Reason",
    "Reservoir",
    "ReservoirConfig",
    "Reservoirs",
    "RouteRule",
    "StratumRule",
    "upstream_probability",
]
