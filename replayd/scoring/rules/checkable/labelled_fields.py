"""Forms and extractions: has each field the recorded value, whatever holds them?"""

from replayd.scoring.contract import Said, Score, ScoringCase
from replayd.scoring.extract.structure.fields import fields_recorded, fields_wrong
from replayd.scoring.usability import unusable, valued


class LabelledFields:
    """Errors: fields lost or with another value; a field more is none."""

    name = "labelled_fields"

    def applies(self, case: ScoringCase) -> bool:
        """Where the recording is labelled fields that the request names."""
        return bool(fields_recorded(case.recorded.body, case.instructions))

    async def score(self, case: ScoringCase, said: Said) -> Score:
        """Return 1, or at most .5 and less the more fields are wrong."""
        if (useless := unusable(case, said)) is not None:
            return useless
        wanted = fields_recorded(case.recorded.body, case.instructions)
        wrong = fields_wrong(wanted, said.body)
        return valued(len(wrong), len(wanted), "fields")
