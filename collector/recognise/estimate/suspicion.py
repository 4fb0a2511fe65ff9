"""Flags calls whose answer or recorded input tokens do not fit the request. Pure.

A request that was rebuilt whole cannot cost more than its text and media can at the
worst vocabulary known. What costs more has lost something: a system prompt, tools,
turns, a medium. Cheap first: strings are added up only until there is room for the
recorded count, which most calls have long before the end. And a conversation that a
provider took has all its calls of tools, their results, and the tools.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any, Final

import msgspec

from collector.recognise.estimate import rates
from collector.recognise.estimate.histories import is_torn
from snaptrace.snapshot.model import Json, Media, Usage

LOST: Final = "lost_content_suspected"
INVENTED: Final = "invented_content_suspected"
# Whose counts are of text and media that stand in the request.
_OPERATIONS = frozenset({"chat", "text_completion", "embeddings"})
_TURNS = ("messages", "contents", "input")
_MOST_CHARACTERS = 200_000  # looked at by kind; the rest costs a token per byte
_FEWEST_CHARACTERS = 2_000  # below these a count far too low proves nothing
_DIGITS_AND_SIGNS = re.compile(r"[!-@\[-`{-~]")
_CYRILLIC = re.compile(r"[\u0400-\u052f]")
_EAST_ASIAN = re.compile(r"[\u3000-\u30ff\u3400-\u9fff\uac00-\ud7a3\uff00-\uffef]")
_BLANK = re.compile(r"\s")
_BLANKS_EXPECTED = 1 / 14  # of the characters; fewer are keys or encoded bytes
_ENGLISH = (" the ", " and ", " of ", " to ", " is ", " a ", " in ", " you ", " for ")
_ENGLISH_SHARE = 1 / 120  # such words per character; prose has one in 30
_encoder = msgspec.json.Encoder(enc_hook=lambda _medium: "")


def suspicion(
    *,
    api: str,
    operation: str,
    body: Json,
    media: tuple[Media, ...],
    usage: Usage,
    recorded_bytes: int,
    called: tuple[str, ...] = (),
    answered: bool = True,
    declared: Collection[str] = (),
) -> str:
    """Return the reason for which a call is doubted, "" for none.

    `recorded_bytes` is the size of the telemetry that the body was read from; 0 if
    unknown. `called` are the tools that the answer calls; `answered` says that the
    provider took the request, `declared` which paths may be gone.
    """
    if (answered or called) and is_torn(api, body, called, declared):
        return LOST
    recorded = usage.input_tokens
    if not recorded or operation not in _OPERATIONS or not isinstance(body, dict):
        return ""
    if not _has_room(body, recorded):
        most = _most(api, body, media)
        return LOST if most is not None and recorded > most else ""
    # Whether cached tokens are among those recorded is the provider's convention.
    counted = recorded + (usage.cached_tokens or 0)
    if media or 0 < recorded_bytes * rates.LEAST < counted:
        return ""
    size = sum(len(text) for text in _strings(body))
    far_below = size > _FEWEST_CHARACTERS and counted < size * rates.LEAST
    return INVENTED if far_below else ""


def _has_room(body: Mapping[str, Any], recorded: int) -> bool:
    """Return whether the strings alone may cost the recorded tokens."""
    room = float(recorded - rates.FRAME)
    if room <= 0:
        return True
    for text in _strings(body):
        room -= len(text) * (rates.ENGLISH if text.isascii() else 1.0)
        if room <= 0:
            return True
    return False


def _strings(body: Json) -> Iterator[str]:
    """Yield the strings below a body, not its keys. Not recursive: it is hostile."""
    stack: list[Any] = [body]
    while stack:
        value = stack.pop()
        kind = type(value)
        if kind is str:
            yield value
        elif kind is dict:
            stack.extend(reversed(value.values()))  # turns come before tools
        elif kind is list:
            stack.extend(reversed(value))


def _most(api: str, body: Mapping[str, Any], media: tuple[Media, ...]) -> float | None:
    """Return the most tokens that the request may cost; None if nobody can say."""
    try:
        text = _encoder.encode(body).decode()
    except (UnicodeEncodeError, ValueError, RecursionError):
        return None
    most = rates.FRAME + _most_of_text(text[:_MOST_CHARACTERS])
    most += len(text[_MOST_CHARACTERS:].encode())
    for name in _TURNS:
        turns = body.get(name)
        most += rates.PER_MESSAGE * len(turns) if isinstance(turns, list) else 0
    if body.get("tools") or body.get("toolConfig") or body.get("functions"):
        most += rates.TOOL_PROMPT.get(api, rates.OTHER_TOOL_PROMPT)
    model = body.get("model")
    for medium in media:
        price = _most_of_medium(api, model if isinstance(model, str) else "", medium)
        if price is None:
            return None
        most += price
    return most


def _most_of_text(text: str) -> float:
    size = len(text)
    cyrillic = len(_CYRILLIC.findall(text))
    east_asian = len(_EAST_ASIAN.findall(text))
    ascii_only = text.encode("ascii", "ignore").decode()
    other_bytes = len(text.encode()) - len(ascii_only) - 2 * cyrillic - 3 * east_asian
    most = cyrillic * rates.CYRILLIC + east_asian * rates.EAST_ASIAN + other_bytes
    dense = len(_DIGITS_AND_SIGNS.findall(ascii_only))
    letters = len(ascii_only) - dense
    blanks = len(_BLANK.findall(ascii_only))
    if blanks < letters * _BLANKS_EXPECTED:
        return most + len(ascii_only) * rates.DENSE
    words = sum(ascii_only.count(word) for word in _ENGLISH)
    english = len(ascii_only) == size and words > size * _ENGLISH_SHARE
    rate = rates.ENGLISH if english else rates.LATIN
    return most + letters * rate + dense * rates.DENSE


def _most_of_medium(api: str, model: str, medium: Media) -> float | None:
    if medium.kind == "image":
        if rates.OPENAI_MODEL.match(model):
            return rates.OPENAI_IMAGE
        return rates.IMAGE.get(api, rates.OTHER_IMAGE)
    if not medium.size_bytes:
        return None  # of unknown length
    per_token = rates.BYTES_PER_TOKEN[medium.kind]
    return rates.LEAST_MEDIUM + medium.size_bytes / per_token
