"""Structured answers: does every field hold the recorded value, by path and type?"""

from replayd.scoring.contract import Said, Score, ScoringCase
from replayd.scoring.extract.structure.documents import difference
from replayd.scoring.extract.structure.json_values import NOTHING
from replayd.scoring.rules.checkable.json_fields import SCHEMA_FIELDS
from replayd.scoring.usability import unusable, valued


class DocumentFields:
    """Errors: leaves that are wrong, missing or invented; order of keys is none."""

    name = "document_fields"

    def applies(self, case: ScoringCase) -> bool:
        """Where the recording is an object or list, and the ask for it was seen.

        Where the telemetry cannot show a schema, the arms may not have been told to
        answer in JSON at all.
        """
        if case.recorded.json is NOTHING:
            return False
        asked = case.conversation and case.conversation.output_schema is not None
        return bool(asked) or not case.hides(*SCHEMA_FIELDS)

    async def score(self, case: ScoringCase, said: Said) -> Score:
        """Return 1, or at most .5 and less the more leaves are wrong; 0 if no JSON."""
        if (useless := unusable(case, said)) is not None:
            return useless
        if said.json is NOTHING:
            return Score(0.0, "no JSON object")
        found = difference(case.recorded.json, said.json, case.request.plain)
        return valued(found.wrong, found.asked, "fields")
