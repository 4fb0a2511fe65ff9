"""Invariant: structured output is valid for the schema that was asked for."""

from replayd.scoring.asking import is_hidden
from replayd.scoring.contract import Score, ScoringCase
from replayd.scoring.json_fields import SCHEMA_FIELDS
from replayd.scoring.json_values import NOTHING, parsed
from replayd.scoring.refusals import refuses
from replayd.scoring.schemas import accepts, compiled
from snaptrace.snapshots.model import Answer


class SchemaKept:
    """1 if the text is JSON and valid, else 0; a tool call instead is valid too."""

    name = "schema_kept"

    def applies(self, case: ScoringCase) -> bool:
        """Where the schema was seen and is sound, and the recording did not refuse."""
        asked = case.conversation.output_schema if case.conversation else None
        return (
            asked is not None
            and not is_hidden(case, *SCHEMA_FIELDS)
            and not refuses(case.reference)
            and compiled(asked) is not None
        )

    async def score(self, case: ScoringCase, answer: Answer) -> Score:
        """Return 1 or 0."""
        if answer.tool_calls and not answer.text.strip():
            return Score(1.0)
        value = parsed(answer.text)
        if value is NOTHING:
            return Score(0.0, "no JSON")
        asked = case.conversation.output_schema if case.conversation else None
        schema = compiled(asked)
        valid = schema is not None and accepts(schema, value)
        return Score(float(valid), "" if valid else "breaks its schema")
