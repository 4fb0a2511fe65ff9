"""What a case asks for, read from its request alone."""

import re

from replayd.scoring.contract import ScoringCase
from snaptrace.snapshots.conversation import Message, Part, TextPart, ToolResultPart

_TRANSCRIPT = re.compile(
    r"transcri|verbatim|word for word|dictat|spoken|utter|diktat|mitschr|abschr"
    r"|wörtlich|recogni[sz]e|(?:write|type) (?:down|out)|speech|command"
    r"|\b(?:is|was|did|does|do|are)\b[^.?!]{0,40}\b(?:said|say|saying|hear|heard)\b"
    r"|you hear",
    re.IGNORECASE,
)

LONGEST_READ = 65_536  # characters of the request that scorers look at


def newest_question(case: ScoringCase) -> str:
    """Return the text of the newest user turn, "" where there is none."""
    for message in reversed(_messages(case)):
        # A turn that only hands back tool results asks nothing new.
        if message.role == "user" and any(
            not isinstance(part, ToolResultPart) for part in message.parts
        ):
            texts = [part.text for part in message.parts if isinstance(part, TextPart)]
            return "\n".join(texts)[:LONGEST_READ]
    return ""


def instructions(case: ScoringCase) -> str:
    """Return system prompts and the newest user turn."""
    told = [
        _text(m.parts) for m in _messages(case) if m.role in {"system", "developer"}
    ]
    return "\n".join([*told, newest_question(case)])[:LONGEST_READ]


def wants_transcript(case: ScoringCase) -> bool:
    """Whether the words of a recording are asked for, not an answer to them."""
    if case.snapshot.operation == "transcription":
        return True
    question = newest_question(case)
    return not question.strip() or bool(_TRANSCRIPT.search(instructions(case)))


def whole_request(case: ScoringCase) -> str:
    """Return all text of the request, newest first, cut at `LONGEST_READ`."""
    pieces = [_text(message.parts) for message in reversed(_messages(case))]
    return "\n".join(pieces)[:LONGEST_READ]


def is_hidden(case: ScoringCase, *leaves: str) -> bool:
    """Whether the telemetry could not show, or lost, one of these body fields."""
    fidelity = case.snapshot.fidelity
    return any(
        path.split(".", 1)[0] in leaves
        for path in (*fidelity.unobserved, *fidelity.missing)
    )


def nothing_recorded(case: ScoringCase) -> bool:
    """Whether there is no recorded answer that another could be held against."""
    return not case.reference.observed or case.reference.outcome == "error"


def _messages(case: ScoringCase) -> tuple[Message, ...]:
    return case.conversation.messages if case.conversation else ()


def _text(parts: tuple[Part, ...]) -> str:
    pieces: list[str] = []
    for part in parts:
        if isinstance(part, TextPart):
            pieces.append(part.text)
        elif isinstance(part, ToolResultPart):
            pieces.append(_text(part.content))
    return "\n".join(pieces)
