"""Notations of answers that are one: options, labels, cells, dates, clocks."""

import pytest

from replayd.scoring.extract.language.refusals import declines
from replayd.scoring.extract.numbers.measures import measured, same_measure
from replayd.scoring.extract.numbers.notation import plain_numbers
from replayd.scoring.extract.prose.constraints import constraints_of
from replayd.scoring.extract.prose.value_differences import values_compared
from replayd.scoring.extract.python_form import python_form
from replayd.scoring.extract.structure.cells import Cell
from replayd.scoring.extract.structure.fields import fields_wrong
from replayd.scoring.extract.structure.options import (
    label_sets,
    option_chosen,
    options_of,
)
from replayd.scoring.rules.checkable.cell_values import cell_errors


def _same(one: str, other: str) -> bool:
    return same_measure(measured(one).measures[0], measured(other).measures[0])


@pytest.mark.parametrize(
    ("question", "answer", "chosen"),
    [
        ("रंग?\n(क) लाल\n(ख) नीला\n(ग) हरा", "(ख)", "B"),
        ("どれ?\nア. 犬\nイ. 猫\nウ. 鳥", "ウ", "C"),
        (
            "What?\nA) Iron\nB) Wood\nC) Glass",
            "A rusts, B burns, so it is C.",
            "C",
        ),
    ],
)
def test_options_of_any_script_and_by_elimination(
    question: str, answer: str, chosen: str
) -> None:
    """A right choice would be read as none, or as all that are ruled out before it."""
    assert option_chosen(answer, options_of(question)) == {chosen}


def test_each_question_of_a_classification_has_its_labels() -> None:
    """A wrong topic beside a right sentiment would pass."""
    asked = "Sentiment: good, bad or mixed? Topic: price, staff or food?"
    assert len(label_sets(asked, "bad, staff")) == 2


def test_a_sentence_is_no_set_of_labels() -> None:
    """Words around an article that looks like `or` would be options."""
    assert not label_sets("Quem fala e sobre o que conversam?", "Sobre futebol.")


def test_day_and_month_keep_their_places() -> None:
    """A date with day and month exchanged would pass, as either may come first."""
    assert _same("05/12/2024", "5/12/2024")
    assert not _same("05/12/2024", "12/05/2024")
    assert _same("25-12-2024", "25 December 2024")


@pytest.mark.parametrize(
    ("text", "value"),
    [("الساعة السابعة مساء", "19:00"), ("8:30 صباحا", "08:30"), ("3割5分", "35%")],
)
def test_notations_of_other_scripts(text: str, value: str) -> None:
    """A clock or a share told in another script would be no value."""
    assert value in plain_numbers(text)


def test_a_renamed_column_is_known_by_its_values() -> None:
    """A head in another form of its word would make its whole column wrong."""
    wanted = [Cell("IC 7", "Departs", "09:10"), Cell("IC 7", "Track", "3")]
    got = [Cell("IC7", "Departure time", "9:10 am"), Cell("IC7", "Track", "3")]
    assert cell_errors(wanted, got) == 0
    other = [Cell("IC7", "Arrival", "9:10 am"), Cell("IC7", "Track", "3")]
    assert cell_errors(wanted, other) > 0


def test_a_letter_behind_a_number_counts() -> None:
    """Platform 4b would be platform 4."""
    assert cell_errors([Cell("S 7", "Track", "4b")], [Cell("S 7", "Track", "4")]) == 1


def test_fields_of_yes_and_no_and_of_money() -> None:
    """A consent that is denied in a sentence, or another currency, would pass."""
    wanted = {"consent": "yes", "total": "€ 14,60"}
    assert fields_wrong(wanted, "Consent was given. The total is € 14,60.") == []
    said = "No consent was given. The total is € 14,60."
    assert fields_wrong(wanted, said) == ["consent"]
    assert fields_wrong(wanted, "consent: yes\ntotal: $ 14,60") == ["total"]


def test_odd_numbers_are_asked_for_in_two_ways() -> None:
    """A right program would be an edited one."""
    one = "def f(n):\n    if n % 2:\n        return 1\n    return 0"
    assert python_form(one) == python_form(one.replace("n % 2:", "n % 2 == 1:"))
    assert python_form(one) != python_form(one.replace("n % 2:", "n % 2 == 0:"))


def test_lists_whose_form_was_asked_for() -> None:
    """Numbers, one line or a thing too many would pass where they were ruled out."""
    asked = "List exactly three trees, one per line, without numbering."

    def kept(answer: str) -> bool:
        return all(each.holds(answer) for each in constraints_of(asked))

    assert kept("oak\nelm\nash")
    assert not kept("1. oak\n2. elm\n3. ash")
    assert not kept("oak, elm, ash")
    assert not kept("oak\nelm\nash\nfir")


@pytest.mark.parametrize(
    "fact",
    ["该套餐不提供早餐。", "员工不能透露客户信息。", "本产品不能退货。"],
)
def test_a_chinese_fact_that_denies_is_no_refusal(fact: str) -> None:
    """A right answer that denies something would be worth nothing."""
    assert not declines(fact)


@pytest.mark.parametrize(
    "refusal",
    ["无法提供该信息。", "抱歉我不能回答这个问题。", "此类信息不便透露。"],
)
def test_a_chinese_refusal_stays_one(refusal: str) -> None:
    """A refusal without a speaker would pass for a fact."""
    assert declines(refusal)


def test_marks_of_options_within_a_sentence_without_blanks() -> None:
    """A choice that a Japanese sentence ends in would not be found."""
    question = "どれ?\nア 犬\nイ 猫\nウ 鳥"
    assert option_chosen("飛ぶので、答えはウです。", options_of(question)) == {"C"}


def test_the_place_where_something_stands_is_no_value() -> None:
    """An answer that says in which clause it read would state another value."""
    recorded, answer = "The term is 30 days.", "Under clause 5 the term is 30 days."
    assert values_compared(recorded, answer, "").wrong == ()
