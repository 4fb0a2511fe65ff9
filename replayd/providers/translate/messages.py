"""Messages, parts and tools on their way to another API.

The ids that join a tool's result to its call are made where the recorded API has none,
and names are found where the target wants them. An order that the target cannot keep
is refused like a part that it cannot hold.
"""

import re
from collections.abc import Iterable

import msgspec
from msgspec.structs import replace

from replayd.providers.translate import extras
from replayd.providers.translate.schemas import NO_PARAMETERS, json_schema, unsayable
from replayd.providers.translate.targets import (
    AUDIO_FORMATS,
    CONTENT,
    CONVERSE_NAME,
    LABELS,
    NEEDS_LABEL,
    REASONING,
    SAYS_DETAIL,
    TAKES_DETAIL,
    TARGETS,
)
from snaptrace.snapshot.conversation import (
    GenericPart,
    MediaPart,
    Message,
    Part,
    ReasoningPart,
    TextPart,
    Tool,
    ToolCallPart,
    ToolResultPart,
)
from snaptrace.snapshot.model import Json, Media
from snaptrace.streams.values import decoded


class Turns:
    """Maps one request's messages and tools; `lost` names what cannot be said."""

    def __init__(self, source: str, target: str, media: tuple[Media, ...]) -> None:
        self._source, self._target_name = source, target
        self._target, self._media = TARGETS[target], media
        self._at = CONTENT[source]
        self._ids: dict[str, str] = {}  # as recorded -> as sent
        self._names: dict[str, str] = {}  # id as sent -> name of the tool
        self._open: list[tuple[str, str]] = []  # calls without a recorded id
        self.lost: list[str] = []

    def messages(self, given: Iterable[Message]) -> tuple[Message, ...]:
        """Return the turns as the target can render them."""
        found = tuple(self._message(message) for message in given)
        spoken = tuple(m for m in found if m.role not in ("system", "developer"))
        if self._target.alternates:
            found, spoken = _merged(found), _merged(spoken)
        if self._target.system_first:
            if not spoken:
                self._lose("only_system")
            head = found[: len(found) - len(spoken)]
            if any(m.role not in ("system", "developer") for m in head):
                self._lose("system_order")
        last = spoken[-1] if spoken else None
        if last is not None and last.role == "assistant":
            # One API goes on writing the last turn, another begins a new one.
            self._lose("last_assistant")
        return found

    def tool(self, tool: Tool) -> Tool:
        """Return the tool without what only the recorded API says of it."""
        extra = dict(tool.extra)
        if tool.kind != "function":
            self.lost.append(f"tools.{tool.kind}")
            return replace(tool, extra={})
        parameters = tool.parameters
        if self._source == "gemini_generate_content":
            given = extra.pop("parametersJsonSchema", None)
            parameters = given if parameters is None else json_schema(parameters)
            if unsayable(parameters):
                self.lost.append("tools.functionDeclarations.parameters")
        if parameters is None and self._target.needs_parameters:
            parameters = NO_PARAMETERS
        strict = extra.pop("strict", None)
        if strict is True and not self._target.strict_tools:
            self.lost.append("tools.strict")
        self.lost.extend(extras.said("tools.", extra, extras.TOOL))
        own: dict[str, Json] = {}
        if self._target_name == "openai_responses":
            own["strict"] = strict is True  # unsaid, it would be strict there
        elif strict is True and self._target.strict_tools:
            own["strict"] = True
        if self._target_name == "gemini_generate_content" and parameters is not None:
            own["parametersJsonSchema"], parameters = parameters, None
        return replace(tool, parameters=parameters, extra=own)

    def _message(self, message: Message) -> Message:
        message = _planned(message)
        self._lose_said(message.extra, extras.MESSAGE)
        if message.name:
            self._lose("name")
        if self._target.calls_last:
            self._check_order(message.parts)
        parts = [self._part(part, message.role) for part in message.parts]
        kept = tuple(part for part in parts if part is not None)
        spoken = tuple(p for p in kept if not (isinstance(p, TextPart) and not p.text))
        role = message.role
        if role == "developer" and not self._target.developers:
            role = "system"
        return replace(message, role=role, name="", extra={}, parts=spoken or kept)

    def _check_order(self, parts: tuple[Part, ...]) -> None:
        """Refuse a turn in which something follows what the target puts last."""
        called = False
        for place, part in enumerate(parts):
            if called and isinstance(part, TextPart | MediaPart):
                self._lose("content_order")
            if place and isinstance(part, ToolResultPart):
                before = parts[place - 1]
                if not isinstance(before, ToolResultPart):
                    self._lose("content_order")
            called = called or isinstance(part, ToolCallPart)

    def _part(self, part: Part, role: str) -> Part | None:
        """Return the part for the target; None where it was refused."""
        match part:
            case TextPart():
                self._lose_said(part.extra, extras.PART, "content.")
                return replace(part, extra={})
            case MediaPart():
                return self._medium(part, role)
            case ToolCallPart():
                return self._call(part)
            case ToolResultPart():
                return self._result(part)
            case ReasoningPart():
                self.lost.append(REASONING[self._source])
            case GenericPart(value={"cachePoint": _}):
                pass  # a hint to a cache
            case GenericPart(value={"json": value}) if role == "tool_result":
                return TextPart(text=msgspec.json.encode(value).decode())
            case GenericPart(value=value):
                kind = value.get("type") if isinstance(value, dict) else None
                self._lose(f"content.{kind}" if isinstance(kind, str) else "content")
        return None

    def _medium(self, part: MediaPart, role: str) -> MediaPart | None:
        outside = part.ref is None  # an address or an id in somebody's account
        held = (
            part.kind in self._target.result_media
            if role == "tool_result"
            else role == "user" or (role == "assistant" and self._assistant_media)
        )
        if outside or not held:
            where = "" if held else f"{role}."
            self._lose(f"content.{where}{part.kind}")
            return None
        part = self._with_mime(part)
        extra = dict(part.extra)
        own: dict[str, Json] = {}
        extra.pop("format", None)  # said by the media type
        if part.kind == "audio" and self._target_name == "openai_responses":
            own["format"] = AUDIO_FORMATS.get(part.mime)
            if own["format"] is None:
                self._lose("content.audio.format")
        if part.kind == "image" and self._target_name in SAYS_DETAIL:
            own["detail"] = extra.pop("detail", None) or "auto"
        elif part.kind == "image" and self._target_name in TAKES_DETAIL:
            own |= {"detail": extra.pop("detail")} if extra.get("detail") else {}
        if part.kind == "document":
            own |= self._label(part, extra)
        outer = extra.pop("part", None)
        self._lose_said(extra, extras.PART, f"content.{part.kind}.")
        if isinstance(outer, dict):
            self._lose_said(outer, extras.PART, "content.")
        return replace(part, extra=own)

    @property
    def _assistant_media(self) -> bool:
        return self._target.assistant_media

    def _label(self, part: MediaPart, extra: dict[str, Json]) -> dict[str, Json]:
        """Take a document's label out of `extra`; return it under its other name."""
        anthropic = self._target_name == "anthropic_messages"
        if anthropic and part.mime != "application/pdf":
            self._lose("content.document.media_type")
        theirs = LABELS.get(self._target_name, "")
        label = extra.get(LABELS.get(self._source, ""))
        if self._target_name == "bedrock_converse":
            return self._converse_name(label, extra)
        if theirs and isinstance(label, str):
            del extra[LABELS[self._source]]
            return {theirs: label}
        if self._target_name in NEEDS_LABEL:
            return {theirs: f"document.{part.mime.rpartition('/')[2] or 'bin'}"}
        return {}

    def _converse_name(self, label: Json, extra: dict[str, Json]) -> dict[str, Json]:
        """Return a document's name without the ending, which its format says."""
        if not isinstance(label, str) or not label:
            return {"name": "document"}
        stem = label.rpartition(".")[0] or label
        if re.fullmatch(CONVERSE_NAME, stem) is None:
            self._lose("content.document.name")
        extra.pop(LABELS[self._source], None)
        return {"name": stem}

    def _with_mime(self, part: MediaPart) -> MediaPart:
        """Return the part with a full media type, from the store if need be."""
        if part.ref is None or (part.mime and not part.mime.endswith("/*")):
            return part
        index = part.ref.index
        mime = self._media[index].mime if 0 <= index < len(self._media) else ""
        if not mime:
            self._lose(f"content.{part.kind}.media_type")
        return replace(part, mime=mime)

    def _call(self, part: ToolCallPart) -> ToolCallPart:
        self._lose_said(part.extra, extras.PART, "tool_calls.")
        arguments = part.arguments or "{}"
        if self._target.object_arguments and decoded(arguments.encode()) is None:
            self._lose("tool_calls.arguments")
        sent = self._id(part.id)
        if not part.id:
            self._open.append((part.name, sent))
        self._names[sent] = part.name
        return replace(part, id=sent, arguments=arguments, extra={})

    def _result(self, part: ToolResultPart) -> ToolResultPart:
        extra = {key: value for key, value in part.extra.items() if key != "is_error"}
        self._lose_said(extra, extras.PART, "tool_result.")
        if part.is_error and not self._target.failed_results:
            self._lose("tool_result.is_error")
        sent = self._id(part.id) if part.id else self._answered(part.name)
        name = part.name or self._names.get(sent, "")
        if self._target.names_results and not name:
            self._lose("tool_result.name")
        content = [self._part(inner, "tool_result") for inner in part.content]
        kept = tuple(inner for inner in content if inner is not None)
        if len(kept) > 1 and self._target.one_result_text:
            self._lose("tool_result.several_texts")
        return replace(part, id=sent, name=name, content=kept, extra={})

    def _answered(self, name: str) -> str:
        """Return the id made for the oldest unanswered call of a tool."""
        for place, (called, sent) in enumerate(self._open):
            if called == name or not name:
                del self._open[place]
                return sent
        self._lose("tool_result.id")
        return ""

    def _id(self, recorded: str) -> str:
        """Return an id that the target takes; alike for a call and its result."""
        if recorded and re.fullmatch(self._target.id_form, recorded):
            return recorded
        if not recorded:
            recorded = f"{len(self._ids)}\n"  # no id looks like this
        made = self._target.new_id.format(len(self._ids))
        return self._ids.setdefault(recorded, made)

    def _lose(self, path: str) -> None:
        if self._source == "gemini_generate_content" and path.startswith("content"):
            path = "parts" + path.removeprefix("content")
        self.lost.append(f"{self._at}.{path}")

    def _lose_said(
        self, extra: dict[str, Json], silent: frozenset[str], below: str = ""
    ) -> None:
        for path in extras.said(below, extra, silent):
            self._lose(path)


def _planned(message: Message) -> Message:
    """Return a message whose plan, which Cohere keeps beside its calls, is its text."""
    plan = message.extra.get("tool_plan")
    if not isinstance(plan, str) or any(isinstance(p, TextPart) for p in message.parts):
        return message
    extra = {key: value for key, value in message.extra.items() if key != "tool_plan"}
    parts = (TextPart(text=plan), *message.parts) if plan else message.parts
    return replace(message, extra=extra, parts=parts)


def _merged(messages: Iterable[Message]) -> tuple[Message, ...]:
    """Return the turns with neighbours of one role as one; a tool's role is user."""
    found: list[Message] = []
    for given in messages:
        message = replace(given, role="user") if given.role == "tool" else given
        last = found[-1] if found else None
        if last is not None and last.role == message.role:
            found[-1] = replace(last, parts=(*last.parts, *message.parts))
        else:
            found.append(message)
    return tuple(found)
