"""Reads API-specific parameters out of a view's `extra`."""

from collections.abc import Callable

import msgspec
from msgspec.structs import replace

from replayd.providers.translate import extras
from replayd.providers.translate.asked import Asked, Extra
from replayd.providers.translate.schemas import json_schema, unsayable
from snaptrace.snapshot.conversation import Conversation
from snaptrace.snapshot.model import Json


def _from_chat(
    extra: Extra, conversation: Conversation, source: str = "openai_chat"
) -> Asked:
    if "max_completion_tokens" in extra:  # the newer name of the same thing
        most = extra.pop("max_completion_tokens")
        params = {**conversation.params, "max_tokens": most}
        if most is not None:
            conversation = replace(conversation, params=params)
    form = dict(extra.pop("json_schema", {}))
    json_object = extra.get("response_format") == {"type": "json_object"}
    if json_object:
        del extra["response_format"]
    asked = Asked(
        source=source,
        conversation=conversation,
        parallel_tool_calls=extra.pop("parallel_tool_calls", None),
        verbosity=extra.pop("verbosity", None),
        schema_strict=form.pop("strict", None),
        schema_description=form.pop("description", None),
        json_object=json_object,
    )
    lost = extras.said("response_format.json_schema.", form, frozenset())
    return replace(asked, lost=tuple(lost))


def _from_responses(extra: Extra, conversation: Conversation) -> Asked:
    text = extra.pop("text", None)
    text = dict(text) if isinstance(text, dict) else {}
    form = text.pop("format", None)
    form = dict(form) if isinstance(form, dict) else {}
    kind = form.pop("type", None)
    asked = Asked(
        source="openai_responses",
        conversation=conversation,
        parallel_tool_calls=extra.pop("parallel_tool_calls", None),
        verbosity=text.pop("verbosity", None),
        schema_strict=form.pop("strict", None),
        schema_description=form.pop("description", None),
        json_object=kind == "json_object",
    )
    lost = extras.said("text.format.", form, frozenset())
    lost += extras.said("text.", text, frozenset())
    if kind not in (None, "text", "json_object"):
        lost.append("text.format.type")
    return replace(asked, lost=tuple(lost))


def _from_anthropic(extra: Extra, conversation: Conversation) -> Asked:
    alone = extra.pop("disable_parallel_tool_use", None)
    config = extra.get("output_config")
    form = config.get("format") if isinstance(config, dict) else None
    if (
        isinstance(config, dict)
        and isinstance(form, dict)
        and set(form) == {"type", "schema"}
        and form["type"] == "json_schema"
    ):
        conversation = replace(conversation, output_schema=form["schema"])
        extra["output_config"] = {k: v for k, v in config.items() if k != "format"}
        if not extra["output_config"]:
            del extra["output_config"]
    return Asked(
        source="anthropic_messages",
        conversation=conversation,
        parallel_tool_calls=None if alone is None else not alone,
        # This API always keeps to the schema.
        schema_strict=None if conversation.output_schema is None else True,
    )


def _from_gemini(extra: Extra, conversation: Conversation) -> Asked:
    config = extra.pop("generationConfig", None)
    config = dict(config) if isinstance(config, dict) else {}
    as_json = config.get("responseMimeType") == "application/json"
    lost: list[str] = []
    schema = json_schema(conversation.output_schema)
    if as_json and schema is None:
        schema = config.pop("responseJsonSchema", None)
    elif unsayable(schema):
        lost.append("generationConfig.responseSchema.propertyOrdering")
    if as_json:
        del config["responseMimeType"]
    lost += extras.said("generationConfig.", config, frozenset())
    return Asked(
        source="gemini_generate_content",
        conversation=replace(conversation, output_schema=schema),
        schema_strict=None if schema is None else True,
        json_object=as_json and schema is None,
        lost=tuple(lost),
    )


def _from_mistral(extra: Extra, conversation: Conversation) -> Asked:
    if conversation.tool_choice == "any":  # the older word for the same
        conversation = replace(conversation, tool_choice="required")
    return _from_chat(extra, conversation, "mistral_chat")


def _from_cohere(extra: Extra, conversation: Conversation) -> Asked:
    json_object = extra.get("response_format") == {"type": "json_object"}
    if json_object:
        del extra["response_format"]
    return Asked(
        source="cohere_chat",
        conversation=conversation,
        schema_strict=None if conversation.output_schema is None else True,
        json_object=json_object,
    )


def _from_ollama(extra: Extra, conversation: Conversation) -> Asked:
    extra.pop("keep_alive", None)  # how long the server keeps the model in memory
    json_object = extra.get("format") == "json"
    if json_object:
        del extra["format"]
    return Asked(
        source="ollama_chat",
        conversation=conversation,
        # The server's grammar allows nothing else.
        schema_strict=None if conversation.output_schema is None else True,
        json_object=json_object,
    )


def _from_converse(extra: Extra, conversation: Conversation) -> Asked:
    for silent in ("additionalModelResponseFieldPaths", "performanceConfig"):
        extra.pop(silent, None)
    own = extra.get("additionalModelRequestFields")
    if isinstance(own, dict) and set(own) == {"top_k"}:
        del extra["additionalModelRequestFields"]
        params = {**conversation.params, "top_k": own["top_k"]}
        conversation = replace(conversation, params=params)
    form = _converse_schema(extra.get("outputConfig"))
    if form is not None:
        del extra["outputConfig"]
        conversation = replace(
            conversation,
            output_schema=form["schema"],
            output_schema_name=form.get("name", ""),
        )
    return Asked(
        source="bedrock_converse",
        conversation=conversation,
        schema_strict=None if form is None else True,
        schema_description=None if form is None else form.get("description"),
    )


def _converse_schema(config: Json) -> Extra | None:
    """Return the schema asked for, decoded; it stands there as JSON text."""
    try:
        form = config["textFormat"]["structure"]["jsonSchema"]
        schema = msgspec.json.decode(form["schema"])
    except (KeyError, TypeError, msgspec.DecodeError, UnicodeError, RecursionError):
        return None
    return {**form, "schema": schema} if set(config) == {"textFormat"} else None


READERS: dict[str, Callable[[Extra, Conversation], Asked]] = {
    "openai_chat": _from_chat,
    "openai_responses": _from_responses,
    "anthropic_messages": _from_anthropic,
    "gemini_generate_content": _from_gemini,
    "mistral_chat": _from_mistral,
    "cohere_chat": _from_cohere,
    "ollama_chat": _from_ollama,
    "bedrock_converse": _from_converse,
}
