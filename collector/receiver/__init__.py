"""OTLP receivers: one row per engine. `contract.py` defines the interface."""

import importlib
from collections.abc import Callable, Sequence
from typing import cast

from collector.config.relay import TlsConfig
from collector.receiver.contract import Receiver
from collector.receiver.policy import ReceiverPolicy
from snaptrace.runtime.config import Address

# Loaded by name, so that an engine that is not used costs no memory.
ENGINES = {
    "native": "collector.receiver.native:NativeReceiver",
    "grpcio": "collector.receiver.grpcio:GrpcioReceiver",
}


def open_receiver(
    engine: str,
    reception: ReceiverPolicy,
    listen: Sequence[tuple[str, Address, TlsConfig]],
    drain_seconds: float,
    on_bound: Callable[[str, str], None] = lambda _name, _address: None,
) -> Receiver:
    """Create an engine's receiver; `listen` has name, address and TLS per listener."""
    module, _, kind = ENGINES[engine].partition(":")
    make = getattr(importlib.import_module(module), kind)
    return cast("Receiver", make(reception, listen, drain_seconds, on_bound))
