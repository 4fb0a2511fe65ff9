"""A merged candidate -> a `Call`: rendered, media cut out, fidelity stated. Pure."""

import hashlib
from collections.abc import Iterator
from typing import Any

import msgspec

from collector.call import Call, Source
from collector.recognise.absorb import with_supplement
from collector.recognise.dialects import FINISHERS
from collector.recognise.dialects.contract import Candidate
from collector.recognise.dialects.readers.events import pair_by_order, without_repeats
from collector.recognise.dialects.readers.json_values import as_dict
from collector.recognise.dialects.readers.parameters import capped_as_taken
from collector.recognise.dialects.readers.target import is_dated
from collector.recognise.estimate.suspicion import LOST, suspicion
from collector.recognise.evidence.features import features, undeclared
from collector.recognise.evidence.table import Evidence, Judgement, Reading
from collector.recognise.fidelity import assess, doubted
from collector.recognise.frameworks import as_framework_sends
from collector.recognise.inline_media import Cut, cut
from snaptrace.snapshot.apis import APIS, UnmappableError
from snaptrace.snapshot.conversation import Conversation
from snaptrace.snapshot.modality import modality, user_turns
from snaptrace.snapshot.model import Answer, Fidelity, Json, Request, Snapshot

_ID_BYTES = 16


def _why_unusable(
    candidate: Candidate, found: Cut, redacted: tuple[str, ...]
) -> Iterator[str]:
    """Yield what the body itself shows to be gone."""
    if redacted:
        yield "redacted"
    if not found.complete:
        yield "media_unknown"
    if _has_no_turns(candidate.api, found.body):
        yield "content_dropped"
    if candidate.dropped_attributes and found.body is None:
        yield "attributes_dropped"


def snapshot_id(trace_id: bytes, span_id: bytes) -> str:
    """Return the id that the same span has everywhere, 32 hex digits."""
    digest = hashlib.blake2b(trace_id + span_id, digest_size=_ID_BYTES)
    return digest.hexdigest()


def assemble(
    candidate: Candidate, arrived_at_ns: int, evidence: Evidence | None = None
) -> Call:
    """Return the call; what cannot be replayed says so in its fidelity.

    Without `evidence` the dialect is believed: only for measuring what it reads.
    """
    if finish := FINISHERS.get(candidate.dialect):
        finish(candidate)
    as_framework_sends(candidate)
    missing = list(candidate.missing)
    body = _body(candidate, missing)
    found = Cut(None, (), {}, complete=True)
    if body is not None:
        found = cut(body, _own_ids(candidate))
    redacted = () if candidate.verbatim else found.redacted
    missing.extend(redacted)
    reasons = [*candidate.reasons, *_why_unusable(candidate, found, redacted)]
    api = APIS.get(candidate.api)
    if api is None:
        known = candidate.operation in _KNOWN_OPERATIONS
        reasons.append("api_unknown" if known else "operation_unsupported")
    answer = candidate.answer or Answer(observed=False)
    if api is not None and body is not None and not _model_of(candidate):
        _stand_in_model(found.body, answer.model)
        reasons.append("model_unknown")
        if not answer.model or is_dated(answer.model):
            missing.append("model")
    fidelity = assess(
        candidate.api,
        found.body,
        found.media,
        lost=_unseen_groups(candidate),
        missing=missing,
        reasons=reasons,
        judgement=_judged(candidate, found.body, evidence),
    )
    if evidence is not None and not candidate.verbatim:
        fidelity = _weighed(candidate, fidelity, found, answer)
    view = (
        api.parse(_without_tools(found.body))
        if api is not None
        else Conversation(model="", messages=())
    )
    model = _model_of(candidate)
    snapshot = Snapshot(
        snapshot_id=snapshot_id(candidate.trace_id, candidate.span_id),
        trace_id=candidate.trace_id.hex(),
        span_id=candidate.span_id.hex(),
        service=candidate.service,
        operation=candidate.operation,
        modality=modality(view, found.media, answer, candidate.operation),
        request=Request(
            api=candidate.api,
            path=api.path(model) if api is not None else "",
            model=model,
            body=found.body,
        ),
        answer=answer,
        fidelity=fidelity,
        media=found.media,
        started_at_ns=candidate.start_ns,
        ended_at_ns=candidate.end_ns,
        arrived_at_ns=arrived_at_ns,
        dialect=candidate.dialect,
        scope=candidate.scope,
        scope_version=candidate.scope_version,
        provider=candidate.provider,
        attributes=candidate.attributes,
        turn=user_turns(view),
    )
    return Call(
        snapshot=snapshot,
        blobs=found.blobs,
        session_id=candidate.session_id,
        user_id=candidate.user_id,
        trace_state=candidate.trace_state,
        source=source_of(candidate),
        emitter=candidate.emitter,
    )


def source_of(candidate: Candidate) -> Source:
    """Return what the request was read from."""
    if candidate.api_source == "guessed":
        return "guess"
    if candidate.of_langchain:
        return "langchain"
    return "parts" if candidate.body is None else "body"


def reading_of(candidate: Candidate) -> Reading:
    """Return what evidence is looked up by."""
    return Reading(
        candidate.dialect,
        candidate.scope,
        candidate.scope_version,
        candidate.operation,
        candidate.api,
        source_of(candidate),
        candidate.emitter,
    )


def _judged(
    candidate: Candidate, body: Json, evidence: Evidence | None
) -> Judgement | None:
    if evidence is None or body is None or candidate.verbatim:
        return None
    found = undeclared(features(body), candidate.lost + candidate.missing)
    judgement = evidence.judge(reading_of(candidate), found)
    if candidate.api_source == "guessed":
        return Judgement(("api_guessed", *judgement.doubts), judgement.lost)
    return judgement


def _weighed(
    candidate: Candidate, fidelity: Fidelity, found: Cut, answer: Answer
) -> Fidelity:
    """Return the record after the recorded tokens were held against the body."""
    if fidelity.level == "unreplayable" or "content_missing" in fidelity.reasons:
        return fidelity  # what is known to be lost needs no suspicion
    if found.damaged:
        return doubted(fidelity, LOST)
    reason = suspicion(
        api=candidate.api,
        operation=candidate.operation,
        body=found.body,
        media=found.media,
        usage=answer.usage,
        recorded_bytes=candidate.size_bytes,
        called=tuple(call.name for call in answer.tool_calls),
        answered=answer.observed and answer.outcome != "error",
        declared=fidelity.missing + fidelity.unobserved,
    )
    return doubted(fidelity, reason) if reason else fidelity


def _without_tools(body: Json) -> Json:
    """Tools decide neither modality nor turns, and are much of many bodies."""
    if not isinstance(body, dict) or "tools" not in body:
        return body
    return {key: value for key, value in body.items() if key != "tools"}


def _own_ids(candidate: Candidate) -> tuple[str, ...]:
    """Return the span's ids in the spellings that upload hooks use."""
    ids = [i for i in (candidate.trace_id, candidate.span_id) if i.strip(b"\0")]
    return (*(i.hex() for i in ids), *(str(int.from_bytes(i, "big")) for i in ids))


_KNOWN_OPERATIONS = frozenset(
    {
        "chat",
        "text_completion",
        "embeddings",
        "image_generation",
        "speech",
        "transcription",
        "moderation",
    }
)


_PEOPLE = ("user", "metadata.user_id")


def _unseen_groups(candidate: Candidate) -> tuple[str, ...]:
    """A person's id that was recorded was seen; replay leaves it out on purpose."""
    if not candidate.user_id:
        return candidate.lost
    return tuple(name for name in candidate.lost if name not in _PEOPLE)


def _model_of(candidate: Candidate) -> str:
    if candidate.model:
        return candidate.model
    named = candidate.body.get("model") if isinstance(candidate.body, dict) else ""
    return named if isinstance(named, str) else ""


def _stand_in_model(body: Json, answering: str) -> None:
    if isinstance(body, dict) and "model" in body and not body["model"]:
        body["model"] = answering


def _body(candidate: Candidate, missing: list[str]) -> Json:
    """Return the request in its API's shape, media inline; None where it is unknown."""
    if candidate.body is not None:
        return _own_shape(candidate, candidate.body, missing)
    api = APIS.get(candidate.api)
    if api is None:
        return None
    conversation = candidate.conversation
    if candidate.messages:
        conversation = conversation or Conversation(model="", messages=())
        told = without_repeats([*conversation.messages, *candidate.messages])
        messages = pair_by_order(told)
        conversation = _replace(conversation, messages=tuple(messages))
    if conversation is None or not (conversation.messages or conversation.extra):
        return None
    conversation = _replace(conversation, model=_model_of(candidate))
    conversation = with_supplement(conversation, candidate)
    if candidate.api == "openai_chat":
        conversation = capped_as_taken(conversation)
    try:
        return _own_shape(candidate, api.render(conversation), missing)
    except UnmappableError as refused:
        # Frameworks note parameters that the provider's API does not take: they were
        # not sent either. A part without a place is a loss.
        params = {
            k: v for k, v in conversation.params.items() if k not in refused.paths
        }
        missing.extend(
            path for path in refused.paths if path not in conversation.params
        )
        try:
            body = api.render(_replace(conversation, params=params))
            return _own_shape(candidate, body, missing)
        except UnmappableError:
            return None


# Where each API has the turns that a request cannot be without.
_TURNS = {
    "anthropic_messages": "messages",
    "bedrock_converse": "messages",
    "gemini_generate_content": "contents",
    "mistral_chat": "messages",
    "openai_chat": "messages",
}


def _has_no_turns(api: str, body: Json) -> bool:
    """Return whether only instructions are left: the turns were lost on the way."""
    turns = _TURNS.get(api)
    return bool(turns) and isinstance(body, dict) and not body.get(str(turns))


_MODEL_IN_PATH = ("gemini_generate_content", "bedrock_converse", "bedrock_invoke")


def _own_shape(
    candidate: Candidate, body: dict[str, Any], missing: list[str]
) -> dict[str, Any]:
    """Return the body without what its API cannot have been sent."""
    body = dict(body)
    if candidate.verbatim:
        return _addressed(candidate, body)
    if isinstance(body.get("response_format"), str) and candidate.operation == "chat":
        # A class's name stands where the SDK sent its schema.
        del body["response_format"]
        missing.append("response_format")
    if body.pop("text_format", None) is not None and "format" not in as_dict(
        body.get("text")
    ):
        missing.append("text.format")  # a class, of which the SDK sent the schema
    return _addressed(candidate, body)


def _addressed(candidate: Candidate, body: dict[str, Any]) -> dict[str, Any]:
    """Return the body with the model where its API has it; changes it in place."""
    if candidate.api in _MODEL_IN_PATH:
        body.pop("model", None)
    elif candidate.model and "model" not in body:
        body["model"] = candidate.model
    return body


def _replace(conversation: Conversation, **changes: Any) -> Conversation:  # noqa: ANN401 - fields of Conversation
    return msgspec.structs.replace(conversation, **changes)
