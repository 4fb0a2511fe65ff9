"""Sampling decisions. Deterministic arithmetic: no clock, I/O, metrics or RNG."""

from collector.config.sampling import ReservoirConfig, RouteRule, StratumRule
from collector.reservoir.pre_threshold import PreThreshold
from collector.reservoir.top_k import Reservoir
from collector.reservoir.tracestate import upstream_probability
from collector.reservoir.window import Kind, Reason, SamplingDecision
from collector.reservoir.windows import Reservoirs

__all__ = [
    "Kind",
    "PreThreshold",
    "Reason",
    "Reservoir",
    "ReservoirConfig",
    "Reservoirs",
    "RouteRule",
    "SamplingDecision",
    "StratumRule",
    "upstream_probability",
]
