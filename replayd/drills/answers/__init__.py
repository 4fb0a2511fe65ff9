"""Faults on the way out, by name: applied to stored answers, so they cost no call."""

from typing import Final

from replayd.drills.answers import (
    numbers,
    rows,
    statements,
    structure,
    twins,
    values,
    whole,
    words,
)
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
        AnswerFault("tenfold", numbers.tenfold),
        AnswerFault("sign_flipped", numbers.sign_flipped),
        AnswerFault("date_changed", numbers.date_changed),
        AnswerFault("name_changed", words.name_changed),
        AnswerFault("comparison_reversed", words.comparison_reversed),
        AnswerFault("option_changed", words.option_changed),
        AnswerFault("link_changed", words.link_changed),
        AnswerFault("operator_changed", words.operator_changed),
        AnswerFault("row_doubled", rows.row_doubled),
        AnswerFault("sentence_dropped", whole.sentence_dropped),
        AnswerFault("repeated", whole.repeated),
        AnswerFault("other_answer", whole.other_answer),
        AnswerFault("emptied", whole.emptied),
        AnswerFault("field_dropped", structure.field_dropped),
        AnswerFault("value_nulled", structure.value_nulled),
        AnswerFault("json_broken", structure.json_broken),
        AnswerFault("call_dropped", structure.call_dropped),
        AnswerFault("call_doubled", structure.call_doubled),
        AnswerFault("call_spoken", structure.call_spoken),
        AnswerFault("reworded", twins.reworded, harmless=True),
        AnswerFault("number_format", twins.number_format, harmless=True),
        AnswerFault("markdown", twins.markdown, harmless=True),
        AnswerFault("key_order", twins.key_order, harmless=True),
        AnswerFault("reasoning_first", twins.reasoning_first, harmless=True),
        AnswerFault("spacing", twins.spacing, harmless=True),
        AnswerFault("quotes", twins.quotes, harmless=True),
        AnswerFault("closing_offer", twins.closing_offer, harmless=True),
    )
}
