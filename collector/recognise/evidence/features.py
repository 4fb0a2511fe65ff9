"""Features of a request body: what evidence is kept about, without any content.

A feature is a short word made of field names, roles and part types, never of a value.
What lies below a schema's end (`tools.function.parameters`, arguments, metadata) is
the caller's own and is one feature.
"""

import re
from collections.abc import Iterable
from typing import Any

from snaptrace.snapshot.model import Json, MediaRef

_TURNS = frozenset({"messages", "contents", "input", "system", "systemInstruction"})
# Below these a caller writes what he likes.
_OPAQUE = frozenset(
    {
        "args",
        "arguments",
        "input_schema",
        "inputSchema",
        "logit_bias",
        "metadata",
        "parameters",
        "parametersJsonSchema",
        "properties",
        "response",
        "responseJsonSchema",
        "responseSchema",
        "schema",
        "toolUse.input",
        "json",
    }
)
_SCHEMAS = frozenset(
    {
        "input_schema",
        "json",
        "parameters",
        "parametersJsonSchema",
        "responseJsonSchema",
        "responseSchema",
        "schema",
    }
)
# Transport, and what a replay sets or leaves out by itself.
_OWN = frozenset(
    {
        "metadata",
        "prompt_cache_key",
        "safety_identifier",
        "store",
        "stream",
        "stream_options",
        "user",
    }
)
_NAME_MAX = 48  # characters of one field name; a longer one is no field of an API
_WORD = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,31}|")  # a role or a part's type
_BARE = 2  # fields of a text part that says nothing more
_DEPTH_MAX = 8
_FEATURES_MAX = 512  # of one body
_OTHER = "?"
# What libraries write in place of content that they cannot show: Python's own words for
# a value. Seldom what a person says, and never believed before it was seen to be right.
_PRINTED = re.compile(r"\[?\{'|\['|\[?[A-Z]\w{1,40}\(\w|<[\w.]{1,80} object at 0x")
_TEXTS = ("text", "input_text", "output_text")
_AS_PRINTED = "printed"
_EMPTIED = "empty"
_NONE = "none"
NO_TOOLS = f"tools/{_NONE}"  # though some were called before
_OFFERED = ("tools", "toolConfig.tools", "functions")
_OFFERS = frozenset({"tools", "toolConfig", "functions"})
_CALLED = ("tool_calls.id", ".call_id", "toolUseId", "tool_use.id", "functionCall.name")
_ANSWERING = ("assistant", "model")  # calls of tools come with an empty text
SEVERAL = "texts"  # more than one text in one turn
_ORDER = (SEVERAL, "…", "+")  # more than one part: of a kind, of several kinds
# Turns of which developers send several texts at once. A reading that joins them shows
# one, like a turn that had one: nothing in the body tells them apart.
_JOINED = ("tool", "tool_result.content", "toolResult.content")
_EMPTY: tuple[Json, ...] = (None, [], {})
_NESTS = (dict, list)


def features(body: Json) -> frozenset[str]:
    """Return the features of a body. Total and bounded, on any JSON."""
    found: set[str] = set()
    if type(body) is not dict:
        return frozenset()
    for key, value in body.items():
        if len(found) > _FEATURES_MAX:
            found.add(_OTHER)
            break
        if value in _EMPTY or key in _OWN:
            continue
        name = _name(key)
        if value == "":
            found.add(f"{name}/{_EMPTIED}")
        elif name in _TURNS:
            _turns(name, value, found)
        elif name == "tools" and type(value) is list:
            _tools(value, found)
        else:
            _fields(name, value, found)
    if _OFFERS.isdisjoint(body) and any(name.endswith(_CALLED) for name in found):
        found.add(NO_TOOLS)
    return frozenset(found)


def undeclared(found: frozenset[str], lost: Iterable[str]) -> frozenset[str]:
    """Return the features without the lack of tools that is declared as lost."""
    return found - {NO_TOOLS} if NO_TOOLS in found and names_tools(lost) else found


def names_tools(paths: Iterable[str]) -> bool:
    """Return whether any of the paths is of the tools that are offered."""
    return any(path.lstrip("!").startswith(_OFFERED) for path in paths)


def is_absence(feature: str) -> bool:
    """Return whether a feature is that nothing stands where something could."""
    return feature.endswith((f"/{_EMPTIED}", f"/{_NONE}"))


def seams(found: frozenset[str]) -> frozenset[str]:
    """Return the features to be proven of texts that may be several, joined."""
    return frozenset(
        f"{turn}/{SEVERAL}"
        for turn, _, kind in (name.rpartition("/") for name in found)
        if kind in _TEXTS
        and turn.endswith(_JOINED)
        and f"{turn}/{SEVERAL}" not in found
    )


def is_word_or_field(feature: str) -> bool:
    """Return whether a feature is a field, a text, or a change of turns.

    Two turns of one role are none: a turn between them may be gone.
    """
    _, slash, kind = feature.rpartition("/")
    before, turned, after = feature.rpartition(":")[2].partition(">")
    lone = bool(turned) and before == after
    return not lone and (not slash or kind in (*_TEXTS, *_ORDER))


def _name(key: Any) -> str:  # noqa: ANN401 - JSON of any origin
    return key if type(key) is str and len(key) <= _NAME_MAX else _OTHER


def _word(value: Any) -> str:  # noqa: ANN401 - JSON of any origin
    return value if type(value) is str and _WORD.fullmatch(value) else _OTHER


def _words(text: Any) -> str:  # noqa: ANN401 - JSON of any origin
    return _AS_PRINTED if type(text) is str and _PRINTED.match(text) else "text"


def _emptied(name: str) -> str:
    """Return the kind of an empty text: of what is given, content may be gone."""
    return "text" if name.endswith(_ANSWERING) else _EMPTIED


def _schema(value: Any) -> str:  # noqa: ANN401 - JSON of any origin
    """Return how a schema is spelled: in JSON Schema's words, Gemini's, or Python's."""
    if type(value) is not dict:
        return ""
    bent = any("_" in key for key in value if type(key) is str)
    kind = value.get("type")
    capitals = type(kind) is str and kind.isupper()
    return "~bent" * bent + "~CAPITALS" * capitals


def _fields(path: str, value: Any, found: set[str], depth: int = 0) -> None:  # noqa: ANN401 - JSON
    """Add the leaf paths below a value that is no conversation."""
    kind = type(value)
    if kind is dict and value and depth <= _DEPTH_MAX:
        for key, inner in value.items():
            if inner is not None:
                _field(f"{path}.{_name(key)}", key, inner, found, depth)
    elif kind is list and depth <= _DEPTH_MAX:
        for item in value:
            if type(item) is dict:
                _fields(path, item, found, depth + 1)
            else:
                found.add(f"{path}[]")
    elif kind is str and path.endswith((".type", ".role")) and _WORD.fullmatch(value):
        found.add(f"{path}={value}")
    else:
        found.add(path)


def _tools(tools: list[Any], found: set[str]) -> None:
    """Add the leaf paths of tools; of those with one shape the first speaks."""
    seen: set[object] = set()
    for tool in tools:
        shape = _shape_of(tool)
        if shape is None or shape not in seen:
            _fields("tools", [tool], found)
            seen.add(shape)


def _shape_of(tool: Any) -> object:  # noqa: ANN401 - JSON
    """Return what decides the features of an ordinary tool; None for any other."""
    if type(tool) is not dict:
        return None
    shape: list[object] = []
    for key, value in tool.items():
        if key in _SCHEMAS:
            shape.append((key, value is None, _schema(value)))
        elif type(value) is dict and key == "function":
            inner = _shape_of(value)
            if inner is None:
                return None
            shape.append((key, inner))
        elif type(value) in _NESTS:
            return None
        elif key == "type":
            shape.append((key, value))
        else:
            shape.append((key, value is None))
    return tuple(shape)


def _field(path: str, key: str, value: Any, found: set[str], depth: int) -> None:  # noqa: ANN401 - JSON
    if key in _SCHEMAS:
        found.add(path + _schema(value))
    elif key in _OPAQUE:
        found.add(path)
    else:
        _fields(path, value, found, depth + 1)


def _turns(name: str, value: Any, found: set[str]) -> None:  # noqa: ANN401 - JSON
    """Add the features of a conversation: of each turn, and of what follows what."""
    if type(value) is not list:
        value = [value]
    before = ""
    for turn in value:
        if type(turn) is not dict:
            found.add(f"{name}:text" if type(turn) is str else f"{name}:{_OTHER}")
            continue
        role = _word(turn.get("role") or turn.get("type") or "")
        found.add(f"{name}:{before}>{role}")
        before = role
        _turn(f"{name}:{role}", turn, found)
    found.add(f"{name}:{before}>")


def _turn(name: str, turn: dict[str, Any], found: set[str]) -> None:
    for key, value in turn.items():
        if value in _EMPTY:
            continue
        if key in ("content", "parts"):
            _parts(name, value, found)
        elif key == "role":
            continue
        elif key in _OPAQUE:
            found.add(f"{name}.{key}")
        else:
            _fields(f"{name}.{_name(key)}", value, found)


def _parts(name: str, value: Any, found: set[str], depth: int = 0) -> None:  # noqa: ANN401 - JSON
    if type(value) is str:
        found.add(f"{name}/{_words(value) if value else _emptied(name)}")
        return
    if type(value) is not list or depth > _DEPTH_MAX:
        _fields(f"{name}/", value, found)
        return
    kinds: list[str] = []
    for part in value:
        if type(part) is dict:
            kinds.append(_part(name, part, found, depth))
        else:
            kinds.append(_words(part) if type(part) is str else _OTHER)
    found.update(f"{name}/{kind}" for kind in kinds)
    if sum(kind in _TEXTS for kind in kinds) > 1:
        found.add(f"{name}/{SEVERAL}")
    if len(kinds) > 1:
        found.add(f"{name}/…" if len(set(kinds)) < len(kinds) else f"{name}/+")


def _part(name: str, part: dict[str, Any], found: set[str], depth: int) -> str:
    """Add the features of one part; return its kind."""
    kind = _word(part.get("type") or next(iter(part), ""))
    if kind in _TEXTS:
        if part.get("text") == "":
            found.add(f"{name}/{_emptied(name)}")
        if _words(part.get("text")) == _AS_PRINTED:
            found.add(f"{name}/{_AS_PRINTED}")
        if len(part) <= _BARE:
            return kind
    for key, inner in part.items():
        if key == "type" or inner is None:
            continue
        below = f"{name}/{kind}.{_name(key)}"
        if key in _OPAQUE or (key == "input" and type(inner) is dict):
            found.add(below)
        elif key in ("content", "parts"):
            _parts(below, inner, found, depth + 1)
        elif type(inner) is MediaRef:
            found.add(below)
        else:
            _fields(below, inner, found, 1)
    return kind
