"""What a request asks beside its messages, under names that belong to no API.

Taken out of one API's `extra` by `asked_of`, put into another's by `place`.
"""

from collections.abc import Callable

from msgspec import Struct
from msgspec.structs import replace

from replayd.providers.translate import extras
from replayd.providers.translate.schemas import json_schema, unsayable
from snaptrace.snapshot.conversation import Conversation
from snaptrace.snapshot.model import Json

Extra = dict[str, Json]
_SCHEMA_NAME = "response"  # the OpenAI APIs want one; others have none
_CHOICES = ("auto", "none", "required")
# At these values a parameter asks for what every API does without it.
_IDLE: dict[str, Json] = {
    "choice_count": 1,
    "frequency_penalty": 0,
    "presence_penalty": 0,
}
_HOTTEST = {"anthropic_messages": 1.0}  # where the scale of temperature ends earlier


# Where each API has what another may be unable to say.
_OWN_NAMES: dict[str, dict[str, str]] = {
    "openai_chat": {
        "json_object": "response_format.type",
        "schema_description": "response_format.json_schema.description",
    },
    "openai_responses": {
        "json_object": "text.format.type",
        "schema_description": "text.format.description",
        "verbosity": "text.verbosity",
    },
    "anthropic_messages": {
        "parallel_tool_calls": "tool_choice.disable_parallel_tool_use"
    },
    "gemini_generate_content": {"json_object": "generationConfig.responseMimeType"},
}


class Asked(Struct, frozen=True, kw_only=True):
    """A conversation without extras, and what the extras asked for."""

    source: str  # API
    conversation: Conversation
    parallel_tool_calls: bool | None = None
    verbosity: str | None = None
    schema_strict: bool | None = None
    schema_description: str | None = None
    json_object: bool = False  # any JSON object, without a schema
    lost: tuple[str, ...] = ()  # paths that no other API can say

    def path(self, name: str) -> str:
        """Return where the recorded API has what a field here holds."""
        return _OWN_NAMES[self.source].get(name, name)


def asked_of(source: str, conversation: Conversation) -> Asked:
    """Return what is asked; what is left in `extra` is lost, but for silent keys."""
    extra = dict(conversation.extra)
    asked = _READERS[source](extra, conversation)
    rest = extras.said("", extra, extras.REQUEST)
    return replace(
        asked,
        conversation=replace(asked.conversation, extra={}),
        lost=(*asked.lost, *rest),
    )


def place(target: str, asked: Asked) -> tuple[Conversation, list[str]]:
    """Return the conversation with `target`'s own extras, and what it cannot say."""
    lost = list(asked.lost)
    conversation = _with_choice(asked.conversation, lost)
    params = {
        name: value
        for name, value in conversation.params.items()
        if name not in _IDLE or value != _IDLE[name]
    }
    temperature = params.get("temperature")
    if isinstance(temperature, int | float) and temperature > _HOTTEST.get(target, 2.0):
        lost.append("temperature")
    conversation = replace(conversation, params=params)
    return _PLACERS[target](asked, conversation, lost), lost


def _with_choice(conversation: Conversation, lost: list[str]) -> Conversation:
    choice = conversation.tool_choice
    if isinstance(choice, str) and choice not in _CHOICES:
        lost.append("tool_choice")
    if not conversation.tools and choice in ("auto", "none"):
        return replace(conversation, tool_choice=None)  # some refuse it without tools
    return conversation


def _from_chat(extra: Extra, conversation: Conversation) -> Asked:
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
        source="openai_chat",
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


def _to_chat(
    asked: Asked, conversation: Conversation, _lost: list[str]
) -> Conversation:
    extra: Extra = _stated(
        parallel_tool_calls=asked.parallel_tool_calls, verbosity=asked.verbosity
    )
    form = _stated(strict=asked.schema_strict, description=asked.schema_description)
    if form and conversation.output_schema is not None:
        extra["json_schema"] = form
    if asked.json_object:
        extra["response_format"] = {"type": "json_object"}
    return _named_schema(replace(conversation, extra=extra))


def _to_responses(
    asked: Asked, conversation: Conversation, lost: list[str]
) -> Conversation:
    del lost
    form: Extra = _stated(description=asked.schema_description)
    if conversation.output_schema is not None:
        form["strict"] = asked.schema_strict is True  # unsaid, it would be strict here
    if asked.json_object:
        form = {"type": "json_object"}
    text = _stated(format=form or None, verbosity=asked.verbosity)
    extra = _stated(parallel_tool_calls=asked.parallel_tool_calls, text=text or None)
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


def _stated(**values: Json) -> Extra:
    return {name: value for name, value in values.items() if value is not None}


_READERS: dict[str, Callable[[Extra, Conversation], Asked]] = {
    "openai_chat": _from_chat,
    "openai_responses": _from_responses,
    "anthropic_messages": _from_anthropic,
    "gemini_generate_content": _from_gemini,
}
_PLACERS: dict[str, Callable[[Asked, Conversation, list[str]], Conversation]] = {
    "openai_chat": _to_chat,
    "openai_responses": _to_responses,
    "anthropic_messages": _to_anthropic,
    "gemini_generate_content": _to_gemini,
}
