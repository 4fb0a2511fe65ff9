"""All instrumentations that can be recorded, a file per family, a row per client."""

from recording.drivers import (
    capture,
    clouds,
    fi,
    gateways,
    mlflow,
    node,
    openinference,
    openlit,
    otel,
    own,
    traceloop,
    vendors,
)
from recording.drivers.contract import Driver, NodeDriver

_FAMILIES = (
    openinference,
    traceloop,
    otel,
    openlit,
    mlflow,
    vendors,
    own,
    capture,
    clouds,
    fi,
    gateways,
)
DRIVERS: dict[str, Driver] = {
    name: driver for family in _FAMILIES for name, driver in family.DRIVERS.items()
}
NODE_DRIVERS: dict[str, NodeDriver] = node.DRIVERS
