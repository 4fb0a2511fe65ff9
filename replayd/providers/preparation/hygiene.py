"""Request hygiene: fields that may be sent again, and content that forbids a replay.

A replay must have no side effects and must not differ silently from what was asked.
So a field is sent because the API's catalogue names it; a field that identifies
people, asks for storage or chooses streaming is taken out or set, which is the same
for every arm; any other field makes the case unsendable, by name.
"""

from collections.abc import Iterator, Mapping
from functools import lru_cache

from msgspec import Struct

from replayd.providers.contract import Refusal
from snaptrace.snapshot.apis.catalogue import EXTENSIONS, FIELDS
from snaptrace.snapshot.model import Json, Snapshot

# Who asked, where it is filed, how it is delivered: not what is asked.
_IDENTITY = ("metadata", "safety_identifier", "user", "labels", "requestMetadata")
_DELIVERY = ("stream", "stream_options", "store", "partial_images", "stream_format")
_CACHING = (
    "prompt_cache_key",
    "prompt_cache_retention",
    "service_tier",
    "serviceTier",
    "priority",
)
DROPPED = frozenset(_IDENTITY + _DELIVERY + _CACHING)

# State or work on the provider's side: the request alone does not say what is asked.
STATE = {
    "openai_responses": (
        "background",
        "conversation",
        "previous_response_id",
        "prompt",
    ),
    "anthropic_messages": ("container",),
    "gemini_generate_content": ("cachedContent",),
    "bedrock_converse": ("promptVariables",),
    "ollama_generate": ("context",),  # tokens of the recorded model
}
# Fields whose presence has the provider act beyond answering.
SERVER_FIELDS = {
    "openai_chat": ("web_search_options", "plugins"),
    "anthropic_messages": ("mcp_servers",),
    "bedrock_invoke": ("mcp_servers",),
}
# Gemini takes its names in camel and in snake case alike.
_SPELT = {
    "gemini_generate_content": {
        "system_instruction": "systemInstruction",
        "generation_config": "generationConfig",
        "safety_settings": "safetySettings",
        "tool_config": "toolConfig",
        "cached_content": "cachedContent",
    }
}
_GEMINI_CLIENT_TOOLS = frozenset({"functionDeclarations", "function_declarations"})
_CONVERSE = ("bedrock_converse", "bedrock_invoke")
_CONVERSE_CLIENT_TOOLS = frozenset({"toolSpec", "cachePoint"})
_CLIENT_TOOLS = frozenset({"", "function", "custom"})
# Anthropic's own tools that the client executes: versioned type names.
_CLIENT_TYPED = ("bash_", "text_editor_", "computer_", "memory_")

_CONTENT = {
    "openai_chat": ("messages",),
    "openai_responses": ("input",),
    "anthropic_messages": ("messages", "system"),
    "gemini_generate_content": ("contents", "generationConfig", "tools"),
    "bedrock_converse": ("messages", "system"),
    "bedrock_invoke": ("messages", "system"),
    "cohere_chat": ("messages",),
    "ollama_chat": ("messages",),
    "mistral_chat": ("messages",),
}


class Sendable(Struct, frozen=True):
    """The body that may be sent, top level copied, values shared with the snapshot."""

    body: dict[str, Json]


@lru_cache
def allowed_fields(api: str) -> frozenset[str]:
    """Return the top-level fields of an API that a replay may send."""
    named = FIELDS.get(api, ()) + EXTENSIONS.get(api, ()) + _CONTENT.get(api, ())
    tops = {path.partition(".")[0] for path in named}
    return frozenset(tops - DROPPED)


def clean(
    snapshot: Snapshot, body: Json, allowed_tools: tuple[str, ...] = ()
) -> Sendable | Refusal:
    """Return what may be sent of `body`, in the shape of the API it was recorded from.

    `allowed_tools` are server-executed tools that the operator lets run, by name.
    """
    api = snapshot.request.api
    if not isinstance(body, Mapping):
        return Refusal(reason="no_body")
    if spelt := _SPELT.get(api):
        body = {spelt.get(k, k): v for k, v in body.items()}
    if not_there := tuple(m.path for m in snapshot.media if m.state != "inline"):
        return Refusal(reason="media_not_kept", paths=not_there)
    if state := tuple(_state(api, body)):
        return Refusal(reason="provider_state", paths=state)
    if tools := server_tools(api, body, allowed_tools):
        return Refusal(reason="server_tool", paths=tools)
    kept = {k: v for k, v in body.items() if k not in DROPPED}
    if unknown := kept.keys() - allowed_fields(api):
        paths = tuple(sorted(str(k) for k in unknown))
        return Refusal(reason="field_not_allowed", paths=paths)
    return Sendable(kept)


def _state(api: str, body: Mapping[str, Json]) -> Iterator[str]:
    yield from (name for name in STATE.get(api, ()) if body.get(name))
    items = body.get("input") if api == "openai_responses" else None
    for item in items if isinstance(items, list | tuple) else ():
        if isinstance(item, Mapping) and item.get("type") == "item_reference":
            yield "input.id"


def server_tools(
    api: str, body: Mapping[str, Json], allowed: tuple[str, ...] = ()
) -> tuple[str, ...]:
    """Return what the provider itself would execute, without what is allowed."""
    found = [name for name in SERVER_FIELDS.get(api, ()) if body.get(name)]
    tools = body.get("tools")
    config = body.get("toolConfig")
    if api in _CONVERSE and isinstance(config, Mapping):
        tools = config.get("tools", tools)
    for tool in tools if isinstance(tools, list | tuple) else ():
        found.extend(_server_names(api, tool))
    return tuple(dict.fromkeys(name for name in found if name not in allowed))


def _server_names(api: str, tool: Json) -> list[str]:
    if not isinstance(tool, Mapping):
        return ["malformed_tool"]
    if api == "gemini_generate_content":
        return [str(key) for key in tool if key not in _GEMINI_CLIENT_TOOLS]
    if api in _CONVERSE and "name" not in tool:  # a Claude body's tools have names
        return [str(key) for key in tool if key not in _CONVERSE_CLIENT_TOOLS]
    kind = tool.get("type", "")
    if not isinstance(kind, str):
        return ["malformed_tool"]
    client = kind in _CLIENT_TOOLS or kind.startswith(_CLIENT_TYPED)
    return [] if client else [kind]
