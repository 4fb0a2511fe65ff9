"""Speech: are the same words passed on?"""

import re

from replayd.scoring.contract import Said, Score, ScoringCase
from replayd.scoring.extract.commands import same_command
from replayd.scoring.extract.transcripts import heard_words, transcript_of
from replayd.scoring.extract.turns import turn_errors, turns_of
from replayd.scoring.extract.word_errors import Errors, word_errors
from replayd.scoring.usability import unusable, usable

LIGHT_COST = 0.02  # of the value, for a word that changes nothing
LEAST_LIGHT = 0.9
LONGEST_READ = 2_000  # characters of instructions
_COMMANDS = re.compile(
    r"\bcommands?\b|befehl|\bcommandes?\b|\bórdenes\b|\borden\b|comm?and[oi]\b|polecenie|команд\w+|komut",
    re.IGNORECASE,
)


def _is_command(case: ScoringCase) -> bool:
    return bool(_COMMANDS.search(case.instructions[:LONGEST_READ]))


class WordsHeard:
    """Errors: words lost, added or changed, once spelling and fillers are one.

    Fillers, contractions, digits or words, British or American spelling and articles
    change nothing that was said; a name, a number, a negation or any other word does.
    """

    name = "words_heard"

    def applies(self, case: ScoringCase) -> bool:
        """Where the call carries sound and the recording holds words."""
        heard = case.snapshot.modality == "audio" or (
            case.snapshot.operation == "transcription"
        )
        return heard and bool(heard_words(case.reference.text))

    async def score(self, case: ScoringCase, said: Said) -> Score:
        """Return 1, or at most .5 and less the more words are wrong."""
        if (useless := unusable(case, said)) is not None:
            return useless
        recorded, answer = case.reference.text, said.answer.text
        wanted = heard_words(recorded)
        errors = word_errors(wanted, heard_words(answer))
        if errors.heavy:
            # What may be a courtesy may have been said: `Okay, so he left`.
            whole = heard_words(recorded, courtesies=True)
            others = (heard_words(answer, courtesies=True), heard_words(answer))
            errors = min(errors, *(word_errors(whole, other) for other in others))
        turns = turn_errors(
            turns_of(transcript_of(recorded)).names,
            turns_of(transcript_of(answer)).names,
        )
        errors = Errors(errors.heavy + turns, errors.light)
        if errors.heavy and _is_command(case) and same_command(recorded, answer):
            return Score(1.0)
        if errors.heavy:
            value = usable(errors.heavy, len(wanted))
            return Score(value, f"{errors.heavy} of {len(wanted)} words wrong")
        return Score(max(LEAST_LIGHT, 1.0 - LIGHT_COST * errors.light))
