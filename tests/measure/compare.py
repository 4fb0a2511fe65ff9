"""One snapshot against the true request: exact, declared, unverified, refused, silent.

Only what is equivalent is normalised: a string and its single text part, key order,
explicit nulls and empty containers, tool arguments encoded as JSON, base64 spelling,
Gemini's two spellings, what only concerns the transport, and what replay hygiene sets
on purpose.
"""

import base64
import binascii
import json
from typing import Any, Literal, NamedTuple

from collector.call import Call
from snaptrace.snapshot.model import MediaRef

Outcome = Literal[
    "exact", "declared", "overdeclared", "unverified", "refused", "silent"
]
# Transport, and what a replay sets itself: nothing stored, nobody named.
_TRANSPORT = {"stream", "stream_options"}
_HYGIENE = {"store", "user", "safety_identifier", "metadata", "prompt_cache_key"}
_VERSION = "anthropic_version"
_JSON_TEXT = {"arguments", "output"}
# Gemini's API takes either.
_SPELLINGS = {
    "allowed_function_names": "allowedFunctionNames",
    "function_calling_config": "functionCallingConfig",
    "mime_type": "mimeType",
}


class Verdict(NamedTuple):
    """How one call compares."""

    outcome: Outcome
    differences: tuple[str, ...] = ()  # leaf paths that differ
    undeclared: tuple[str, ...] = ()
    overdeclared: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    beneath: str = ""  # of an unverified call: what it would be if it were believed


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


def compare(truth: Any, call: Call) -> Verdict:
    """Return the verdict on one call. An unverified one is in no gating stream."""
    verdict = _believed(truth, call)
    if call.snapshot.fidelity.level != "unverified":
        return verdict
    return verdict._replace(
        outcome="unverified",
        reasons=call.snapshot.fidelity.reasons,
        beneath=verdict.outcome,
    )


def _believed(truth: Any, call: Call) -> Verdict:
    snapshot = call.snapshot
    fidelity = snapshot.fidelity
    ours = filled(call)
    if snapshot.request.api == "anthropic_messages" and _VERSION in truth:
        truth, ours = _as_anthropics_own(truth, ours)
    expected, found = leaves(normal(truth)), leaves(normal(ours))
    differing = sorted(
        {p for p in expected.keys() | found.keys() if expected.get(p) != found.get(p)}
    )
    if snapshot.request.body is None or fidelity.level == "unreplayable":
        return Verdict("refused", tuple(differing), reasons=fidelity.reasons)
    declared = fidelity.missing + fidelity.unobserved
    undeclared = tuple(p for p in differing if not _named(p, declared))
    if undeclared:
        return Verdict("silent", tuple(differing), undeclared)
    same = [p for p in expected if p not in differing]
    # A text part's type says nothing that the text does not.
    told = [
        p for p in same if not (p.endswith(".type") and set(expected[p]) <= {"text"})
    ]
    over = tuple(
        d
        for d in declared
        if any(_named(p, (d,)) for p in told)
        and not any(_named(p, (d,)) for p in differing)
    )
    if over:
        return Verdict("overdeclared", tuple(differing), overdeclared=over)
    return Verdict("declared" if differing else "exact", tuple(differing))


def _as_anthropics_own(truth: Any, ours: Any) -> tuple[Any, Any]:
    """Return both as Anthropic's own API takes them.

    Its client for clouds moves the model into the path and says a version.
    """
    own = {key: value for key, value in truth.items() if key != _VERSION}
    if "model" not in own:
        ours = {key: value for key, value in ours.items() if key != "model"}
    return own, ours


def _named(path: str, declared: tuple[str, ...]) -> bool:
    return any(path == name or path.startswith(f"{name}.") for name in declared)


def normal(body: Any) -> Any:
    """Return a body's normal form."""
    if not isinstance(body, dict):
        return body
    top = {k: v for k, v in body.items() if k not in _TRANSPORT | _HYGIENE}
    named = str(top.get("model"))
    single = {"voice", "dimensions", "encoding_format"} & top.keys()
    if "input" in top and not single and "embed" not in named:
        top = _responses(top)
    return _normal(top, "")


def _normal(value: Any, key: str) -> Any:
    if isinstance(value, dict):
        kept = {_SPELLINGS.get(k, k): _normal(v, k) for k, v in value.items()}
        return {k: v for k, v in kept.items() if v not in (None, [], {})}
    if isinstance(value, list):
        return [_normal(item, "") for item in value]
    if isinstance(value, str):
        return _normal_text(value, key)
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def _normal_text(text: str, key: str) -> Any:
    if key in ("content", "system"):
        return [{"type": "text", "text": text}] if text else None
    if key in _JSON_TEXT and text[:1] in ("{", "["):
        try:
            return json.loads(text)
        except ValueError:
            return text
    if key == "data" and len(text) > 64:
        try:
            return base64.b64decode(text.replace("-", "+").replace("_", "/"))
        except binascii.Error:
            return text
    return text


def _responses(body: dict[str, Any]) -> dict[str, Any]:
    """Return a Responses body with its equivalent spellings made one.

    A bare string is one user message; a message's type may be left out; content text is
    `input_text` or `output_text` by role.
    """
    given = body.get("input")
    if isinstance(given, str) and "model" in body and "messages" not in body:
        given = [{"role": "user", "content": given}]
    if not isinstance(given, list) or not all(isinstance(i, dict) for i in given):
        return body
    items = []
    for item in given:
        own = dict(item)
        if own.get("type") == "message":
            del own["type"]
        if "role" in own and isinstance(own.get("content"), list):
            own["content"] = [
                {**part, "type": "text"}
                if isinstance(part, dict)
                and part.get("type") in ("input_text", "output_text")
                else part
                for part in own["content"]
            ]
        items.append(own)
    return {**body, "input": items}


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
