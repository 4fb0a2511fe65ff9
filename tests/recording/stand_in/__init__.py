"""A stand-in for providers and for an OTLP backend, on one loopback port."""

from recording.stand_in.server import Kept, StandIn

__all__ = ["Kept", "StandIn"]
