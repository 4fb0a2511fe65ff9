"""Everyday answers through the rule of their task: reworded, and wrong in one thing."""

import asyncio
import tomllib
from pathlib import Path

import pytest

from replayd.scoring import SCORERS
from replayd.scoring.choice import primary
from replayd.scoring.contract import Said
from tests.fakes.scoring_cases import answer_of, case_of

_CASES = tomllib.loads(
    (Path(__file__).parents[4] / "golden" / "everyday.toml").read_text("utf-8")
)["case"]


def _score(made: dict, said: str) -> float | None:
    case = case_of(
        answer_of(made["recorded"]),
        question=made["ask"],
        modality=made.get("modality", "text"),
    )
    rule = primary(case, SCORERS)
    assert rule is not None
    return asyncio.run(rule.score(case, Said(answer_of(said)))).value


@pytest.mark.parametrize(
    ("made", "said"), [(made, said) for made in _CASES for said in made["same"]]
)
def test_what_is_worded_otherwise_is_right(made: dict, said: str) -> None:
    """A model that answers in its own form would lose."""
    assert (_score(made, said) or 0.0) >= 0.9


@pytest.mark.parametrize(
    ("made", "said"), [(made, said) for made in _CASES for said in made["worse"]]
)
def test_one_wrong_thing_is_an_error(made: dict, said: str) -> None:
    """A wrong answer would pass beside its rewording."""
    assert (_score(made, said) or 0.0) <= 0.7
