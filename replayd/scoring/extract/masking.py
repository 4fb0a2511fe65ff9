"""Redacted stretches taken out of both sides before anything is compared.

A redacted stretch of the recording stands as a pseudonym there; a model that is
asked again sees pseudonyms in its prompt and may repeat them. Neither is a fact.
"""

from collections.abc import Iterable

from msgspec import structs

from snaptrace.snapshot.model import Answer, ReplacedText, Snapshot, ToolCall

MASK = " \u25ae "  # neither a word nor a number
ANSWER_TEXT = "answer.text"
SHORTEST_PSEUDONYM = 3  # characters; a shorter one would hit innocent text


def pseudonyms(snapshot: Snapshot) -> tuple[str, ...]:
    """Return what redaction put in place of texts, longest first."""
    if not snapshot.redaction.replaced:
        return ()
    found = {
        r.pseudonym
        for r in snapshot.redaction.replaced
        if len(r.pseudonym) >= SHORTEST_PSEUDONYM
    }
    return tuple(sorted(found, key=lambda text: (-len(text), text)))


def masked_reference(snapshot: Snapshot, reference: Answer) -> Answer:
    """Return the recording without its redacted stretches; itself if it has none."""
    if not snapshot.redaction.replaced:
        return reference
    text = reference.text
    if reference is snapshot.answer:
        text = _cut(text, _of_text(snapshot.redaction.replaced))
    masked = structs.replace(reference, text=text)
    return masked_answer(masked, pseudonyms(snapshot))


def masked_answer(answer: Answer, stand_ins: tuple[str, ...]) -> Answer:
    """Return an answer in which no pseudonym counts as a fact."""
    if not stand_ins:
        return answer
    return structs.replace(
        answer,
        text=_without(answer.text, stand_ins, MASK),
        tool_calls=tuple(
            ToolCall(
                name=call.name,
                # No blanks and no mark that JSON text would have to escape.
                arguments=_without(call.arguments, stand_ins, MASK.strip()),
                id=call.id,
            )
            for call in answer.tool_calls
        ),
    )


def answer_was_redacted(snapshot: Snapshot) -> bool:
    """Whether redaction touched the recorded answer."""
    return any(
        r.path == "answer" or r.path.startswith(("answer.", "answer["))
        for r in snapshot.redaction.replaced
    )


def _of_text(replaced: Iterable[ReplacedText]) -> list[ReplacedText]:
    return sorted(
        (r for r in replaced if r.path == ANSWER_TEXT), key=lambda r: -r.start
    )


def _cut(text: str, stretches: Iterable[ReplacedText]) -> str:
    """Replace stretches, last one first, so that offsets stay right."""
    for stretch in stretches:
        if 0 <= stretch.start <= stretch.end <= len(text):
            text = text[: stretch.start] + MASK + text[stretch.end :]
    return text


def _without(text: str, stand_ins: Iterable[str], mask: str) -> str:
    for stand_in in stand_ins:
        text = text.replace(stand_in, mask)
    return text
