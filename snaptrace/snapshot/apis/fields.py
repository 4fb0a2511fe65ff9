"""Questions to the catalogue of request fields: expansion, complements, media, keys."""

import functools

from snaptrace.snapshot.apis.catalogue import EXTENSIONS, FIELDS

_CACHED = 512  # distinct questions: dialects ask a few each


@functools.lru_cache(maxsize=_CACHED)
def expand(api: str, named: tuple[str, ...]) -> tuple[str, ...]:
    """Return the leaf paths that stand at or below the named ones, in catalogue order.

    `extra_body` stands for all of the API's extensions. A name that the catalogue does
    not know stands for itself.
    """
    known = FIELDS.get(api, ()) + EXTENSIONS.get(api, ())
    found: dict[str, None] = {}
    for name in named:
        if name == "extra_body":
            found |= dict.fromkeys(EXTENSIONS.get(api, ()))
            continue
        below = [path for path in known if path == name or path.startswith(f"{name}.")]
        found |= dict.fromkeys(below or (name,))
    return tuple(found)


@functools.lru_cache(maxsize=_CACHED)
def all_but(api: str, carried: tuple[str, ...]) -> tuple[str, ...]:
    """Return every field of an API that does not stand at or below a carried one."""
    return tuple(
        path
        for path in FIELDS.get(api, ()) + EXTENSIONS.get(api, ())
        if not any(path == name or path.startswith(f"{name}.") for name in carried)
    )


@functools.lru_cache(maxsize=_CACHED)
def partly_carried(api: str, named: tuple[str, ...]) -> frozenset[str]:
    """Return the top-level groups of which not every field is named."""
    groups: dict[str, set[str]] = {}
    for path in FIELDS.get(api, ()):
        groups.setdefault(path.partition(".")[0], set()).add(path)
    lost = set(named)
    return frozenset(root for root, paths in groups.items() if not paths <= lost)


# Where each API has what is no text in a message. An emitter that drops such parts
# leaves messages that look whole.
_MEDIA: dict[str, tuple[str, ...]] = {
    "openai_chat": (
        "messages.content.image_url",
        "messages.content.input_audio",
        "messages.content.file",
        "messages.content.video_url",
    ),
    "openai_responses": (
        "input.content.image_url",
        "input.content.detail",
        "input.content.file_id",
        "input.content.file_data",
        "input.content.file_url",
        "input.content.filename",
        "input.content.input_audio",
    ),
    "anthropic_messages": (
        "messages.content.source",
        "messages.content.title",
        "messages.content.context",
        "messages.content.citations",
        "messages.content.thinking",
        "messages.content.signature",
        "messages.content.content.source",
        "messages.content.content.type",
        "messages.content.is_error",
    ),
    "gemini_generate_content": ("contents.parts.inlineData", "contents.parts.fileData"),
    "bedrock_converse": (
        "messages.content.image",
        "messages.content.document",
        "messages.content.video",
        "messages.content.toolResult.content.json",
        "messages.content.toolResult.content.image",
        "messages.content.toolResult.content.document",
        "system.cachePoint",
        "messages.content.cachePoint",
    ),
    "bedrock_invoke": ("messages.content.source", "messages.content.image"),
    "cohere_chat": ("messages.content.image_url",),
    "mistral_chat": (
        "messages.content.image_url",
        "messages.content.document_url",
        "messages.content.input_audio",
    ),
    "ollama_chat": ("messages.images",),
    "ollama_generate": ("images",),
}
_TYPED = ("openai_chat", "openai_responses", "anthropic_messages", "cohere_chat")


@functools.lru_cache(maxsize=_CACHED)
def droppable_media(api: str) -> tuple[str, ...]:
    """Return the names, as `fidelity.unseen` takes them, of media that may be gone."""
    root = "input" if api == "openai_responses" else "messages"
    typed = (f"!!{root}.content.type",) if api in (*_TYPED, "mistral_chat") else ()
    return (*(f"!{path}" for path in _MEDIA.get(api, ())), *typed)


# Keys that a message of each API can have. Another one shows that the message is some
# framework's object, which was translated before it was sent.
_MESSAGE_KEYS: dict[str, frozenset[str]] = {
    "openai_chat": frozenset(
        {
            "role",
            "content",
            "name",
            "tool_calls",
            "tool_call_id",
            "refusal",
            "audio",
            "function_call",
            "annotations",
            "reasoning",
            "reasoning_content",
            "reasoning_details",
            "prefix",
            "cache_control",
            "provider_specific_fields",
            "thinking_blocks",
        }
    ),
    "anthropic_messages": frozenset({"role", "content"}),
}
_MESSAGE_KEYS["mistral_chat"] = _MESSAGE_KEYS["openai_chat"]
_MESSAGE_KEYS["cohere_chat"] = _MESSAGE_KEYS["openai_chat"] | {"tool_plan", "citations"}
_MESSAGE_KEYS["ollama_chat"] = frozenset(
    {"role", "content", "thinking", "images", "tool_calls", "tool_name"}
)


def foreign_keys(api: str, messages: list[object]) -> frozenset[str]:
    """Return keys of messages that the API does not know, where it says which."""
    known = _MESSAGE_KEYS.get(api)
    if known is None:
        return frozenset()
    return frozenset(
        key
        for message in messages
        if isinstance(message, dict)
        for key in message
        if key not in known
    )


def is_field(api: str, name: str) -> bool:
    """Return whether the API's catalogue has a top-level field of this name."""
    return name in _roots(api)


@functools.lru_cache(maxsize=_CACHED)
def _roots(api: str) -> frozenset[str]:
    known = FIELDS.get(api, ()) + EXTENSIONS.get(api, ())
    return frozenset(path.partition(".")[0] for path in known)
