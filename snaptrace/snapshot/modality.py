"""Modality of a call, from its content. No I/O.

The media in its newest user turn; else non-text output; else text. Two or more kinds
are `mixed`. Media that stand only in the history are a slice of text.
"""

from collections.abc import Iterable

from snaptrace.snapshot.conversation import (
    Conversation,
    MediaPart,
    Part,
    ToolResultPart,
)
from snaptrace.snapshot.model import Answer, Media, MediaKind, Modality, Operation

_BY_OPERATION: dict[Operation, Modality] = {
    "image_generation": "image",
    "speech": "audio",
    "transcription": "audio",
}
_ASKED: dict[str, MediaKind] = {"image": "image", "audio": "audio", "video": "video"}


def modality(
    conversation: Conversation,
    media: tuple[Media, ...],
    answer: Answer,
    operation: Operation = "chat",
) -> Modality:
    """Return the call's modality; `media` are what the parts' references point at."""
    if operation in _BY_OPERATION:
        return _BY_OPERATION[operation]
    newest = _kinds(newest_user_parts(conversation), media)
    if newest:
        return _one(newest)
    return _one(_output_kinds(conversation, answer))


def newest_user_parts(conversation: Conversation) -> list[Part]:
    """Return the parts of the newest user turn.

    The turn begins with the newest message of a person and takes in what tools have
    given back since, because that too is what the model is asked about now.
    """
    parts: list[Part] = []
    for message in reversed(conversation.messages):
        if message.role in ("user", "tool"):
            parts.extend(message.parts)
        if message.role == "user" and any(
            not isinstance(part, ToolResultPart) for part in message.parts
        ):
            break
    return parts


def user_turns(conversation: Conversation) -> int:
    """Return the number of user turns, the newest included."""
    return sum(
        1
        for message in conversation.messages
        if message.role == "user"
        and any(not isinstance(part, ToolResultPart) for part in message.parts)
    )


def _kinds(parts: Iterable[Part], media: tuple[Media, ...]) -> set[MediaKind]:
    kinds: set[MediaKind] = set()
    for part in parts:
        if isinstance(part, MediaPart):
            index = -1 if part.ref is None else part.ref.index
            known = 0 <= index < len(media)
            kinds.add(media[index].kind if known else part.kind)
        elif isinstance(part, ToolResultPart):
            kinds |= _kinds(part.content, media)
    return kinds


def _output_kinds(conversation: Conversation, answer: Answer) -> set[MediaKind]:
    kinds: set[MediaKind] = {medium.kind for medium in answer.media}
    asked = conversation.extra.get("modalities")
    config = conversation.extra.get("generationConfig")
    if isinstance(config, dict):
        asked = config.get("responseModalities", asked)
    if not kinds and isinstance(asked, list):
        words = [word.lower() for word in asked if isinstance(word, str)]
        kinds = {_ASKED[word] for word in words if word in _ASKED}
    return kinds


def _one(kinds: set[MediaKind]) -> Modality:
    if len(kinds) > 1:
        return "mixed"
    return next(iter(kinds)) if kinds else "text"
