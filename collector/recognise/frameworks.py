"""Habits of frameworks around a client, where the client leaves the spelling open.

A client's instrumentation shows a request as the client was asked, in words that
leave open how it was spelled. Where the framework that asked is known from its own
record of the same call, its habit decides.
"""

import re

import msgspec

from collector.recognise.dialects.contract import Candidate
from collector.recognise.dialects.readers.litellm_routes import LITELLM_PROVIDERS
from snaptrace.snapshot.conversation import Message

_LANGCHAIN = ".langchain"
_AGENT_FRAMEWORK = "agent_framework"


def as_framework_sends(candidate: Candidate) -> None:
    """Spell a request put together from parts as the framework around it does."""
    conversation = candidate.conversation
    if conversation is None:
        return
    if "/" in candidate.model and _may_be_routed(candidate):
        candidate.api_source = "guessed"
    if any(scope.endswith(_LANGCHAIN) for scope in candidate.around):
        messages = tuple(
            _of_langchain(candidate.api, message) for message in conversation.messages
        )
        candidate.conversation = msgspec.structs.replace(
            conversation, messages=messages
        )
    elif candidate.supplement.get("raw_response") and any(
        message.extra.get("field") == "instructions"
        for message in conversation.messages
    ):
        # A framework asked, and which is not told: its system message may be either.
        candidate.reasons += ("differences_recorded",)
    if candidate.dialect == "openlit" and _AGENT_FRAMEWORK in candidate.around:
        # Each part is a turn of its own, and OpenLIT drops a turn without any text.
        candidate.reasons += ("differences_recorded",)


# Instrumentations of OpenAI's own client show a model as it is sent.
_CLIENT = re.compile(r"(?:^|[./_-])openai(?:[._]v\d)?(?:\.instrumentation)?$")
# Whose models are no names of LiteLLM's, or are read as such already.
_UNROUTED = ("litellm", "vercel_ai")


def _may_be_routed(candidate: Candidate) -> bool:
    """Return whether a framework may have called by way of LiteLLM.

    Its names of models say the route first: to another API, without that prefix.
    """
    return (
        candidate.model.partition("/")[0] in LITELLM_PROVIDERS
        and candidate.dialect not in _UNROUTED
        and candidate.body is None
        and _CLIENT.search(candidate.scope) is None
    )


def _of_langchain(api: str, message: Message) -> Message:
    """Return a system message where LangChain's clients put it, as they spell it."""
    if message.role != "system":
        return message
    if api == "gemini_generate_content":
        return msgspec.structs.replace(message, extra={**message.extra, "role": ""})
    if api == "openai_responses" and message.extra.get("field") == "instructions":
        extra = {k: v for k, v in message.extra.items() if k != "field"}
        return msgspec.structs.replace(message, extra=extra)
    return message
