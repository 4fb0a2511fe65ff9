"""API-independent typed form of a model request. Data only.

It is a *view*: `apis/<name>.py` parses a recorded body into it (for modality,
scoring and for sending the call through another API) and renders one into a body
(for dialects that carry parts instead of the provider's own JSON).
"""

from typing import Literal, TypeAlias

from msgspec import Struct

from snaptrace.snapshot.model import Json, MediaKind, MediaRef

Role = Literal["system", "developer", "user", "assistant", "tool"]


class TextPart(Struct, frozen=True, kw_only=True, tag="text"):
    """Plain text, exactly as recorded."""

    text: str
    extra: dict[str, Json] = {}  # the API's own further keys of this part


class MediaPart(Struct, frozen=True, kw_only=True, tag="media"):
    """An image, audio, video or document: stored bytes, a URL or a file id."""

    kind: MediaKind
    ref: MediaRef | None = None  # bytes; else one of the next two
    url: str = ""
    file_id: str = ""
    mime: str = ""
    extra: dict[str, Json] = {}  # as `detail`, `format`, `filename`


class ToolCallPart(Struct, frozen=True, kw_only=True, tag="tool_call"):
    """The model's request to call a tool, in an earlier turn."""

    name: str
    arguments: str  # JSON text
    id: str = ""
    extra: dict[str, Json] = {}


class ToolResultPart(Struct, frozen=True, kw_only=True, tag="tool_result"):
    """The tool's result, in an earlier turn."""

    content: "tuple[Part, ...]"
    id: str = ""
    name: str = ""
    is_error: bool = False
    extra: dict[str, Json] = {}


class ReasoningPart(Struct, frozen=True, kw_only=True, tag="reasoning"):
    """Model reasoning passed back to the model; opaque keys in `extra`."""

    text: str
    extra: dict[str, Json] = {}


class GenericPart(Struct, frozen=True, kw_only=True, tag="generic"):
    """A part of a type unknown to this release; `value` is the part itself."""

    value: Json


Part: TypeAlias = (
    TextPart | MediaPart | ToolCallPart | ToolResultPart | ReasoningPart | GenericPart
)


class Message(Struct, frozen=True, kw_only=True):
    """One turn, or the system prompt."""

    role: Role
    parts: tuple[Part, ...]
    name: str = ""
    extra: dict[str, Json] = {}  # the API's own further keys of this message


class Tool(Struct, frozen=True, kw_only=True):
    """A tool offered to the model. `parameters` is None if not recorded."""

    name: str
    description: str = ""
    parameters: Json = None  # JSON Schema
    kind: str = "function"  # else the API's own word for a server-executed tool
    extra: dict[str, Json] = {}


class Conversation(Struct, frozen=True, kw_only=True):
    """A request with messages.

    `params` uses OpenTelemetry's names: temperature, top_p, top_k, max_tokens,
    stop_sequences, seed, choice_count, frequency_penalty, presence_penalty,
    reasoning_level. `extra` holds what only this API has, under its own names.
    """

    model: str
    messages: tuple[Message, ...]  # system prompts first, then in the order sent
    tools: tuple[Tool, ...] = ()
    tool_choice: Json = None  # "auto", "none", "required" or {"name": …}
    output_schema: Json = None  # JSON Schema asked for; None: none
    output_schema_name: str = ""
    params: dict[str, Json] = {}
    extra: dict[str, Json] = {}
