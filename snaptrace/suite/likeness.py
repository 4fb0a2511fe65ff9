"""Near-duplicates: requests that say the same but for numbers, about the same media.

Two pictures under one question are two cases, however alike their texts are.
"""

import hashlib
import re
from collections.abc import Iterator
from typing import Any, Final

import msgspec
from msgspec import Struct
from rapidfuzz import fuzz

from snaptrace.snapshot.apis import APIS
from snaptrace.snapshot.conversation import (
    Conversation,
    Part,
    TextPart,
    ToolCallPart,
    ToolResultPart,
)
from snaptrace.snapshot.model import MediaRef, Snapshot

NEAR: Final = 92.0  # percent of letters in common, from which two texts are one
# Words of one text that the other lacks: beneath a long template, few words are all
# that is asked.
MOST_OTHER_WORDS: Final = 3
HALF_COMPARED: Final = 400  # characters at either end of a long text
_DIGEST_BYTES: Final = 16
_NUMBER = re.compile(r"\d+")


class Likeness(Struct, frozen=True):
    """Fields that two requests are compared by."""

    text: str  # of all turns but the instructions; numbers as #, the middle cut out
    media: tuple[str, ...] = ()  # digests or addresses, in order
    request: str = ""  # digest of all messages and tools; "" where there are none


def alike(one: Likeness, other: Likeness) -> bool:
    """Return whether two requests are near-duplicates."""
    if one.media != other.media:
        return False
    if one.text == other.text:
        return bool(one.text or one.media)
    words, others = set(one.text.split()), set(other.text.split())
    if max(len(words - others), len(others - words)) > MOST_OTHER_WORDS:
        return False
    return fuzz.token_sort_ratio(one.text, other.text, score_cutoff=NEAR) > 0


def likeness_of(snapshot: Snapshot) -> Likeness:
    """Return what a call's request is compared by."""
    api = APIS.get(snapshot.request.api)
    if api is None or snapshot.request.body is None:
        return Likeness("")
    asked = api.parse(snapshot.request.body)
    return Likeness(
        normalised("\n".join(_texts(asked))),
        tuple(each.digest or each.reference or each.state for each in snapshot.media),
        _digest(asked, snapshot),
    )


def normalised(text: str) -> str:
    """Return a text as it is compared: case-folded, numbers as #, both ends."""
    if len(text) > 2 * HALF_COMPARED:
        text = f"{text[:HALF_COMPARED]} {text[-HALF_COMPARED:]}"
    return _NUMBER.sub("#", text.casefold())


def _texts(asked: Conversation) -> Iterator[str]:
    for message in asked.messages:
        if message.role not in ("system", "developer"):
            yield from _of_parts(message.parts)


def _of_parts(parts: tuple[Part, ...]) -> Iterator[str]:
    for part in parts:
        if isinstance(part, TextPart):
            yield part.text
        elif isinstance(part, ToolCallPart):
            yield part.arguments
        elif isinstance(part, ToolResultPart):
            yield from _of_parts(part.content)


def _digest(asked: Conversation, snapshot: Snapshot) -> str:
    def named(value: object) -> Any:  # noqa: ANN401 - JSON
        if isinstance(value, MediaRef):
            medium = snapshot.media[value.index]
            return medium.digest or medium.reference
        return str(value)

    said = msgspec.json.encode(
        [asked.messages, asked.tools, asked.output_schema],
        enc_hook=named,
        order="deterministic",
    )
    return hashlib.blake2b(said, digest_size=_DIGEST_BYTES).hexdigest()
