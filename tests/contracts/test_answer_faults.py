"""What every row of ANSWER_FAULTS promises."""

import random
from pathlib import Path

import pytest
from msgspec.structs import replace

from replayd.drills.answers import ANSWER_FAULTS
from replayd.drills.answers.contract import Injury
from snaptrace.snapshot.model import Answer, ToolCall

ANSWERS = {
    "prose": Answer(
        text="It's approximately 12,500 km from here to Lisbon. The route is open all"
        " year, and the ferry at Tarifa takes 40 minutes."
    ),
    "lines": Answer(
        text='The "Norden" line is higher than planned.\nIt\'s open from 3 May on, and'
        " tickets are sold in Oslo. Dogs travel free of charge. Its site is https://ferries.example/norden."
    ),
    "choice": Answer(text="(B) because the total is -3"),
    "code": Answer(text="```python\nif total > limit and paid:\n    stop()\n```"),
    "table": Answer(text="| Area | Units |\n|---|---|\n| North | 42 |\n| South | 17 |"),
    "json": Answer(text='{"vendor": "Oakline", "total": 418.4, "paid": true}'),
    "call": Answer(
        tool_calls=(ToolCall(name="book", arguments='{"seats": 2, "day": "Mon"}'),)
    ),
}
OTHER = Answer(text="The museum in Bergen opens at 9 and closes at 17 on weekdays.")
# Where each fault has something to change; elsewhere it may not have.
APPLIES = {
    "digit_changed": "prose",
    "rows_swapped": "table",
    "row_dropped": "table",
    "unit_changed": "prose",
    "negation_flipped": "prose",
    "argument_changed": "call",
    "other_language": "prose",
    "truncated": "prose",
    "refused": "prose",
    "foreign_facts": "prose",
    "field_renamed": "json",
    "tenfold": "prose",
    "sign_flipped": "json",
    "date_changed": "lines",
    "name_changed": "prose",
    "comparison_reversed": "lines",
    "option_changed": "choice",
    "link_changed": "lines",
    "operator_changed": "code",
    "row_doubled": "table",
    "sentence_dropped": "lines",
    "repeated": "prose",
    "other_answer": "prose",
    "emptied": "prose",
    "field_dropped": "json",
    "value_nulled": "json",
    "json_broken": "json",
    "call_dropped": "call",
    "call_doubled": "call",
    "call_spoken": "call",
    "spacing": "json",
    "quotes": "lines",
    "closing_offer": "prose",
    "reworded": "prose",
    "number_format": "prose",
    "markdown": "prose",
    "key_order": "json",
    "reasoning_first": "prose",
}


def _injury(seed=1, **more):
    return Injury(rng=random.Random(seed), other=OTHER, **more)


@pytest.mark.parametrize("name", ANSWER_FAULTS)
def test_a_fault_changes_what_it_is_for(name):
    """A drill would measure an answer without the fault."""
    answer = ANSWERS[APPLIES[name]]
    injured = ANSWER_FAULTS[name].apply(answer, _injury())
    assert injured is not None
    assert injured.answer != answer


@pytest.mark.parametrize("name", ANSWER_FAULTS)
@pytest.mark.parametrize("kind", ANSWERS)
def test_a_fault_changes_an_answer_alike_every_time(name, kind):
    """Two certificates over the same answers would differ by chance."""
    apply = ANSWER_FAULTS[name].apply
    first, again = (apply(ANSWERS[kind], _injury()) for _ in range(2))
    assert first == again
    assert first is None or first.answer != ANSWERS[kind]


@pytest.mark.parametrize("name", ANSWER_FAULTS)
def test_a_fault_leaves_what_it_cannot_change(name):
    """An answer that says nothing would count as one with the fault."""
    empty = Answer()
    injured = ANSWER_FAULTS[name].apply(empty, Injury(rng=random.Random(1)))
    assert injured is None or name == "refused"


@pytest.mark.parametrize("name", ["number_format", "markdown", "reasoning_first"])
def test_a_twin_keeps_a_form_that_was_asked_for(name):
    """A change that breaks instructions would be called harmless."""
    strict = _injury(instructions="Answer in plain text only.")
    assert ANSWER_FAULTS[name].apply(ANSWERS["prose"], strict) is None


def test_rows_keep_their_labels():
    """Exchanged rows of an unordered table would be no error at all."""
    swapped = ANSWER_FAULTS["rows_swapped"].apply(ANSWERS["table"], _injury())
    assert "| North | 17 |" in swapped.answer.text
    assert "| South | 42 |" in swapped.answer.text


def test_a_list_marker_is_no_number():
    """A changed numbering would count as a wrong value, which no reader minds."""
    answer = Answer(text="1. Boil the water.\n2. Add salt.")
    assert ANSWER_FAULTS["digit_changed"].apply(answer, _injury()) is None
    worded = replace(answer, text="1. Boil 3 litres of water.\n2. Add salt.")
    injured = ANSWER_FAULTS["digit_changed"].apply(worded, _injury())
    assert injured.answer.text.startswith("1. Boil ")
    assert "3 litres" not in injured.answer.text


def test_every_fault_is_explained():
    """Somebody who reads a certificate would not find what was done to the answers."""
    page = Path(__file__).parents[2] / "docs" / "drills.md"
    missing = [n for n in ANSWER_FAULTS if f"`{n}`" not in page.read_text("utf-8")]
    assert missing == []
