"""Audio: was a short command understood to the word?"""

from replayd.scoring.contract import Said, Score, ScoringCase

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
        return heard and 1 <= len(case.recorded.text.spoken) <= LONGEST_COMMAND

    async def score(self, case: ScoringCase, said: Said) -> Score:
        """Return 1 or 0."""
        same = said.text.spoken == case.recorded.text.spoken
        return Score(float(same), "same words" if same else "other words")
