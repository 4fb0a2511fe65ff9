"""Rates how faithfully a reconstructed request matches the one that was sent.

Levels, best to worst: `exact`, `as_observed`, `lossy`, `unverified`, `unreplayable`.
What a dialect says of its reading makes the first three; recorded evidence
(`collector/recognise/evidence`) decides whether its word counts.
"""

import functools
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple, TypeAlias

from collector.recognise.estimate.suspicion import INVENTED, LOST
from collector.recognise.evidence.table import UNVERIFIED, Judgement
from snaptrace.snapshot.apis.fields import expand, partly_carried
from snaptrace.snapshot.model import Fidelity, FidelityLevel, Json, Media

# Why a call cannot be replayed, or not as it was. Bounded: they are metric labels.
FATAL: frozenset[str] = frozenset(
    {
        "no_content",  # the instrumentation did not record the request
        "content_by_reference",  # an upload hook put it where nobody fetched it
        "content_dropped",  # messages without their parts
        "truncated",  # a value was cut at a length limit
        "attributes_dropped",  # the SDK's attribute or event limit
        "redacted",  # text replaced by a sign
        "media_redacted",
        "media_placeholder",
        "media_truncated",
        "media_unknown",
        "content_ambiguous",  # records without a trace id, and two spans around them
        "provider_file",  # bytes in somebody's account
        "provider_state",  # history that the provider keeps
        "server_tool",  # executed at the provider
        "api_unknown",
        "operation_unsupported",
        "unreadable",
    }
)
NOTED: frozenset[str] = frozenset(
    {
        "model_unknown",  # only the answering model is recorded
        "invented_defaults",  # values equal to a default may never have been sent
        "external_media",  # a URL, not resolved at capture
        "content_missing",
        "references_expanded",  # ids of stored items, replaced by what they stand for
        INVENTED,  # far fewer tokens were counted than the request has
    }
)
# Why a reading does not count, whatever its dialect says of it.
DOUBTS = UNVERIFIED | {LOST}
REASONS = FATAL | NOTED | DOUBTS

_STATE_REASONS = {
    "redacted": "media_redacted",
    "placeholder": "media_placeholder",
    "truncated": "media_truncated",
    "provider_file": "provider_file",
    "external": "external_media",
}
_IN_MESSAGES = ("messages", "contents", "input", "system")
_CONTENT_ROOTS = ("messages", "input", "contents", "system", "instructions", "prompt")
# Top-level fields that name state kept at the provider, by API.
_STATE_FIELDS = ("previous_response_id", "conversation", "prompt", "cachedContent")
_CLIENT_TOOLS = ("function", "custom", "")
# Distinct questions remembered. They hold names of the catalogue, never of a body.
_CACHED = 512
_NESTS = (dict, list)
_BELIEVED = Judgement((), ())


def assess(
    api: str,
    body: Json,
    media: tuple[Media, ...],
    *,
    lost: tuple[str, ...],
    missing: Iterable[str],
    reasons: Iterable[str],
    judgement: Judgement | None = None,
) -> Fidelity:
    """Return the fidelity record of a body. Pure.

    `judgement` is what recorded evidence says of the reading; None trusts the dialect.
    """
    why = dict.fromkeys(reasons)
    gone = dict.fromkeys(missing)
    for medium in media:
        if reason := _STATE_REASONS.get(medium.state):
            why[reason] = None
            if medium.state not in ("external", "provider_file"):
                gone[medium.path] = None
    if body is None:
        if not FATAL & why.keys():
            why["no_content"] = None
    elif isinstance(body, dict):
        why |= dict.fromkeys(_provider_held(api, body))
    known = judgement or _BELIEVED
    lost += tuple(f"!{path}" for path in known.lost)
    unobserved = unseen(api, lost, body)
    if gone:
        unobserved = tuple(path for path in unobserved if path not in gone)
    if any(path.partition(".")[0] in _CONTENT_ROOTS for path in gone):
        why["content_missing"] = None
    if FATAL & why.keys():
        return _record(tuple(gone), unobserved, tuple(why), ())
    why |= dict.fromkeys(known.doubts)
    return _record(tuple(gone), unobserved, tuple(why), known.unproven)


def reassess(fidelity: Fidelity, media: tuple[Media, ...]) -> Fidelity:
    """Return the record once some media were fetched after all."""
    whole = {medium.path for medium in media if medium.state == "inline"}
    still = {_STATE_REASONS.get(medium.state) for medium in media}
    lost_paths = {medium.path for medium in media if medium.state != "inline"}
    missing = tuple(p for p in fidelity.missing if p not in whole or p in lost_paths)
    reasons = tuple(
        reason
        for reason in fidelity.reasons
        if reason not in _STATE_REASONS.values() or reason in still
    )
    if not any(path.partition(".")[0] in _CONTENT_ROOTS for path in missing):
        reasons = tuple(reason for reason in reasons if reason != "content_missing")
    return _record(missing, fidelity.unobserved, reasons, fidelity.unproven)


def doubted(fidelity: Fidelity, reason: str) -> Fidelity:
    """Return the record with one reason more; `lost_content_suspected` lowers it."""
    reasons = tuple(dict.fromkeys((*fidelity.reasons, reason)))
    return _record(fidelity.missing, fidelity.unobserved, reasons, fidelity.unproven)


def _record(
    missing: tuple[str, ...],
    unobserved: tuple[str, ...],
    reasons: tuple[str, ...],
    unproven: tuple[str, ...],
) -> Fidelity:
    level: FidelityLevel = "exact"
    if FATAL.intersection(reasons):
        level = "unreplayable"
    elif DOUBTS.intersection(reasons):
        level = "unverified"
    elif missing:
        level = "lossy"
    elif unobserved:
        level = "as_observed"
    return Fidelity(
        level=level,
        missing=missing,
        unobserved=unobserved,
        reasons=reasons,
        unproven=unproven,
    )


class _Watch(NamedTuple):
    """Which fields of a body decide what nobody saw."""

    # Path, and the path that has to be there for it to be conceivable; "" for none.
    unseen: tuple[tuple[str, str], ...]
    tree: "_Tree"


# Key -> its whole path, and the keys below it that matter.
_Tree: TypeAlias = dict[str, tuple[str, "_Tree"]]


def unseen(api: str, lost: tuple[str, ...], body: Json) -> tuple[str, ...]:
    """Return the leaf paths that may have been sent without anybody seeing it.

    A field of a part, a message or a tool is named only where such a part is there to
    have had it; a field that was seen is not named. A name with `!` before it stands
    for a part that may be gone altogether, and is named wherever none was seen; one
    with `!!` even then, as the types of parts beside it say nothing of those gone.
    """
    if not lost:
        return ()
    seen = _seen(body, _watch(api, lost).tree)
    return _unseen(api, lost, frozenset(seen))


@functools.lru_cache(maxsize=_CACHED)
def _unseen(api: str, lost: tuple[str, ...], seen: frozenset[str]) -> tuple[str, ...]:
    return (
        *(
            path
            for path, parent in _watch(api, lost).unseen
            if path not in seen and (not parent or parent in seen)
        ),
        *(name[2:] for name in lost if name.startswith("!!")),
    )


@functools.lru_cache(maxsize=_CACHED)
def _watch(api: str, lost: tuple[str, ...]) -> _Watch:
    always = tuple(
        name[1:] for name in lost if name.startswith("!") and name[1:2] != "!"
    )
    named = expand(api, tuple(name for name in lost if not name.startswith("!")))
    carried = partly_carried(api, named)
    paths = [(path, _needed(path, carried)) for path in named]
    paths.extend((path, "") for path in always)
    tree: _Tree = {}
    for path in {path for row in paths for path in row if path}:
        level, whole = tree, ""
        for key in path.split("."):
            whole = f"{whole}.{key}" if whole else key
            level = level.setdefault(key, (whole, {}))[1]
    return _Watch(tuple(paths), tree)


def _needed(path: str, carried: frozenset[str]) -> str:
    """Return what has to be there for the field to have been sent; "" for nothing.

    `carried` are the groups of which the dialect shows at least a part: their other
    fields are only conceivable where that part is. A form's type stands for itself.
    """
    root, _, rest = path.partition(".")
    if not rest:
        return ""
    own_form = rest.endswith("type") and root != "tools"
    # Gemini's parameters share one object, but each stands for itself.
    shares = root in carried and root != "generationConfig"
    if root in _IN_MESSAGES or (shares and not own_form):
        return path.rpartition(".")[0]
    return ""


def _seen(body: Json, tree: _Tree) -> set[str]:
    """Return the tree's paths that a body has. Not recursive: bodies are hostile."""
    found: set[str] = set()
    stack: list[tuple[Json, _Tree]] = [(body, tree)]
    while stack:
        value, level = stack.pop()
        if type(value) is dict:
            for key, inner in value.items():
                field = level.get(key)
                if field is None or inner is None:
                    continue
                found.add(field[0])
                if field[1] and type(inner) in _NESTS:
                    stack.append((inner, field[1]))
        elif type(value) is list:
            stack += [(item, level) for item in value if type(item) in _NESTS]
    return found


def _provider_held(api: str, body: Mapping[str, Any]) -> Iterable[str]:
    """Yield reasons for what only the provider has or does."""
    if api in ("openai_responses", "gemini_generate_content") and any(
        body.get(name) for name in _STATE_FIELDS
    ):
        yield "provider_state"
    tools = body.get("tools")
    for tool in tools if isinstance(tools, list) else ():
        if isinstance(tool, dict) and _runs_at_provider(api, tool):
            yield "server_tool"
            return
    if (
        body.get("web_search_options")
        or body.get("mcp_servers")
        or body.get("container")
    ):
        yield "server_tool"


def _runs_at_provider(api: str, tool: Mapping[str, Any]) -> bool:
    if api == "gemini_generate_content":
        names = {key for key, value in tool.items() if value is not None}
        return bool(names - {"functionDeclarations", "function_declarations"})
    kind = tool.get("type")
    if api == "anthropic_messages":
        # The caller's own tools bear no type; one without a schema lost it on the way.
        return kind not in (None, "custom", "function") and "input_schema" not in tool
    return isinstance(kind, str) and kind not in _CLIENT_TOOLS
