"""Wire spelling of parameters where a convention has one name for two.

OpenTelemetry knows one cap on tokens. OpenAI's API has two: `max_tokens`, and
`max_completion_tokens`, the only one that its reasoning models take.
"""

import re
from typing import Any

import msgspec

from collector.recognise.dialects.contract import Candidate
from snaptrace.snapshot.conversation import Conversation

_REASONING = re.compile(r"(?:\w+/)*(?:o\d|gpt-5|gpt-oss)(?:[-.]|$)")


# What providers and libraries fill in where nobody said anything.
_DEFAULTS: dict[str, tuple[Any, ...]] = {
    "temperature": (1.0,),
    "top_p": (1.0,),
    "top_k": (1,),
    "frequency_penalty": (0.0,),
    "presence_penalty": (0.0,),
    "max_tokens": (-1,),
    "seed": ("", 0),
}


def is_default(name: str, value: Any) -> bool:  # noqa: ANN401 - any JSON
    """Detect a value that stands where nothing was asked for."""
    return value in _DEFAULTS.get(name, ())


def drop_defaults(candidate: Candidate, names: tuple[str, ...]) -> None:
    """Leave out parameters that may be no more than defaults, and say so.

    Their fields count as unobserved: a caller may have asked for just that.
    """
    conversation = candidate.conversation
    if conversation is None:
        return
    kept = {
        name: value
        for name, value in conversation.params.items()
        if name not in names or not is_default(name, value)
    }
    if len(kept) == len(conversation.params):
        return
    candidate.lost += names
    candidate.reasons += ("invented_defaults",)
    candidate.conversation = msgspec.structs.replace(conversation, params=kept)


def is_reasoning(model: str) -> bool:
    """Detect an OpenAI model that reasons before it answers, by its name."""
    return _REASONING.match(model) is not None


def is_ambiguous_cap(candidate: Candidate, params: dict[str, Any]) -> bool:
    """Return whether a cap may have been sent under either of Chat's two names.

    Models that reason take but one of them.
    """
    return (
        candidate.api == "openai_chat"
        and "max_tokens" in params
        and not is_reasoning(candidate.model)
    )


def capped_as_taken(conversation: Conversation) -> Conversation:
    """Return the conversation with its cap under the name that the model takes."""
    if "max_tokens" not in conversation.params or not is_reasoning(conversation.model):
        return conversation
    return completion_cap(conversation)


def completion_cap(conversation: Conversation) -> Conversation:
    """Return the conversation with its cap as `max_completion_tokens`."""
    params = dict(conversation.params)
    cap = params.pop("max_tokens", None)
    if cap is None:
        return conversation
    extra = {"max_completion_tokens": cap, **conversation.extra}
    return msgspec.structs.replace(conversation, params=params, extra=extra)
