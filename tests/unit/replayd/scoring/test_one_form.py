"""What is written otherwise and means the same, and what only looks alike."""

import pytest

from replayd.scoring.extract.commands import same_command
from replayd.scoring.extract.expressions import same_values, values_of
from replayd.scoring.extract.intervals import ranges_of, vector_of
from replayd.scoring.extract.language.contrasts import (
    adds_counterpart,
    contrasted,
    other_colour,
)
from replayd.scoring.extract.numbers.measures import measured, same_measure
from replayd.scoring.extract.sql_shape import query_form
from replayd.scoring.extract.structure.cells import Grid
from replayd.scoring.rules.checkable.bindings import values_exchanged


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("5√2", r"\(5\sqrt2\)"),
        ("1 1/2", r"x = 1\frac{1}{2}"),
        ("sin²(x)", r"\sin^2 x"),
        ("exp(-x)", "1/e^x"),
        (r"2\sqrt[3]{2}", "2∛2"),
        ("|x|", r"\left|x\right|"),
        ("log₂(8)", "3"),
        ("z₁ = 1+2i", "1 + 2i"),
    ],
)
def test_notations_of_one_expression_have_one_value(one: str, other: str) -> None:
    """A right result would be punished for the notation it is written in."""
    first, second = values_of(one), values_of(other)
    assert first is not None
    assert second is not None
    assert same_values(first, second)


@pytest.mark.parametrize(
    ("one", "other"),
    [("|x|", "x"), ("sin(x)^2", "sin(x^2)"), ("1 + 2i", "1 - 2i"), ("x^2", "2x")],
)
def test_expressions_that_look_alike_differ(one: str, other: str) -> None:
    """A wrong result would pass, because it is right at some points."""
    first, second = values_of(one), values_of(other)
    assert first is not None
    assert second is not None
    assert not same_values(first, second)


def test_a_union_of_ranges_has_no_order() -> None:
    """The parts of a solution would have to come in the recording's order."""
    assert ranges_of("x > 2 or x < -2") == ranges_of("(-∞, -2) \\cup (2, ∞)")
    assert ranges_of("|x| > 2") == ranges_of("x < -2 or x > 2")
    assert ranges_of("x >= 2 or x < -2") != ranges_of("x > 2 or x < -2")


def test_a_vector_stands_in_a_row_or_a_column() -> None:
    """A column in LaTeX would be another vector than the row it equals."""
    column = r"\begin{pmatrix}1\\-2\\3\end{pmatrix}"
    assert vector_of(column) == vector_of("⟨1, -2, 3⟩") == (1.0, -2.0, 3.0)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (
            "SELECT a FROM t WHERE d BETWEEN 1 AND 5",
            "select a from t x where x.d <= 5 and x.d >= 1",
        ),
        (
            "SELECT a FROM t WHERE c IN ('x', 'y')",
            "SELECT a FROM t WHERE c = 'y' OR c = 'x'",
        ),
        (
            "SELECT g, SUM(p * q) AS s FROM t GROUP BY g ORDER BY s DESC",
            "SELECT g, SUM(q * p) FROM t GROUP BY 1 ORDER BY 2 DESC",
        ),
        (
            "DELETE FROM t WHERE d < NOW() - INTERVAL '30 days'",
            "delete from t where current_timestamp - interval '30' day > d",
        ),
        (
            "INSERT INTO t (a, b) VALUES (1, 'x')",
            "insert into t (b, a) values ('x', 1)",
        ),
    ],
)
def test_queries_that_ask_the_same_have_one_form(one: str, other: str) -> None:
    """A right query would be punished for a spelling that changes nothing."""
    assert query_form(one) == query_form(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (
            "SELECT a FROM t WHERE d BETWEEN 1 AND 5",
            "SELECT a FROM t WHERE d > 1 AND d < 5",
        ),
        (
            "INSERT INTO t (a, b) VALUES (1, 2)",
            "INSERT INTO t (a, b) VALUES (2, 1)",
        ),
        ("SELECT p - q FROM t", "SELECT q - p FROM t"),
    ],
)
def test_queries_that_ask_something_else_have_another(one: str, other: str) -> None:
    """A wrong query would pass as another way to write the right one."""
    assert query_form(one) != query_form(other)


def test_values_with_each_others_words_are_exchanged() -> None:
    """Two swapped values would pass, since both are there."""
    recorded = "Store A sold 310 units and store B 275."
    assert values_exchanged(recorded, "Store A sold 275 units and store B 310.")
    assert not values_exchanged(recorded, "Store B sold 275 units; store A sold 310.")
    assert not values_exchanged("12 and 8", "8 and 12")


def test_one_of_two_things_is_the_other_or_both() -> None:
    """`Right` would pass for left where the words are alike otherwise."""
    assert contrasted(["to", "the", "right"], ["left"])
    assert adds_counterpart(["left", "and", "right"], ["left"])
    assert other_colour(["gelb"], ["rot"])
    assert not other_colour(["rote"], ["red"])


def test_a_command_is_one_whatever_its_verb() -> None:
    """A command would be another for a synonym, or the same for its opposite."""
    assert same_command("Turn off the hall light.", "Switch off the light in the hall")
    assert same_command("Mach das Licht im Flur aus.", "Licht im Flur ausschalten")
    assert not same_command("Turn off the hall light.", "Turn on the hall light.")


def test_the_head_of_a_column_gives_its_unit() -> None:
    """A table would lose for naming its unit once, above the values."""
    spelt = Grid.of("| Item | Price |\n|---|---|\n| Saw | 9.50 EUR |\n| Nail | 2 EUR |")
    headed = Grid.of("| Item | Price (EUR) |\n|---|---|\n| Saw | 9.50 |\n| Nail | 2 |")
    assert [c.value for c in headed.cells] == [c.value for c in spelt.cells]


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("3,2 millones de toneladas", "3,2 Mt", True),
        ("4 g par jour", "4 000 mg/jour", True),
        ("42 500 € brut par an", "42 500 € brut par mois", False),
        ("1/4", "0,25 %", False),
        ("330 m", "1,083 ft", True),
        ("8849 m", "8849 ft", False),
    ],
)
def test_units_convert_and_contradict(one: str, other: str, *, same: bool) -> None:
    """A converted amount would lose, or another unit pass."""
    first, second = measured(one).measures[0], measured(other).measures[0]
    assert same_measure(first, second) is same
