"""Structured output: do the fields hold the same values?"""

from replayd.scoring.contract import Said, Score, ScoringCase
from replayd.scoring.extract.structure.json_values import NOTHING, fields_agreement

SCHEMA_FIELDS = ("response_format", "text", "output_config", "generationConfig")


class JsonFields:
    """F1 over the leaf fields of the recorded object."""

    name = "json_fields"

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
        """Return 2 met / (fields asked + fields given); 0 if it is no JSON."""
        if said.json is NOTHING:
            return Score(0.0, "no JSON object")
        value = fields_agreement(case.recorded.json, said.json)
        return Score(value, f"{value:.0%} of fields")
