"""Undoes or names changes that Splunk's GenAI handler makes to messages."""

import re

import msgspec

from collector.recognise.dialects.contract import Candidate
from collector.recognise.dialects.readers import python_text
from collector.recognise.dialects.readers.bodies import langchain_json
from snaptrace.snapshot.apis.fields import all_but
from snaptrace.snapshot.conversation import Message, Part, TextPart

_PRINTED_LIST = "[{'type': "
# The items of Responses' answers, as it prints them in place of a text.
_OF_RESPONSES = re.compile(r"\[\{'[^\n]*'(?:annotations': \[|id': '(?:fc|msg|rs)_)")


def restore(candidate: Candidate, output: str) -> None:
    """Read printed parts; refuse what cannot be told apart any more.

    Every message is written as the user's, so two of them may be anybody's; one of
    empty text stands where an assistant only called tools.
    """
    conversation = candidate.conversation
    if conversation is None:
        return
    messages = tuple(_restored(message) for message in conversation.messages)
    empty = any(
        isinstance(p, TextPart) and not p.text for m in messages for p in m.parts
    )
    if empty or len(messages) > 1:
        candidate.reasons += ("content_dropped",)
    if candidate.api == "openai_chat" and _OF_RESPONSES.search(output):
        candidate.api, candidate.api_source = "openai_responses", "carried"
        candidate.lost = all_but("openai_responses", ("model",))
    elif candidate.api == "openai_chat":
        # An answer of Responses has no finish reason here; one that failed has none.
        told = candidate.answer is not None and candidate.answer.finish_reason
        candidate.api_source = "carried" if told else "guessed"
        # LangChain's client and others write the cap under different names.
        if "max_tokens" in conversation.params:
            candidate.missing += ("max_tokens", "max_completion_tokens")
    if messages != conversation.messages:  # the types of their parts are there again
        candidate.lost = tuple(n for n in candidate.lost if not n.startswith("!!"))
    candidate.conversation = msgspec.structs.replace(conversation, messages=messages)


def _restored(message: Message) -> Message:
    parts: list[Part] = []
    for part in message.parts:
        if isinstance(part, TextPart) and part.text.startswith(_PRINTED_LIST):
            parts.extend(_printed(part))
        else:
            parts.append(part)
    return msgspec.structs.replace(message, parts=tuple(parts))


def _printed(part: TextPart) -> list[Part]:
    try:
        return langchain_json.read_content(python_text.loads(part.text)) or [part]
    except python_text.UnreadableTextError:
        return [part]
