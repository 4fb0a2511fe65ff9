"""Faults on the way out, by name: applied to stored answers, so they cost no call."""

from typing import Final

from replayd.drills.answers import rows, statements, twins, values
from replayd.drills.answers.contract import AnswerFault

ANSWER_FAULTS: Final = {
    fault.name: fault
    for fault in (
        AnswerFault("digit_changed", values.digit_changed),
        AnswerFault("rows_swapped", rows.rows_swapped),
        AnswerFault("row_dropped", rows.row_dropped),
        AnswerFault("unit_changed", values.unit_changed),
        AnswerFault("negation_flipped", statements.negation_flipped),
        AnswerFault("argument_changed", values.argument_changed),
        AnswerFault("other_language", statements.other_language),
        AnswerFault("truncated", statements.truncated),
        AnswerFault("refused", statements.refused),
        AnswerFault("foreign_facts", statements.foreign_facts),
        AnswerFault("field_renamed", values.field_renamed),
        AnswerFault("reworded", twins.reworded, harmless=True),
        AnswerFault("number_format", twins.number_format, harmless=True),
        AnswerFault("markdown", twins.markdown, harmless=True),
        AnswerFault("key_order", twins.key_order, harmless=True),
        AnswerFault("reasoning_first", twins.reasoning_first, harmless=True),
    )
}
