"""AgentOps: indexed attributes under the scope of the library that it instruments.

Its Anthropic instrumentation keeps of each turn the text alone, blocks joined by a
space: system prompts, media and calls of tools are gone, and their results printed.
"""

import msgspec

from collector.recognise.dialects.contract import Candidate
from collector.recognise.dialects.readers import losses
from collector.recognise.dialects.readers.common_attributes import (
    answer_of_message,
    read_params,
)
from collector.recognise.dialects.readers.indexed import read_prompts, tree
from collector.recognise.dialects.readers.json_values import (
    as_dict,
    as_list,
    as_text,
    loads,
)
from collector.recognise.dialects.readers.parts import read_tools
from collector.recognise.dialects.readers.profiles import Profile
from collector.recognise.dialects.readers.span import candidate_of
from collector.recognise.dialects.readers.target import operation_of, target_of
from collector.recognise.record import Record, Value
from snaptrace.snapshot.apis.fields import all_but
from snaptrace.snapshot.conversation import Conversation, Message, TextPart, Tool
from snaptrace.snapshot.model import Operation

_NAME = "agentops"
_PROFILE = Profile(dialect=_NAME, keeps_media=False, flattens_refusals=True)
_PRINTED = ("[Tool Result: ", "[Tool Use: ", "[Image")


class AgentOps:
    """See `contract.Dialect`."""

    name = _NAME

    def claims(self, record: Record) -> bool:
        """Return whether the record names the instrumentation, or its kind of span."""
        attributes = record.attributes
        return (
            attributes.get("instrumentation.name") == _NAME
            or "agentops.span.kind" in attributes
            or "gen_ai.request.type" in attributes
        )

    def read(self, record: Record) -> Candidate | None:
        """Return what the record knows of a call."""
        attributes = record.attributes
        operation = _operation(attributes)
        if operation is None or record.kind == "log":
            return candidate_of(record, _NAME, role="wrapper")
        candidate = candidate_of(record, _NAME, role="call", operation=operation)
        candidate.provider = candidate.provider or record.scope
        candidate.model = as_text(attributes.get("gen_ai.request.model"))
        target = target_of(record, operation, candidate.provider)
        candidate.api, candidate.api_source = target
        candidate.lost = all_but(candidate.api, ("model",))
        if candidate.api == "anthropic_messages":
            candidate.lost += ("!system",)
        _take_answer(candidate, record)
        prompts = read_prompts(attributes, "gen_ai.prompt.", candidate.api)
        candidate.reasons += tuple(dict.fromkeys(prompts.reasons))
        if not prompts.messages:
            return candidate
        if any(_is_bent(message) for message in prompts.messages):
            candidate.reasons += ("content_dropped",)
        if any(map(_is_joined, prompts.messages)):
            candidate.missing += ("messages.content",)
        if record.scope.endswith("google_genai") and any(
            map(_is_transcript, prompts.messages)
        ):
            candidate.reasons += ("content_dropped",)
        losses.note_losses(candidate, prompts.messages, _PROFILE)
        candidate.conversation = Conversation(
            model=candidate.model,
            messages=tuple(prompts.messages),
            tools=tuple(_tools(candidate, attributes)),
            params=read_params(attributes),
        )
        return candidate


def _operation(attributes: dict[str, Value]) -> Operation | None:
    for key in ("gen_ai.request.type", "gen_ai.operation.name", "llm.request.type"):
        if word := as_text(attributes.get(key)):
            return operation_of(word)
    spoken = any(key.startswith("gen_ai.prompt.") for key in attributes)
    return "chat" if spoken and "gen_ai.request.model" in attributes else None


def _is_bent(message: Message) -> bool:
    """Detect a turn in which something else than text was, or an empty one."""
    texts = [part.text for part in message.parts if isinstance(part, TextPart)]
    return not message.parts or any(
        not text or any(mark in text for mark in _PRINTED) for text in texts
    )


def _is_joined(message: Message) -> bool:
    """Detect a text that was most likely several, by the space put between them."""
    return any("  " in p.text for p in message.parts if isinstance(p, TextPart))


def _is_transcript(message: Message) -> bool:
    """Detect turns or texts written as one, a line each; calls are gone from it."""
    return any(p.text.endswith("\n") for p in message.parts if isinstance(p, TextPart))


def _tools(candidate: Candidate, attributes: dict[str, Value]) -> list[Tool]:
    """Return the tools; in one of two places an answer's calls stand instead."""
    whole = as_list(loads(attributes.get("anthropic.tools.schemas")).value)
    if whole:
        if any("input_schema" not in as_dict(as_dict(t).get("schema")) for t in whole):
            candidate.missing += ("tools",)  # one that the provider runs
        return read_tools(
            [
                {"name": as_dict(t).get("name"), **as_dict(as_dict(t).get("schema"))}
                for t in whole
            ]
        )
    rows = tree(attributes, "gen_ai.request.tools.")
    tools = [
        Tool(
            name=as_text(row.get("name")),
            description=as_text(row.get("description")),
            parameters=loads(row.get("arguments") or row.get("parameters")).value,
        )
        for _, row in sorted(rows.items())
    ]
    if any(
        not as_text(row.get("id", "tool-")).startswith("tool-") for row in rows.values()
    ):
        candidate.missing += ("tools",)
    return tools


def _take_answer(candidate: Candidate, record: Record) -> None:
    found = read_prompts(record.attributes, "gen_ai.completion.", candidate.api)
    finish = as_text(record.attributes.get("gen_ai.completion.0.finish_reason"))
    message = found.messages[0] if found.messages else None
    if message is not None and message.role != "assistant":
        message = msgspec.structs.replace(message, role="assistant")
    candidate.answer = answer_of_message(message, record, finish=finish)
