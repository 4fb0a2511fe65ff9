"""Translates request parameters from one API into another.

Taken out of one API's `extra` by `asked_of`, put into another's by `place`.
"""

from msgspec.structs import replace

from replayd.providers.translate import extras
from replayd.providers.translate.asked import Asked
from replayd.providers.translate.place_extras import PLACERS
from replayd.providers.translate.read_extras import READERS
from snaptrace.snapshot.conversation import Conversation
from snaptrace.snapshot.model import Json

_CHOICES = ("auto", "none", "required")
# At these values a parameter asks for what every API does without it.
_IDLE: dict[str, Json] = {
    "choice_count": 1,
    "frequency_penalty": 0,
    "presence_penalty": 0,
}
_HOTTEST = {"anthropic_messages": 1.0}  # where the scale of temperature ends earlier


def asked_of(source: str, conversation: Conversation) -> Asked:
    """Return what is asked; what is left in `extra` is lost, but for silent keys."""
    extra = dict(conversation.extra)
    asked = READERS[source](extra, conversation)
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
    return PLACERS[target](asked, conversation, lost), lost


def _with_choice(conversation: Conversation, lost: list[str]) -> Conversation:
    choice = conversation.tool_choice
    if isinstance(choice, str) and choice not in _CHOICES:
        lost.append("tool_choice")
    if not conversation.tools and choice in ("auto", "none"):
        return replace(conversation, tool_choice=None)  # some refuse it without tools
    return conversation
