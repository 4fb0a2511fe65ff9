"""The wire body of a Gemini call, from what its SDKs take and how dumps bend it."""

from typing import Any

from snaptrace.snapshot.apis.gemini_generate_content import camel_case

_CONFIG_TOP = {  # fields of the SDK's config that stand at the top of the body
    "system_instruction": "systemInstruction",
    "safety_settings": "safetySettings",
    "tools": "tools",
    "tool_config": "toolConfig",
    "cached_content": "cachedContent",
    "labels": "labels",
}
_SCHEMA_DEPTH = 64
_NAMED_SCHEMAS = frozenset(
    ("properties", "$defs", "defs", "pattern_properties", "dependent_schemas")
)
_SCHEMA_WORDS = {
    word: camel_case(word)
    for word in (
        "additional_properties",
        "all_of",
        "any_of",
        "exclusive_maximum",
        "exclusive_minimum",
        "max_items",
        "max_length",
        "max_properties",
        "min_items",
        "min_length",
        "min_properties",
        "multiple_of",
        "one_of",
        "pattern_properties",
        "prefix_items",
        "property_names",
        "unique_items",
    )
}
_CONFIG_NONE = frozenset(
    {"http_options", "automatic_function_calling", "should_return_http_response"}
)


_WIRE_FIELDS = frozenset((*_CONFIG_TOP.values(), "contents", "generationConfig"))


def wire_body(body: dict[str, Any]) -> dict[str, Any]:
    """Return the body: config spread out, names in the wire's spelling, no nulls."""
    own: dict[str, Any] = {}
    for key, value in body.items():
        if value is None or key in ("model", *_CONFIG_NONE):
            continue
        if key == "config" and isinstance(value, dict):
            _spread_config(own, value)
        elif key in _CONFIG_TOP:
            own[_CONFIG_TOP[key]] = _gemini_value(key, value)
        elif key in ("generation_config", "generationConfig"):
            own["generationConfig"] = _gemini_config(value)
        elif key == "contents":
            own["contents"] = _gemini_contents(value)
        elif "config" not in body or camel_case(key) in _WIRE_FIELDS:
            own[key] = value  # beside a config, other names are a framework's
    return own


_OPAQUE = frozenset({"args", "response", "labels"})
_SAYS_NOTHING: tuple[Any, ...] = ("", False, [], {}, None)


def without_unset(value: Any, depth: int = 0) -> Any:  # noqa: ANN401 - any JSON
    """Return a dump of Vertex' messages without the fields that hold their defaults.

    Media keep their names in camel case there.
    """
    if depth > _SCHEMA_DEPTH:
        return value
    if isinstance(value, list):
        return [without_unset(item, depth + 1) for item in value]
    if not isinstance(value, dict):
        return value
    own: dict[str, Any] = {}
    for key, inner in value.items():
        named = depth > 0 and key not in _OPAQUE and "properties" not in value
        name = camel_case(key) if named else key
        kept = inner if key in _OPAQUE else without_unset(inner, depth + 1)
        if key == "text" or not any(
            kept is one or (kept == one and type(kept) is type(one))
            for one in _SAYS_NOTHING
        ):
            own[name] = kept
    return own


def _spread_config(own: dict[str, Any], config: dict[str, Any]) -> None:
    generation: dict[str, Any] = {}
    for key, value in config.items():
        if value is None or key in _CONFIG_NONE:
            continue
        if key in _CONFIG_TOP:
            own[_CONFIG_TOP[key]] = _gemini_value(key, value)
        else:
            generation[camel_case(key)] = _schema_words(key, _as_schema(key, value))
    if generation:
        own["generationConfig"] = generation


def _as_schema(key: str, value: Any, depth: int = 0) -> Any:  # noqa: ANN401 - any JSON
    """Return a response schema as the SDK makes it of a class's JSON Schema.

    Gemini's own words for types are in capitals, and fields keep their order.
    """
    if key != "response_schema" or not isinstance(value, dict) or depth > _SCHEMA_DEPTH:
        return value
    own = {k: v for k, v in value.items() if k not in ("properties", "items")}
    kind = own.get("type")
    if not isinstance(kind, str) or kind.isupper():
        return value
    own["type"] = kind.upper()
    if isinstance(items := value.get("items"), dict):
        own["items"] = _as_schema(key, items, depth + 1)
    if isinstance(fields := value.get("properties"), dict):
        own["properties"] = {
            name: _as_schema(key, inner, depth + 1) for name, inner in fields.items()
        }
        if "title" in own and "property_ordering" not in own:
            own["property_ordering"] = list(fields)
    return own


def _gemini_config(value: Any) -> Any:  # noqa: ANN401 - any JSON
    if not isinstance(value, dict):
        return value
    return {
        camel_case(k): _schema_words(k, v) for k, v in value.items() if v is not None
    }


def _gemini_tool(tool: Any) -> Any:  # noqa: ANN401 - any JSON
    if not isinstance(tool, dict):
        return tool
    own = {camel_case(k): v for k, v in tool.items() if v is not None}
    declared = own.get("functionDeclarations")
    if isinstance(declared, list):
        own["functionDeclarations"] = [
            {key: _schema_words(key, inner) for key, inner in one.items()}
            if isinstance(one, dict)
            else one
            for one in declared
        ]
    return own


def _schema_words(key: str, value: Any, depth: int = 0) -> Any:  # noqa: ANN401 - any JSON
    """Return a JSON Schema in its own words: dumps of the SDK's objects bend them."""
    if depth == 0 and not key.endswith(("json_schema", "JsonSchema")):
        return value
    if depth > _SCHEMA_DEPTH:
        return value
    if isinstance(value, list):
        return [_schema_words(key, item, depth + 1) for item in value]
    if not isinstance(value, dict):
        return value
    names_follow = depth > 0 and key in _NAMED_SCHEMAS
    return {
        (word if names_follow else _SCHEMA_WORDS.get(word, word)): _schema_words(
            "" if names_follow else word, inner, depth + 1
        )
        for word, inner in value.items()
    }


def _gemini_value(key: str, value: Any) -> Any:  # noqa: ANN401 - any JSON
    if key == "system_instruction":
        contents = _gemini_contents(value)
        one = isinstance(contents, list) and len(contents) == 1
        return contents[0] if one else value
    if key == "tools" and isinstance(value, list):
        return [_gemini_tool(tool) for tool in value]
    if key == "tool_config" and isinstance(value, dict):
        return {
            camel_case(k): {camel_case(n): v for n, v in inner.items() if v is not None}
            if isinstance(inner, dict)
            else inner
            for k, inner in value.items()
            if inner is not None
        }
    return value


def _gemini_contents(value: Any) -> Any:  # noqa: ANN401 - any JSON
    """Return turns: texts and parts side by side are one turn of the user."""
    contents: list[Any] = []
    parts: list[Any] = []
    for item in value if isinstance(value, list) else [value]:
        if isinstance(item, str):
            parts.append({"text": item})
        elif isinstance(item, dict) and not item.keys() & {"parts", "role"}:
            parts.append(_gemini_part(item))
        else:
            contents += [{"parts": parts, "role": "user"}] if parts else []
            contents.append(_gemini_content(item))
            parts = []
    return [*contents, {"parts": parts, "role": "user"}] if parts else contents


def _gemini_content(value: Any) -> Any:  # noqa: ANN401 - any JSON
    if not isinstance(value, dict):
        return value
    own = {key: inner for key, inner in value.items() if inner is not None}
    parts = own.get("parts")
    if isinstance(parts, list):
        own["parts"] = [_gemini_part(part) for part in parts]
    return own


def _gemini_part(part: Any) -> Any:  # noqa: ANN401 - any JSON
    if not isinstance(part, dict):
        return part
    return {camel_case(k): v for k, v in part.items() if v is not None}
