"""Places parameters in each API's own fields; those without a place are named."""

from collections.abc import Callable

import msgspec
from msgspec.structs import replace

from replayd.providers.translate.asked import Asked, Extra, stated
from snaptrace.snapshot.conversation import Conversation, ToolCallPart, ToolResultPart

_SCHEMA_NAME = "response"  # the OpenAI APIs want one; others have none


def _to_chat(
    asked: Asked, conversation: Conversation, _lost: list[str]
) -> Conversation:
    extra: Extra = stated(
        parallel_tool_calls=asked.parallel_tool_calls, verbosity=asked.verbosity
    )
    form = stated(strict=asked.schema_strict, description=asked.schema_description)
    if form and conversation.output_schema is not None:
        extra["json_schema"] = form
    if asked.json_object:
        extra["response_format"] = {"type": "json_object"}
    return _named_schema(replace(conversation, extra=extra))


def _to_responses(
    asked: Asked, conversation: Conversation, lost: list[str]
) -> Conversation:
    del lost
    form: Extra = stated(description=asked.schema_description)
    if conversation.output_schema is not None:
        form["strict"] = asked.schema_strict is True  # unsaid, it would be strict here
    if asked.json_object:
        form = {"type": "json_object"}
    text = stated(format=form or None, verbosity=asked.verbosity)
    extra = stated(parallel_tool_calls=asked.parallel_tool_calls, text=text or None)
    return _named_schema(replace(conversation, extra=extra))


def _to_anthropic(
    asked: Asked, conversation: Conversation, lost: list[str]
) -> Conversation:
    _only_openai(asked, lost)
    if asked.json_object:
        lost.append(asked.path("json_object"))
    extra: Extra = {}
    if asked.parallel_tool_calls is False and conversation.tools:
        extra["disable_parallel_tool_use"] = True  # stands in the tool choice there
        if conversation.tool_choice is None:
            conversation = replace(conversation, tool_choice="auto")
    return replace(conversation, extra=extra)


def _to_gemini(
    asked: Asked, conversation: Conversation, lost: list[str]
) -> Conversation:
    _only_openai(asked, lost)
    if asked.parallel_tool_calls is False:
        lost.append(asked.path("parallel_tool_calls"))
    extra: Extra = {}
    if conversation.output_schema is not None:
        # `responseSchema` takes a subset; this field takes JSON Schema as it is.
        schema = conversation.output_schema
        extra["generationConfig"] = {
            "responseMimeType": "application/json",
            "responseJsonSchema": schema,
        }
        conversation = replace(conversation, output_schema=None)
    elif asked.json_object:
        extra["generationConfig"] = {"responseMimeType": "application/json"}
    return replace(conversation, extra=extra)


def _only_openai(asked: Asked, lost: list[str]) -> None:
    if asked.verbosity not in (None, "medium"):
        lost.append(asked.path("verbosity"))
    if asked.schema_description:
        lost.append(asked.path("schema_description"))


def _named_schema(conversation: Conversation) -> Conversation:
    if conversation.output_schema is None or conversation.output_schema_name:
        return conversation
    return replace(conversation, output_schema_name=_SCHEMA_NAME)


def _to_mistral(
    asked: Asked, conversation: Conversation, lost: list[str]
) -> Conversation:
    if asked.verbosity not in (None, "medium"):
        lost.append(asked.path("verbosity"))
    return _to_chat(replace(asked, verbosity=None), conversation, lost)


def _to_cohere(
    asked: Asked, conversation: Conversation, lost: list[str]
) -> Conversation:
    _only_openai(asked, lost)
    if asked.parallel_tool_calls is False:
        lost.append(asked.path("parallel_tool_calls"))
    if isinstance(conversation.tool_choice, dict):
        lost.append("tool_choice.name")
    if conversation.tool_choice == "auto":
        conversation = replace(conversation, tool_choice=None)
    formed = conversation.output_schema is not None or asked.json_object
    if conversation.tools and formed:
        lost.append("tools.with_response_format")
    extra: Extra = {}
    if asked.json_object:
        extra["response_format"] = {"type": "json_object"}
    return replace(conversation, extra=extra)


def _to_ollama(
    asked: Asked, conversation: Conversation, lost: list[str]
) -> Conversation:
    _only_openai(asked, lost)
    if asked.parallel_tool_calls is False:
        lost.append(asked.path("parallel_tool_calls"))
    if conversation.tool_choice == "auto":
        conversation = replace(conversation, tool_choice=None)
    return replace(conversation, extra={"format": "json"} if asked.json_object else {})


def _to_converse(
    asked: Asked, conversation: Conversation, lost: list[str]
) -> Conversation:
    if asked.verbosity not in (None, "medium"):
        lost.append(asked.path("verbosity"))
    if asked.parallel_tool_calls is False:
        lost.append(asked.path("parallel_tool_calls"))
    if asked.json_object:
        lost.append(asked.path("json_object"))
    if not conversation.tools and any(
        isinstance(part, ToolCallPart | ToolResultPart)
        for message in conversation.messages
        for part in message.parts
    ):
        lost.append("tools.none_declared")
    extra: Extra = {}
    if "top_k" in conversation.params:
        params = dict(conversation.params)
        extra["additionalModelRequestFields"] = {"top_k": params.pop("top_k")}
        conversation = replace(conversation, params=params)
    if conversation.output_schema is None:
        return replace(conversation, extra=extra)
    form = stated(
        schema=msgspec.json.encode(conversation.output_schema).decode(),
        name=conversation.output_schema_name or None,
        description=asked.schema_description,
    )
    config = {"type": "json_schema", "structure": {"jsonSchema": form}}
    extra["outputConfig"] = {"textFormat": config}
    return replace(conversation, output_schema=None, extra=extra)


PLACERS: dict[str, Callable[[Asked, Conversation, list[str]], Conversation]] = {
    "openai_chat": _to_chat,
    "openai_responses": _to_responses,
    "anthropic_messages": _to_anthropic,
    "gemini_generate_content": _to_gemini,
    "mistral_chat": _to_mistral,
    "cohere_chat": _to_cohere,
    "ollama_chat": _to_ollama,
    "bedrock_converse": _to_converse,
}
