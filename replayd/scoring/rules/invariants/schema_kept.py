"""Invariant: structured output is valid for the schema that was asked for."""

from replayd.scoring.contract import Said, Score, ScoringCase
from replayd.scoring.extract.structure.json_values import NOTHING, parsed
from replayd.scoring.extract.structure.schemas import accepts, compiled
from replayd.scoring.rules.checkable.json_fields import SCHEMA_FIELDS


class SchemaKept:
    """1 if the text is JSON and valid, else 0; a tool call instead is valid too."""

    name = "schema_kept"

    def applies(self, case: ScoringCase) -> bool:
        """Where the schema was seen and is sound, and the recording did not refuse."""
        asked = case.conversation.output_schema if case.conversation else None
        return (
            asked is not None
            and not case.hides(*SCHEMA_FIELDS)
            and not case.recorded.refuses
            and compiled(asked) is not None
        )

    async def score(self, case: ScoringCase, said: Said) -> Score:
        """Return 1 or 0."""
        if said.answer.tool_calls and not said.answer.text.strip():
            return Score(1.0)
        value = parsed(said.answer.text)
        if value is NOTHING:
            return Score(0.0, "no JSON")
        asked = case.conversation.output_schema if case.conversation else None
        schema = compiled(asked)
        valid = schema is not None and accepts(schema, value)
        return Score(float(valid), "" if valid else "breaks its schema")
