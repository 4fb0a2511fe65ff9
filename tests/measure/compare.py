"""One snapshot against the true request: exact, declared, refused or silent.

Only what is equivalent is normalised: a string and its single text part, key order,
explicit nulls and empty containers, tool arguments encoded as JSON, base64 spelling,
what only concerns the transport, and what replay hygiene sets on purpose.
"""

import base64
import binascii
import json
from typing import Any, Literal, NamedTuple

from collector.call import Call
from snaptrace.snapshots.model import MediaRef

Outcome = Literal["exact", "declared", "overdeclared", "refused", "silent"]
# Transport, and what a replay sets itself: nothing stored, nobody named.
_TRANSPORT = {"stream", "stream_options"}
_HYGIENE = {"store", "user", "safety_identifier", "metadata", "prompt_cache_key"}
_JSON_TEXT = {"arguments", "output"}


class Verdict(NamedTuple):
    """How one call compares."""

    outcome: Outcome
    differences: tuple[str, ...] = ()  # leaf paths that differ
    undeclared: tuple[str, ...] = ()
    overdeclared: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()


def filled(call: Call) -> Any:
    """Return the body with bytes back in place of references."""

    def fill(value: Any) -> Any:
        if isinstance(value, MediaRef):
            text = base64.b64encode(call.blobs[value.index]).decode()
            if value.form == "base64":
                return text
            return f"data:{call.snapshot.media[value.index].mime};base64,{text}"
        if isinstance(value, dict):
            return {key: fill(inner) for key, inner in value.items()}
        if isinstance(value, list):
            return [fill(inner) for inner in value]
        return value

    return fill(call.snapshot.request.body)


def compare(truth: Any, call: Call, strict: bool = False) -> Verdict:
    """Return the verdict on one call."""
    snapshot = call.snapshot
    fidelity = snapshot.fidelity
    if snapshot.request.body is None or fidelity.level == "unreplayable":
        return Verdict("refused", reasons=fidelity.reasons)
    ours = filled(call)
    expected, found = leaves(normal(truth)), leaves(normal(ours))
    differing = sorted({p for p in expected.keys() | found.keys()
                        if expected.get(p) != found.get(p)})
    declared = fidelity.missing + fidelity.unobserved
    undeclared = tuple(p for p in differing if not _named(p, declared))
    if undeclared:
        return Verdict("silent", tuple(differing), undeclared)
    same = [p for p in expected if p not in differing]
    over = tuple(d for d in declared if any(_named(p, (d,)) for p in same)
                 and not any(_named(p, (d,)) for p in differing))
    if over:
        return Verdict("overdeclared", tuple(differing), overdeclared=over)
    return Verdict("declared" if differing else "exact", tuple(differing))


def _named(path: str, declared: tuple[str, ...]) -> bool:
    return any(path == name or path.startswith(f"{name}.") for name in declared)


def normal(body: Any) -> Any:
    """Return a body's normal form."""
    if not isinstance(body, dict):
        return body
    top = {k: v for k, v in body.items() if k not in _TRANSPORT | _HYGIENE}
    return _normal(top, "")


def _normal(value: Any, key: str) -> Any:
    if isinstance(value, dict):
        kept = {k: _normal(v, k) for k, v in value.items()}
        return {_camel(k): v for k, v in kept.items() if v not in (None, [], {})}
    if isinstance(value, list):
        if key in ("content", "system", "input", "output") and all(map(_is_text, value)):
            if len(value) == 1:
                return _normal(value[0]["text"], key)
        return [_normal(item, "") for item in value]
    if isinstance(value, str):
        return _normal_text(value, key)
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, str) and value == "":
        return None
    return value


def _camel(key: str) -> str:
    return key


def _is_text(part: Any) -> bool:
    return (
        isinstance(part, dict)
        and part.get("type") in ("text", "input_text", "output_text")
        and set(part) == {"type", "text"}
    )


def _normal_text(text: str, key: str) -> Any:
    if key in _JSON_TEXT and text[:1] in "{[":
        try:
            return json.loads(text)
        except ValueError:
            return text
    if key in ("data",) and len(text) > 64:
        try:
            return base64.b64decode(text.replace("-", "+").replace("_", "/"))
        except binascii.Error:
            return text
    return text


def leaves(value: Any) -> dict[str, Any]:
    """Return leaf path without indices -> the list of values found there, in order."""
    found: dict[str, Any] = {}

    def walk(item: Any, path: str) -> None:
        if isinstance(item, dict):
            for key, inner in item.items():
                walk(inner, f"{path}.{key}" if path else key)
        elif isinstance(item, list):
            for inner in item:
                walk(inner, path)
        else:
            found.setdefault(path, []).append(item)

    walk(value, "")
    return found
