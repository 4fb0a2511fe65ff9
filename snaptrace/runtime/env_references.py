"""`${env:NAME}` in the configuration file, as in an OpenTelemetry Collector's.

Source: OpenTelemetry Collector, "Configuration", environment variables: `${env:NAME}`,
`${env:NAME:-default}`, and `$$` for a dollar sign.
"""

import json
import re
from collections.abc import Mapping
from typing import Any, Final

_REFERENCE: Final = re.compile(
    r"\$(?:\$|\{env:(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?::-(?P<default>[^{}]*))?\})"
)


class UnsetVariableError(Exception):
    """A variable without a default is not set; the text names it."""


def resolve(value: Any, environ: Mapping[str, str]) -> Any:  # noqa: ANN401 - any YAML value
    """Replace the references in all texts of a YAML value; keys stay as they are.

    A text that is one reference and nothing else becomes the JSON value that the
    variable holds, so that numbers and lists can come from the environment.

    Raises:
        UnsetVariableError: A variable is not set and its reference has no default.
    """
    if isinstance(value, dict):
        return {key: resolve(inner, environ) for key, inner in value.items()}
    if isinstance(value, list):
        return [resolve(inner, environ) for inner in value]
    if not isinstance(value, str) or "$" not in value:
        return value
    whole = _REFERENCE.fullmatch(value)
    if whole is not None and whole["name"]:
        return scalar(_look_up(whole, environ))
    return _REFERENCE.sub(
        lambda found: _look_up(found, environ) if found["name"] else "$", value
    )


def _look_up(found: re.Match[str], environ: Mapping[str, str]) -> str:
    name, default = found["name"], found["default"]
    if environ.get(name):
        return environ[name]
    if default is not None:
        return default
    if name in environ:
        return ""
    raise UnsetVariableError(
        f"${{env:{name}}} is not set; set it, or write ${{env:{name}:-default}}"
    )


def scalar(text: str) -> Any:  # noqa: ANN401 - any JSON value
    """Read JSON where it is JSON, else the text itself."""
    try:
        return json.loads(text)
    except ValueError:
        return text
