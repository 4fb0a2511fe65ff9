"""Facts about a request."""

import re

from snaptrace.snapshot.conversation import (
    Conversation,
    Message,
    Part,
    TextPart,
    ToolResultPart,
)

_TRANSCRIPT = re.compile(
    r"transcri|verbatim|word for word|dictat|spoken|utter|diktat|mitschr|abschr"
    r"|wörtlich|verschrift|sprecherangabe|speaker label|label the speakers|mitschrift|trascriv|retranscri|verbatim|uitschrijv|zapisz|spisz|расшифр|書き起こ|文字起こ|转写|轉寫|받아 ?적|녹취|yazıya dök|recogni[sz]e|(?:write|type) (?:down|out)|speech|\bcommands?\b(?!-)|\bcommande (?:a |est |vocale)|befehl\w*|\borden\b|\bcomm?ando\b|polecenie|команд|komut"
    r"|\b(?:is|was|did|does|do|are)\b[^.?!]{0,40}\b(?:said|say|saying|hear|heard)\b"
    r"|you hear",
    re.IGNORECASE,
)

LONGEST_READ = 65_536  # characters of the request that scorers look at


def newest_question(conversation: Conversation | None) -> str:
    """Return the text of the newest user turn, "" where there is none."""
    for message in reversed(_messages(conversation)):
        # A turn that only hands back tool results asks nothing new.
        if message.role == "user" and any(
            not isinstance(part, ToolResultPart) for part in message.parts
        ):
            texts = [part.text for part in message.parts if isinstance(part, TextPart)]
            return "\n".join(texts)[:LONGEST_READ]
    return ""


def system_prompt(conversation: Conversation | None) -> str:
    """Return what the operator told the model, not the user."""
    told = [
        _text(message.parts)
        for message in _messages(conversation)
        if message.role in {"system", "developer"}
    ]
    return "\n".join(told)[:LONGEST_READ]


def instructions(conversation: Conversation | None) -> str:
    """Return system prompts and the newest user turn."""
    told = [system_prompt(conversation), newest_question(conversation)]
    return "\n".join(filter(None, told))[:LONGEST_READ]


def asks_for_words(conversation: Conversation | None) -> bool:
    """Whether the words of a recording are asked for, not an answer to them."""
    question = newest_question(conversation)
    return not question.strip() or bool(_TRANSCRIPT.search(instructions(conversation)))


def whole_request(conversation: Conversation | None) -> str:
    """Return all text of the request, newest first, cut at `LONGEST_READ`."""
    pieces = [_text(message.parts) for message in reversed(_messages(conversation))]
    return "\n".join(pieces)[:LONGEST_READ]


def _messages(conversation: Conversation | None) -> tuple[Message, ...]:
    return conversation.messages if conversation else ()


def _text(parts: tuple[Part, ...]) -> str:
    pieces: list[str] = []
    for part in parts:
        if isinstance(part, TextPart):
            pieces.append(part.text)
        elif isinstance(part, ToolResultPart):
            pieces.append(_text(part.content))
    return "\n".join(pieces)
