"""A framework's own messages, where a convention has them in place of the provider's.

They were translated before they were sent, so what is known is rendered anew, and of
all that the wire may have had beside it nothing is promised.
"""

from typing import Any

from collector.recognise.dialects.contract import Candidate
from collector.recognise.dialects.readers import losses
from collector.recognise.dialects.readers.bodies import langchain_json
from collector.recognise.dialects.readers.profiles import ANYONE
from collector.recognise.dialects.readers.target import is_dated, target_of
from collector.recognise.record import Record
from snaptrace.snapshot.apis.fields import all_but
from snaptrace.snapshot.conversation import Conversation, TextPart
from snaptrace.snapshot.model import Json


def fill(
    candidate: Candidate,
    record: Record,
    messages: Json,
    arguments: dict[str, Any],
) -> None:
    """Put the request together from messages that are a role and content each."""
    target = target_of(record, "chat", candidate.provider)
    candidate.api, candidate.api_source = target.api, "guessed"
    candidate.lost += all_but(candidate.api, ("model",))
    if is_dated(candidate.model):
        candidate.model = ""  # who answered, as far as anybody can tell
    found = langchain_json.read_plain(messages)
    if not found or not candidate.api:
        return
    if any(
        not message.parts
        or any(isinstance(p, TextPart) and not p.text for p in message.parts)
        for message in found
    ):
        candidate.reasons += ("content_dropped",)
    losses.note_losses(candidate, found, ANYONE)
    params, _ = langchain_json.read_arguments(arguments)
    candidate.conversation = Conversation(
        model=candidate.model, messages=tuple(found), params=params
    )
