"""Where each API has a parameter, under the names that all families share."""

from collections.abc import Mapping

from snaptrace.snapshot.apis import (
    anthropic_messages,
    bedrock_converse,
    gemini_generate_content,
    ollama,
    openai_chat,
    openai_responses,
)
from snaptrace.snapshot.apis.cohere_chat import CohereChat
from snaptrace.snapshot.apis.mistral_chat import MistralChat
from snaptrace.snapshot.model import Json

Place = tuple[str, ...]  # keys from the body down; lists on the way are walked


def _below(holder: str, names: Mapping[str, str]) -> dict[str, tuple[Place, ...]]:
    return {name: ((holder, own),) for name, own in names.items()}


def _at_top(names: Mapping[str, str]) -> dict[str, tuple[Place, ...]]:
    return {name: ((own,),) for name, own in names.items()}


_CHAT: dict[str, tuple[Place, ...]] = {
    "logprobs": (("logprobs",),),
    "top_logprobs": (("top_logprobs",),),
    "logit_bias": (("logit_bias",),),
    "parallel_tool_calls": (("parallel_tool_calls",),),
    "verbosity": (("verbosity",),),
    "tools.strict": (("tools", "function", "strict"),),
}
_CONVERSE = {
    **_below("inferenceConfig", bedrock_converse.PARAMS),
    "top_k": (("additionalModelRequestFields", "top_k"),),
    "tools.strict": (("toolConfig", "tools", "toolSpec", "strict"),),
}
_NOVA = {**_CONVERSE, "top_k": (("inferenceConfig", "topK"),)}
_CLAUDE = {**_at_top(anthropic_messages.PARAMS), "tools.strict": (("tools", "strict"),)}
PLACES: dict[str, dict[str, tuple[Place, ...]]] = {
    "openai_chat": {**_at_top(openai_chat.PARAMS), **_CHAT},
    "openai_responses": {
        **_at_top(openai_responses.PARAMS),
        "reasoning_level": (("reasoning", "effort"),),
        "reasoning": (("reasoning",),),
        "include": (("include",),),  # what an answer says beside its text
        "top_logprobs": (("top_logprobs",),),
        "parallel_tool_calls": (("parallel_tool_calls",),),
        "verbosity": (("text", "verbosity"),),
        "tools.strict": (("tools", "strict"),),
    },
    "anthropic_messages": _CLAUDE,
    "gemini_generate_content": _below(
        "generationConfig", gemini_generate_content.PARAMS
    ),
    "bedrock_converse": _CONVERSE,
    "bedrock_invoke": {
        name: (*_CLAUDE.get(name, ()), *_NOVA.get(name, ()))
        for name in {**_CLAUDE, **_NOVA}
    },
    "cohere_chat": {**_at_top(CohereChat.params), **_CHAT},
    "mistral_chat": {**_at_top(MistralChat.params), **_CHAT},
    "ollama_chat": _below("options", ollama.PARAMS),
    "ollama_generate": _below("options", ollama.PARAMS),
}


def find(api: str, body: Mapping[str, Json], name: str) -> list[Json]:
    """Return the values that a parameter has, one or those of every tool."""
    places = PLACES.get(api, {}).get(name, ())
    return [value for place in places for value in _at(body, place)]


def take_out(api: str, body: Mapping[str, Json], name: str) -> dict[str, Json]:
    """Return the body without a parameter; an object it empties goes too."""
    found: Json = dict(body)
    for place in PLACES.get(api, {}).get(name, ()):
        found = _without(found, place)
    return dict(found)


def rename(body: Mapping[str, Json], name: str, new: str) -> dict[str, Json]:
    """Return the body with a field under its other name, unless that is there too."""
    found = dict(body)
    if name in found:
        value = found.pop(name)
        found.setdefault(new, value)
    return found


def _at(value: Json, place: Place) -> list[Json]:
    if isinstance(value, list | tuple):
        return [inner for one in value for inner in _at(one, place)]
    if not place:
        return [value]
    if not isinstance(value, Mapping) or place[0] not in value:
        return []
    inner = value[place[0]]
    # The value itself may be a list, as stop sequences are.
    return [inner] if len(place) == 1 else _at(inner, place[1:])


def _without(value: Json, place: Place) -> Json:
    if isinstance(value, list | tuple):
        return [_without(one, place) for one in value]
    if not isinstance(value, Mapping) or place[0] not in value:
        return value
    found = dict(value)
    if len(place) == 1:
        del found[place[0]]
        return found
    inner = _without(found[place[0]], place[1:])
    if inner == {}:
        del found[place[0]]
    else:
        found[place[0]] = inner
    return found
