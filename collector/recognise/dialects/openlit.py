"""OpenLIT: OpenTelemetry's messages, with parameters that nobody sent.

Its spans write a default for every parameter that the caller left out, and the answer's
service tier as the request's. Its details events hold those that were given; so a value
of the span that equals a default counts only if the event repeats it.
"""

import msgspec

from collector.recognise.dialects import genai
from collector.recognise.dialects.contract import Candidate
from collector.recognise.dialects.readers import python_text
from collector.recognise.dialects.readers.common_attributes import read_params
from collector.recognise.dialects.readers.json_values import as_list, as_text
from collector.recognise.dialects.readers.parameters import is_default
from collector.recognise.dialects.readers.profiles import Profile
from collector.recognise.dialects.readers.span import candidate_of
from collector.recognise.dialects.readers.target import operation_of
from collector.recognise.record import Record
from snaptrace.snapshot.conversation import Message, Part, TextPart, ToolResultPart

_NAME = "openlit"
_SCOPE = "openlit."
_PROFILE = Profile(dialect=_NAME, keeps_media=False, flattens_refusals=True)
# Of Bedrock it instruments Converse alone.
_BEDROCK = Profile(
    dialect=_NAME,
    only="bedrock_converse",
    keeps_media=False,
    flattens_refusals=True,
)


class OpenLit:
    """See `contract.Dialect`."""

    name = _NAME

    def claims(self, record: Record) -> bool:
        """Return whether the record is of one of OpenLIT's scopes."""
        return record.scope.startswith(_SCOPE)

    def read(self, record: Record) -> Candidate | None:
        """Return what the record knows of a call."""
        word = as_text(record.attributes.get("gen_ai.operation.name"))
        operation = operation_of(word)
        if operation is None:
            return candidate_of(record, _NAME, role="wrapper")
        profile = _BEDROCK if record.scope.endswith(".bedrock") else _PROFILE
        candidate = genai.read_call(record, profile, operation)
        given = read_params(record.attributes)
        if record.kind == "log":
            tools = record.attributes.get("gen_ai.tool.definitions")
            candidate.supplement = {"params": given, "tools": as_list(tools)}
        conversation = candidate.conversation
        if conversation is None:
            return candidate
        if record.kind == "span":
            given = {k: v for k, v in given.items() if not is_default(k, v)}
        extra = {k: v for k, v in conversation.extra.items() if k != "service_tier"}
        if bent := _bent(conversation.messages):
            candidate.missing += bent
            candidate.lost = tuple(n for n in candidate.lost if n[:2] != "!!")
        candidate.conversation = msgspec.structs.replace(
            conversation,
            messages=tuple(_message(m) for m in conversation.messages),
            params=given,
            extra=extra,
        )
        return candidate


def _bent(messages: tuple[Message, ...]) -> tuple[str, ...]:
    """Name tool results that were no text and were printed."""
    for message in messages:
        for part in message.parts:
            match part:
                case ToolResultPart(content=(TextPart(text=text),)) if text.startswith(
                    "[{'"
                ) and not python_text.block_texts(text):
                    return ("messages.content",)
    return ()


def _message(message: Message) -> Message:
    parts = tuple(_part(part) for part in message.parts)
    return msgspec.structs.replace(message, parts=parts)


def _part(part: Part) -> Part:
    """A tool's result that was a list of texts is written as Python prints it."""
    match part:
        case ToolResultPart(content=(TextPart(text=text),)) if text.startswith("[{'"):
            texts = python_text.block_texts(text)
            if texts:
                content = tuple(TextPart(text=own) for own in texts)
                return msgspec.structs.replace(part, content=content)
    return part
