"""OpenLIT: OpenTelemetry's messages, with parameters that nobody sent.

Its spans write a default for every parameter that the caller left out, and the answer's
service tier as the request's. Its details events hold those that were given; so a value
of the span that equals a default counts only if the event repeats it. Of some clients
the events write the defaults too: there such a value is left out and named.
"""

import contextlib

import msgspec

from collector.recognise.dialects import genai
from collector.recognise.dialects.contract import Candidate
from collector.recognise.dialects.readers import python_text
from collector.recognise.dialects.readers.common_attributes import read_params
from collector.recognise.dialects.readers.json_values import as_list, as_text, dumps
from collector.recognise.dialects.readers.litellm_routes import LITELLM_PROVIDERS
from collector.recognise.dialects.readers.parameters import is_default
from collector.recognise.dialects.readers.profiles import Profile
from collector.recognise.dialects.readers.span import candidate_of
from collector.recognise.dialects.readers.target import chat_api, operation_of
from collector.recognise.record import Record
from snaptrace.snapshot.conversation import Message, Part, TextPart, ToolResultPart

_NAME = "openlit"
_SCOPE = "openlit."
_PROFILE = Profile(
    dialect=_NAME,
    keeps_media=False,
    keeps_addresses=True,
    flattens_refusals=True,
)
# Of Bedrock it instruments Converse alone.
_BEDROCK = Profile(
    dialect=_NAME,
    only="bedrock_converse",
    keeps_media=False,
    flattens_refusals=True,
)
# Clients whose events repeat what the span made up, and defaults of their own.
_INVENTING_EVENTS = ("openai", "mistral")
_OWN_DEFAULTS: dict[str, dict[str, float]] = {
    "cohere": {"temperature": 0.3},
    "mistral": {"temperature": 0.3},
}
# Of a Responses call's input it keeps the messages and drops every other item.
_LOST_ITEMS = ("!input.type", "!input.call_id", "!input.arguments", "!input.output")


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
        client = record.scope.rpartition(".")[2]
        given = read_params(record.attributes)
        if record.kind == "span" or client in _INVENTING_EVENTS:
            own = _OWN_DEFAULTS.get(client, {})
            asked = {
                name: value
                for name, value in given.items()
                if not is_default(name, value) and value != own.get(name, "")
            }
            candidate.lost += tuple(name for name in given if name not in asked)
            given = asked
        if record.kind == "log":
            tools = record.attributes.get("gen_ai.tool.definitions")
            candidate.supplement = {"params": given, "tools": as_list(tools)}
        if client == "litellm":
            _unroute(candidate)
        conversation = candidate.conversation
        if conversation is None:
            return candidate
        extra = {k: v for k, v in conversation.extra.items() if k != "service_tier"}
        if candidate.api == "openai_responses":
            candidate.lost += _LOST_ITEMS
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


def _unroute(candidate: Candidate) -> None:
    """Take LiteLLM's prefix off a model; it turns a call into other providers' form."""
    prefix, _, model = candidate.model.partition("/")
    if not model or prefix not in LITELLM_PROVIDERS:
        return
    candidate.model, candidate.provider = model, prefix
    if chat_api(prefix) != "openai_chat":
        candidate.reasons += ("api_unknown",)


def _message(message: Message) -> Message:
    """Return a turn; what a tool said stands in some twice, bare and as its result."""
    parts = tuple(_part(part) for part in message.parts)
    results = tuple(part for part in parts if isinstance(part, ToolResultPart))
    own = results if message.role == "tool" and results else parts
    return msgspec.structs.replace(message, parts=own)


def _part(part: Part) -> Part:
    """A tool's result that was a list or an object is written as Python prints it."""
    match part:
        case ToolResultPart(content=(TextPart(text=text),)) if text.startswith("{'"):
            with contextlib.suppress(python_text.UnreadableTextError):
                printed = dumps(python_text.loads(text))
                return msgspec.structs.replace(part, content=(TextPart(text=printed),))
        case ToolResultPart(content=(TextPart(text=text),)) if text.startswith("[{'"):
            texts = python_text.block_texts(text)
            if texts:
                content = tuple(TextPart(text=own) for own in texts)
                return msgspec.structs.replace(part, content=content)
    return part
