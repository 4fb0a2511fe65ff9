"""JSON Schemas out of recorded requests. Nothing is ever fetched for one."""

from collections import OrderedDict

import jsonschema_rs
import msgspec

from snaptrace.snapshot.model import Json

LARGEST_SCHEMA_BYTES = 262_144
MOST_KEPT = 256  # compiled schemas in memory
DEEPEST = 128  # levels of nesting

_kept: OrderedDict[bytes, jsonschema_rs.Validator | None] = OrderedDict()


def compiled(schema: Json) -> jsonschema_rs.Validator | None:
    """Return a validator; None if the schema is unsound, too large or refers outside.

    Whether a schema is sound depends on the request alone, so a case whose schema
    is not is judged without this rule for every arm.
    """
    try:
        key = msgspec.json.encode(schema)
    except (TypeError, RecursionError):
        return None
    if key in _kept:
        _kept.move_to_end(key)
        return _kept[key]
    _kept[key] = _compile(schema, len(key))
    if len(_kept) > MOST_KEPT:
        _kept.popitem(last=False)
    return _kept[key]


def accepts(schema: jsonschema_rs.Validator, value: Json) -> bool:
    """Whether `value` is valid; text that is no Unicode is not."""
    try:
        return schema.is_valid(value)
    except ValueError:
        return False


def _compile(schema: Json, size_bytes: int) -> jsonschema_rs.Validator | None:
    if size_bytes > LARGEST_SCHEMA_BYTES or not _shallow(schema):
        return None
    try:
        return jsonschema_rs.validator_for(
            schema,
            retriever=_refuse,
            # A linear-time engine: a recorded pattern cannot stall the scorer.
            pattern_options=jsonschema_rs.RegexOptions(),
        )
    except (ValueError, TypeError):
        return None


def _refuse(uri: str) -> Json:
    raise ValueError(f"schema refers outside itself: {uri[:80]}")


def _shallow(root: Json) -> bool:
    level = [root]
    for _ in range(DEEPEST):
        level = [
            inner
            for value in level
            for inner in (value.values() if isinstance(value, dict) else value)
            if isinstance(inner, dict | list)
        ]
        if not level:
            return True
    return False
