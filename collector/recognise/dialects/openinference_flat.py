"""OpenInference spans of frameworks: the flattened lists, where no provider JSON is.

What they show is a view of a framework's own request, so nothing of the wire's fields
is promised. Which API it was, the client's class in the span's name tells, if anything.
"""

import re
from typing import Any

import msgspec

from collector.recognise.dialects.contract import Candidate
from collector.recognise.dialects.readers import losses
from collector.recognise.dialects.readers.bodies import bedrock_body, langchain_json
from collector.recognise.dialects.readers.bodies.provider_bodies import (
    api_of_body,
    clean_body,
    operation_of_api,
)
from collector.recognise.dialects.readers.flattened import Flattened
from collector.recognise.dialects.readers.json_values import as_dict, as_text, loads
from collector.recognise.dialects.readers.litellm_routes import LITELLM_PROVIDERS
from collector.recognise.dialects.readers.parts import read_tools
from collector.recognise.dialects.readers.target import Target, endpoint_api, target_of
from collector.recognise.record import Record
from snaptrace.snapshot.apis.fields import all_but, droppable_media, is_field
from snaptrace.snapshot.conversation import (
    Conversation,
    MediaPart,
    Message,
    Role,
    TextPart,
    ToolResultPart,
)
from snaptrace.snapshot.model import Json

# Classes of clients, as spans of their methods name them.
_RESPONSES = re.compile(r"Responses|^Response$")
_CHAT = re.compile(
    r"OpenAI\w*Chat|ChatCompletion|OpenAI\w*Model\.|OpenAI(?:Server)?Model"
)


def _target(record: Record, provider: str) -> Target:
    found = target_of(record, "chat", provider)
    if not found.api.startswith("openai"):
        return found
    if _RESPONSES.search(record.name):
        return Target("openai_responses", "carried")
    if _CHAT.search(record.name) or endpoint_api(record.attributes) == "openai_chat":
        return Target("openai_chat", "carried")
    return found


def _unroute(candidate: Candidate, record: Record) -> None:
    """Take LiteLLM's routing prefix off a model, where the framework calls LiteLLM."""
    prefix, _, model = candidate.model.partition("/")
    routed = record.scope.endswith(_THROUGH_LITELLM)
    if routed and model and prefix in LITELLM_PROVIDERS:
        candidate.model, candidate.provider = model, prefix


_THROUGH_LITELLM = (".dspy", ".crewai", ".google_adk", ".beeai")


def _note_losses(candidate: Candidate, messages: list[Message]) -> None:
    parts = [part for message in messages for part in message.parts]
    empty = candidate.api == "bedrock_converse" and any(
        isinstance(part, ToolResultPart) and not part.content for part in parts
    )
    if empty or losses.has_orphans(parts):
        candidate.reasons += ("content_dropped",)
    if not any(isinstance(part, MediaPart) for part in parts):
        candidate.lost += droppable_media(candidate.api)
    if candidate.api == "openai_responses" and losses.has_item_ids(parts):
        candidate.missing += ("input.call_id",)


def _as_sent(record: Record, api: str, messages: list[Message]) -> list[Message]:
    """Do what frameworks are known to do between their messages and the wire's."""
    framework = record.scope.rpartition(".")[2]
    if framework == "smolagents":
        return _neighbours_joined(messages)
    if framework == "agno" and api.startswith("openai"):
        return _with_developer(record, messages)
    if framework.startswith("traceai") and api == "openai_responses":
        return _with_instructions(record, messages)
    if framework == "autogen_agentchat":  # tells the system as a developer
        return [_in_role(message, "developer", "system") for message in messages]
    return messages


def _with_instructions(record: Record, messages: list[Message]) -> list[Message]:
    """The first place belongs to instructions alone; the input begins behind it."""
    if "llm.input_messages.0.message.role" not in record.attributes:
        return messages
    first = msgspec.structs.replace(messages[0], extra={"field": "instructions"})
    return [first, *messages[1:]]


def _in_role(message: Message, told: Role, sent: Role) -> Message:
    """Return a turn as it is sent, where it is told in another role."""
    if message.role != told:
        return message
    return msgspec.structs.replace(message, role=sent)


def _with_developer(record: Record, messages: list[Message]) -> list[Message]:
    """Agno's clients of OpenAI's own APIs call the system `developer`."""
    if not record.name.startswith(("OpenAIChat.", "OpenAIResponses.")):
        return messages
    return [_in_role(message, "system", "developer") for message in messages]


def _neighbours_joined(messages: list[Message]) -> list[Message]:
    """Smolagents joins messages of one role that follow each other, text by text."""
    joined: list[Message] = []
    for message in messages:
        last = joined[-1] if joined else None
        if last is None or last.role != message.role:
            joined.append(message)
            continue
        parts = list(last.parts)
        for part in message.parts:
            before = parts[-1] if parts else None
            if isinstance(part, TextPart) and isinstance(before, TextPart):
                parts[-1] = TextPart(text=f"{before.text}\n{part.text}")
            else:
                parts.append(part)
        joined[-1] = msgspec.structs.replace(last, parts=tuple(parts))
    return joined


# What Converse takes beside messages, as the instrumentation puts it together.
_INFERENCE = ("maxTokens", "temperature", "topP", "stopSequences")


def read_converse(
    candidate: Candidate,
    record: Record,
    given: Json,
    flat: Flattened,
    arguments: dict[str, Any],
) -> bool:
    """Read a Bedrock call; False where the span shows no request of the two APIs."""
    candidate.model = as_text(record.attributes.get("llm.model_name"))
    candidate.operation = "chat"
    if isinstance(given, list) and "converse" in record.name:
        candidate.api = "bedrock_converse"
        candidate.lost = all_but("bedrock_converse", ("messages",))
        candidate.lost += ("guardrailConfig", "toolConfig.toolChoice")
        candidate.lost += ("!system.cachePoint",)
        candidate.body = _converse_body(given, flat, arguments)
        return True
    body = {"prompt": given} if isinstance(given, str) else as_dict(given)
    shown = {**arguments, **body} if isinstance(given, str) else body or arguments
    if "invoke_model" in record.name and bedrock_body.api_of(shown) == "bedrock_invoke":
        candidate.api = "bedrock_invoke"
        candidate.body = bedrock_body.wire_body(shown)
        return True
    return False


def _converse_body(
    given: list[Any], flat: Flattened, arguments: dict[str, Any]
) -> dict[str, Any]:
    body: dict[str, Any] = {"messages": bedrock_body.wire_body({"m": given})["m"]}
    messages, _ = flat.messages("llm.input_messages.")
    texts = [
        {"text": part.text}
        for message in messages
        if message.role == "system"
        for part in message.parts
        if isinstance(part, TextPart)
    ]
    if texts:
        body["system"] = texts
    inference = {k: v for k, v in arguments.items() if k in _INFERENCE}
    if inference:
        body["inferenceConfig"] = inference
    further = {k: v for k, v in arguments.items() if k not in _INFERENCE}
    if further:
        body["additionalModelRequestFields"] = further
    tools = [tool for tool in flat.tools() if isinstance(tool, dict)]
    if tools:
        body["toolConfig"] = {"tools": tools}
    return body


def read_flattened(
    candidate: Candidate,
    record: Record,
    flat: Flattened,
    arguments: dict[str, Any],
    *,
    kind: str,
) -> None:
    """Read the flattened lists: all that a framework's instrumentation shows."""
    provider = candidate.provider
    """Read the flattened lists: all that a framework's instrumentation shows."""
    if kind == "EMBEDDING":
        _read_embedding(candidate, record, flat)
        return
    own = api_of_body(arguments, provider, candidate.model)
    if own in ("openai_image_generation", "openai_speech", "openai_transcription"):
        # Without messages the whole request stands among the parameters.
        candidate.api, candidate.operation = own, operation_of_api(own)
        candidate.body = clean_body(own, arguments)
        return
    _unroute(candidate, record)
    candidate.api, candidate.api_source = _target(record, candidate.provider)
    messages, reasons = flat.messages("llm.input_messages.")
    candidate.reasons += tuple(reasons)
    if not messages:
        candidate.reasons += _empty_reason(record)
        return
    _note_losses(candidate, messages)
    if candidate.api == "anthropic_messages" and record.scope.endswith(".agno"):
        candidate.missing += ("tools.input_schema",)  # its client completes schemas
    messages = _as_sent(record, candidate.api, messages)
    params, rest = langchain_json.read_arguments(arguments)
    rest = {key: value for key, value in rest.items() if is_field(candidate.api, key)}
    if candidate.api == "gemini_generate_content":
        rest = {}
    given = as_dict(loads(record.attributes.get("input.value")).value)
    params |= _arguments_beside(given)
    if isinstance(form := given.get("response_format"), dict) and "type" in form:
        rest["response_format"] = form
    tools = tuple(read_tools(flat.tools()))
    if tools and _has_to_call(record, candidate.api):
        rest.setdefault("tool_choice", "required")
    candidate.conversation = Conversation(
        model=candidate.model,
        messages=tuple(messages),
        tools=tools,
        params=params,
        extra=rest,
    )
    candidate.lost += all_but(candidate.api, ("model",))
    if record.scope == "agent_framework":
        candidate.reasons += ("differences_recorded",)  # several texts come as one


def _has_to_call(record: Record, api: str) -> bool:
    """Detect a framework that asks for a call of some tool unless told otherwise.

    What it is told stands among the arguments.
    """
    return record.scope.endswith(".smolagents") and api.startswith("openai")


def _arguments_beside(given: dict[str, Any]) -> dict[str, Any]:
    """Return parameters that a framework's method got beside its messages."""
    named = {**as_dict(given.get("generation_kwargs")), **given}
    params, _ = langchain_json.read_arguments(
        {k: v for k, v in named.items() if isinstance(v, int | float) and k in _NAMED}
    )
    stop = given.get("stop_sequences")
    if isinstance(stop, list) and stop:
        params["stop_sequences"] = stop
    return params


_NAMED = ("temperature", "top_p", "seed", "presence_penalty", "frequency_penalty")


def _empty_reason(record: Record) -> tuple[str, ...]:
    if record.dropped_attributes:
        return ("attributes_dropped",)
    return (
        ("redacted",) if record.attributes.get("input.value") == "__REDACTED__" else ()
    )


def _read_embedding(candidate: Candidate, record: Record, flat: Flattened) -> None:
    candidate.operation, candidate.api = "embeddings", "openai_embeddings"
    arguments = as_dict(
        loads(record.attributes.get("embedding.invocation_parameters")).value
    )
    if "google" in record.scope:
        candidate.api = ""  # Gemini's embeddings are no API that is replayed
    texts = flat.embedding_texts()
    candidate.model = (
        candidate.model
        or as_text(arguments.get("model"))
        or as_text(record.attributes.get("embedding.model_name"))
    )
    prefix, _, bare = candidate.model.partition("/")
    if "litellm" in record.scope and prefix in LITELLM_PROVIDERS:
        candidate.model = bare
    if texts and candidate.api:
        given: Json = texts if len(texts) > 1 else texts[0]
        candidate.body = {**clean_body("openai_embeddings", arguments), "input": given}
        candidate.body["model"] = candidate.model
    candidate.lost = ("encoding_format", "extra_body")
