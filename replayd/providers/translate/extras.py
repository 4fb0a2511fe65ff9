"""Keys that only one API has: which of them say nothing about what is asked."""

from collections.abc import Iterator, Mapping

from snaptrace.snapshot.model import Json

# By place: hints to a cache, the provider's own ids, what another field says already.
# `field` is where Responses kept a message: `instructions` or an item.
MESSAGE = frozenset({"cache_control", "id", "status", "type", "field"})
PART = frozenset({"bare", "cache_control", "id", "index", "status", "type"})
TOOL = frozenset({"cache_control", "type"})
REQUEST = frozenset({"cache_control"})
# Settings at the value that every API has by default, or that say "not used".
_DEFAULTS: dict[str, tuple[Json, ...]] = {
    "detail": ("auto",),
    "parallel_tool_calls": (True,),
    "logprobs": (False, []),
    "background": (False,),
    "truncation": ("disabled",),
    "include": ([],),
    "is_error": (False,),
    "verbosity": ("medium",),
    "annotations": ([],),
    "citations": ([], {"enabled": False}),
    "caller": ({"type": "direct"},),
    "thinking": ({"type": "disabled"},),
    "response_format": ({"type": "text"},),
    "modalities": (["text"],),
    "responseModalities": (["TEXT"], ["text"]),
    "responseMimeType": ("text/plain",),
    "logit_bias": ({},),
    "betas": ([],),
    "tools": ([],),
    "images": ([],),
    "options": ({},),
    "inferenceConfig": ({},),
    "system": ([],),
    "prefix": (False,),
    "safe_prompt": (False,),
    "safety_mode": ("CONTEXTUAL",),
    "strict_tools": (False,),
    "raw_prompting": (False,),
}


def said(prefix: str, extra: Mapping[str, Json], silent: frozenset[str]) -> list[str]:
    """Return the path of every key that says something."""
    return list(_said(prefix, extra, silent))


def _said(
    prefix: str, extra: Mapping[str, Json], silent: frozenset[str]
) -> Iterator[str]:
    for name, value in extra.items():
        if name in silent or value is None or value in _DEFAULTS.get(name, ()):
            continue
        if isinstance(value, Mapping) and value:
            # Below the first level a `type` or an `id` is what is asked.
            yield from _said(f"{prefix}{name}.", value, frozenset())
        else:
            yield prefix + name
