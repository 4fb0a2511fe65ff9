"""JSON Schema as most APIs take it, from the dialect that Gemini has of it.

Source: Gemini API reference, v1beta, `Schema`: a subset of OpenAPI 3.0 with type names
in capitals; JSON Schema itself goes into fields of other names.
"""

from snaptrace.snapshot.model import Json

_TYPES = frozenset({"STRING", "NUMBER", "INTEGER", "BOOLEAN", "ARRAY", "OBJECT"})
_MAPS = ("properties", "$defs")
_LISTS = ("anyOf", "prefixItems")
NO_PARAMETERS: dict[str, Json] = {"type": "object", "properties": {}}


def json_schema(schema: Json) -> Json:
    """Return the same schema with the names and types of JSON Schema."""
    if not isinstance(schema, dict):
        return schema
    found: dict[str, Json] = {}
    for key, value in schema.items():
        if key in _MAPS and isinstance(value, dict):
            found[key] = {name: json_schema(inner) for name, inner in value.items()}
        elif key in _LISTS and isinstance(value, list | tuple):
            found[key] = [json_schema(inner) for inner in value]
        elif key == "items":
            found[key] = json_schema(value)
        elif key == "type" and isinstance(value, str) and value in _TYPES:
            found[key] = value.lower()
        elif key == "nullable":
            continue
        else:
            found[key] = value
    if schema.get("nullable") is True and isinstance(found.get("type"), str):
        found["type"] = [found["type"], "null"]
    return found


def unsayable(schema: Json) -> bool:
    """Detect a schema that asks for an order of keys, which JSON Schema cannot."""
    if isinstance(schema, dict):
        return "propertyOrdering" in schema or any(map(unsayable, schema.values()))
    return isinstance(schema, list | tuple) and any(map(unsayable, schema))
