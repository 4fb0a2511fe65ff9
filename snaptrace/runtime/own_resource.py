"""Resource attributes of a program's own telemetry.

Source: OpenTelemetry specification, "Environment Variable Specification", general SDK
configuration: `OTEL_RESOURCE_ATTRIBUTES`, and `OTEL_SERVICE_NAME` above it.
"""

import logging
from collections.abc import Mapping
from urllib.parse import unquote

log = logging.getLogger(__name__)


def own_resource(
    defaults: Mapping[str, str], environment: Mapping[str, str]
) -> dict[str, str]:
    """Return `defaults` as the operator's environment changes and extends them.

    A pair that is not `key=value` makes the whole variable count as unset, as the
    specification says; the log names the variable and not what it holds.
    """
    found = {**defaults, **_attributes(environment.get("OTEL_RESOURCE_ATTRIBUTES", ""))}
    if name := environment.get("OTEL_SERVICE_NAME", "").strip():
        found["service.name"] = name
    return found


def _attributes(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for pair in filter(None, map(str.strip, text.split(","))):
        key, equals, value = pair.partition("=")
        if not equals or not key.strip():
            log.warning("OTEL_RESOURCE_ATTRIBUTES is not key=value pairs; ignored")
            return {}
        found[unquote(key.strip())] = unquote(value.strip())
    return found
