"""Audio: was a short command understood to the word?"""

from replayd.scoring.contract import Score, ScoringCase
from replayd.scoring.words import spoken_words
from snaptrace.snapshots.model import Answer

LONGEST_COMMAND = 10  # words


class Command:
    """1 if the same words were heard in the same order, else 0.

    For short utterances, where one wrong word is another command.
    """

    name = "command"

    def applies(self, case: ScoringCase) -> bool:
        """Where the call carries sound and the recording is a few words."""
        heard = case.snapshot.modality == "audio" or (
            case.snapshot.operation == "transcription"
        )
        return heard and 1 <= len(spoken_words(case.reference.text)) <= LONGEST_COMMAND

    async def score(self, case: ScoringCase, answer: Answer) -> Score:
        """Return 1 or 0."""
        same = spoken_words(answer.text) == spoken_words(case.reference.text)
        return Score(float(same), "same words" if same else "other words")
