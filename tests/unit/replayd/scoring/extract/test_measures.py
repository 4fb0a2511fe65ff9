"""Values in every notation that a model may write them in."""

import tomllib
from pathlib import Path

import pytest

from replayd.scoring.extract.numbers.measures import measured, same_measure
from replayd.scoring.extract.structure.codes import codes_of

GOLDEN = tomllib.loads(
    (Path(__file__).parents[4] / "golden" / "measures.toml").read_text("utf-8")
)


def _alike(one, other):
    first, second = measured(one).measures, measured(other).measures
    assert first
    return len(first) == len(second) and all(map(same_measure, first, second))


@pytest.mark.parametrize(("one", "other"), GOLDEN["same"])
def test_notations_of_one_value_are_one(one, other):
    """A right answer in another notation would lose."""
    assert _alike(one, other)
    assert _alike(other, one)


@pytest.mark.parametrize(("one", "other"), GOLDEN["other"])
def test_other_values_differ(one, other):
    """A wrong value would pass for a notation."""
    assert not _alike(one, other)
    assert not _alike(other, one)


@pytest.mark.parametrize(("one", "other"), GOLDEN["same_codes"])
def test_a_code_is_one_whatever_parts_it(one, other):
    """A right account or telephone number in other groups would lose."""
    assert codes_of(one) == codes_of(other) != ()


@pytest.mark.parametrize(("one", "other"), GOLDEN["other_codes"])
def test_codes_differ_by_one_character(one, other):
    """A wrong account or telephone number would pass."""
    assert codes_of(one) != codes_of(other)
