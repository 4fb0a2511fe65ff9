"""Speech: are the same words passed on?"""

from replayd.scoring.contract import Said, Score, ScoringCase
from replayd.scoring.extract.transcripts import heard_words, word_errors
from replayd.scoring.usability import unusable, usable

LIGHT_COST = 0.02  # of the value, for a word that changes nothing
LEAST_LIGHT = 0.9


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
        wanted = heard_words(case.reference.text)
        errors = word_errors(wanted, heard_words(said.answer.text))
        if errors.heavy:
            value = usable(errors.heavy, len(wanted))
            return Score(value, f"{errors.heavy} of {len(wanted)} words wrong")
        return Score(max(LEAST_LIGHT, 1.0 - LIGHT_COST * errors.light))
