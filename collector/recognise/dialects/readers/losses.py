"""Losses and changes that known emitters make without a sign."""

import re

from collector.recognise.dialects.contract import Candidate
from collector.recognise.dialects.readers.profiles import Profile
from snaptrace.snapshot.apis.fields import droppable_media
from snaptrace.snapshot.apis.inline import is_data_url
from snaptrace.snapshot.conversation import (
    MediaPart,
    Message,
    Part,
    TextPart,
    Tool,
    ToolCallPart,
    ToolResultPart,
)

_WORDS = (TextPart, ToolCallPart, ToolResultPart)
# How models begin a refusal. An emitter that writes one as text hides that the message
# had a field of its own for it.
_REFUSAL = re.compile(
    r"(?:(?:i'?m |i am )?sorry|i can(?:'?t|not)|i(?:'m| am) (?:unable|not able))\b",
    re.IGNORECASE,
)


def note_losses(
    candidate: Candidate, messages: list[Message], profile: Profile
) -> None:
    """Name what the emitter may have dropped or bent without a sign."""
    parts = [part for message in messages for part in message.parts]
    if has_orphans(parts):
        candidate.reasons += ("content_dropped",)
    if candidate.api == "openai_responses" and has_item_ids(parts):
        candidate.missing += ("input.call_id",)
    if not profile.keeps_media:
        candidate.lost += ("!tools",)
    if not profile.keeps_media:
        candidate.lost += _droppable(candidate.api, messages, parts, profile)
    if profile.flattens_refusals and candidate.api == "openai_chat":
        told = (m for m in messages if m.role == "assistant" and len(m.parts) == 1)
        if any(_is_refusal(message.parts[0]) for message in told):
            candidate.missing += ("messages.content", "messages.refusal")


def _droppable(
    api: str, messages: list[Message], parts: list[Part], profile: Profile
) -> tuple[str, ...]:
    """Return what may have stood beside the parts that are there.

    A part that is no text shows that the emitter keeps such parts, unless it is an
    address and the emitter keeps only those. Anthropic's blocks have types of their own
    to compare, unless a turn begins with a call: then its thinking may be gone.
    """
    names = droppable_media(api)
    told = [part for part in parts if not isinstance(part, _WORDS)]
    if told and not (profile.keeps_addresses and all(map(_is_address, told))):
        return ()
    if told:
        return tuple(f"!!{name.lstrip('!')}" for name in names)
    if api != "anthropic_messages":
        return names
    typed = any(not isinstance(p, TextPart) for m in messages for p in m.parts)
    bare = any(m.parts and isinstance(m.parts[0], ToolCallPart) for m in messages)
    if typed and not bare:
        return tuple(name for name in names if not name.startswith("!!"))
    return names


def _is_address(part: Part) -> bool:
    return (
        isinstance(part, MediaPart) and part.ref is None and not is_data_url(part.url)
    )


def has_orphans(parts: list[Part]) -> bool:
    """Detect a result without its call, or calls that nothing answers before the end.

    No API takes either: somebody left a message out, or wrote a result as plain text.
    """
    calls = [part for part in parts if isinstance(part, ToolCallPart)]
    results = [part for part in parts if isinstance(part, ToolResultPart)]
    ids = {call.id for call in calls}
    if calls and not results and not isinstance(parts[-1], ToolCallPart):
        return True
    return len(results) > len(calls) or any(r.id and r.id not in ids for r in results)


def has_item_ids(parts: list[Part]) -> bool:
    """Detect items' own ids, which stand where those of calls should."""
    return any(isinstance(p, ToolCallPart) and p.id.startswith("fc_") for p in parts)


def _is_refusal(part: Part) -> bool:
    return isinstance(part, TextPart) and _REFUSAL.match(part.text) is not None


def tool_details(api: str, offered: list[Tool]) -> tuple[str, ...]:
    """The convention lets an emitter leave a tool's description and schema out."""
    own = [tool for tool in offered if tool.kind == "function"]
    if not own or any(t.parameters is not None or t.extra for t in own):
        return ()
    prefix, schema = {
        "openai_chat": ("tools.function", "parameters"),
        "anthropic_messages": ("tools", "input_schema"),
        "gemini_generate_content": ("tools.functionDeclarations", "parameters"),
    }.get(api, ("tools", "parameters"))
    if api == "anthropic_messages":
        return ("tools",)  # tools that the provider runs look like that as well
    schemas = f"{prefix}.{schema}"
    described = any(tool.description for tool in own)
    return (schemas,) if described else (f"{prefix}.description", schemas)
