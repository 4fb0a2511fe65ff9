"""Keys of the programs' configuration, as a JSON Schema for the chart's values.

Names only: a value may be text that stands for something else, as `${env:NAME}`, and
the programs check values themselves. A misspelt key is refused before it is installed.
"""

from typing import Any

from msgspec import inspect


def keys_of(section: type) -> dict[str, Any]:
    """Return the schema of one section's keys."""
    return _keys(inspect.type_info(section))


def _keys(kind: inspect.Type) -> dict[str, Any]:
    if isinstance(kind, inspect.Metadata):
        return _keys(kind.type)
    if isinstance(kind, inspect.StructType):
        fields = {each.encode_name: _keys(each.type) for each in kind.fields}
        return {
            "type": ["object", "null"],
            "properties": fields,
            "additionalProperties": False,
        }
    if isinstance(kind, inspect.DictType):
        inner = _keys(kind.value_type)
        return {"type": ["object", "null"], "additionalProperties": inner or True}
    return {}
