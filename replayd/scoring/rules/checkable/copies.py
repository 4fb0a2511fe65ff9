"""Answers that repeat the recording but for a word: that word is what differs in fact."""

from replayd.scoring.contract import Said, ScoringCase
from replayd.scoring.extract.language.language import language_of
from replayd.scoring.extract.language.words import word_count
from replayd.scoring.extract.prose.edits import edits, is_decisive

FEWEST_WORDS = 4  # of a recording, from which it is a sentence that can be copied


def edited_copy(case: ScoringCase, said: Said) -> str:
    """Return which word of the recording's sentence was changed, "" where none was."""
    recorded, body = case.recorded.body, said.body
    if word_count(recorded) < FEWEST_WORDS or recorded == body:
        return ""
    language = case.language or language_of(case.question) or "en"
    for edit in edits(recorded, body, language):
        if is_decisive(edit, language):
            return f"{edit.kind}: {edit.new} for {edit.gone}"
    return ""
