"""Data model of a snapshot. No I/O, clock or environment.

The request is kept in the shape of the API that it was recorded from, because that
is what a replay sends; inline media are cut out of it and kept by digest. A typed
view of the same request, alike for all APIs, is made by `snaptrace.snapshot.apis`.

Evolution: a new field stands at the end and has a default. Readers skip fields that
they do not know.
"""

from typing import Any, Literal, TypeAlias

from msgspec import Struct

# JSON as msgspec decodes it, with `MediaRef` where bytes were cut out.
Json: TypeAlias = Any

Modality = Literal["text", "image", "audio", "video", "document", "mixed"]
MediaKind = Literal["image", "audio", "video", "document"]
MediaState = Literal[
    "inline",  # the bytes are in the store
    "external",  # a URL that was not resolved
    "provider_file",  # a file id in a provider account
    "redacted",  # an instrumentation or a rule took the bytes away
    "truncated",  # cut by a length limit
    "placeholder",  # a token that stands for bytes kept elsewhere
]
Operation = Literal[
    "chat",  # any API that takes messages and answers with one
    "text_completion",
    "embeddings",
    "image_generation",
    "speech",  # text to audio
    "transcription",  # audio to text
    "moderation",
    "rerank",
    "other",
]
FidelityLevel = Literal[
    "exact",  # nothing that could change the answer is missing or unobservable
    "as_observed",  # all that the instrumentation carries is there
    "lossy",  # something is known to be lost in this call
    "unverified",  # read without recorded evidence that it is read right
    "unreplayable",
]
AnswerOutcome = Literal["answered", "refused", "truncated", "filtered", "error"]


class MediaRef:
    """Reference in a request body to bytes in the store.

    `index` points into `Snapshot.media`; `form` says how the API wants the bytes:
    `base64` text, or a `data_url` that begins with the media type. In a stored
    record it is a msgpack extension (see `docs/format/segment-v1.md`), so no text in
    a prompt can be mistaken for one.
    """

    __slots__ = ("form", "index")

    def __init__(self, index: int, form: Literal["base64", "data_url"]) -> None:
        self.index, self.form = index, form

    def __eq__(self, other: object) -> bool:
        return isinstance(other, MediaRef) and (self.index, self.form) == (
            other.index,
            other.form,
        )

    def __hash__(self) -> int:
        return hash((self.index, self.form))

    def __repr__(self) -> str:
        return f"MediaRef({self.index}, {self.form!r})"


class Media(Struct, frozen=True, kw_only=True):
    """One image, audio, video or document of a call."""

    kind: MediaKind
    mime: str  # as the request named it, else as found in the bytes; "" if unknown
    state: MediaState
    digest: str = ""  # keyed digest of the stored bytes, hex; only when inline
    size_bytes: int = 0  # of the decoded bytes; 0 if unknown
    reference: str = ""  # URL, file id or placeholder text, when not inline
    path: str = ""  # where in the body: leaf path without indices
    stripped: bool = False  # metadata were taken out, so the bytes differ from the sent


class Request(Struct, frozen=True, kw_only=True):
    """The request, in the shape of `api`; `body` is None when unrecoverable."""

    api: str  # a row of `snaptrace.snapshot.apis.APIS`, or "" if unknown
    method: str = "POST"
    path: str = ""  # below the base URL, as `/chat/completions`
    model: str = ""  # the model asked for, "" if only the answering one is known
    body: Json = None


class ToolCall(Struct, frozen=True, kw_only=True):
    """A tool call requested by the model. It is never executed here."""

    name: str
    arguments: str  # JSON text as the model wrote it
    id: str = ""


class Usage(Struct, frozen=True, kw_only=True):
    """Token counts of the provider; None if not reported."""

    input_tokens: int | None = None  # includes cached ones
    output_tokens: int | None = None  # includes reasoning
    cached_tokens: int | None = None
    reasoning_tokens: int | None = None
    cache_written_tokens: int | None = None  # put into the provider's prompt cache


class Answer(Struct, frozen=True, kw_only=True):
    """A model's answer: recorded in production, or returned in a replay."""

    outcome: AnswerOutcome = "answered"
    text: str = ""  # of the first choice, reasoning left out
    tool_calls: tuple[ToolCall, ...] = ()
    refusal: str = ""  # the provider's own refusal text, where it has such a field
    media: tuple[Media, ...] = ()  # non-text output
    finish_reason: str = ""  # stop, length, tool_calls, content_filter, …; "" unknown
    model: str = ""  # the model that the provider says answered
    response_id: str = ""
    error: str = ""  # error type, never an error's content
    usage: Usage = Usage()
    observed: bool = True  # False: the telemetry does not carry the answer


class Fidelity(Struct, frozen=True, kw_only=True):
    """Faithfulness of the body to the request that was sent.

    `missing` and `unobserved` are leaf paths in the API's own body without indices,
    as `messages.content.image_url.detail` or `seed`.
    """

    level: FidelityLevel
    missing: tuple[str, ...] = ()  # known to be lost in this call
    unobserved: tuple[str, ...] = ()  # this dialect cannot carry them at all
    reasons: tuple[str, ...] = ()  # from a bounded set, as `media_redacted`
    unproven: tuple[str, ...] = ()  # features never recorded as read right
    # The level, where releases before it would not know it: they read `level`, which
    # then says `unreplayable`. Only in stored records; "" once decoded.
    newer_level: str = ""


class ReplacedText(Struct, frozen=True, kw_only=True):
    """A span of text replaced by redaction; scoring masks it."""

    path: str  # leaf path with indices, in the request body or under `answer`
    start: int  # characters, in the text after replacement
    end: int
    kind: str  # email, phone, card, …
    pseudonym: str = ""  # what stands there now


class Redaction(Struct, frozen=True, kw_only=True):
    """Content removed before anything was written to disk."""

    version: str = ""  # of the rule set
    counts: dict[str, int] = {}  # kind -> replacements
    replaced: tuple[ReplacedText, ...] = ()


class Snapshot(Struct, frozen=True, kw_only=True):
    """One recorded model call: request, answer, fidelity and sampling facts.

    Ids of people and sessions are keyed digests, never the ids themselves.
    """

    snapshot_id: str  # 32 hex digits: hash(trace id, span id)
    trace_id: str  # 32 hex digits
    span_id: str  # 16 hex digits
    service: str  # resource attribute `service.name`
    operation: Operation
    modality: Modality  # of the newest user turn; see `modality.py`
    request: Request
    answer: Answer
    fidelity: Fidelity
    media: tuple[Media, ...] = ()  # what `MediaRef.index` in the body points at
    started_at_ns: int = 0  # Unix time
    ended_at_ns: int = 0
    arrived_at_ns: int = 0
    dialect: str = ""  # a row of the collector's dialect table
    scope: str = ""  # instrumentation scope name
    scope_version: str = ""
    provider: str = ""  # `gen_ai.provider.name` or its older spelling
    session: str = ""  # keyed digest of a session or conversation id; "" if none
    user: str = ""  # keyed digest of a user id; "" if none
    route: str = ""  # named route, or one of 32 buckets of system prompt and tools
    strata: tuple[str, ...] = ()  # quota strata that the call belongs to
    attributes: dict[str, str] = {}  # those the operator asked to keep
    rank: int = 0  # keyed hash of the trace id, 56 bits
    upstream_probability: float | None = None  # from tracestate; None: unknown
    window_start_ns: int = 0
    late: bool = False  # filed by arrival, its own time being too far off
    redaction: Redaction = Redaction()
    turn: int = 0  # user turns in the request, this one included
    notes: tuple[str, ...] = ()  # bounded remarks, as `answer_in_history`
    span_rank: int = 0  # keyed hash of the span id, 56 bits: for traces above the cap
