"""A call sent through another API than its own: every part is mapped, or refused.

The two shapes meet in `Conversation`. What only the recorded API has stands in the
`extra` of a part, message, tool or request; it is refused by name unless it is known
to say nothing about the answer.
"""

from collections.abc import Iterable, Iterator, Mapping

import msgspec

from replayd.providers.contract import Refusal
from snaptrace.snapshots.apis import APIS, UnmappableError
from snaptrace.snapshots.conversation import (
    Conversation,
    GenericPart,
    MediaPart,
    Message,
    Part,
    ToolResultPart,
)
from snaptrace.snapshots.model import Json, Media, Snapshot

# Extras that do not change what is asked: hints to a cache, the provider's own ids,
# what another field already says, and settings at the value every API has by default.
_SILENT = frozenset(
    {"cache_control", "id", "status", "annotations", "filename", "type"}
)
# Two names of one thing: the newer name says the same as the one that maps.
_ALIKE = {"max_completion_tokens": "max_tokens"}
_DEFAULTS: dict[str, tuple[Json, ...]] = {
    "detail": ("auto",),
    "format": ("wav", "mp3"),  # said again by the media type
    "strict": (None, False),
    "parallel_tool_calls": (True,),
    "logprobs": (False,),
    "background": (False,),
    "truncation": ("disabled",),
    "include": ([],),
    "is_error": (False,),
    "refusal": (None,),
    "verbosity": ("medium",),
}


def cross(
    snapshot: Snapshot, body: Mapping[str, Json], target: str
) -> dict[str, Json] | Refusal:
    """Return `body` in the shape of `target`."""
    source = APIS.get(snapshot.request.api)
    wanted = APIS.get(target)
    if source is None or wanted is None:
        return Refusal(reason="unknown_api", paths=(snapshot.request.api,))
    if source.operation != wanted.operation:
        return Refusal(reason="unmappable", paths=("operation",))
    conversation = source.parse({_ALIKE.get(k, k): v for k, v in body.items()})
    if lost := tuple(dict.fromkeys(_unsayable(conversation))):
        return Refusal(reason="unmappable", paths=lost)
    try:
        return dict(wanted.render(_neutral(conversation, snapshot.media)))
    except UnmappableError as error:
        return Refusal(reason="unmappable", paths=error.paths)


def _unsayable(conversation: Conversation) -> Iterator[str]:
    """Yield the path of everything that only the recorded API can say."""
    yield from _extras("", conversation.extra)
    for tool in conversation.tools:
        yield from _extras("tools.", tool.extra)
        if tool.kind != "function":
            yield f"tools.{tool.kind}"
    for message in conversation.messages:
        yield from _extras("messages.", message.extra)
        yield from _unsayable_parts(message.parts)


def _unsayable_parts(parts: Iterable[Part]) -> Iterator[str]:
    for part in parts:
        if isinstance(part, GenericPart):
            yield "messages.content"
        elif isinstance(part, MediaPart) and part.ref is None:
            yield f"messages.content.{part.kind}"
        elif isinstance(part, ToolResultPart):
            yield from _unsayable_parts(part.content)
        if not isinstance(part, GenericPart):
            yield from _extras("messages.content.", part.extra)


def _extras(prefix: str, extra: dict[str, Json]) -> Iterator[str]:
    for name, value in extra.items():
        if isinstance(value, dict):
            yield from _extras(f"{prefix}{name}.", value)
        elif name not in _SILENT and value not in _DEFAULTS.get(name, (None,)):
            yield prefix + name


def _neutral(conversation: Conversation, media: tuple[Media, ...]) -> Conversation:
    """Return the conversation without extras, each medium with its media type."""
    return msgspec.structs.replace(
        conversation,
        extra={},
        tools=tuple(msgspec.structs.replace(t, extra={}) for t in conversation.tools),
        messages=tuple(_neutral_message(m, media) for m in conversation.messages),
    )


def _neutral_message(message: Message, media: tuple[Media, ...]) -> Message:
    return msgspec.structs.replace(
        message, extra={}, parts=_neutral_parts(message.parts, media)
    )


def _neutral_parts(
    parts: tuple[Part, ...], media: tuple[Media, ...]
) -> tuple[Part, ...]:
    found: list[Part] = []
    for part in parts:
        if isinstance(part, GenericPart):
            continue  # refused before
        plain = msgspec.structs.replace(part, extra={})
        if isinstance(plain, MediaPart) and plain.ref is not None and not plain.mime:
            index = plain.ref.index
            mime = media[index].mime if 0 <= index < len(media) else ""
            plain = msgspec.structs.replace(plain, mime=mime)
        elif isinstance(plain, ToolResultPart):
            plain = msgspec.structs.replace(
                plain, content=_neutral_parts(plain.content, media)
            )
        found.append(plain)
    return tuple(found)
