"""Facts of a snapshot that filters read: no content but for the text filter."""

from collections.abc import Iterator

from msgspec import Struct

from snaptrace.snapshot.apis import APIS
from snaptrace.snapshot.conversation import TextPart
from snaptrace.snapshot.model import Snapshot

_LANGUAGE = "language:"


class Facts(Struct, frozen=True, array_like=True, gc=False):
    """One snapshot as filters, rules and estimates see it."""

    snapshot_id: str
    trace_id: str
    span_id: str
    at_ns: int  # end of the call, else its arrival
    service: str
    route: str
    model: str  # asked for, else the answering one
    modality: str
    operation: str
    outcome: str
    api: str
    provider: str
    dialect: str
    fidelity: str
    language: str  # of the newest turn, as its quota stratum says; "" for English
    turn: int
    rank: int
    span_rank: int
    window_start_ns: int
    upstream_probability: float | None
    input_tokens: int | None
    output_tokens: int | None
    tools: tuple[str, ...]  # called in the answer
    media: tuple[str, ...]  # kinds in the request and the answer
    strata: tuple[str, ...]
    attributes: dict[str, str]
    retried: bool = False  # asked again after it failed; see `retries.py`


def facts_of(snapshot: Snapshot, *, retried: bool = False) -> Facts:
    """Return the facts of one snapshot; `retried` is seen beside others only."""
    answer, request = snapshot.answer, snapshot.request
    every = (*snapshot.media, *answer.media)
    return Facts(
        snapshot_id=snapshot.snapshot_id,
        trace_id=snapshot.trace_id,
        span_id=snapshot.span_id,
        at_ns=snapshot.ended_at_ns or snapshot.arrived_at_ns,
        service=snapshot.service,
        route=snapshot.route,
        model=request.model or answer.model,
        modality=snapshot.modality,
        operation=snapshot.operation,
        outcome="refused" if answer.refusal else answer.outcome,
        api=request.api,
        provider=snapshot.provider,
        dialect=snapshot.dialect,
        fidelity=snapshot.fidelity.level,
        language=next(
            (s[len(_LANGUAGE) :] for s in snapshot.strata if s.startswith(_LANGUAGE)),
            "",
        ),
        turn=snapshot.turn,
        rank=snapshot.rank,
        span_rank=snapshot.span_rank,
        window_start_ns=snapshot.window_start_ns,
        upstream_probability=snapshot.upstream_probability,
        input_tokens=answer.usage.input_tokens,
        output_tokens=answer.usage.output_tokens,
        tools=tuple(dict.fromkeys(call.name for call in answer.tool_calls)),
        media=tuple(sorted({medium.kind for medium in every})),
        strata=snapshot.strata,
        attributes=snapshot.attributes,
        retried=retried,
    )


def texts_of(snapshot: Snapshot) -> Iterator[str]:
    """Yield the texts of the newest user turn and of the answer."""
    api = APIS.get(snapshot.request.api)
    plain = _plain_turn(snapshot)
    if plain is not None:
        yield plain
    elif api is not None and snapshot.request.body is not None:
        messages = api.parse(snapshot.request.body).messages
        newest = next((m for m in reversed(messages) if m.role == "user"), None)
        for part in newest.parts if newest is not None else ():
            if isinstance(part, TextPart):
                yield part.text
    yield snapshot.answer.text
    yield snapshot.answer.refusal


# Shapes in which a user's turn of plain text is `{"role": "user", "content": text}`.
_PLAIN_SHAPES = frozenset({"openai_chat", "anthropic_messages"})


def _plain_turn(snapshot: Snapshot) -> str | None:
    """Return the newest user turn where it is one plain text, without parsing the rest.

    Most requests are so, and parsing all of their messages is what an index costs most.
    """
    body = snapshot.request.body
    if snapshot.request.api not in _PLAIN_SHAPES or not isinstance(body, dict):
        return None
    messages = body.get("messages")
    for message in reversed(messages) if isinstance(messages, list) else ():
        if not isinstance(message, dict):
            return None
        if message.get("role") == "user":
            content = message.get("content")
            return content if isinstance(content, str) else None
    return None
